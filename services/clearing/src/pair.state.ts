import type { CycleMonth, Fen, Instant, LocalDate, ObligationId, ObligationKind, PaymentId, PaymentReference } from '@tongdui/contracts';
import { corrupt, PersistentMap, PersistentSet, unreachable } from '@tongdui/decider';
import { fen } from '@tongdui/money';
import type { DisputablePayment, Fact } from './pair.facts.ts';
import { count, nothing, type Totals } from './pair.totals.ts';

/** A payment that wants the cover of the prefund. What is over leaves only its key: it must never be drawn again. */
type Draw =
  | { readonly is: 'queued'; readonly place: number; readonly paymentId: PaymentId; readonly amountFen: Fen }
  | { readonly is: 'granted'; readonly amountFen: Fen }
  | { readonly is: 'used' }
  | { readonly is: 'released' };

export type Item = {
  readonly kind: ObligationKind;
  readonly amountFen: Fen;
  readonly reference: PaymentReference;
  readonly payment?: DisputablePayment;
  /** A dispute about it was decided; it cannot be disputed again. */
  readonly ruled: boolean;
};

/** Obligations with their sums, so that no decision adds up thousands. */
type Batch = { readonly items: PersistentMap<ObligationId, Item>; readonly totalFen: Fen; readonly hostFrontedFen: Fen };

export type Segment = {
  /** What is left of it after disputes. */
  readonly batch: Batch;
  readonly declareBy: LocalDate;
  readonly confirmBy: LocalDate;
  readonly disputeDays: number;
} & (
  | { readonly is: 'sealed' | 'declared' | 'confirmed' | 'netted' }
  /** The debtor was silent; its disputes of silence are due together. */
  | { readonly is: 'unanswered'; readonly cause: 'not-confirmed' | 'not-netted'; readonly dueAt: Instant }
);

type Dispute = {
  readonly item: Item;
  readonly dueAt: Instant;
  readonly escalated: boolean;
  /** Found for the debtor, for this reason; the payer has not answered yet. */
  readonly asked?: string;
};

/** What single obligations still have to be told. */
type Mark = { readonly to: 'netted' | 'settled'; readonly cycle?: CycleMonth; readonly settlementId?: string };

export type State = {
  readonly totals: Totals;
  readonly draws: PersistentMap<PaymentReference, Draw>;
  /** First in, first out. A place left by a release stays empty. */
  readonly queue: PersistentMap<number, PaymentReference>;
  readonly firstPlace: number;
  readonly nextPlace: number;
  /** The keys of all obligations ever accrued. */
  readonly known: PersistentSet<ObligationId>;
  /** Payments whose money came back. */
  readonly reversed: PersistentSet<PaymentReference>;
  /** Wait for the next cut-off, or for a vertical settlement. */
  readonly open: Batch;
  readonly disputed: PersistentMap<ObligationId, Dispute>;
  /** Found for the debtor when the money had come back already: decided for the creditor. */
  readonly overtaken: PersistentSet<ObligationId>;
  /** Sealed and not yet settled. */
  readonly segments: PersistentMap<CycleMonth, Segment>;
  readonly lastSealed: CycleMonth | undefined;
  readonly marks: PersistentMap<ObligationId, Mark>;
};

const noObligations: Batch = { items: PersistentMap(), totalFen: fen(0), hostFrontedFen: fen(0) };

export const initial: State = {
  totals: nothing,
  draws: PersistentMap(),
  queue: PersistentMap(),
  firstPlace: 0,
  nextPlace: 0,
  known: PersistentSet(),
  reversed: PersistentSet(),
  open: noObligations,
  disputed: PersistentMap(),
  overtaken: PersistentSet(),
  segments: PersistentMap(),
  lastSealed: undefined,
  marks: PersistentMap(),
};

export const evolve = (before: State, fact: Fact): State => {
  const state = { ...before, totals: count(before.totals, fact) };
  switch (fact.type) {
    case 'PrefundDeposited':
    case 'PrefundWithdrawn':
      return state;
    case 'DrawQueued': {
      const draw: Draw = { is: 'queued', place: state.nextPlace, paymentId: fact.paymentId, amountFen: fact.amountFen };
      return {
        ...state,
        draws: state.draws.set(fact.reference, draw),
        queue: state.queue.set(state.nextPlace, fact.reference),
        nextPlace: state.nextPlace + 1,
      };
    }
    case 'DrawGranted':
      return withDraw(state, fact.reference, { is: 'granted', amountFen: fact.amountFen });
    case 'DrawReleased':
      return withDraw(state, fact.reference, { is: 'released' });
    case 'ObligationAccrued': {
      const { kind, amountFen, reference, payment } = fact;
      const drawn = kind === 'host-fronted' ? withDraw(state, reference, { is: 'used' }) : state;
      const item: Item = { kind, amountFen, reference, ruled: false, ...(payment ? { payment } : {}) };
      return { ...drawn, known: drawn.known.add(fact.obligationId), open: withItem(drawn.open, fact.obligationId, item) };
    }
    case 'ReversalNoted':
      return { ...state, reversed: state.reversed.add(fact.reference) };
    case 'ObligationDisputed':
    case 'DisputeEscalated':
    case 'RulingAsked':
    case 'DisputeRuled':
      return evolveDispute(state, fact);
    case 'VerticallySettled': {
      let { open, marks } = state;
      for (const id of fact.obligations) {
        open = withoutItem(open, id, open.items.get(id) ?? corrupt(`${id} settled but not open`));
        marks = marks.set(id, { to: 'settled', settlementId: fact.settlementId });
      }
      return { ...state, open, marks };
    }
    case 'ObligationNetted':
    case 'ObligationSettled':
      return { ...state, marks: state.marks.delete(fact.obligationId) };
    case 'SegmentSealed':
    case 'SegmentDeclared':
    case 'SegmentConfirmed':
    case 'SegmentUnanswered':
    case 'SegmentCarriedOver':
    case 'SegmentNetted':
    case 'SegmentSettled':
      return evolveSegment(state, fact);
    default:
      return unreachable(fact);
  }
};

