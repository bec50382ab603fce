import { z } from 'zod';
import { ClaimPeople, Payee } from '../events/definition.ts';
import {
  Category,
  ClaimId,
  corridorHome,
  Fen,
  Instant,
  InvoiceNumber,
  InvoiceNumberAsGiven,
  LocalDate,
  Member,
  OfferingId,
  OrderId,
  PayeeMode,
  PaymentId,
  PaymentReference,
  PolicyId,
  PositiveFen,
  Route,
  Sha256,
  Slice,
  Sm3,
  Text,
  Ulid,
  Uscc,
  VoucherId,
} from '../vocabulary.ts';
import { AttemptNumber, commandsOf, Nothing, nounsOf } from './route.ts';

const command = commandsOf('redemption');
const noun = nounsOf('redemption');

const Reasoned = z.strictObject({ reason: Text }).meta({ id: 'Reasoned' });

export const evidenceKinds = ['contract', 'invoice', 'payment-proof', 'deliverable', 'acceptance'] as const;
export const EvidenceKind = z.enum(evidenceKinds).meta({ id: 'EvidenceKind', description: 'What a file proves' });
export type EvidenceKind = z.infer<typeof EvidenceKind>;

export const EvidenceId = z
  .string()
  .regex(/^(\d{6})-evidence-[0-9a-f]{64}$/)
  .refine((id) => Member.safeParse(id.slice(0, 6)).success, 'the home of evidence is a member city')
  .meta({ id: 'EvidenceId', description: '<home>-evidence-<sha256>' });

export const ProposeOrder = z
  .strictObject({ voucherId: VoucherId, offeringId: OfferingId, expectedBaseFen: PositiveFen.optional(), note: Text.optional() })
  .meta({ id: 'ProposeOrder' });

export const SubmitContract = z
  .strictObject({
    contractNumber: z.string().trim().min(1).max(64),
    signedOn: LocalDate,
    serviceStartsOn: LocalDate,
    endsOn: LocalDate,
    /** Price of the service, tax included. */
    baseFen: PositiveFen,
    /** What the voucher is to pay: at most min(⌊ratio × base⌋, order cap, base − ⌈own-share floor × base⌉). */
    subsidyFen: PositiveFen,
    contractDigest: Sha256,
  })
  .meta({ id: 'SubmitContract' });

export const AmendContract = z.strictObject({ baseFen: PositiveFen, subsidyFen: PositiveFen }).meta({ id: 'AmendContract' });
export const Deliver = z.strictObject({ deliveredOn: LocalDate, deliverableDigest: Sha256 }).meta({ id: 'Deliver' });
export const AcceptDelivery = z.strictObject({ acceptedOn: LocalDate, actualBaseFen: PositiveFen }).meta({ id: 'AcceptDelivery' });
export const DecideDelivery = z
  .discriminatedUnion('decision', [
    z.strictObject({ decision: z.literal('accepted'), acceptedOn: LocalDate, actualBaseFen: PositiveFen, reason: Text }),
    z.strictObject({ decision: z.literal('refused'), reason: Text }),
  ])
  .meta({ id: 'DecideDelivery' });

export const RegisterEvidence = z
  .strictObject({
    sm3: Sm3,
    kind: EvidenceKind,
    bytes: z
      .int()
      .min(1)
      .max(2 ** 40),
    mediaType: z
      .string()
      .regex(/^[\w.+-]+\/[\w.+-]+$/)
      .max(127),
  })
  .meta({ id: 'RegisterEvidence' });

export const ClaimInvoice = z
  .strictObject({
    number: InvoiceNumberAsGiven,
    issuedOn: LocalDate,
    totalFen: PositiveFen,
    sliceFen: PositiveFen,
    seller: Uscc,
    buyer: Uscc,
  })
  .meta({ id: 'ClaimInvoice' });
export const SubmitClaim = z
  .strictObject({
    invoice: ClaimInvoice,
    /** What the enterprise paid itself. */
    selfPaidFen: Fen,
    /** Evidence files by SHA-256, registered before. */
    evidence: z.array(Sha256).min(1).max(50),
  })
  .meta({ id: 'SubmitClaim' });

export const ReviewClaim = z
  .strictObject({
    /** The subsidy the reviewer finds right: at most what was redeemed. */
    subsidyFen: PositiveFen,
    /** What the enterprise is shown to have paid; more of it can make up for a cut. */
    selfPaidFen: Fen,
  })
  .meta({ id: 'ReviewClaim' });

