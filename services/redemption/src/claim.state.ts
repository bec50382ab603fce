import type { ClaimPeople, ClaimStatus, Instant, LocalDate, Sha256, Slices } from '@tongdui/contracts';
import { corrupt, unreachable } from '@tongdui/decider';
import type { Fact, Opening, PaymentTry, Submission } from './claim.facts.ts';

type Objection = { readonly id: string; readonly by: string; readonly ruling: 'open' | 'dismissed' | 'upheld' };

export type Claim = Opening & {
  readonly status: ClaimStatus;
  /** What is still claimed, per pot. */
  readonly left: Slices;
  readonly attempts: readonly {
    readonly n: number;
    readonly status: 'pending' | 'accepted' | 'refused';
    readonly reason?: string;
    readonly invoice: Sha256;
    /** Its slice of the invoice went back. */
    readonly givenBack: boolean;
  }[];
  /** Of the pending or the accepted submission. */
  readonly submission?: Submission;
  /** Where a pending submission came from. */
  readonly submittedFrom: 'awaited' | 'sent-back';
  readonly corrections: number;
  readonly dueAt: Instant;
  readonly people: Partial<ClaimPeople>;
  readonly hold?: { readonly reasons: readonly string[]; readonly from: ClaimStatus; readonly dueAt: Instant; readonly escalated: boolean };
  /** Reasons of holds that were dismissed: they hold this claim no more. */
  readonly dismissedRisks: readonly string[];
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
      dismissedRisks: [],
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
      const attempts = [...state.attempts, { n, status: 'pending' as const, invoice: invoice.digest, givenBack: false }];
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
      return withAttempt(state, fact.n, { givenBack: true });
    case 'ClaimSentBack':
      return { ...state, status: 'sent-back', corrections: state.corrections + 1, dueAt: fact.dueAt };
    default:
      return evolveDecided(state, fact);
  }
};

type OfSubmission = 'ClaimAwaited' | 'SubmissionMade' | 'ClaimSubmitted' | 'SubmissionRefused' | 'SliceGivenBack' | 'ClaimSentBack';

/** From the check to the end of the notice. */
const evolveDecided = (state: Extract<State, { is: 'claim' }>, fact: Exclude<Fact, { type: OfSubmission }>): State => {
  switch (fact.type) {
    case 'ClaimChecked':
      return { ...state, status: 'checked', people: { ...state.people, checkedBy: fact.by } };
    case 'ClaimHeld':
      return {
        ...state,
        status: 'risk-hold',
        hold: { reasons: fact.reasons, from: state.status, dueAt: fact.dueAt, escalated: false },
      };
    case 'HoldEscalated':
      return state.hold ? { ...state, hold: { ...state.hold, escalated: true } } : state;
    case 'HoldDismissed': {
      const { hold, ...rest } = state;
      if (!hold) return corrupt('dismissed without a hold');
      return { ...rest, status: hold.from, dismissedRisks: [...state.dismissedRisks, ...hold.reasons] };
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
      return { ...state, status: 'objected', objections: [...state.objections, { id: fact.objection, by: fact.by, ruling: 'open' }] };
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
      const objections = state.objections.map((objection) =>
        objection.id === fact.objection ? { ...objection, ruling: 'upheld' as const } : objection,
      );
      return { ...rest, status: 'rejected', objections, endReason: fact.reason };
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
      return { ...state, redLetters: [...state.redLetters, fact.redLetterId], marked: state.submission !== undefined };
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

const withAttempt = (state: Extract<State, { is: 'claim' }>, n: number, change: Partial<Claim['attempts'][number]>) => ({
  ...state,
  attempts: state.attempts.map((attempt) => (attempt.n === n ? { ...attempt, ...change } : attempt)),
});
