import type {
  ClaimId,
  ClaimPeople,
  ClaimStatus,
  Fen,
  Instant,
  InvoiceNumber,
  LocalDate,
  Member,
  OrderId,
  Payee,
  PaymentId,
  PaymentReference,
  Route,
  Sha256,
  Slices,
  Uscc,
  VoucherId,
} from '@tongdui/contracts';
import { corrupt, unreachable } from '@tongdui/decider';
import type { PinnedTerms } from './terms.ts';

/** What a claim keeps of its order, from the day it is awaited. */
export type Opening = {
  readonly claimId: ClaimId;
  readonly orderId: OrderId;
  readonly contract: number;
  readonly voucherId: VoucherId;
  readonly home: Member;
  readonly host: Member;
  readonly enterprise: Uscc;
  readonly lab: Uscc;
  readonly payee: Payee;
  readonly payer: Member;
  readonly slices: Slices;
  readonly subsidyFen: Fen;
  readonly signedOn: LocalDate;
  readonly acceptedOn: LocalDate;
  readonly claimBy: LocalDate;
  readonly terms: PinnedTerms;
};

export type ClaimInvoice = {
  readonly digest: Sha256;
  readonly number: InvoiceNumber;
  readonly totalFen: Fen;
  readonly sliceFen: Fen;
  readonly seller: Uscc;
  readonly buyer: Uscc;
  readonly issuedOn: LocalDate;
};

export type Submission = {
  readonly n: number;
  readonly invoice: ClaimInvoice;
  readonly selfPaidFen: Fen;
  readonly evidence: readonly Sha256[];
  readonly by: string;
};

/** What every published event of a claim says; amounts are those still claimed. */
export type Movement = {
  readonly voucherId: VoucherId;
  readonly orderId: OrderId;
  readonly claimId: ClaimId;
  readonly home: Member;
  readonly host: Member;
  readonly enterprise: Uscc;
  readonly payee: Payee;
  readonly payer: Member;
  readonly route: Route;
  readonly amountFen: Fen;
  readonly slices: Slices;
};
export type PaymentTry = { readonly paymentId: PaymentId; readonly instruction: number; readonly reference: PaymentReference };

type At = { readonly at: Instant };
type WithContract = { readonly contract: number };

export type Fact =
  | ({ readonly type: 'ClaimAwaited'; readonly dueAt: Instant } & Opening & At)
  | ({ readonly type: 'SubmissionMade'; readonly claimId: ClaimId; readonly home: Member; readonly dueAt: Instant } & Submission & At)
  | ({ readonly type: 'ClaimSubmitted'; readonly n: number } & At)
  /** `dueAt`: when the claim lapses or its correction is overdue, as before. */
  | ({
      readonly type: 'SubmissionRefused';
      readonly claimId: ClaimId;
      readonly n: number;
      readonly invoice: Sha256;
      readonly reason: string;
      readonly dueAt: Instant;
    } & At)
  | ({ readonly type: 'SliceGivenBack'; readonly n: number } & At)
  | ({
      readonly type: 'ClaimSentBack';
      readonly claimId: ClaimId;
      readonly by: string;
      readonly reason: string;
      readonly dueAt: Instant;
    } & At)
  | ({ readonly type: 'ClaimChecked'; readonly by: string } & At)
  | ({
      readonly type: 'ClaimHeld';
      readonly claimId: ClaimId;
      readonly by: string;
      readonly reasons: readonly string[];
      readonly dueAt: Instant;
    } & At)
  | ({ readonly type: 'HoldEscalated' } & At)
  | ({ readonly type: 'HoldDismissed'; readonly by: string; readonly reason: string } & At)
  | ({
      readonly type: 'ClaimReviewed';
      readonly by: string;
      readonly claimId: ClaimId;
      readonly orderId: OrderId;
      readonly voucherId: VoucherId;
      readonly n: number;
      readonly invoice: Sha256;
      readonly slices: Slices;
      /** What the review cut: goes back to the voucher. */
      readonly cut: Slices;
      readonly subsidyFen: Fen;
      readonly sliceFen: Fen;
      readonly sliceLowered: boolean;
      readonly selfPaidFen: Fen;
    } & WithContract &
      At)
  | ({
      readonly type: 'NoticeOpened';
      readonly claimId: ClaimId;
      readonly by: string;
      readonly until: LocalDate;
      readonly dueAt: Instant;
    } & At)
  | ({ readonly type: 'ObjectionRaised'; readonly objection: string; readonly by: string; readonly reason: string } & At)
  | ({ readonly type: 'ObjectionDismissed'; readonly objection: string; readonly by: string; readonly reason: string } & At)
  | ({ readonly type: 'ClaimPayable'; readonly people: ClaimPeople; readonly payBy: LocalDate } & Movement & At)
  /** A rejection or a write-off that the payment's own stream must agree to first. */
  | ({
      readonly type: 'ClosingAsked';
      readonly closing: 'rejection' | 'write-off';
      readonly claimId: ClaimId;
      readonly payer: Member;
      readonly paymentId: PaymentId;
      readonly by: string;
      readonly reason: string;
    } & At)
  | ({
      readonly type: 'ClosingRefused';
      readonly closing: 'rejection' | 'write-off';
      readonly claimId: ClaimId;
      readonly reason: string;
    } & At)
  | ({
      readonly type: 'ClaimRejected';
      readonly wasPayable: boolean;
      readonly by: string;
      readonly reason: string;
      readonly submission?: { readonly n: number; readonly invoice: Sha256 };
    } & Movement &
      WithContract &
      At)
  | ({ readonly type: 'ClaimLapsed' } & Movement & WithContract & At)
  | ({ readonly type: 'PaymentNoted'; readonly outcome: 'instructed' | 'paid' | 'failed' | 'unknown' } & PaymentTry & At)
  | ({ readonly type: 'RedLetterNoted'; readonly redLetterId: string; readonly claimId: ClaimId } & At)
  | ({ readonly type: 'ClawbackDue'; readonly by: string; readonly reason: string } & Movement & PaymentTry & At)
  | ({ readonly type: 'ClawbackWrittenOff'; readonly by: string; readonly reason: string } & Movement & PaymentTry & At)
  | ({ readonly type: 'ClaimRecovered'; readonly cause: 'recovery' | 'dispute' } & At);

