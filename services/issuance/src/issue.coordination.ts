import { Unreachable } from '@tongdui/bus';
import { type IssuanceAsk as Ask, allowanceIdOf, IssuanceAsk, idFrom, type VoucherId } from '@tongdui/contracts';
import { type PartAnswer, unreachable } from '@tongdui/decider';
import type { Command, Ran } from '@tongdui/decider/handle';
import { streamOf } from '@tongdui/decider/operation';
import { uuidv5 } from '@tongdui/decider/uuid';
import type { JsonObject } from '@tongdui/event-store';
import { coordinate, type Deps, releaseAll, type Work } from '@tongdui/runtime';
import type * as allowances from './allowance.decider.ts';
import type * as applications from './application.decider.ts';
import type { Handlers } from './handlers.ts';
import { type IssueWork, partsToAsk, partsToRelease } from './issuance.process.ts';
import { type PotOwner, partReasonOf } from './issue.ts';
import type * as pots from './pot.decider.ts';

type CoordinatorDeps = Pick<Deps, 'ask' | 'wall' | 'crash' | 'clock' | 'signal'>;

/** Carries out the work that an application opens: asks the parts of its issue and records the outcome, or releases them. */
export const performer = ({ application }: Pick<Handlers, 'application'>, deps: CoordinatorDeps) => {
  const say = async (stream: string, command: applications.Command, cause: string) => {
    const ran = await application.run(stream, { command, id: uuidv5(`${cause}/${command.type}`, commandIds) });
    if (ran.is === 'refused') throw new Error(`${stream} refused ${command.type}: ${ran.reason}`);
  };

  return async (work: Work): Promise<void> => {
    const { issue, at } = work.data as unknown as IssueWork;
    const stream = streamOf('issuance', issue.applicationId);
    const { clock } = deps;
    if (work.kind === 'release-issue') {
      await releaseAll(partsToRelease(issue, at), deps);
      return say(stream, { type: 'ConfirmRelease', at: clock.now() }, work.id);
    }
    const outcome = await coordinate<PotOwner | null>(partsToAsk(issue, at), { ...deps, deadlinePassed: () => clock.now() >= issue.dueAt });
    const owners = outcome.is === 'commit' ? outcome.data.flatMap((said) => (said ? [said] : [])) : undefined;
    if (owners) {
      const voucherId = idFrom<VoucherId>(issue.applicationId, 'voucher');
      return say(stream, { type: 'IssueVoucher', voucherId, owners, at: clock.now() }, work.id);
    }
    const reason = partReasonOf(outcome.is === 'refuse' ? outcome.reason : outcome.is);
    return say(stream, { type: 'RefuseIssue', reason, at: clock.now() }, work.id);
  };
};

/** What other coordinators ask of the allowances and pots that are kept here. Harmless when repeated. */
export const asks =
  ({ allowance, pot }: Pick<Handlers, 'allowance' | 'pot'>) =>
  async (asked: JsonObject): Promise<PartAnswer> => {
    const ask = IssuanceAsk.parse(asked);
    switch (ask.type) {
      case 'take-allowance':
      case 'release-allowance': {
        const stream = streamOf('issuance', allowanceIdOf(ask.home, ask.enterprise, ask.year));
        return partAnswer(await allowance.run(stream, identified(stream, ask, allowanceCommandOf(ask))), () => null);
      }
      case 'commit-pot':
      case 'release-pot': {
        const stream = streamOf('issuance', ask.potId);
        return partAnswer(await pot.run(stream, identified(stream, ask, potCommandOf(ask))), ownerOf);
      }
      default:
        return unreachable(ask);
    }
  };

type Of<Type extends Ask['type']> = Extract<Ask, { readonly type: Type }>;

const allowanceCommandOf = (ask: Of<'take-allowance' | 'release-allowance'>): allowances.Command => {
  const { home, enterprise, year, applicationId, at } = ask;
  const holder = { home, enterprise, year };
  if (ask.type === 'release-allowance') return { type: 'ReleaseAllowance', holder, applicationId, at };
  return { type: 'TakeAllowance', holder, applicationId, amountFen: ask.amountFen, capFen: ask.capFen, at };
};

const potCommandOf = (ask: Of<'commit-pot' | 'release-pot'>): pots.Command => {
  const { applicationId, at } = ask;
  if (ask.type === 'release-pot') return { type: 'ReleasePot', applicationId, at };
  return { type: 'CommitPot', applicationId, forHome: ask.forHome, year: ask.year, amountFen: ask.amountFen, at };
};

const ownerOf = (state: pots.State): PotOwner | null =>
  state.is === 'open' ? { potId: state.pot.potId, owner: state.pot.owner, fiscalYear: state.pot.fiscalYear } : null;

const commandIds = 'd0a4e0b4-3c0e-5b7c-8d55-1f6d3a1c9e42';

/** The same question has the same id, so an append whose answer was lost is recognised. */
const identified = <C>(stream: string, ask: Ask, command: C): Command<C> => ({
  command,
  id: uuidv5(`${stream}/${ask.type}/${ask.applicationId}`, commandIds),
});

/** Refusals that say nothing about the question: to be asked again, never taken for a no. */
const transient: ReadonlySet<string> = new Set(['contended', 'store-unavailable']);

const partAnswer = <State, Data>(ran: Ran<State, unknown, string>, dataOf: (state: State) => Data): PartAnswer<Data> => {
  if (ran.is === 'accepted') return { is: 'yes', data: dataOf(ran.state) };
  if (transient.has(ran.reason)) throw new Unreachable(ran.reason);
  return { is: 'no', reason: ran.reason };
};