export const RedLetter = z.strictObject({ amountFen: PositiveFen, issuedOn: LocalDate }).meta({ id: 'RedLetter' });
export const StatementLine = z
  .strictObject({ reference: PaymentReference, outcome: z.enum(['paid', 'failed']), bookedOn: LocalDate })
  .meta({ id: 'StatementLine' });
export const ReturnPayment = z.strictObject({ returnedOn: LocalDate, reason: Text }).meta({ id: 'ReturnPayment' });
export const RecoverPayment = z.strictObject({ recoveredOn: LocalDate, amountFen: PositiveFen }).meta({ id: 'RecoverPayment' });
export const RuleObjection = z.strictObject({ ruling: z.enum(['dismissed', 'upheld']), reason: Text }).meta({ id: 'RuleObjection' });

const voucher = { id: VoucherId };
const order = { id: OrderId };
const claim = { id: ClaimId };
const payment = { id: PaymentId };

export const redemptionCommands = {
  freezeVoucher: command({
    operation: 'freezeVoucher',
    path: '/vouchers/{id}/freezes/{n}',
    params: { ...voucher, n: AttemptNumber },
    body: Reasoned,
    roles: ['approver'],
    en: 'Freeze a voucher: no new reservations (approver of its home)',
    zh: '冻结创新券',
  }),
  unfreezeVoucher: command({
    operation: 'unfreezeVoucher',
    path: '/vouchers/{id}/unfreezes/{n}',
    params: { ...voucher, n: AttemptNumber },
    body: Reasoned,
    roles: ['approver'],
    en: 'Unfreeze a voucher (approver of its home)',
    zh: '解冻创新券',
  }),
  revokeVoucher: command({
    operation: 'revokeVoucher',
    path: '/vouchers/{id}/revocation',
    params: voucher,
    body: Reasoned,
    roles: ['approver'],
    en: 'Revoke what is available on a voucher (approver of its home)',
    zh: '撤销创新券可用额度',
  }),

  proposeOrder: command({
    operation: 'proposeOrder',
    path: '/orders/{id}',
    params: order,
    body: ProposeOrder,
    roles: ['enterprise'],
    en: "Propose an order for a lab's offering (the voucher's enterprise)",
    zh: '企业发起订单',
  }),
  acceptOrder: command({
    operation: 'acceptOrder',
    path: '/orders/{id}/lab-acceptance',
    params: order,
    body: Nothing,
    roles: ['lab'],
    en: 'Accept a proposed order (its lab)',
    zh: '机构接单',
  }),
  declineOrder: command({
    operation: 'declineOrder',
    path: '/orders/{id}/decline',
    params: order,
    body: Reasoned,
    roles: ['lab'],
    en: 'Decline a proposed order (its lab)',
    zh: '机构拒单',
  }),
  submitContract: command({
    operation: 'submitContract',
    path: '/orders/{id}/contracts/{n}',
    params: { ...order, n: AttemptNumber },
    body: SubmitContract,
    roles: ['enterprise'],
    en: 'Register the contract: reserves its subsidy on the voucher or is refused (the enterprise)',
    zh: '登记合同并预留额度',
    coordinated: true,
  }),
  amendContract: command({
    operation: 'amendContract',
    path: '/orders/{id}/amendments/{n}',
    params: { ...order, n: AttemptNumber },
    body: AmendContract,
    roles: ['enterprise'],
    en: 'Amend a registered contract downward: releases the difference (the enterprise)',
    zh: '合同变更（减少）',
    coordinated: true,
  }),
  deliver: command({
    operation: 'deliver',
    path: '/orders/{id}/delivery',
    params: order,
    body: Deliver,
    roles: ['lab'],
    en: 'Deliver (the lab)',
    zh: '机构交付',
  }),
  acceptDelivery: command({
    operation: 'acceptDelivery',
    path: '/orders/{id}/acceptance',
    params: order,
    body: AcceptDelivery,
    roles: ['enterprise'],
    en: 'Accept the delivery: the actual subsidy is redeemed (the enterprise)',
    zh: '企业验收并核销',
    coordinated: true,
  }),
  decideDelivery: command({
    operation: 'decideDelivery',
    path: '/orders/{id}/bureau-decision',
    params: order,
    body: DecideDelivery,
    roles: ['reviewer'],
    en: 'Decide on a delivery the enterprise stays silent about (reviewer of the home, after the reminder)',
    zh: '企业逾期未验收时由主管部门裁定',
    coordinated: true,
  }),
  cancelOrder: command({
    operation: 'cancelOrder',
    path: '/orders/{id}/cancellation',
    params: order,
    body: Reasoned,
    roles: ['enterprise'],
    en: 'Cancel an order that has no contract, or was never delivered (the enterprise)',
    zh: '取消订单',
  }),

  registerEvidence: command({
    operation: 'registerEvidence',
    path: '/evidence/{id}',
    params: { id: EvidenceId },
    body: RegisterEvidence,
    roles: ['enterprise', 'lab'],
    en: 'Register the digests of an evidence file',
    zh: '登记证据文件摘要',
  }),
  redLetterInvoice: command({
    operation: 'redLetterInvoice',
    path: '/invoices/{digest}/red-letters/{id}',
    params: { digest: Sha256, id: Ulid },
    body: RedLetter,
    roles: ['reviewer'],
    en: 'Register a red-letter invoice: revokes whole excess slices, newest first (reviewer of a home with a claim on it)',
    zh: '登记红字发票：撤销超出部分的申领份额（有该发票申领的属地审核人员）',
    home: () => corridorHome,
  }),

  submitClaim: command({
    operation: 'submitClaim',
    path: '/claims/{id}/submissions/{n}',
    params: { ...claim, n: AttemptNumber },
    body: SubmitClaim,
    roles: ['enterprise', 'lab'],
    en: 'Submit a claim with its invoice slice and evidence (the payee)',
    zh: '提交申领材料',
    coordinated: true,
  }),
  checkClaim: command({
    operation: 'checkClaim',
    path: '/claims/{id}/checks/{n}',
    params: { ...claim, n: AttemptNumber },
    body: Nothing,
    roles: ['reviewer'],
    en: 'Check delivery evidence (reviewer of the host)',
    zh: '服务所在地核验',
  }),
  sendBackClaim: command({
    operation: 'sendBackClaim',
    path: '/claims/{id}/corrections/{n}',
    params: { ...claim, n: AttemptNumber },
    body: Reasoned,
    roles: ['reviewer'],
    en: 'Send a claim back for one correction (reviewer of the home)',
    zh: '退回补正',
  }),
  holdClaim: command({
    operation: 'holdClaim',
    path: '/claims/{id}/holds/{n}',
    params: { ...claim, n: AttemptNumber },
    body: Reasoned,
    roles: ['reviewer'],
    en: 'Hold a claim for risk (reviewer of the home)',
    zh: '风险暂缓',
  }),
  releaseHold: command({
    operation: 'releaseHold',
    path: '/claims/{id}/hold-releases/{n}',
    params: { ...claim, n: AttemptNumber },
    body: RuleObjection,
    roles: ['approver'],
    en: 'Rule a hold (approver of the home)',
    zh: '暂缓裁定',
  }),
  reviewClaim: command({
    operation: 'reviewClaim',
    path: '/claims/{id}/review',
    params: claim,
    body: ReviewClaim,
    roles: ['reviewer'],
    en: 'Review a checked claim, possibly cutting it (another reviewer, of the home)',
    zh: '属地审核',
  }),
  openNotice: command({
    operation: 'openNotice',
    path: '/claims/{id}/notice',
    params: claim,
    body: Nothing,
    roles: ['approver'],
    en: 'Approve a reviewed claim and open its public notice (approver of the home, a third person)',
    zh: '批准并公示',
  }),
  raiseObjection: command({
    operation: 'raiseObjection',
    path: '/claims/{id}/objections/{objection}',
    params: { ...claim, objection: Ulid },
    body: Reasoned,
    roles: ['enterprise', 'lab', 'reviewer'],
    en: 'Object during the notice',
    zh: '公示期异议',
  }),
  ruleObjection: command({
    operation: 'ruleObjection',
    path: '/claims/{id}/objections/{objection}/ruling',
    params: { ...claim, objection: Ulid },
    body: RuleObjection,
    roles: ['approver'],
    en: 'Rule an objection (approver of the home)',
    zh: '异议裁定',
  }),
  rejectClaim: command({
    operation: 'rejectClaim',
    path: '/claims/{id}/rejections/{n}',
    params: { ...claim, n: AttemptNumber },
    body: Reasoned,
    roles: ['approver'],
    en: 'Reject a claim (approver of the home)',
    zh: '驳回申领',
    coordinated: true,
  }),
  clawBack: command({
    operation: 'clawBack',
    path: '/claims/{id}/clawbacks/{n}',
    params: { ...claim, n: AttemptNumber },
    body: Reasoned,
    roles: ['approver'],
    en: 'Claim a paid subsidy back (approver of the home)',
    zh: '追回已付补贴',
  }),
  writeOffClawback: command({
    operation: 'writeOffClawback',
    path: '/claims/{id}/write-offs/{n}',
    params: { ...claim, n: AttemptNumber },
    body: Reasoned,
    roles: ['approver'],
    en: 'Write a clawback off (approver of the home)',
    zh: '追回款核销',
  }),

  instructPayment: command({
    operation: 'instructPayment',
    path: '/payments/{id}/instructions/{n}',
    params: { ...payment, n: AttemptNumber },
    body: Nothing,
    roles: ['payer'],
    en: 'Order a payment at the bank (payer of the paying city, a fourth person)',
    zh: '下达支付指令',
    coordinated: true,
  }),
  enterStatementLine: command({
    operation: 'enterStatementLine',
    path: '/payments/{id}/statement-lines/{line}',
    params: { ...payment, line: Ulid },
    body: StatementLine,
    roles: ['payer'],
    en: 'Enter the bank statement line of a payment whose outcome is unknown (payer)',
    zh: '录入银行对账单',
  }),
  returnPayment: command({
    operation: 'returnPayment',
    path: '/payments/{id}/returns/{n}',
    params: { ...payment, n: AttemptNumber },
    body: ReturnPayment,
    roles: ['payer'],
    en: 'Enter a payment that came back (payer)',
    zh: '登记退汇',
  }),
  recoverPayment: command({
    operation: 'recoverPayment',
    path: '/payments/{id}/recoveries/{n}',
    params: { ...payment, n: AttemptNumber },
    body: RecoverPayment,
    roles: ['payer'],
    en: 'Enter the money of a clawback (payer)',
    zh: '登记追回款',
  }),
} as const;

