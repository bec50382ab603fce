import { dateOf } from '@tongdui/calendar';
import { corridorHome, type Home, homeOf, type Instant, type Slices } from '@tongdui/contracts';
import { type Outcome, unreachable } from '@tongdui/decider';
import type { Handler } from '@tongdui/decider/handle';
import { commandIdOf, streamOf } from '@tongdui/decider/operation';
import {
  type Ask,
  type BusinessClock,
  type CrashPoint,
  coordinate,
  type Part,
  releaseAll,
  type WallClock,
  type Work,
} from '@tongdui/runtime';
import { claimBy, claimIdOf } from './claim.opening.ts';
import type { Handlers } from './handlers.ts';
import type { PaymentRail } from './payment-rail.ts';
import type { RedemptionCrashPoint } from './redemption.crash-points.ts';
import type { FactOf, RedemptionFact } from './redemption.facts.ts';
import type { WorkKind } from './redemption.followup.ts';

export type WorkDeps = {
  readonly handlers: Handlers;
  readonly rail: PaymentRail;
  readonly ask: Ask;
  readonly clock: BusinessClock;
  readonly wall: WallClock;
  readonly crash: CrashPoint;
  readonly signal?: AbortSignal;
};

/** Carries out follow-up work. Everything here is harmless when it is done again: parts and deciders know what they have answered. */
export const performer = (deps: WorkDeps) => {
  const { handlers, clock } = deps;

  return async (work: Work): Promise<void> => {
    const { stream, factId, fact } = work.data as unknown as { stream: string; factId: string; fact: RedemptionFact };
    const kind = work.kind as WorkKind;
    const to = <C>(handler: Handler<C, unknown, unknown, string>, target: string, command: C) =>
      send(handler, target, command, commandIdOf(factId, kind));
    switch (kind) {
      case 'contract':
        return to(handlers.order, stream, await registration(deps, fact as FactOf<'ContractSubmitted'>));
      case 'redeem':
        return to(handlers.order, stream, await redemption(deps, fact as FactOf<'DeliveryAccepted'>));
      case 'lower-hold':
        return to(handlers.order, stream, await amendment(deps, fact as FactOf<'ContractAmended'>));
      case 'release-hold':
        return releaseHold(deps, fact as FactOf<'ContractRefused' | 'OrderEnded'>);
      case 'open-claim':
        return to(handlers.claim, ...claimOf(fact as FactOf<'SubsidyFixed'>));
      case 'submission':
        return to(handlers.claim, stream, await submission(deps, fact as FactOf<'SubmissionMade'>));
      case 'give-back-slice':
        return to(handlers.claim, stream, await sliceGivenBack(deps, fact as FactOf<'SubmissionRefused' | 'ClaimRejected'>));
      case 'lower-slice':
        return lowerSlice(deps, fact as FactOf<'ClaimReviewed'>);
      case 'restore':
        return restore(deps, fact as FactOf<'ClaimRejected' | 'ClaimLapsed' | 'ClaimReviewed'>);
      case 'closing':
        return to(handlers.claim, stream, await closing(deps, fact as FactOf<'ClosingAsked'>));
      case 'draw':
        return to(handlers.payment, stream, await draw(deps, fact as FactOf<'InstructionAsked'>));
      case 'release-draw':
        return releaseDraw(deps, fact as FactOf<'InstructionRefused' | 'PaymentCancelled'>);
      case 'rail':
        return to(handlers.payment, stream, await pay(deps, fact as FactOf<'PaymentInstructed'>));
      case 'proposal-due':
        return to(handlers.order, stream, { type: 'ProposalDue', at: clock.now() });
      case 'delivery-due':
        return to(handlers.order, stream, { type: 'DeliveryDue', at: clock.now() });
      case 'reminder-due':
        return to(handlers.order, stream, { type: 'ReminderDue', at: clock.now() });
      case 'claim-due':
        return to(handlers.claim, stream, { type: 'ClaimDue', at: clock.now() });
      case 'hold-due':
        return to(handlers.claim, stream, { type: 'HoldDue', at: clock.now() });
      case 'notice-due':
        return to(handlers.claim, stream, { type: 'NoticeDue', at: clock.now() });
      case 'voucher-due':
        return to(handlers.voucher, stream, { type: 'ExpireVoucher', at: clock.now() });
      default:
        return unreachable(kind);
    }
  };
};

/** A process's command is never refused in a history that can happen; a busy stream or store is tried again later. */
const send = async <C>(handler: Handler<C, unknown, unknown, string>, stream: string, command: C, id: string): Promise<void> => {
  const ran = await handler.run(stream, { command, id });
  if (ran.is === 'refused') throw new Error(`${stream} refused its own process: ${ran.reason}`);
};

type Split = { readonly slices: Slices };
const never = () => false;