export type Objection = { readonly id: string; readonly ruling: 'open' | 'dismissed' | 'upheld' };

export type Claim = Opening & {
  readonly status: ClaimStatus;
  /** What is still claimed, per pot. */
  readonly left: Slices;
  readonly attempts: readonly {
    readonly n: number;
    readonly status: 'pending' | 'accepted' | 'refused';
    readonly reason?: string;
    readonly invoice: Sha256;
  }[];
  /** Of the pending or the accepted submission. */
  readonly submission?: Submission;
  /** Where a pending submission came from. */
  readonly submittedFrom: 'awaited' | 'sent-back';
  readonly corrections: number;
  readonly dueAt: Instant;
  readonly people: Partial<ClaimPeople>;
  readonly hold?: { readonly reasons: readonly string[]; readonly from: ClaimStatus; readonly dueAt: Instant; readonly escalated: boolean };
  readonly notice?: { readonly until: LocalDate; readonly dueAt: Instant };
  readonly objections: readonly Objection[];
  readonly payBy?: LocalDate;
  readonly closing?: { readonly kind: 'rejection' | 'write-off'; readonly by: string; readonly reason: string };
  /** The reason of the last rejection or write-off the payment did not allow. */
  readonly closingRefused?: string;
  readonly payment?: PaymentTry & { readonly outcome: 'instructed' | 'paid' | 'failed' | 'unknown' };
  readonly redLetters: readonly string[];
  /** A red letter arrived while the money was on its way or the slice was being taken. */
  readonly marked: boolean;
  readonly endReason?: string;
};

export type State = { readonly is: 'none' } | ({ readonly is: 'claim' } & Claim);