const PotBuckets = z
  .strictObject({
    potId: z.string(),
    owner: z.string(),
    fiscalYear: z.int(),
    availableFen: Fen,
    reservedFen: Fen,
    redeemedFen: Fen,
    expiredFen: Fen,
    revokedFen: Fen,
  })
  .meta({ id: 'PotBuckets' });

export const VoucherView = z
  .strictObject({
    id: VoucherId,
    home: Member,
    enterprise: Uscc,
    policyId: PolicyId,
    status: z.enum(['active', 'exhausted', 'expired', 'revoked']),
    frozen: z.boolean(),
    faceFen: Fen,
    availableFen: Fen,
    reservedFen: Fen,
    redeemedFen: Fen,
    expiredFen: Fen,
    revokedFen: Fen,
    issuedOn: LocalDate,
    expiresOn: LocalDate,
    pots: z.array(PotBuckets),
  })
  .meta({ id: 'Voucher' });
export type VoucherView = z.infer<typeof VoucherView>;

export const OrderView = z
  .strictObject({
    id: OrderId,
    home: Member,
    host: Member,
    enterprise: Uscc,
    lab: Uscc,
    voucherId: VoucherId,
    offeringId: OfferingId,
    category: Category,
    status: z.enum([
      'proposed',
      'accepted-by-lab',
      'contract-registered',
      'delivered',
      'accepted-by-enterprise',
      'claimed',
      'declined',
      'cancelled',
      'expired',
    ]),
    proposedAt: Instant,
    contracts: z.array(z.strictObject({ n: z.int(), status: z.enum(['pending', 'registered', 'refused']), reason: z.string().optional() })),
    contract: z
      .strictObject({
        n: z.int(),
        contractNumber: z.string(),
        signedOn: LocalDate,
        serviceStartsOn: LocalDate,
        endsOn: LocalDate,
        baseFen: Fen,
        subsidyFen: Fen,
        policyId: PolicyId,
        payeeMode: PayeeMode,
        route: Route,
        agreementVersion: z.int().min(0),
        slices: z.array(Slice),
      })
      .optional(),
    deliveredOn: LocalDate.optional(),
    reminded: z.boolean(),
    acceptedOn: LocalDate.optional(),
    claimId: ClaimId.optional(),
    endReason: z.string().optional(),
  })
  .meta({ id: 'Order' });
