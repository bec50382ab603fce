/**
 * Where a test may kill this service (`CRASH_AT=name`), beside the runtime's own `crashPointNames`. Every one of them lies between two things
 * that cannot be done at once: something is durable at one party, and the other does not know it yet.
 */
export const redemptionCrashPoints = [
  /** A part has decided and stored its answer; whoever coordinates has not heard it. */
  'voucher.after-reserve-amount',
  'voucher.after-release-amount',
  'voucher.after-lower-amount',
  'voucher.after-redeem-amount',
  'voucher.after-restore-amount',
  'invoice.after-take-slice',
  'invoice.after-lower-slice',
  'invoice.after-release-slice',
  'payment.after-cancel-payment',
  /** The instruction is stored; the bank has not been asked whether it knows it. */
  'payment.before-find',
  /** The bank has never seen it; it has not been sent. */
  'payment.before-send',
  /** The bank has answered; its answer is not stored. */
  'payment.after-send',
] as const;

export type RedemptionCrashPoint = (typeof redemptionCrashPoints)[number];
