import { z } from 'zod';
import { ClaimId, Fen, LocalDate, Member, PositiveFen, Sha256, Slice } from '../vocabulary.ts';
import { ClaimPeople, claimMovement, event, occurred, orderMovement, paymentMovement, ReturnsTo, voucherMovement } from './definition.ts';

const slicesOrNone = z.array(Slice).max(20);

export const amountReserved = event(
  'redemption',
  'amount-reserved',
  { en: 'Registering a contract reserved its subsidy on the voucher', zh: '合同登记，额度预留' },
  { ...orderMovement, contract: z.int().min(1) },
  ['contract-registered'],
);

export const amountReleased = event(
  'redemption',
  'amount-released',
  { en: 'Reserved value was released', zh: '预留额度释放' },
  { ...orderMovement, returnsTo: ReturnsTo },
  ['released'],
);

export const amountRedeemed = event(
  'redemption',
  'amount-redeemed',
  { en: 'The enterprise accepted: the actual subsidy is redeemed, the difference released', zh: '企业验收，额度核销，差额释放' },
  { ...orderMovement, released: slicesOrNone, returnsTo: ReturnsTo },
  ['accepted', 'unused-difference'],
);

export const amountRestored = event(
  'redemption',
  'amount-restored',
  { en: 'Redeemed value came back before it was spent', zh: '已核销未支出额度退回' },
  { ...orderMovement, claimId: ClaimId, returnsTo: ReturnsTo, cause: z.enum(['rejected', 'lapsed', 'cut']) },
  ['restored'],
);

export const voucherClosed = event(
  'redemption',
  'voucher-closed',
  { en: 'A voucher expired or was revoked; what was available went back to its pots', zh: '创新券失效，可用额度退回' },
  { ...voucherMovement, slices: slicesOrNone, cause: z.enum(['expired', 'revoked']) },
  ['voucher-closed'],
);

export const invoiceRedLettered = event(
  'redemption',
  'invoice-red-lettered',
  { en: 'A red-letter invoice revoked whole excess slices', zh: '红字发票冲销' },
  {
    invoice: Sha256,
    redLetterId: z.string(),
    amountFen: PositiveFen,
    /** Newest first. */
    revoked: z.array(z.strictObject({ claimId: ClaimId, home: Member, amountFen: Fen })),
    ...occurred,
  },
);

export const claimPayable = event(
  'redemption',
  'claim-payable',
  { en: 'A claim became payable: the pots have spent it', zh: '申领转入待支付' },
  { ...claimMovement, people: ClaimPeople, payBy: LocalDate },
  ['payable'],
);

export const claimRejected = event(
  'redemption',
  'claim-rejected',
  { en: 'A claim was rejected', zh: '申领被驳回' },
  { ...claimMovement, wasPayable: z.boolean(), reason: z.string() },
  ['rejected-after-payable'],
);

export const clawbackDue = event(
  'redemption',
  'clawback-due',
  { en: 'A paid subsidy must be paid back', zh: '已付补贴须追回' },
  { ...paymentMovement, reason: z.string() },
  ['clawback-due'],
);

export const clawbackWrittenOff = event(
  'redemption',
  'clawback-written-off',
  { en: 'A clawback was written off', zh: '追回款核销' },
  { ...paymentMovement, reason: z.string() },
  ['clawback-written-off'],
);

export const paymentInstructed = event(
  'redemption',
  'payment-instructed',
  { en: 'A payment was ordered at the bank', zh: '支付指令已下达' },
  paymentMovement,
);
export const paymentFailed = event(
  'redemption',
  'payment-failed',
  { en: 'The bank refused a payment', zh: '支付失败' },
  { ...paymentMovement, reason: z.string() },
);
export const paymentUnknown = event(
  'redemption',
  'payment-unknown',
  { en: 'The bank could not say what became of a payment', zh: '支付结果未知' },
  paymentMovement,
);

export const paymentPaid = event(
  'redemption',
  'payment-paid',
  { en: 'The bank confirmed a payment', zh: '支付成功' },
  { ...paymentMovement, paidOn: LocalDate },
  ['paid-home-direct', 'paid-host-fronted'],
);

export const paymentReturned = event(
  'redemption',
  'payment-returned',
  { en: 'A payment came back from the payee bank (退汇)', zh: '退汇' },
  { ...paymentMovement, returnedOn: LocalDate },
  ['returned'],
);

export const paymentRecovered = event(
  'redemption',
  'payment-recovered',
  { en: 'Money of a clawback was received', zh: '追回款到账' },
  { ...paymentMovement, recoveredOn: LocalDate },
  ['recovered', 'after-recovered'],
);

export const redemptionEvents = [
  amountReserved,
  amountReleased,
  amountRedeemed,
  amountRestored,
  voucherClosed,
  invoiceRedLettered,
  claimPayable,
  claimRejected,
  clawbackDue,
  clawbackWrittenOff,
  paymentInstructed,
  paymentFailed,
  paymentUnknown,
  paymentPaid,
  paymentReturned,
  paymentRecovered,
] as const;
