import { ClearingAsk, type CycleMonth, type CycleTerms, homeOf, type Instant, members, type ObligationId } from '@tongdui/contracts';
import type { PartAnswer } from '@tongdui/decider';
import type { HandleReason, Handler } from '@tongdui/decider/handle';
import { uuidv5 } from '@tongdui/decider/uuid';
import type { JsonObject } from '@tongdui/event-store';
import { type Ask, type BusinessClock, type CrashPoint, coordinate, type WallClock } from '@tongdui/runtime';
import type { Work } from '@tongdui/runtime/service';
import type { CycleHandler } from './corridor.operations.ts';
import type { Command as CycleCommand } from './cycle.decider.ts';
import type { Command as PairCommand } from './pair.decider.ts';
import type { PairHandler } from './pair.operations.ts';
import { cycleStream, pairStream } from './streams.ts';

type Handlers = { readonly pair: PairHandler; readonly cycle: CycleHandler };
type WorkData = { readonly stream: string; readonly cause: string };

const commandIds = '5f2b6f0c-6a3e-5c0e-8a53-0d2c8b3c9e71';

export type PerformDeps = {
  readonly clock: BusinessClock;
  readonly ask: Ask;
  readonly wall: WallClock;
  readonly crash: CrashPoint;
  readonly signal?: AbortSignal;
};

/** Carries out follow-up work. What is refused rejects, to be tried again; what is already so changes nothing. */
export const performer =
  ({ pair, cycle }: Handlers, deps: PerformDeps) =>
  async (work: Work): Promise<void> => {
    const { stream, cause } = work.data as WorkData;
    const at = deps.clock.now();
    const idOf = (step: string | number = '') => uuidv5(`${work.id} ${cause} ${step}`, commandIds);
    const atPair = async (command: PairCommand) => accepted(work, pair.run(stream, { command, id: idOf() }));
    const atCycle = async (command: CycleCommand, of = stream) => accepted(work, cycle.run(of, { command, id: idOf() }));
    // Each append does as much as it holds, so each needs an id of its own: the revision it follows.
    const atPairUntilDone = async (command: PairCommand) => {
      for (let { revision } = await pair.current(stream); ; ) {
        const ran = await accepted(work, pair.run(stream, { command, id: idOf(revision) }));
        if (ran.facts.length === 0) return;
        revision = ran.revision;
      }
    };
    switch (work.kind) {
      case 'note-silence':
        return void (await atPair({ type: 'NoteSilence', cycle: work.data.cycle as CycleMonth, at }));
      case 'dispute-unanswered':
        return atPairUntilDone({ type: 'DisputeUnanswered', cycle: work.data.cycle as CycleMonth, at });
      case 'escalate-dispute':
        return void (await atPair({ type: 'EscalateDispute', obligationId: work.data.obligationId as ObligationId, at }));
      case 'conclude-ruling': {
        const { obligationId, paymentId, instruction } = work.data as {
          obligationId: ObligationId;
          paymentId: string;
          instruction: number;
        };
        const ask = { type: 'concede-payment', at, paymentId, instruction };
        const part = { home: homeOf(paymentId), service: 'redemption', ask } as const;
        const outcome = await coordinate([part], { ...deps, deadlinePassed: () => false });
        return void (await atPair({ type: 'ConcludeRuling', obligationId, conceded: outcome.is === 'commit', at: deps.clock.now() }));
      }
      case 'grant-queued':
        return void (await atPair({ type: 'GrantQueued', at }));
      case 'mark-obligations':
        return atPairUntilDone({ type: 'MarkObligations', at });
      case 'call-cycle':
        return void (await atCycle({ type: 'CallCycle', at }));
      case 'net-cycle':
        return void (await atCycle({ type: 'NetCycle', at }));
      case 'open-next-cycle': {
        const { cycle: month, terms } = work.data as { cycle: CycleMonth; terms: CycleTerms };
        const ran = await cycle.run(cycleStream(month), { command: { type: 'OpenCycle', cycle: month, terms, members, at }, id: idOf() });
        // The joint office was first, with terms of its own: then those hold.
        if (ran.is === 'refused' && ran.reason !== 'cycle-already-open') throw new Error(`${work.id}: ${ran.reason}`);
        return;
      }
      default:
        throw new Error(`clearing knows no work ${work.kind}`);
    }
  };

const accepted = async <State, Fact, Reason extends string>(
  work: Work,
  running: ReturnType<Handler<never, State, Fact, Reason>['run']>,
) => {
  const ran = await running;
  if (ran.is === 'refused') throw new Error(`${work.id}: ${ran.reason}`);
  return ran;
};

const undecided: ReadonlySet<string> = new Set<HandleReason>(['contended', 'store-unavailable', 'stale-revision']);

/** Decisions that payments ask for: the cover of the prefund, and its release. */
export const asksOf =
  ({ pair }: Pick<Handlers, 'pair'>) =>
  async (ask: JsonObject): Promise<PartAnswer> => {
    const parsed = ClearingAsk.safeParse(ask);
    if (!parsed.success) return { is: 'no', reason: 'ask-unknown' };
    const { type, debtor, creditor, reference, paymentId, at } = parsed.data;
    const command: PairCommand =
      parsed.data.type === 'draw-prefund'
        ? { type: 'DrawPrefund', paymentId, reference, amountFen: parsed.data.amountFen, at: at as Instant }
        : { type: 'ReleaseDraw', reference, at: at as Instant };
    const ran = await pair.run(pairStream(debtor, creditor), {
      command,
      id: uuidv5(`${type} ${debtor}-${creditor} ${reference}`, commandIds),
    });
    if (ran.is === 'refused') {
      // Nothing was decided: the asker tries again.
      if (undecided.has(ran.reason)) throw new Error(ran.reason);
      return { is: 'no', reason: ran.reason };
    }
    return type === 'draw-prefund' && ran.state.draws.get(reference)?.is === 'queued' ? { is: 'queued' } : { is: 'yes', data: null };
  };
