import { addDays, dateOf, endOf } from '@tongdui/calendar';
import type {
  ClaimId,
  CycleMonth,
  DisputeReason,
  Fen,
  Instant,
  ObligationId,
  ObligationKind,
  PaymentId,
  PaymentReference,
} from '@tongdui/contracts';
import { alreadySo, corrupt, type Decision, record, refuse, unreachable } from '@tongdui/decider';
import { fen } from '@tongdui/money';
import type { DisputablePayment, Fact } from './pair.facts.ts';
import { andGrants, drawBefore } from './pair.prefund.ts';
import { hostFrontedPart, type Item, type Segment, type State } from './pair.state.ts';

/** What one party owes another, each keyed for ever by the payment it comes from. */
export type ObligationCommand =
  | {
      readonly type: 'AccrueObligation';
      readonly obligationId: ObligationId;
      readonly kind: ObligationKind;
      readonly amountFen: Fen;
      readonly paymentId: PaymentId;
      readonly reference: PaymentReference;
      readonly claimId: ClaimId;
      /** Of a host-fronted obligation, which alone can be disputed. */
      readonly payment?: DisputablePayment;
      readonly at: Instant;
    }
  | { readonly type: 'NoteReversal'; readonly reference: PaymentReference; readonly at: Instant }
  | { readonly type: 'DisputeObligation'; readonly obligationId: ObligationId; readonly reason: DisputeReason; readonly at: Instant }
  | { readonly type: 'EscalateDispute'; readonly obligationId: ObligationId; readonly at: Instant }
  | {
      readonly type: 'RuleDispute';
      readonly obligationId: ObligationId;
      readonly wonBy: 'debtor' | 'creditor';
      readonly reason: string;
      readonly at: Instant;
    }
  /** The payer has answered: the money comes back by this ruling, or it had come back before. */
  | { readonly type: 'ConcludeRuling'; readonly obligationId: ObligationId; readonly conceded: boolean; readonly at: Instant }
  | {
      readonly type: 'SettleVertically';
      readonly settlementId: string;
      readonly amountFen: Fen;
      readonly obligations: readonly ObligationId[];
      readonly at: Instant;
    }
  /** Tells single obligations what became of their segment, as many as one append holds. */
  | { readonly type: 'MarkObligations'; readonly at: Instant };

/** In order of precedence. */
export type ObligationReason =
  | 'obligation-unknown'
  | 'already-disputed'
  | 'not-disputed'
  | 'ruling-pending'
  | 'not-host-fronted'
  | 'already-ruled'
  /** The money came back already; a reverse obligation offsets this one. */
  | 'obligation-reversed'
  /** A dispute starts from a sealed segment: it is not cut off yet. */
  | 'obligation-not-sealed'
  | 'obligation-confirmed'
  | 'already-settled'
  | 'amount-differs';

const marksMax = 90;

export const decideObligation = (command: ObligationCommand, state: State): Decision<Fact, ObligationReason> => {
  const { at } = command;
  switch (command.type) {
    case 'AccrueObligation': {
      if (state.known.has(command.obligationId)) return alreadySo;
      const { type: _, ...obligation } = command;
      const draw = command.kind === 'host-fronted' ? { draw: drawBefore(state, command.reference) } : {};
      return andGrants(state, { type: 'ObligationAccrued', ...obligation, ...draw });
    }
    case 'NoteReversal':
      return state.reversed.has(command.reference) ? alreadySo : record<Fact>({ type: 'ReversalNoted', reference: command.reference, at });
    case 'DisputeObligation':
      return dispute(command, state);
    case 'EscalateDispute': {
      const disputed = state.disputed.get(command.obligationId);
      if (!disputed || disputed.escalated || at < disputed.dueAt) return alreadySo;
      return record<Fact>({ type: 'DisputeEscalated', obligationId: command.obligationId, at });
    }
    case 'RuleDispute':
    case 'ConcludeRuling':
      return rule(command, state);
    case 'SettleVertically':
      return settle(command, state);
    case 'MarkObligations':
      return record(...marks(state, at));
    default:
      return unreachable(command);
  }
};