export type OrderView = z.infer<typeof OrderView>;

export const EvidenceView = z
  .strictObject({
    id: EvidenceId,
    home: Member,
    sha256: Sha256,
    sm3: Sm3,
    kind: EvidenceKind,
    bytes: z.int(),
    mediaType: z.string(),
    organisation: Uscc,
    registeredAt: Instant,
  })
  .meta({ id: 'Evidence' });

export const InvoiceView = z
  .strictObject({
    id: Sha256,
    number: InvoiceNumber,
    totalFen: Fen,
    redFen: Fen,
    seller: Uscc,
    buyer: Uscc,
    issuedOn: LocalDate,
    slices: z.array(
      z.strictObject({ claimId: ClaimId, attempt: z.int(), amountFen: Fen, status: z.enum(['live', 'released', 'revoked']) }),
    ),
  })
  .meta({ id: 'Invoice' });

export type InvoiceView = z.infer<typeof InvoiceView>;

export const claimStatuses = [
  'awaited',
  'submitting',
  'submitted',
  'sent-back',
  'checked',
  'risk-hold',
  'reviewed',
  'notice',
  'objected',
  'payable',
  'instructed',
  'paid',
  'failed',
  'unknown',
  'clawback-due',
  'recovered',
  'written-off',
  'rejected',
  'lapsed',
] as const;
export const ClaimStatus = z.enum(claimStatuses).meta({ id: 'ClaimStatus' });
export type ClaimStatus = z.infer<typeof ClaimStatus>;

