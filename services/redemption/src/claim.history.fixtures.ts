import type { Command } from './claim.decider.ts';
import type { ClaimInvoice } from './claim.facts.ts';
import {
  at,
  claimId,
  digest,
  enterprise,
  fenOf,
  invoiceNumber,
  jiaxing,
  lab,
  onDay,
  orderId,
  paymentId,
  people,
  pinned,
  slices,
  songjiang,
  subsidyFen,
  today,
  voucherId,
} from './redemption.fixtures.ts';
import type { PinnedTerms } from './terms.ts';

/** The commands of a claim's story, as the tests of the claim, the process and the publication tell it. */

export type Of<Type extends Command['type']> = Omit<Command & { readonly type: Type }, 'type'>;

export const claimInvoice: ClaimInvoice = {
  digest: digest(1),
  number: invoiceNumber(1),
  totalFen: fenOf(10_000_000),
  sliceFen: fenOf(10_000_000),
  seller: lab,
  buyer: enterprise,
  issuedOn: today,
};

export const awaitClaim = (terms: Partial<PinnedTerms> = {}, more: Partial<Of<'AwaitClaim'>> = {}): Command => {
  const pinnedTerms = pinned(terms);
  const refunded = pinnedTerms.payeeMode === 'enterprise-refunded';
  return {
    type: 'AwaitClaim',
    claimId: claimId(),
    orderId: orderId(),
    contract: 1,
    voucherId: voucherId(),
    home: songjiang,
    host: jiaxing,
    enterprise,
    lab,
    category: 'testing',
    payee: refunded ? { kind: 'enterprise', uscc: enterprise } : { kind: 'lab', uscc: lab },
    payer: pinnedTerms.route === 'host-fronted' ? jiaxing : songjiang,
    slices: slices(subsidyFen),
    subsidyFen,
    signedOn: today,
    acceptedOn: today,
    claimBy: onDay(90),
    terms: pinnedTerms,
    at,
    ...more,
  };
};
export const submit = (more: Partial<Of<'SubmitClaim'>> = {}): Command => ({
  type: 'SubmitClaim',
  n: 1,
  invoice: claimInvoice,
  selfPaidFen: fenOf(5_000_000),
  evidence: [digest(9)],
  hasInvoiceEvidence: true,
  hasPaymentProof: true,
  by: people.submittedBy,
  at,
  ...more,
});
export const take = (n = 1): Command => ({ type: 'AcceptSubmission', n, at });
export const refuseSlice = (n = 1, when = at): Command => ({ type: 'RefuseSubmission', n, reason: 'invoice-exceeded', at: when });
export const check = (more: Partial<Of<'CheckClaim'>> = {}): Command => ({
  type: 'CheckClaim',
  by: people.checkedBy,
  risks: [],
  at,
  ...more,
});
export const sendBack = (more: Partial<Of<'SendBack'>> = {}): Command => ({
  type: 'SendBack',
  by: 'reviewer-2',
  reason: 'the report is illegible',
  at,
  ...more,
});
export const review = (more: Partial<Of<'ReviewClaim'>> = {}): Command => ({
  type: 'ReviewClaim',
  by: people.reviewedBy,
  subsidyFen,
  selfPaidFen: fenOf(5_000_000),
  risks: [],
  at,
  ...more,
});
export const openNotice = (by = people.approvedBy, risks: readonly string[] = []): Command => ({ type: 'OpenNotice', by, risks, at });
/** By hand. */
export const hold = (more: Partial<Of<'HoldClaim'>> = {}): Command => ({
  type: 'HoldClaim',
  by: 'reviewer-2',
  reason: 'because',
  risks: [],
  at,
  ...more,
});
/** Five working days after Monday 2 March. */
export const noticeEnds = '2026-03-09T16:00:00.000Z' as typeof at;
export const noticeDue = (when = noticeEnds): Command => ({ type: 'NoticeDue', at: when });
export const ruled = (type: 'DismissHold' | 'UpholdHold' | 'RejectClaim' | 'ClawBack' | 'WriteOff', by = 'approver-2'): Command => ({
  type,
  by,
  reason: 'because',
  at,
});
/** Raised by somebody, ruled by an approver. */
export const objection = (
  type: 'RaiseObjection' | 'DismissObjection' | 'UpholdObjection',
  id: string,
  when = at,
  by = type === 'RaiseObjection' ? 'somebody' : 'approver-2',
): Command => ({
  type,
  objection: id,
  by,
  reason: 'because',
  at: when,
});
export const note = (outcome: Of<'NotePayment'>['outcome'], instruction = 1): Command => ({
  type: 'NotePayment',
  outcome,
  instruction,
  paymentId: paymentId(),
  reference: `${paymentId()}-${instruction}` as Of<'NotePayment'>['reference'],
  at,
});
export const conclude = (closing: 'rejection' | 'write-off', refusedBecause?: string): Command => ({
  type: 'ConcludeClosing',
  closing,
  paymentId: paymentId(),
  ...(refusedBecause === undefined ? {} : { refusedBecause }),
  at,
});
export const redLetter = (redLetterId = 'red-1'): Command => ({ type: 'ApplyRedLetter', redLetterId, at });
export const recovered = (cause: 'recovery' | 'dispute', instruction = 1): Command => ({ type: 'NoteRecovered', cause, instruction, at });

/** The story up to a state. */
export const toSubmitted = [awaitClaim(), submit(), take()];
export const toReviewed = [...toSubmitted, check(), review()];
export const toNotice = [...toReviewed, openNotice()];
export const toPayable = [...toNotice, noticeDue()];
export const toPaid = [...toPayable, note('instructed'), note('paid')];
export const toClawbackDue = [...toPaid, ruled('ClawBack')];