/** One part, which a voucher of the same home decides: it can refuse a reserve, never a live hold. */
const askVoucher = (deps: WorkDeps, voucherId: string, ask: Part['ask'], deadlinePassed = never): Promise<Outcome<Split>> =>
  coordinate<Split>([{ home: homeOf(voucherId), service: 'redemption', ask }], { ...deps, deadlinePassed });

const slicesOf = (outcome: Outcome<Split>, asked: string): Slices => {
  if (outcome.is === 'commit' && outcome.data[0]) return outcome.data[0].slices;
  throw new Error(`the voucher did not say yes to ${asked}`);
};

const registration = async (deps: WorkDeps, fact: FactOf<'ContractSubmitted'>) => {
  const { voucherId, orderId, contract, host, enterprise, subsidyFen: amountFen, signedOn, at } = fact;
  const ask = { type: 'reserve-amount', at, voucherId, orderId, contract, host, enterprise, amountFen, registeredOn: dateOf(at), signedOn };
  const outcome = await askVoucher(deps, voucherId, ask, () => deps.clock.now() >= fact.dueAt);
  const now = deps.clock.now();
  if (outcome.is === 'refuse') return { type: 'RefuseContract', contract, reason: outcome.reason, at: now } as const;
  return { type: 'RegisterContract', contract, slices: slicesOf(outcome, 'reserve'), at: now } as const;
};

const redemption = async (deps: WorkDeps, { voucherId, orderId, contract, subsidyFen: amountFen, at }: FactOf<'DeliveryAccepted'>) => {
  const outcome = await askVoucher(deps, voucherId, { type: 'redeem-amount', at, voucherId, orderId, contract, amountFen });
  return { type: 'FixSubsidy', slices: slicesOf(outcome, 'redeem'), at: deps.clock.now() } as const;
};

const amendment = async (deps: WorkDeps, fact: FactOf<'ContractAmended'>) => {
  const { voucherId, orderId, contract, subsidyFen: amountFen, at } = fact;
  const outcome = await askVoucher(deps, voucherId, {
    type: 'lower-amount',
    at,
    voucherId,
    orderId,
    contract,
    amendment: fact.amendment,
    amountFen,
  });
  // An order that ended meanwhile has released its hold; the amendment has nothing left to apply.
  const slices = outcome.is === 'commit' ? slicesOf(outcome, 'lower') : [];
  return { type: 'ApplyAmendment', amendment: fact.amendment, slices, at: deps.clock.now() } as const;
};

const releaseHold = async (deps: WorkDeps, { voucherId, orderId, contract, at }: FactOf<'ContractRefused' | 'OrderEnded'>) => {
  if (contract === undefined) return;
  await releaseAll(
    [{ home: homeOf(voucherId), service: 'redemption', ask: { type: 'release-amount', at, voucherId, orderId, contract } }],
    deps,
  );
};

const claimOf = (fact: FactOf<'SubsidyFixed'>) => {
  const { orderId, contract, voucherId, home, host, enterprise, lab, category, slices, subsidyFen, signedOn, acceptedOn, terms, at } = fact;
  const claimId = claimIdOf(orderId);
  const refunded = terms.payeeMode === 'enterprise-refunded';
  const payee = refunded ? ({ kind: 'enterprise', uscc: enterprise } as const) : ({ kind: 'lab', uscc: lab } as const);
  const opening = {
    claimId,
    orderId,
    contract,
    voucherId,
    home,
    host,
    enterprise,
    lab,
    category,
    payee,
    slices,
    subsidyFen,
    signedOn,
    acceptedOn,
    terms,
  };
  const command = {
    ...opening,
    type: 'AwaitClaim',
    payer: terms.route === 'host-fronted' ? host : home,
    claimBy: claimBy(acceptedOn, terms),
    at,
  } as const;
  return [streamOf('redemption', claimId), command] as const;
};

const invoicePart = (ask: Part['ask']): Part => ({ home: corridorHome, service: 'redemption', ask: { home: corridorHome, ...ask } });

/** A slice of an earlier attempt goes back first: the new one may need its room. */
const submission = async (deps: WorkDeps, fact: FactOf<'SubmissionMade'>) => {
  const { claimId, n, at, invoice } = fact;
  const { state } = await deps.handlers.claim.current(streamOf('redemption', claimId));
  const earlier = state.is === 'claim' ? state.attempts.filter((attempt) => attempt.n < n) : [];
  await releaseAll(
    earlier.map((attempt) => invoicePart({ type: 'release-slice', at, invoice: attempt.invoice, claimId, attempt: attempt.n })),
    deps,
  );
  const { digest, ...stated } = invoice;
  const parts = [invoicePart({ type: 'take-slice', at, invoice: digest, claimId, attempt: n, ...stated })];
  const outcome = await coordinate(parts, { ...deps, deadlinePassed: () => deps.clock.now() >= fact.dueAt });
  const now = deps.clock.now();
  if (outcome.is === 'refuse') return { type: 'RefuseSubmission', n, reason: outcome.reason, at: now } as const;
  return { type: 'AcceptSubmission', n, at: now } as const;
};