const dispute = (command: Extract<ObligationCommand, { type: 'DisputeObligation' }>, state: State): Decision<Fact, ObligationReason> => {
  const { obligationId, reason, at } = command;
  if (!state.known.has(obligationId)) return refuse('obligation-unknown');
  if (state.disputed.has(obligationId)) return refuse('already-disputed');
  const open = state.open.items.get(obligationId);
  const sealed = open ? undefined : whereSealed(state, obligationId);
  const item = open ?? sealed?.segment.batch.items.get(obligationId);
  if (!item) return refuse('obligation-confirmed');
  if (item.kind !== 'host-fronted') return refuse('not-host-fronted');
  if (item.ruled) return refuse('already-ruled');
  if (state.reversed.has(item.reference)) return refuse('obligation-reversed');
  if (!sealed) return refuse('obligation-not-sealed');
  // Silence has disputed it; only the fact about this one obligation is still to come.
  if (sealed.segment.is === 'unanswered') return refuse('already-disputed');
  if (sealed.segment.is !== 'sealed' && sealed.segment.is !== 'declared') return refuse('obligation-confirmed');
  const dueAt = rulingDueAt(sealed.segment, at);
  return record<Fact>({ type: 'ObligationDisputed', obligationId, reason, amountFen: item.amountFen, cycle: sealed.cycle, dueAt, at });
};

/** For the creditor it only says that the obligation stands; for the debtor the payment has to be conceded first, since its money comes back once. */
const rule = (
  command: Extract<ObligationCommand, { type: 'RuleDispute' | 'ConcludeRuling' }>,
  state: State,
): Decision<Fact, ObligationReason> => {
  const { obligationId, at } = command;
  const disputed = state.disputed.get(obligationId);
  if (command.type === 'ConcludeRuling') {
    if (disputed?.asked === undefined) return alreadySo;
    return record(
      command.conceded
        ? ruled(obligationId, disputed.item, 'debtor', disputed.asked, at)
        : ruled(obligationId, disputed.item, 'creditor', 'obligation-reversed', at),
    );
  }
  const { wonBy, reason } = command;
  if (!state.known.has(obligationId)) return refuse('obligation-unknown');
  if (!disputed) return refuse('not-disputed');
  if (disputed.asked !== undefined) return refuse('ruling-pending');
  const { item } = disputed;
  if (wonBy === 'creditor') return record(ruled(obligationId, item, wonBy, reason, at));
  if (state.reversed.has(item.reference)) return refuse('obligation-reversed');
  const { paymentId, instruction } = paymentOf(obligationId, item);
  return record<Fact>({ type: 'RulingAsked', obligationId, reason, paymentId, instruction, at });
};

const paymentOf = (id: ObligationId, { payment }: Item): DisputablePayment => payment ?? corrupt(`${id} is disputed without its payment`);

const ruled = (obligationId: ObligationId, item: Item, wonBy: 'debtor' | 'creditor', reason: string, at: Instant): Fact => ({
  type: 'DisputeRuled',
  obligationId,
  wonBy,
  reason,
  amountFen: item.amountFen,
  payment: paymentOf(obligationId, item),
  at,
});

/** When the joint office is to rule on what is disputed now. */
export const rulingDueAt = ({ disputeDays }: Pick<Segment, 'disputeDays'>, at: Instant): Instant => endOf(addDays(dateOf(at), disputeDays));

/** A pair has at most a few segments that are not settled. */
const whereSealed = (state: State, id: ObligationId): { readonly cycle: CycleMonth; readonly segment: Segment } | undefined => {
  for (const [cycle, segment] of state.segments) if (segment.batch.items.has(id)) return { cycle, segment };
  return undefined;
};

const settle = (command: Extract<ObligationCommand, { type: 'SettleVertically' }>, state: State): Decision<Fact, ObligationReason> => {
  const { settlementId, amountFen, at } = command;
  const obligations = [...new Set(command.obligations)];
  if (obligations.some((id) => !state.known.has(id))) return refuse('obligation-unknown');
  const items = obligations.flatMap((id) => state.open.items.get(id) ?? []);
  if (items.length < obligations.length) return refuse('already-settled');
  if (items.reduce((sum, item) => sum + item.amountFen, 0) !== amountFen) return refuse('amount-differs');
  const hostFrontedFen = fen(items.reduce((sum, item) => sum + hostFrontedPart(item), 0));
  return andGrants(state, { type: 'VerticallySettled', settlementId, amountFen, hostFrontedFen, obligations, at });
};

const marks = (state: State, at: Instant): Fact[] => {
  const facts: Fact[] = [];
  for (const [obligationId, { to, cycle, settlementId }] of state.marks) {
    if (facts.length === marksMax) break;
    if (to === 'netted') facts.push({ type: 'ObligationNetted', obligationId, cycle: cycle ?? corrupt('netted in no cycle'), at });
    else
      facts.push({ type: 'ObligationSettled', obligationId, ...(cycle ? { cycle } : {}), ...(settlementId ? { settlementId } : {}), at });
  }
  return facts;
};
