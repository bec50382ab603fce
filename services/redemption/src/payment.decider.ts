import type { BankAccount, ClaimPeople, Instant, LocalDate, PaymentId, PaymentReference } from '@tongdui/contracts';
import { dateOf } from '@tongdui/calendar';
import { alreadySo, corrupt, type Decider, type Decision, record, refuse, unreachable } from '@tongdui/decider';
import type { Movement } from './claim.state.ts';

/** The payment of one claim, decided by the paying city. Whatever happens, at most one try succeeds and stays. */

export type Order = { readonly paymentId: PaymentId; readonly people: ClaimPeople; readonly payBy: LocalDate } & Movement;
type Try = { readonly instruction: number; readonly reference: PaymentReference };
type At = { readonly at: Instant };

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
  | ({ readonly type: 'NoteClawback' } & At)
  | ({ readonly type: 'RecoverPayment'; readonly amountFen: number; readonly recoveredOn: LocalDate; readonly by: string } & At)
  /** A lost dispute recovered it between the cities; the payee owes nothing more. */
  | ({ readonly type: 'NoteDisputeLost' } & At)
  | ({ readonly type: 'CancelPayment'; readonly paymentId: PaymentId } & At);

type Whole = Movement & { readonly paymentId: PaymentId };

export type Fact =
  | ({ readonly type: 'PaymentPrepared' } & Order & At)
  | ({ readonly type: 'InstructionAsked'; readonly by: string; readonly account: BankAccount } & Whole & Try & At)
  | ({ readonly type: 'DrawQueued' } & Try & At)
  | ({ readonly type: 'InstructionRefused'; readonly reason: string } & Whole & Try & At)
  /** Stored before the bank is called: from here on only the bank knows. */
  | ({ readonly type: 'PaymentInstructed'; readonly by: string; readonly account: BankAccount } & Whole & Try & At)
  | ({ readonly type: 'PaymentPaid'; readonly paidOn: LocalDate } & Whole & Try & At)
  | ({ readonly type: 'PaymentFailed'; readonly reason: string } & Whole & Try & At)
  | ({ readonly type: 'PaymentUnknown' } & Whole & Try & At)
  | ({ readonly type: 'PaymentReturned'; readonly returnedOn: LocalDate; readonly reason: string; readonly by: string } & Whole & Try & At)
  | ({ readonly type: 'ClawbackNoted' } & At)
  | ({ readonly type: 'PaymentRecovered'; readonly recoveredOn: LocalDate; readonly by: string } & Whole & Try & At)
  | ({ readonly type: 'DisputeLostNoted' } & At)
  /** Also before it was prepared: a late preparation stays cancelled. `drawn`: a draw must be given back. */
  | ({ readonly type: 'PaymentCancelled'; readonly paymentId: PaymentId; readonly drawn?: Whole & Try } & At)
  | ({ readonly type: 'ClawbackClosed' } & At);

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

type Known = Order & {
  readonly status: 'prepared' | 'asking' | 'queued' | 'instructed' | 'paid' | 'failed' | 'unknown' | 'recovered' | 'cancelled';
  readonly instruction: number;
  readonly reference?: PaymentReference;
  readonly by?: string;
  readonly account?: BankAccount;
  readonly paidOn?: LocalDate;
  readonly clawbackDue: boolean;
  /** The prefund's stream refused the last instruction; it never reached the bank. */
  readonly drawRefused?: true;
  readonly reason?: string;
};
export type State = { readonly is: 'none' } | { readonly is: 'refused' } | ({ readonly is: 'payment' } & Known);
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
      return state.status === 'paid' && !state.clawbackDue ? record({ type: 'ClawbackNoted', at: command.at }) : alreadySo;
    case 'RecoverPayment':
      return recover(command, state);
    case 'NoteDisputeLost':
      return state.status === 'paid' ? record({ type: 'DisputeLostNoted', at: command.at }) : alreadySo;
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
  if (command.bookedOn > dateOf(command.at)) return refuse('dates-out-of-order');
  return record(outcome(state, command.outcome, command.bookedOn, 'bank-statement', command.at));
};

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

const evolve = (state: State, fact: Fact): State => {
  if (fact.type === 'PaymentPrepared') {
    const { type: _, at: __, ...order } = fact;
    return state.is === 'refused' ? state : { is: 'payment', ...order, status: 'prepared', instruction: 0, clawbackDue: false };
  }
  if (fact.type === 'PaymentCancelled' && state.is === 'none') return { is: 'refused' };
  if (state.is !== 'payment') return corrupt(`${fact.type} before PaymentPrepared`);
  switch (fact.type) {
    case 'InstructionAsked':
    case 'PaymentInstructed': {
      const { instruction, reference, by, account } = fact;
      const { drawRefused: _, ...rest } = state;
      return { ...rest, status: fact.type === 'InstructionAsked' ? 'asking' : 'instructed', instruction, reference, by, account };
    }
    case 'DrawQueued':
      return { ...state, status: 'queued' };
    case 'InstructionRefused':
      return { ...state, status: 'failed', drawRefused: true, reason: fact.reason };
    case 'PaymentPaid':
      return { ...state, status: 'paid', paidOn: fact.paidOn };
    case 'PaymentFailed':
      return { ...state, status: 'failed', reason: fact.reason };
    case 'PaymentUnknown':
      return { ...state, status: 'unknown' };
    case 'PaymentReturned':
      return { ...state, status: 'failed', reason: 'returned', clawbackDue: false };
    case 'ClawbackNoted':
      return { ...state, clawbackDue: true };
    case 'ClawbackClosed':
      return { ...state, clawbackDue: false };
    case 'PaymentRecovered':
    case 'DisputeLostNoted':
      return { ...state, status: 'recovered', clawbackDue: false };
    case 'PaymentCancelled':
      return { ...state, status: 'cancelled' };
    default:
      return unreachable(fact);
  }
};

export const payment: Decider<Command, State, Fact, Reason> = { initial: { is: 'none' }, decide, evolve };
