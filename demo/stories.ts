import type { ClaimStatus } from '@tongdui/contracts';
import type { DayColumn } from './data.ts';

/** What can become of an order. How often each is told stands in `orders.ts`. */
export const storyNames = [
  'plain',
  'declined',
  'cancelled',
  'lab-silent',
  'never-registered',
  'never-delivered',
  'voucher-short',
  'above-policy',
  'amended',
  'silent-enterprise',
  'sent-back',
  'duplicate-invoice',
  'cut-in-review',
  'held-dismissed',
  'sanctioned',
  'rejected',
  'rejected-payable',
  'lapsed',
  'objected-dismissed',
  'objected-upheld',
  'payment-failed-then-paid',
  'bank-no-answer',
  'bank-unknown-then-paid',
  'bank-unknown-then-failed',
  'returned-then-paid',
  'clawed-back-recovered',
  'written-off',
  'disputed-debtor-wins',
  'disputed-creditor-wins',
  'red-letter-unpaid',
  'red-letter-paid',
] as const;
export type StoryName = (typeof storyNames)[number];

/** What people do, in the words of `actions.ts`. */
export type ActionName =
  | 'propose'
  | 'acceptByLab'
  | 'decline'
  | 'cancel'
  | 'submitContract'
  | 'submitContractAbovePolicy'
  | 'submitContractShort'
  | 'amend'
  | 'deliver'
  | 'accept'
  | 'decideDelivery'
  | 'claim'
  | 'claimWithForeignInvoice'
  | 'sendBack'
  | 'claimAgain'
  | 'imposeSanction'
  | 'liftSanction'
  | 'check'
  | 'hold'
  | 'dismissHold'
  | 'upholdHold'
  | 'review'
  | 'reviewWithCut'
  | 'notice'
  | 'reject'
  | 'object'
  | 'dismissObjection'
  | 'upholdObjection'
  | 'pay'
  | 'payAgain'
  | 'enterPaid'
  | 'enterFailed'
  | 'returnPayment'
  | 'clawBack'
  | 'recover'
  | 'writeOff'
  | 'redLetter';

type Step = readonly [action: ActionName, on: DayColumn];

/** How the simulated bank treats the first instruction of a payment. */
type BankRule = { readonly outcome: 'failed' | 'unknown' | 'crash-before-answer'; readonly turnsOut?: 'paid' | 'failed' };

export type Story = {
  readonly steps: readonly Step[];
  readonly ends: { readonly order: string; readonly claim?: ClaimStatus };
  readonly bank?: BankRule;
  /** Raised by the debtor's treasury between cut-off and confirmation, ruled by the joint office. */
  readonly dispute?: 'debtor' | 'creditor';
  /** Only a payment that the host city fronts can be disputed. */
  readonly needsHostFronted?: true;
};

const toLab: readonly Step[] = [
  ['propose', 'proposeOn'],
  ['acceptByLab', 'labOn'],
];
const toContract: readonly Step[] = [...toLab, ['submitContract', 'contractOn']];
const toDelivery: readonly Step[] = [...toContract, ['deliver', 'deliverOn']];
const toAcceptance: readonly Step[] = [...toDelivery, ['accept', 'acceptOn']];
const toClaim: readonly Step[] = [...toAcceptance, ['claim', 'claimOn']];
const reviewed: readonly Step[] = [
  ['check', 'reviewOn'],
  ['review', 'reviewOn'],
];
const toNotice: readonly Step[] = [...toClaim, ...reviewed, ['notice', 'reviewOn']];
const toPayment: readonly Step[] = [...toNotice, ['pay', 'payOn']];
const fromReview: readonly Step[] = [...reviewed, ['notice', 'reviewOn'], ['pay', 'payOn']];
const paid = { order: 'claimed', claim: 'paid' } as const;
const claimEnds = (claim: ClaimStatus) => ({ order: 'claimed', claim }) as const;

