import { endOf } from '@tongdui/calendar';
import type { CycleMonth, Fen, Instant, LocalDate, ObligationId } from '@tongdui/contracts';
import { alreadySo, corrupt, type Decision, record, refuse, unreachable } from '@tongdui/decider';
import { fen } from '@tongdui/money';
import type { Fact } from './pair.facts.ts';
import { rulingDueAt } from './pair.obligations.ts';
import { andGrants } from './pair.prefund.ts';
import type { Item, Segment, State } from './pair.state.ts';

/** What of a pair goes into a cycle: sealed at the cut-off, declared, confirmed, netted, settled; or carried over to the next. */
export type SegmentCommand =
  | {
      readonly type: 'SealSegment';
      readonly cycle: CycleMonth;
      readonly declareBy: LocalDate;
      readonly confirmBy: LocalDate;
      readonly disputeDays: number;
      readonly at: Instant;
    }
  | { readonly type: 'DeclareSegment'; readonly cycle: CycleMonth; readonly totalFen: Fen; readonly at: Instant }
  | { readonly type: 'ConfirmSegment'; readonly cycle: CycleMonth; readonly totalFen: Fen; readonly at: Instant }
  /** The timer of both deadlines. */
  | { readonly type: 'NoteSilence'; readonly cycle: CycleMonth; readonly at: Instant }
  /** Disputes what the debtor was silent about, as much as one append holds; then carries the rest over. */
  | { readonly type: 'DisputeUnanswered'; readonly cycle: CycleMonth; readonly at: Instant }
  /** The cycle was netted with this amount of the pair, nothing when it was left out. */
  | { readonly type: 'NetSegment'; readonly cycle: CycleMonth; readonly amountFen: Fen; readonly at: Instant }
  | { readonly type: 'SettleSegment'; readonly cycle: CycleMonth; readonly at: Instant };

/** An append holds 100 facts, and the last of these disputes also closes the segment. */
const disputesMax = 90;

/** In order of precedence. */
export type SegmentReason =
  /** The cut-off of this cycle has not come to this pair. */
  | 'segment-not-sealed'
  /** Carried over, unanswered in time, or settled. */
  | 'segment-closed'
  | 'already-declared'
  | 'already-confirmed'
  | 'not-declared'
  | 'declaration-closed'
  | 'confirmation-closed'
  | 'total-differs';

export const decideSegment = (command: SegmentCommand, state: State): Decision<Fact, SegmentReason> => {
  switch (command.type) {
    case 'SealSegment':
      return seal(command, state);
    case 'DeclareSegment':
      return declare(command, state);
    case 'ConfirmSegment':
      return confirm(command, state);
    case 'NoteSilence':
      return noteSilence(command, state);
    case 'DisputeUnanswered':
      return disputeUnanswered(command, state);
    case 'NetSegment':
      return net(command, state);
    case 'SettleSegment': {
      const segment = state.segments.get(command.cycle);
      if (segment?.is !== 'netted') return alreadySo;
      const { totalFen, hostFrontedFen } = segment.batch;
      return andGrants(state, { type: 'SegmentSettled', cycle: command.cycle, totalFen, hostFrontedFen, at: command.at });
    }
    default:
      return unreachable(command);
  }
};

/** The marker takes what is open now; what accrues later is the next cycle's. A call that comes again, or late, changes nothing. */
const seal = (command: Extract<SegmentCommand, { type: 'SealSegment' }>, state: State): Decision<Fact, SegmentReason> => {
  if (state.lastSealed !== undefined && command.cycle <= state.lastSealed) return alreadySo;
  const { open, totals } = state;
  return record<Fact>({
    ...command,
    type: 'SegmentSealed',
    obligations: open.items.size,
    totalFen: open.totalFen,
    runningTotalFen: fen(totals.runningTotalFen),
  });
};

const declare = (command: Extract<SegmentCommand, { type: 'DeclareSegment' }>, state: State): Decision<Fact, SegmentReason> => {
  const { cycle, totalFen, at } = command;
  const segment = state.segments.get(cycle);
  if (!segment || segment.is === 'unanswered') return refuse(absence(state, cycle));
  if (segment.is !== 'sealed') return refuse('already-declared');
  if (at >= endOf(segment.declareBy)) return refuse('declaration-closed');
  if (totalFen !== segment.batch.totalFen) return refuse('total-differs');
  return record<Fact>({ type: 'SegmentDeclared', cycle, totalFen, at });
};

const confirm = (command: Extract<SegmentCommand, { type: 'ConfirmSegment' }>, state: State): Decision<Fact, SegmentReason> => {
  const { cycle, totalFen, at } = command;
  const segment = state.segments.get(cycle);
  if (!segment || segment.is === 'unanswered') return refuse(absence(state, cycle));
  if (segment.is === 'confirmed' || segment.is === 'netted') return refuse('already-confirmed');
  if (segment.is === 'sealed') return refuse('not-declared');
  if (at >= endOf(segment.confirmBy)) return refuse('confirmation-closed');
  if (totalFen !== segment.batch.totalFen) return refuse('total-differs');
  return record<Fact>({ type: 'SegmentConfirmed', cycle, obligations: segment.batch.items.size, totalFen, at });
};

