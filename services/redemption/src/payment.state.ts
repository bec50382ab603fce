import { dateOf } from '@tongdui/calendar';
import type { BankAccount, ClaimPeople, Instant, LocalDate, PaymentId, PaymentReference } from '@tongdui/contracts';
import { corrupt, unreachable } from '@tongdui/decider';
import type { Movement } from './claim.facts.ts';

export type Order = { readonly paymentId: PaymentId; readonly people: ClaimPeople; readonly payBy: LocalDate } & Movement;
export type Try = { readonly instruction: number; readonly reference: PaymentReference };
export type At = { readonly at: Instant };
export type Whole = Movement & { readonly paymentId: PaymentId };

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
export type Known = Order & {
  readonly status: 'prepared' | 'asking' | 'queued' | 'instructed' | 'paid' | 'failed' | 'unknown' | 'recovered' | 'cancelled';
  readonly instruction: number;
  readonly reference?: PaymentReference;
  readonly by?: string;
  readonly account?: BankAccount;
  readonly paidOn?: LocalDate;
  readonly instructedOn?: LocalDate;
  readonly clawbackDue: boolean;
  /** It was recovered between the cities, by a dispute that the home won. */
  readonly disputeLost?: true;
  /** The clawback of the paid try was written off. */
  readonly clawbackClosed?: true;
  /** The prefund's stream refused the last instruction; it never reached the bank. */
  readonly drawRefused?: true;
  readonly reason?: string;
};
export type State = { readonly is: 'none' } | { readonly is: 'refused' } | ({ readonly is: 'payment' } & Known);
export const evolve = (state: State, fact: Fact): State => {
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
      const { drawRefused: _, clawbackClosed: __, ...rest } = state;
      const status = fact.type === 'InstructionAsked' ? 'asking' : 'instructed';
      return { ...rest, status, instruction, reference, by, account, instructedOn: dateOf(fact.at) };
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
      return { ...state, clawbackDue: false, clawbackClosed: true };
    case 'PaymentRecovered':
      return { ...state, status: 'recovered', clawbackDue: false };
    case 'DisputeLostNoted':
      return { ...state, status: 'recovered', clawbackDue: false, disputeLost: true };
    case 'PaymentCancelled':
      return { ...state, status: 'cancelled' };
    default:
      return unreachable(fact);
  }
};
