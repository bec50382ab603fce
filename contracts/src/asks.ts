import { z } from 'zod';
import {
  ApplicationId,
  ClaimId,
  FiscalYear,
  type Home,
  Instant,
  InvoiceNumber,
  LocalDate,
  Member,
  OrderId,
  PaymentId,
  PaymentReference,
  PositiveFen,
  PotId,
  Sha256,
  Slices,
  Uscc,
  VoucherId,
} from './vocabulary.ts';

/**
 * Decisions one stream asks of another, over NATS request/reply when it lives elsewhere. Each is answered yes, no or (a draw only) queued.
 * All are harmless when repeated. `at` is the coordinator's business time, so a retry is decided by the same clock.
 */
const ask = <Type extends string, Shape extends z.ZodRawShape>(type: Type, shape: Shape) =>
  z.strictObject({ type: z.literal(type), at: Instant, ...shape });

const allowance = { home: Member, enterprise: Uscc, year: FiscalYear, applicationId: ApplicationId };
const hold = { voucherId: VoucherId, orderId: OrderId, contract: z.int().min(1) };
const slice = { home: z.literal('G60' as Home), invoice: Sha256, claimId: ClaimId, attempt: z.int().min(1) };
const draw = { debtor: Member, creditor: Member, paymentId: PaymentId, reference: PaymentReference };

/** To issuance. */
export const TakeAllowance = ask('take-allowance', { ...allowance, amountFen: PositiveFen, capFen: PositiveFen });
export const ReleaseAllowance = ask('release-allowance', allowance);
/** Answers `{potId, owner, fiscalYear}`. */
export const CommitPot = ask('commit-pot', {
  potId: PotId,
  applicationId: ApplicationId,
  forHome: Member,
  year: FiscalYear,
  amountFen: PositiveFen,
});
export const ReleasePot = ask('release-pot', { potId: PotId, applicationId: ApplicationId });
export const IssuanceAsk = z.discriminatedUnion('type', [TakeAllowance, ReleaseAllowance, CommitPot, ReleasePot]);
export type IssuanceAsk = z.infer<typeof IssuanceAsk>;

/** To redemption. Reserving answers `{slices}`, redeeming `{slices, released}`. */
export const ReserveAmount = ask('reserve-amount', {
  ...hold,
  host: Member,
  enterprise: Uscc,
  amountFen: PositiveFen,
  registeredOn: LocalDate,
  signedOn: LocalDate,
});
export const ReleaseAmount = ask('release-amount', hold);
/** A contract amended downward: keeps `amountFen` reserved, releases the rest. */
export const LowerAmount = ask('lower-amount', { ...hold, amendment: z.int().min(1), amountFen: PositiveFen });
export const RedeemAmount = ask('redeem-amount', { ...hold, amountFen: PositiveFen });
export const RestoreAmount = ask('restore-amount', {
  ...hold,
  claimId: ClaimId,
  cause: z.enum(['rejected', 'lapsed', 'cut']),
  slices: Slices,
});
export const TakeSlice = ask('take-slice', {
  ...slice,
  number: InvoiceNumber,
  totalFen: PositiveFen,
  sliceFen: PositiveFen,
  seller: Uscc,
  buyer: Uscc,
  issuedOn: LocalDate,
});
export const LowerSlice = ask('lower-slice', { ...slice, sliceFen: PositiveFen });
export const ReleaseSlice = ask('release-slice', slice);
export const CancelPayment = ask('cancel-payment', { paymentId: PaymentId });
/** A dispute is about to be decided for the debtor: from here on the money of this try comes back by the ruling, or has come back already. */
export const ConcedePayment = ask('concede-payment', { paymentId: PaymentId, instruction: z.int().min(1) });
export const RedemptionAsk = z.discriminatedUnion('type', [
  ReserveAmount,
  ReleaseAmount,
  LowerAmount,
  RedeemAmount,
  RestoreAmount,
  TakeSlice,
  LowerSlice,
  ReleaseSlice,
  CancelPayment,
  ConcedePayment,
]);
export type RedemptionAsk = z.infer<typeof RedemptionAsk>;

/** To clearing. A draw is granted at once or queued; the grant comes as `draw-granted`. */
export const DrawPrefund = ask('draw-prefund', { ...draw, amountFen: PositiveFen });
export const ReleaseDraw = ask('release-draw', draw);
export const ClearingAsk = z.discriminatedUnion('type', [DrawPrefund, ReleaseDraw]);
export type ClearingAsk = z.infer<typeof ClearingAsk>;