const absence = (state: State, cycle: CycleMonth) =>
  state.lastSealed !== undefined && cycle <= state.lastSealed ? 'segment-closed' : 'segment-not-sealed';

/** Silence escalates and never confirms: the creditor's carries over, the debtor's disputes. */
const noteSilence = (command: Extract<SegmentCommand, { type: 'NoteSilence' }>, state: State): Decision<Fact, SegmentReason> => {
  const { cycle, at } = command;
  const segment = state.segments.get(cycle);
  if (segment?.is === 'sealed' && at >= endOf(segment.declareBy)) return carryOver(segment, cycle, 'not-declared', at);
  if (segment?.is === 'declared' && at >= endOf(segment.confirmBy)) return unanswered(state, segment, cycle, 'not-confirmed', at);
  return alreadySo;
};

/** Without the clock of a dispute, a debtor could put off what it owes for ever by saying nothing. */
const unanswered = (state: State, segment: Segment, cycle: CycleMonth, cause: 'not-confirmed' | 'not-netted', at: Instant) => {
  if (!segment.batch.items.some((item) => isDisputable(state, item))) return carryOver(segment, cycle, cause, at);
  const { totalFen } = segment.batch;
  return record<Fact>({ type: 'SegmentUnanswered', cycle, totalFen, cause, dueAt: rulingDueAt(segment, at), at });
};

const disputeUnanswered = (
  command: Extract<SegmentCommand, { type: 'DisputeUnanswered' }>,
  state: State,
): Decision<Fact, SegmentReason> => {
  const { cycle, at } = command;
  const segment = state.segments.get(cycle);
  if (segment?.is !== 'unanswered') return alreadySo;
  const { dueAt, cause } = segment;
  const disputes: Fact[] = [];
  let totalFen: number = segment.batch.totalFen;
  for (const [obligationId, item] of segment.batch.items) {
    if (!isDisputable(state, item)) continue;
    if (disputes.length === disputesMax) return record(...disputes);
    disputes.push(disputeOfSilence(obligationId, item, cycle, dueAt, at));
    totalFen -= item.amountFen;
  }
  return record<Fact>(...disputes, { type: 'SegmentCarriedOver', cycle, totalFen: fen(totalFen), cause, at });
};

const disputeOfSilence = (obligationId: ObligationId, item: Item, cycle: CycleMonth, dueAt: Instant, at: Instant): Fact => ({
  type: 'ObligationDisputed',
  obligationId,
  reason: 'silence',
  amountFen: item.amountFen,
  cycle,
  dueAt,
  at,
});

/** What the debtor itself could still have disputed: never a share or a reverse obligation, nor what was ruled on or came back. */
const isDisputable = (state: State, item: Item): boolean =>
  item.kind === 'host-fronted' && !item.ruled && !state.reversed.has(item.reference);

const net = (command: Extract<SegmentCommand, { type: 'NetSegment' }>, state: State): Decision<Fact, SegmentReason> => {
  const { cycle, amountFen, at } = command;
  const segment = state.segments.get(cycle);
  if (!segment)
    return amountFen === 0 || state.lastSealed === undefined || cycle <= state.lastSealed
      ? alreadySo
      : corrupt(`${cycle} was netted but never sealed here`);
  if (segment.is === 'netted') return alreadySo;
  const { totalFen } = segment.batch;
  if (segment.is === 'confirmed' && totalFen === amountFen) return record<Fact>({ type: 'SegmentNetted', cycle, totalFen, at });
  // A confirmed total cannot change, so another amount is a bug and must not be carried over as well.
  if (amountFen !== 0) return corrupt(`${cycle} was netted with ${amountFen}, confirmed is ${totalFen}`);
  return leftOut(state, segment, cycle, at);
};

/** The cycle closed without this pair. That may be heard before the timer of the deadline, and must then come to the same. */
const leftOut = (state: State, segment: Segment, cycle: CycleMonth, at: Instant): Decision<Fact, SegmentReason> => {
  switch (segment.is) {
    case 'sealed':
      return carryOver(segment, cycle, 'not-netted', at);
    case 'declared':
      return unanswered(state, segment, cycle, 'not-confirmed', at);
    case 'confirmed':
      return unanswered(state, segment, cycle, 'not-netted', at);
    case 'unanswered':
    case 'netted':
      return alreadySo;
    default:
      return unreachable(segment);
  }
};

const carryOver = (segment: Segment, cycle: CycleMonth, cause: 'not-declared' | 'not-confirmed' | 'not-netted', at: Instant) =>
  record<Fact>({ type: 'SegmentCarriedOver', cycle, totalFen: segment.batch.totalFen, cause, at });
