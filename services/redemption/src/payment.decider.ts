import { dateOf } from '@tongdui/calendar';
import type { BankAccount, Instant, LocalDate, PaymentId, PaymentReference } from '@tongdui/contracts';
import { alreadySo, type Decider, type Decision, record, refuse, unreachable } from '@tongdui/decider';
import { type At, evolve, type Fact, type Known, type Order, type State, type Try, type Whole } from './payment.state.ts';

/** The payment of one claim, decided by the paying city. Whatever happens, at most one try succeeds and stays. */

export type Command =
  | ({ readonly type: 'PreparePayment' } & Order & At)
  | ({ readonly type: 'InstructPayment'; readonly instruction: number; readonly by: string; readonly account?: BankAccount } & At)
  /** The prefund covers it; also the grant that comes later to a queued draw. */
  | ({ readonly type: 'GrantDraw' | 'QueueDraw'; readonly instruction: number } & At)
  | ({ readonly type: 'RefuseDraw'; readonly instruction: number; readonly reason: string } & At)
  | ({
      readonly type: 'NoteOutcome';
      readonly instruction: number;
      readonly outcome: 'paid' | 'failed' | 'unknown';
      readonly reason?: string;
    } & At)
  | ({
      readonly type: 'EnterStatementLine';
      readonly reference: PaymentReference;
      readonly outcome: 'paid' | 'failed';
      readonly bookedOn: LocalDate;
      readonly by: string;
    } & At)
  | ({ readonly type: 'ReturnPayment'; readonly returnedOn: LocalDate; readonly reason: string; readonly by: string } & At)
  | ({ readonly type: 'NoteClawback'; readonly instruction: number } & At)
  | ({ readonly type: 'RecoverPayment'; readonly amountFen: number; readonly recoveredOn: LocalDate; readonly by: string } & At)
  /** A lost dispute recovers it between the cities; the payee owes nothing more. Conceding is asked before the ruling, noting follows it. */
  | ({ readonly type: 'ConcedePayment' | 'NoteDisputeLost'; readonly instruction: number } & At)
  | ({ readonly type: 'CancelPayment'; readonly paymentId: PaymentId } & At);
/** In order of precedence. */
export type Reason =
  | 'payment-unknown'
  | 'payment-cancelled'
  | 'same-person'
  | 'payment-already-instructed'
  | 'payment-outcome-unknown'
  | 'payment-already-paid'
  | 'instruction-pending'
  | 'attempt-out-of-order'
  | 'account-unknown'
  | 'payment-not-in-that-state'
  | 'reference-differs'
  | 'dates-out-of-order'
  | 'no-clawback-due'
  | 'clawback-differs';
type Of<Type extends Command['type']> = Command & { readonly type: Type };

export const referenceOf = (paymentId: PaymentId, instruction: number): PaymentReference =>
  `${paymentId}-${instruction}` as PaymentReference;

const decide = (command: Command, state: State): Decision<Fact, Reason> => {
  if (command.type === 'PreparePayment') {
    const { type: _, ...order } = command;
    return state.is === 'none' ? record({ ...order, type: 'PaymentPrepared' }) : alreadySo;
  }
  if (state.is === 'refused') return command.type === 'CancelPayment' ? alreadySo : refuse('payment-cancelled');
  if (state.is === 'none')
    return command.type === 'CancelPayment'
      ? record({ type: 'PaymentCancelled', paymentId: command.paymentId, at: command.at })
      : refuse('payment-unknown');
  switch (command.type) {
    case 'InstructPayment':
      return instruct(command, state);
    case 'GrantDraw':
    case 'QueueDraw':
    case 'RefuseDraw':
      return concludeDraw(command, state);
    case 'NoteOutcome':
      return noteOutcome(command, state);
    case 'EnterStatementLine':
      return enterStatementLine(command, state);
    case 'ReturnPayment':
      if (state.status !== 'paid') return refuse('payment-not-in-that-state');
      if (command.returnedOn < (state.paidOn ?? command.returnedOn) || command.returnedOn > dateOf(command.at))
        return refuse('dates-out-of-order');
      return record({
        ...tryOf(state),
        type: 'PaymentReturned',
        returnedOn: command.returnedOn,
        reason: command.reason,
        by: command.by,
        at: command.at,
      });
    case 'NoteClawback':
      return isPaidBy(state, command) && !state.clawbackDue && !state.clawbackClosed
        ? record({ type: 'ClawbackNoted', at: command.at })
        : alreadySo;
    case 'RecoverPayment':
      return recover(command, state);
    case 'ConcedePayment':
      if (isPaidBy(state, command)) return record({ type: 'DisputeLostNoted', at: command.at });
      return state.disputeLost && state.instruction === command.instruction ? alreadySo : refuse('payment-not-in-that-state');
    case 'NoteDisputeLost':
      return isPaidBy(state, command) ? record({ type: 'DisputeLostNoted', at: command.at }) : alreadySo;
    case 'CancelPayment':
      return cancel(command, state);
    default:
      return unreachable(command);
  }
};