export const ClaimView = z
  .strictObject({
    id: ClaimId,
    orderId: OrderId,
    voucherId: VoucherId,
    home: Member,
    host: Member,
    enterprise: Uscc,
    lab: Uscc,
    payee: Payee,
    payer: Member,
    payeeMode: PayeeMode,
    route: Route,
    status: ClaimStatus,
    subsidyFen: Fen,
    redeemedFen: Fen,
    slices: z.array(Slice),
    claimBy: LocalDate,
    submissions: z.array(z.strictObject({ n: z.int(), status: z.enum(['pending', 'accepted', 'refused']), reason: z.string().optional() })),
    invoice: z.strictObject({ digest: Sha256, number: InvoiceNumber, sliceFen: Fen, totalFen: Fen }).optional(),
    selfPaidFen: Fen.optional(),
    people: ClaimPeople.partial(),
    holdReasons: z.array(z.string()),
    noticeUntil: LocalDate.optional(),
    objections: z.array(z.strictObject({ id: z.string(), ruling: z.enum(['open', 'dismissed', 'upheld']) })),
    payBy: LocalDate.optional(),
    endReason: z.string().optional(),
  })
  .meta({ id: 'Claim' });
export type ClaimView = z.infer<typeof ClaimView>;

export const paymentStatuses = [
  'prepared',
  'asking',
  'queued',
  'instructed',
  'paid',
  'failed',
  'unknown',
  'recovered',
  'cancelled',
] as const;
export const PaymentView = z
  .strictObject({
    id: PaymentId,
    claimId: ClaimId,
    home: Member,
    host: Member,
    payer: Member,
    payee: Payee,
    route: Route,
    amountFen: Fen,
    enterprise: Uscc,
    lab: Uscc.optional(),
    status: z.enum(paymentStatuses),
    instruction: z.int().min(0),
    reference: PaymentReference.optional(),
    payBy: LocalDate,
    clawbackDue: z.boolean(),
    reason: z.string().optional(),
  })
  .meta({ id: 'Payment' });
export type PaymentView = z.infer<typeof PaymentView>;

export const redemptionNouns = {
  vouchers: noun('vouchers', VoucherId, VoucherView, { en: 'Vouchers', zh: '创新券' }),
  orders: noun('orders', OrderId, OrderView, { en: 'Orders', zh: '订单' }),
  evidence: noun('evidence', EvidenceId, EvidenceView, { en: 'Evidence', zh: '证据' }),
  invoices: noun('invoices', Sha256, InvoiceView, { en: 'Invoices', zh: '发票' }, () => corridorHome),
  claims: noun('claims', ClaimId, ClaimView, { en: 'Claims', zh: '申领' }),
  payments: noun('payments', PaymentId, PaymentView, { en: 'Payments', zh: '支付' }),
} as const;