/** Every story with its steps and how it must end. */
export const stories: Readonly<Record<StoryName, Story>> = {
  plain: { steps: toPayment, ends: paid },

  declined: {
    steps: [
      ['propose', 'proposeOn'],
      ['decline', 'labOn'],
    ],
    ends: { order: 'declined' },
  },
  cancelled: { steps: [...toLab, ['cancel', 'contractOn']], ends: { order: 'cancelled' } },
  'lab-silent': { steps: [['propose', 'proposeOn']], ends: { order: 'expired' } },
  'never-registered': { steps: toLab, ends: { order: 'expired' } },
  'never-delivered': { steps: [...toContract, ['cancel', 'laterOn']], ends: { order: 'cancelled' } },
  'voucher-short': {
    steps: [...toLab, ['submitContractShort', 'contractOn'], ['cancel', 'laterOn']],
    ends: { order: 'cancelled' },
  },
  'above-policy': {
    steps: [...toLab, ['submitContractAbovePolicy', 'contractOn'], ...toPayment.slice(toLab.length)],
    ends: paid,
  },
  amended: {
    steps: [...toContract, ['amend', 'deliverOn'], ...toPayment.slice(toContract.length)],
    ends: paid,
  },
  'silent-enterprise': {
    steps: [...toDelivery, ['decideDelivery', 'acceptOn'], ['claim', 'claimOn'], ...fromReview],
    ends: paid,
  },

  'sent-back': {
    steps: [...toClaim, ['sendBack', 'laterOn'], ['claimAgain', 'finallyOn'], ...fromReview],
    ends: paid,
  },
  'duplicate-invoice': {
    steps: [...toAcceptance, ['claimWithForeignInvoice', 'claimOn'], ['claimAgain', 'laterOn'], ...fromReview],
    ends: paid,
  },
  'cut-in-review': {
    steps: [...toClaim, ['check', 'reviewOn'], ['reviewWithCut', 'reviewOn'], ['notice', 'reviewOn'], ['pay', 'payOn']],
    ends: paid,
  },
  'held-dismissed': {
    steps: [...toClaim, ['hold', 'laterOn'], ['dismissHold', 'finallyOn'], ...fromReview],
    ends: paid,
  },
  sanctioned: {
    steps: [...toClaim, ['imposeSanction', 'claimOn'], ['check', 'reviewOn'], ['upholdHold', 'laterOn'], ['liftSanction', 'finallyOn']],
    ends: claimEnds('rejected'),
  },
  rejected: { steps: [...toClaim, ['check', 'reviewOn'], ['reject', 'laterOn']], ends: claimEnds('rejected') },
  'rejected-payable': { steps: [...toNotice, ['reject', 'payOn']], ends: claimEnds('rejected') },
  lapsed: { steps: toAcceptance, ends: claimEnds('lapsed') },
  'objected-dismissed': {
    steps: [...toNotice, ['object', 'laterOn'], ['dismissObjection', 'finallyOn'], ['pay', 'payOn']],
    ends: paid,
  },
  'objected-upheld': {
    steps: [...toNotice, ['object', 'laterOn'], ['upholdObjection', 'finallyOn']],
    ends: claimEnds('rejected'),
  },

  'payment-failed-then-paid': {
    steps: [...toPayment, ['payAgain', 'laterOn']],
    ends: paid,
    bank: { outcome: 'failed' },
  },
  'bank-no-answer': { steps: toPayment, ends: paid, bank: { outcome: 'crash-before-answer' } },
  'bank-unknown-then-paid': {
    steps: [...toPayment, ['enterPaid', 'laterOn']],
    ends: paid,
    bank: { outcome: 'unknown', turnsOut: 'paid' },
  },
  'bank-unknown-then-failed': {
    steps: [...toPayment, ['enterFailed', 'laterOn'], ['payAgain', 'finallyOn']],
    ends: paid,
    bank: { outcome: 'unknown', turnsOut: 'failed' },
  },
  'returned-then-paid': {
    steps: [...toPayment, ['returnPayment', 'laterOn'], ['payAgain', 'finallyOn']],
    ends: paid,
  },
  'clawed-back-recovered': {
    steps: [...toPayment, ['clawBack', 'laterOn'], ['recover', 'finallyOn']],
    ends: claimEnds('recovered'),
  },
  'written-off': {
    steps: [...toPayment, ['clawBack', 'laterOn'], ['writeOff', 'finallyOn']],
    ends: claimEnds('written-off'),
  },
  'disputed-debtor-wins': { steps: toPayment, ends: claimEnds('recovered'), dispute: 'debtor', needsHostFronted: true },
  'disputed-creditor-wins': { steps: toPayment, ends: paid, dispute: 'creditor', needsHostFronted: true },
  'red-letter-unpaid': { steps: [...toNotice, ['redLetter', 'laterOn']], ends: claimEnds('rejected') },
  'red-letter-paid': {
    steps: [...toPayment, ['redLetter', 'laterOn'], ['recover', 'finallyOn']],
    ends: claimEnds('recovered'),
  },
};