type DisputeFact = Extract<Fact, { type: 'ObligationDisputed' | 'DisputeEscalated' | 'RulingAsked' | 'DisputeRuled' }>;

const evolveDispute = (state: State, fact: DisputeFact): State => {
  switch (fact.type) {
    case 'ObligationDisputed': {
      const segment = segmentOf(state, fact.cycle);
      const item = segment.batch.items.get(fact.obligationId) ?? corrupt(`${fact.obligationId} disputed but not in ${fact.cycle}`);
      return {
        ...state,
        segments: state.segments.set(fact.cycle, { ...segment, batch: withoutItem(segment.batch, fact.obligationId, item) }),
        disputed: state.disputed.set(fact.obligationId, { item, dueAt: fact.dueAt, escalated: false }),
      };
    }
    case 'DisputeEscalated': {
      const dispute = state.disputed.get(fact.obligationId) ?? corrupt(`${fact.obligationId} escalated but not disputed`);
      return { ...state, disputed: state.disputed.set(fact.obligationId, { ...dispute, escalated: true }) };
    }
    case 'RulingAsked': {
      const dispute = state.disputed.get(fact.obligationId) ?? corrupt(`${fact.obligationId} found on but not disputed`);
      return { ...state, disputed: state.disputed.set(fact.obligationId, { ...dispute, asked: fact.reason }) };
    }
    case 'DisputeRuled': {
      const dispute = state.disputed.get(fact.obligationId) ?? corrupt(`${fact.obligationId} ruled but not disputed`);
      const isOvertaken = dispute.asked !== undefined && fact.wonBy === 'creditor';
      return {
        ...state,
        disputed: state.disputed.delete(fact.obligationId),
        overtaken: isOvertaken ? state.overtaken.add(fact.obligationId) : state.overtaken,
        open: withItem(state.open, fact.obligationId, { ...dispute.item, ruled: true }),
        reversed: fact.wonBy === 'debtor' ? state.reversed.add(dispute.item.reference) : state.reversed,
      };
    }
    default:
      return unreachable(fact);
  }
};

const evolveSegment = (state: State, fact: Extract<Fact, { type: `Segment${string}` }>): State => {
  if (fact.type === 'SegmentSealed') {
    const { declareBy, confirmBy, disputeDays, cycle } = fact;
    // A segment of nothing needs nobody's word.
    const segment: Segment = { is: fact.totalFen === 0 ? 'confirmed' : 'sealed', batch: state.open, declareBy, confirmBy, disputeDays };
    return { ...state, open: noObligations, segments: state.segments.set(cycle, segment), lastSealed: cycle };
  }
  const segment = segmentOf(state, fact.cycle);
  const as = (is: 'declared' | 'confirmed' | 'netted') => state.segments.set(fact.cycle, { ...segment, is });
  const marked = (to: Mark['to']) =>
    state.marks.withMutations((marks) => {
      for (const id of segment.batch.items.keys()) marks.set(id, { to, cycle: fact.cycle });
    });
  switch (fact.type) {
    case 'SegmentDeclared':
      return { ...state, segments: as('declared') };
    case 'SegmentConfirmed':
      return { ...state, segments: as('confirmed') };
    case 'SegmentUnanswered': {
      const { cause, dueAt } = fact;
      return { ...state, segments: state.segments.set(fact.cycle, { ...segment, is: 'unanswered', cause, dueAt }) };
    }
    case 'SegmentCarriedOver':
      return { ...state, open: together(state.open, segment.batch), segments: state.segments.delete(fact.cycle) };
    case 'SegmentNetted':
      return { ...state, segments: as('netted'), marks: marked('netted') };
    case 'SegmentSettled':
      return { ...state, segments: state.segments.delete(fact.cycle), marks: marked('settled') };
    default:
      return unreachable(fact);
  }
};

const segmentOf = (state: State, cycle: CycleMonth): Segment =>
  state.segments.get(cycle) ?? corrupt(`segment ${cycle} is not sealed or already settled`);

const withDraw = (state: State, reference: PaymentReference, draw: Draw): State => {
  const before = state.draws.get(reference);
  const draws = state.draws.set(reference, draw);
  if (before?.is !== 'queued') return { ...state, draws };
  const queue = state.queue.delete(before.place);
  let { firstPlace } = state;
  while (firstPlace < state.nextPlace && !queue.has(firstPlace)) firstPlace += 1;
  return { ...state, draws, queue, firstPlace };
};

const withItem = (batch: Batch, id: ObligationId, item: Item): Batch => ({
  items: batch.items.set(id, item),
  totalFen: fen(batch.totalFen + item.amountFen),
  hostFrontedFen: fen(batch.hostFrontedFen + hostFrontedPart(item)),
});

const withoutItem = (batch: Batch, id: ObligationId, item: Item): Batch => ({
  items: batch.items.delete(id),
  totalFen: fen(batch.totalFen - item.amountFen),
  hostFrontedFen: fen(batch.hostFrontedFen - hostFrontedPart(item)),
});

const together = (a: Batch, b: Batch): Batch => ({
  items: a.items.merge(b.items),
  totalFen: fen(a.totalFen + b.totalFen),
  hostFrontedFen: fen(a.hostFrontedFen + b.hostFrontedFen),
});

export const hostFrontedPart = (item: Item): number => (item.kind === 'host-fronted' ? item.amountFen : 0);