export const evolve = (state: State, fact: Fact): State => {
  if (fact.type === 'ClaimAwaited') {
    const { type: _, at: __, dueAt, ...opening } = fact;
    const fresh = {
      attempts: [],
      submittedFrom: 'awaited',
      corrections: 0,
      people: {},
      objections: [],
      redLetters: [],
      marked: false,
    } as const;
    return { is: 'claim', ...opening, ...fresh, status: 'awaited', left: opening.slices, dueAt };
  }
  if (state.is === 'none') return corrupt(`${fact.type} before ClaimAwaited`);
  switch (fact.type) {
    case 'SubmissionMade': {
      const { n, invoice, selfPaidFen, evidence, by } = fact;
      const submittedFrom = state.status === 'sent-back' ? 'sent-back' : 'awaited';
      const attempts = [...state.attempts, { n, status: 'pending' as const, invoice: invoice.digest }];
      return { ...state, status: 'submitting', submittedFrom, attempts, submission: { n, invoice, selfPaidFen, evidence, by } };
    }
    case 'ClaimSubmitted':
      return {
        ...withAttempt(state, fact.n, { status: 'accepted' }),
        status: 'submitted',
        people: { submittedBy: state.submission?.by ?? '' },
      };
    case 'SubmissionRefused': {
      const { submission: _, ...rest } = withAttempt(state, fact.n, { status: 'refused', reason: fact.reason });
      return { ...rest, status: state.submittedFrom, marked: false };
    }
    case 'SliceGivenBack':
      return state;
    case 'ClaimSentBack':
      return { ...state, status: 'sent-back', corrections: state.corrections + 1, dueAt: fact.dueAt };
    case 'ClaimChecked':
      return { ...state, status: 'checked', people: { ...state.people, checkedBy: fact.by } };
    case 'ClaimHeld':
      return { ...state, status: 'risk-hold', hold: { reasons: fact.reasons, from: state.status, dueAt: fact.dueAt, escalated: false } };
    case 'HoldEscalated':
      return state.hold ? { ...state, hold: { ...state.hold, escalated: true } } : state;
    case 'HoldDismissed': {
      const { hold, ...rest } = state;
      return { ...rest, status: hold?.from ?? corrupt('dismissed without a hold') };
    }
    case 'ClaimReviewed': {
      if (!state.submission) return corrupt('reviewed without a submission');
      const submission = {
        ...state.submission,
        selfPaidFen: fact.selfPaidFen,
        invoice: { ...state.submission.invoice, sliceFen: fact.sliceFen },
      };
      return {
        ...state,
        status: 'reviewed',
        left: fact.slices,
        subsidyFen: fact.subsidyFen,
        submission,
        people: { ...state.people, reviewedBy: fact.by },
      };
    }
    case 'NoticeOpened':
      return {
        ...state,
        status: 'notice',
        notice: { until: fact.until, dueAt: fact.dueAt },
        people: { ...state.people, approvedBy: fact.by },
      };
    case 'ObjectionRaised':
      return { ...state, status: 'objected', objections: [...state.objections, { id: fact.objection, ruling: 'open' }] };
    case 'ObjectionDismissed': {
      const objections = state.objections.map((objection) =>
        objection.id === fact.objection ? { ...objection, ruling: 'dismissed' as const } : objection,
      );
      return { ...state, status: objections.some((objection) => objection.ruling === 'open') ? 'objected' : 'notice', objections };
    }
    default:
      return evolvePayment(state, fact);
  }
};

type FromPayable = Extract<
  Fact,
  {
    type:
      | 'ClaimPayable'
      | 'ClosingAsked'
      | 'ClosingRefused'
      | 'ClaimRejected'
      | 'ClaimLapsed'
      | 'PaymentNoted'
      | 'RedLetterNoted'
      | 'ClawbackDue'
      | 'ClawbackWrittenOff'
      | 'ClaimRecovered';
  }
>;

const evolvePayment = (state: Extract<State, { is: 'claim' }>, fact: FromPayable): State => {
  switch (fact.type) {
    case 'ClaimPayable':
      return { ...state, status: 'payable', payBy: fact.payBy };
    case 'ClosingAsked': {
      const { closingRefused: _, ...rest } = state;
      return { ...rest, closing: { kind: fact.closing, by: fact.by, reason: fact.reason } };
    }
    case 'ClosingRefused': {
      const { closing: _, ...rest } = state;
      return { ...rest, closingRefused: fact.reason };
    }
    case 'ClaimRejected': {
      const { closing: _, ...rest } = state;
      return { ...rest, status: 'rejected', endReason: fact.reason };
    }
    case 'ClaimLapsed':
      return { ...state, status: 'lapsed', endReason: 'claim-lapsed' };
    case 'PaymentNoted':
      return {
        ...state,
        status: fact.outcome,
        payment: { paymentId: fact.paymentId, instruction: fact.instruction, reference: fact.reference, outcome: fact.outcome },
      };
    case 'RedLetterNoted':
      return { ...state, redLetters: [...state.redLetters, fact.redLetterId], marked: true };
    case 'ClawbackDue':
      return { ...state, status: 'clawback-due', endReason: fact.reason };
    case 'ClawbackWrittenOff': {
      const { closing: _, ...rest } = state;
      return { ...rest, status: 'written-off', endReason: fact.reason };
    }
    case 'ClaimRecovered':
      return { ...state, status: 'recovered', endReason: fact.cause };
    default:
      return unreachable(fact);
  }
};

const withAttempt = (state: Extract<State, { is: 'claim' }>, n: number, change: { status: 'accepted' | 'refused'; reason?: string }) => ({
  ...state,
  attempts: state.attempts.map((attempt) => (attempt.n === n ? { ...attempt, ...change } : attempt)),
});