const sliceGivenBack = async (deps: WorkDeps, fact: FactOf<'SubmissionRefused' | 'ClaimRejected'>) => {
  const given = fact.type === 'SubmissionRefused' ? { n: fact.n, invoice: fact.invoice } : fact.submission;
  if (!given) throw new Error(`${fact.claimId} has no slice to give back`);
  await releaseAll(
    [invoicePart({ type: 'release-slice', at: fact.at, invoice: given.invoice, claimId: fact.claimId, attempt: given.n })],
    deps,
  );
  return { type: 'NoteSliceGivenBack', n: given.n, at: deps.clock.now() } as const;
};

const lowerSlice = async (deps: WorkDeps, { claimId, n, invoice, sliceFen, at }: FactOf<'ClaimReviewed'>) =>
  releaseAll([invoicePart({ type: 'lower-slice', at, invoice, claimId, attempt: n, sliceFen })], deps);

const restore = async (deps: WorkDeps, fact: FactOf<'ClaimRejected' | 'ClaimLapsed' | 'ClaimReviewed'>) => {
  const { voucherId, orderId, contract, claimId, at } = fact;
  const cause = fact.type === 'ClaimReviewed' ? 'cut' : fact.type === 'ClaimLapsed' ? 'lapsed' : 'rejected';
  const slices = fact.type === 'ClaimReviewed' ? fact.cut : fact.slices;
  await releaseAll(
    [
      {
        home: homeOf(voucherId),
        service: 'redemption',
        ask: { type: 'restore-amount', at, voucherId, orderId, contract, claimId, cause, slices },
      },
    ],
    deps,
  );
};

const closing = async (deps: WorkDeps, { closing: kind, payer, paymentId, at }: FactOf<'ClosingAsked'>) => {
  const part: Part = { home: payer as string as Home, service: 'redemption', ask: { type: 'cancel-payment', at, paymentId } };
  const outcome = await coordinate([part], { ...deps, deadlinePassed: never });
  const now = deps.clock.now();
  const refused = outcome.is === 'refuse' ? { refusedBecause: outcome.reason } : {};
  return { type: 'ConcludeClosing', closing: kind, paymentId, ...refused, at: now } as const;
};

/** Headroom is the creditor's own: the host that fronts the payment asks at home. */
const drawPart = (
  type: 'draw-prefund' | 'release-draw',
  fact: Pick<FactOf<'InstructionAsked'>, 'home' | 'host' | 'paymentId' | 'reference'>,
  at: Instant,
  amountFen?: number,
): Part => ({
  home: fact.host as string as Home,
  service: 'clearing',
  ask: {
    type,
    at,
    debtor: fact.home,
    creditor: fact.host,
    paymentId: fact.paymentId,
    reference: fact.reference,
    ...(amountFen === undefined ? {} : { amountFen }),
  },
});

const draw = async (deps: WorkDeps, fact: FactOf<'InstructionAsked'>) => {
  const outcome = await coordinate([drawPart('draw-prefund', fact, fact.at, fact.amountFen)], { ...deps, deadlinePassed: never });
  const { instruction } = fact;
  const at = deps.clock.now();
  if (outcome.is === 'refuse') return { type: 'RefuseDraw', instruction, reason: outcome.reason, at } as const;
  return { type: outcome.is === 'queued' ? 'QueueDraw' : 'GrantDraw', instruction, at } as const;
};

const releaseDraw = async (deps: WorkDeps, fact: FactOf<'InstructionRefused' | 'PaymentCancelled'>) => {
  const drawn = fact.type === 'PaymentCancelled' ? fact.drawn : fact;
  if (drawn) await releaseAll([drawPart('release-draw', drawn, fact.at)], deps);
};

const findsMax = 3;

/** The instruction is stored; only what the bank has never seen may be sent. What stays pending is unknown until the statement says. */
const pay = async ({ rail, wall, clock, crash }: WorkDeps, fact: FactOf<'PaymentInstructed'>) => {
  const { reference, payer, payee, account, amountFen, instruction } = fact;
  const reached = (point: RedemptionCrashPoint) => crash(point);
  reached('payment.before-find');
  let outcome = await rail.find(reference);
  if (outcome.is === 'never-seen') {
    reached('payment.before-send');
    outcome = await rail.send({ reference, payer, payee: payee.uscc, account, amountFen, valueDate: dateOf(fact.at) });
    reached('payment.after-send');
  }
  for (let finds = 1; outcome.is === 'pending' && finds < findsMax; finds += 1) {
    await wall.sleep(1_000);
    outcome = await rail.find(reference);
  }
  if (outcome.is === 'never-seen') throw new Error(`the bank forgot ${reference}`);
  const reason = outcome.is === 'failed' ? { reason: outcome.reason } : {};
  return {
    type: 'NoteOutcome',
    instruction,
    outcome: outcome.is === 'pending' ? 'unknown' : outcome.is,
    ...reason,
    at: clock.now(),
  } as const;
};
