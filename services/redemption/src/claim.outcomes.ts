import { addWorkingDays, dateOf, endOf } from '@tongdui/calendar';
import type { ClaimPeople, ClaimStatus, Instant } from '@tongdui/contracts';
import { positive, totalOf } from '@tongdui/money';
import type { Fact, Movement, PaymentTry } from './claim.facts.ts';
import type { Claim } from './claim.state.ts';

/** What a claim says of itself when it is held, becomes payable or ends; the same words whoever decides it. */

export type Cause = { readonly by: string; readonly reason: string; readonly at: Instant };

export const isOver = (status: ClaimStatus): boolean =>
  status === 'rejected' || status === 'lapsed' || status === 'recovered' || status === 'written-off';

export const beforePayable: readonly ClaimStatus[] = [
  'awaited',
  'submitted',
  'sent-back',
  'checked',
  'risk-hold',
  'reviewed',
  'notice',
  'objected',
];

/** Risks of the moment that no ruling has dismissed. */
export const openRisks = (state: Claim, risks: readonly string[]): string[] => risks.filter((risk) => !state.dismissedRisks.includes(risk));

const before = {
  check: ['submittedBy'],
  review: ['submittedBy', 'checkedBy'],
  approval: ['submittedBy', 'checkedBy', 'reviewedBy'],
} as const;

/** Whether a person has a part in this claim that keeps them from this step; every ruling on it takes who could approve it. */
export const tookPart = (state: Claim, by: string, step: keyof typeof before): boolean =>
  before[step].some((part) => state.people[part] === by);

export const held = (state: Claim, by: string, reasons: readonly string[], at: Instant): Fact => ({
  type: 'ClaimHeld',
  claimId: state.claimId,
  by,
  reasons,
  dueAt: endOf(addWorkingDays(dateOf(at), state.terms.holdWorkingDays)),
  at,
});

export const payable = (state: Claim, at: Instant): Fact => ({
  ...movementOf(state),
  type: 'ClaimPayable',
  people: state.people as ClaimPeople,
  payBy: addWorkingDays(dateOf(at), state.terms.paymentWorkingDays),
  at,
});

export const rejected = (
  state: Claim,
  by: string,
  reason: string,
  at: Instant,
  more: { readonly wasPayable?: true; readonly objection?: string } = {},
): Fact => ({
  ...movementOf(state),
  type: 'ClaimRejected',
  contract: state.contract,
  wasPayable: more.wasPayable ?? false,
  by,
  reason,
  ...(state.submission ? { submission: { n: state.submission.n, invoice: state.submission.invoice.digest } } : {}),
  ...(more.objection === undefined ? {} : { objection: more.objection }),
  at,
});

export const clawback = (state: Claim, { by, reason, at }: Cause): Fact => {
  if (!state.payment) throw new Error(`${state.claimId} is paid without a payment`);
  return { ...movementOf(state), ...tryOf(state.payment), type: 'ClawbackDue', by, reason, at };
};

/** The clawback will not be paid: written off by a person, or overtaken by a lost dispute or by the payee's own bank. */
export const writtenOff = (state: Claim, { by, reason, at }: Cause): Fact => {
  if (!state.payment) throw new Error(`${state.claimId} has a clawback without a payment`);
  return { ...movementOf(state), ...tryOf(state.payment), type: 'ClawbackWrittenOff', by, reason, at };
};

const tryOf = ({ paymentId, instruction, reference }: PaymentTry): PaymentTry => ({ paymentId, instruction, reference });

export const movementOf = (state: Claim): Movement => ({
  voucherId: state.voucherId,
  orderId: state.orderId,
  claimId: state.claimId,
  home: state.home,
  host: state.host,
  enterprise: state.enterprise,
  payee: state.payee,
  payer: state.payer,
  route: state.terms.route,
  amountFen: totalOf(state.left),
  slices: positive(state.left),
});