const instruct = (command: Of<'InstructPayment'>, state: Known): Decision<Fact, Reason> => {
  const { instruction, by, account, at } = command;
  if (state.status === 'cancelled') return refuse('payment-cancelled');
  const { submittedBy, checkedBy, reviewedBy, approvedBy } = state.people;
  if ([submittedBy, checkedBy, reviewedBy, approvedBy].includes(by)) return refuse('same-person');
  if (state.status === 'instructed') return refuse('payment-already-instructed');
  if (state.status === 'unknown') return refuse('payment-outcome-unknown');
  if (state.status === 'paid' || state.status === 'recovered') return refuse('payment-already-paid');
  if (state.status === 'asking' || state.status === 'queued') return refuse('instruction-pending');
  if (instruction !== state.instruction + 1) return refuse('attempt-out-of-order');
  if (!account) return refuse('account-unknown');
  const reference = referenceOf(state.paymentId, instruction);
  const type = state.route === 'host-fronted' ? 'InstructionAsked' : 'PaymentInstructed';
  return record({ ...wholeOf(state), type, instruction, reference, by, account, at });
};

const concludeDraw = (command: Of<'GrantDraw' | 'QueueDraw' | 'RefuseDraw'>, state: Known): Decision<Fact, Reason> => {
  const waiting = state.status === 'asking' || state.status === 'queued';
  if (!waiting || command.instruction !== state.instruction || !state.by || !state.account) return alreadySo;
  const { at } = command;
  if (command.type === 'GrantDraw') return record({ ...tryOf(state), type: 'PaymentInstructed', by: state.by, account: state.account, at });
  if (command.type === 'RefuseDraw') return record({ ...tryOf(state), type: 'InstructionRefused', reason: command.reason, at });
  return state.status === 'queued'
    ? alreadySo
    : record({ type: 'DrawQueued', instruction: state.instruction, reference: referenceOf(state.paymentId, state.instruction), at });
};

/** Only an instructed payment listens to the bank; an unknown outcome is resolved by the statement alone. */
const noteOutcome = (command: Of<'NoteOutcome'>, state: Known): Decision<Fact, Reason> => {
  if (state.status !== 'instructed' || command.instruction !== state.instruction) return alreadySo;
  return record(outcome(state, command.outcome, dateOf(command.at), command.reason, command.at));
};

const enterStatementLine = (command: Of<'EnterStatementLine'>, state: Known): Decision<Fact, Reason> => {
  if (state.status !== 'unknown') return refuse('payment-not-in-that-state');
  if (command.reference !== state.reference) return refuse('reference-differs');
  if (command.bookedOn > dateOf(command.at) || (state.instructedOn && command.bookedOn < state.instructedOn))
    return refuse('dates-out-of-order');
  return record(outcome(state, command.outcome, command.bookedOn, 'bank-statement', command.at));
};

/** What is said of a try concerns the payment only while that try is the one that was paid. */
const isPaidBy = (state: Known, { instruction }: { readonly instruction: number }): boolean =>
  state.status === 'paid' && state.instruction === instruction;

const outcome = (state: Known, is: 'paid' | 'failed' | 'unknown', paidOn: LocalDate, reason: string | undefined, at: Instant): Fact => {
  if (is === 'paid') return { ...tryOf(state), type: 'PaymentPaid', paidOn, at };
  return is === 'failed'
    ? { ...tryOf(state), type: 'PaymentFailed', reason: reason ?? 'refused-by-bank', at }
    : { ...tryOf(state), type: 'PaymentUnknown', at };
};

/** In full: partial recoveries are not built yet. */
const recover = (command: Of<'RecoverPayment'>, state: Known): Decision<Fact, Reason> => {
  if (state.status !== 'paid' || !state.clawbackDue) return refuse('no-clawback-due');
  if (command.amountFen !== state.amountFen) return refuse('clawback-differs');
  if (command.recoveredOn < (state.paidOn ?? command.recoveredOn) || command.recoveredOn > dateOf(command.at))
    return refuse('dates-out-of-order');
  return record({ ...tryOf(state), type: 'PaymentRecovered', recoveredOn: command.recoveredOn, by: command.by, at: command.at });
};

/** Calls off what has not reached the bank; for a paid one with a clawback due, the clawback. */
const cancel = (command: Of<'CancelPayment'>, state: Known): Decision<Fact, Reason> => {
  const { at, paymentId } = command;
  switch (state.status) {
    case 'cancelled':
      return alreadySo;
    case 'prepared':
    case 'failed':
      return record({ type: 'PaymentCancelled', paymentId, at });
    case 'asking':
    case 'queued':
      return record({ type: 'PaymentCancelled', paymentId, drawn: tryOf(state), at });
    case 'paid':
      if (state.clawbackClosed) return alreadySo;
      return state.clawbackDue ? record({ type: 'ClawbackClosed', at }) : refuse('payment-already-instructed');
    case 'instructed':
    case 'unknown':
    case 'recovered':
      return refuse('payment-already-instructed');
    default:
      return unreachable(state.status);
  }
};

const wholeOf = ({
  paymentId,
  voucherId,
  orderId,
  claimId,
  home,
  host,
  enterprise,
  payee,
  payer,
  route,
  amountFen,
  slices,
}: Known): Whole => ({
  paymentId,
  voucherId,
  orderId,
  claimId,
  home,
  host,
  enterprise,
  payee,
  payer,
  route,
  amountFen,
  slices,
});

const tryOf = (state: Known): Whole & Try => ({
  ...wholeOf(state),
  instruction: state.instruction,
  reference: referenceOf(state.paymentId, state.instruction),
});
export const payment: Decider<Command, State, Fact, Reason> = { initial: { is: 'none' }, decide, evolve };
