import { homeOf } from '@tongdui/contracts';
import { streamOf } from '@tongdui/decider/operation';
import { history } from '@tongdui/decider/testing';
import type { FollowedFact } from '@tongdui/runtime/service';
import { type Command as ClaimCommand, claim } from './claim.decider.ts';
import {
  awaitClaim,
  check,
  conclude,
  hold as holdClaim,
  note,
  noticeDue,
  objection,
  openNotice,
  recovered,
  redLetter,
  refuseSlice,
  review,
  ruled,
  sendBack,
  submit,
  take,
  toClawbackDue,
  toNotice,
  toPaid,
  toPayable,
  toReviewed,
  toSubmitted,
} from './claim.history.fixtures.ts';
import { type Command as InvoiceCommand, invoice } from './invoice.decider.ts';
import { type Command as OrderCommand, order } from './order.decider.ts';
import { type Command as PaymentCommand, payment } from './payment.decider.ts';
import type { RedemptionFact } from './redemption.facts.ts';
import {
  accountOf,
  at,
  baseFen,
  claimId,
  digest,
  enterprise,
  fenOf,
  invoiceNumber,
  jiaxing,
  lab,
  later,
  offeringId,
  onDay,
  orderId,
  paymentId,
  people,
  pinned,
  policyId,
  slices,
  songjiang,
  subsidyFen,
  today,
  voucherId,
} from './redemption.fixtures.ts';
import { type Command as VoucherCommand, voucher } from './voucher.decider.ts';

/** Histories that can happen, of every noun: their facts are what processes, publication and projections must understand. */

const hold = { orderId: orderId(), contract: 1 };
const openVoucher: VoucherCommand = {
  type: 'OpenVoucher',
  voucherId: voucherId(),
  home: songjiang,
  enterprise,
  policyId: policyId(),
  faceFen: fenOf(9_000_001),
  issuedOn: today,
  expiresOn: onDay(100),
  slices: slices(9_000_001),
  at,
};
const reserve: VoucherCommand = {
  type: 'ReserveAmount',
  ...hold,
  host: jiaxing,
  enterprise,
  amountFen: subsidyFen,
  signedOn: today,
  registeredOn: today,
  at,
};
const redeem: VoucherCommand = { type: 'RedeemAmount', ...hold, amountFen: fenOf(4_000_000), at };
const restore = (cause: 'rejected' | 'lapsed' | 'cut'): VoucherCommand => ({
  type: 'RestoreAmount',
  ...hold,
  claimId: claimId(),
  cause,
  slices: slices(600),
  at,
});
const officer = (type: 'FreezeVoucher' | 'UnfreezeVoucher' | 'RevokeVoucher'): VoucherCommand => ({
  type,
  by: 'approver',
  reason: 'why',
  at,
});
const expire: VoucherCommand = { type: 'ExpireVoucher', at: later(101) };
const vouchers: VoucherCommand[][] = [
  [openVoucher, reserve, redeem, restore('cut'), restore('rejected'), expire],
  [openVoucher, reserve, { type: 'LowerAmount', ...hold, amendment: 1, amountFen: fenOf(7), at }, { type: 'ReleaseAmount', ...hold, at }],
  [{ type: 'ReleaseAmount', ...hold, at }, openVoucher, officer('FreezeVoucher'), officer('UnfreezeVoucher'), officer('RevokeVoucher')],
  [openVoucher, { ...reserve, amountFen: fenOf(9_000_001) }, { ...redeem, amountFen: fenOf(9_000_001) }, expire, restore('lapsed')],
];

const propose: OrderCommand = {
  type: 'ProposeOrder',
  orderId: orderId(),
  home: songjiang,
  host: jiaxing,
  enterprise,
  lab,
  voucherId: voucherId(),
  offeringId: offeringId(),
  category: 'testing',
  validDays: 30,
  at,
};
const byLab: OrderCommand = { type: 'AcceptByLab', at };
const contract: OrderCommand = {
  type: 'SubmitContract',
  contract: 1,
  contractNumber: 'HT-1',
  signedOn: today,
  serviceStartsOn: today,
  endsOn: onDay(60),
  baseFen,
  subsidyFen,
  contractDigest: digest(7),
  findings: { policyInForce: true, terms: pinned(), sanctioned: false, labAdmitted: true, labRecognised: true },
  at,
};
const register: OrderCommand = { type: 'RegisterContract', contract: 1, slices: slices(subsidyFen), at };
const deliver: OrderCommand = { type: 'Deliver', deliveredOn: today, deliverableDigest: digest(8), at };
const orders: OrderCommand[][] = [
  [
    propose,
    byLab,
    contract,
    register,
    { type: 'AmendContract', amendment: 1, baseFen, subsidyFen: fenOf(4_000_000), at },
    { type: 'ApplyAmendment', amendment: 1, slices: slices(4_000_000), at },
    deliver,
    { type: 'ReminderDue', at: later(20) },
    { type: 'AcceptDelivery', acceptedOn: today, actualBaseFen: baseFen, at: later(20) },
    { type: 'FixSubsidy', slices: slices(4_000_000), at: later(20) },
  ],
  [propose, { type: 'Decline', reason: 'no', at }],
  [propose, byLab, contract, { type: 'RefuseContract', contract: 1, reason: 'voucher-short', at }, { type: 'ProposalDue', at: later(40) }],
  [propose, byLab, contract, register, { type: 'DeliveryDue', at: later(400) }],
  [propose, byLab, contract, register, deliver, { type: 'DecideDelivery', reason: 'nothing came', by: 'reviewer', at: later(30) }],
];

const givenBack: ClaimCommand = { type: 'NoteSliceGivenBack', n: 1, at };
const claims: ClaimCommand[][] = [
  [awaitClaim(), { type: 'ClaimDue', at: later(91) }],
  [awaitClaim(), submit(), refuseSlice(), givenBack, submit({ n: 2 }), take(2), ruled('RejectClaim')],
  [
    ...toSubmitted,
    sendBack(),
    submit({ n: 2 }),
    take(2),
    check({ risks: ['voucher-frozen'] }),
    { type: 'HoldDue', at: later(60) },
    ruled('DismissHold'),
  ],
  [...toSubmitted, sendBack(), { type: 'ClaimDue', at: later(30) }, givenBack],
  [...toReviewed, holdClaim(), ruled('UpholdHold')],
  [
    ...toSubmitted,
    check(),
    review({ subsidyFen: fenOf(4_000_000) }),
    openNotice(),
    noticeDue(),
    ruled('RejectClaim'),
    conclude('rejection'),
  ],
  [...toNotice, objection('RaiseObjection', 'o-1'), objection('UpholdObjection', 'o-1')],
  [...toNotice, objection('RaiseObjection', 'o-1'), objection('DismissObjection', 'o-1'), noticeDue()],
  [
    ...toPayable,
    ruled('RejectClaim'),
    conclude('rejection', 'payment-already-instructed'),
    note('instructed'),
    redLetter(),
    note('failed'),
  ],
  [...toClawbackDue, recovered('recovery')],
  [...toClawbackDue, ruled('WriteOff'), note('failed'), conclude('rejection')],
  [...toClawbackDue, ruled('WriteOff'), conclude('write-off')],
  [...toClawbackDue, recovered('dispute')],
  [...toPaid, redLetter()],
];

const prepare: PaymentCommand = {
  type: 'PreparePayment',
  paymentId: paymentId(),
  voucherId: voucherId(),
  orderId: orderId(),
  claimId: claimId(),
  home: songjiang,
  host: jiaxing,
  enterprise,
  payee: { kind: 'lab', uscc: lab },
  payer: jiaxing,
  route: 'host-fronted',
  amountFen: subsidyFen,
  slices: slices(subsidyFen),
  people,
  payBy: onDay(20),
  at,
};
const instruct = (instruction: number): PaymentCommand => ({
  type: 'InstructPayment',
  instruction,
  by: 'payer',
  account: accountOf(2),
  at,
});
const grant = (instruction: number): PaymentCommand => ({ type: 'GrantDraw', instruction, at });
const bank = (outcome: 'paid' | 'failed' | 'unknown', instruction: number): PaymentCommand => ({
  type: 'NoteOutcome',
  instruction,
  outcome,
  at,
});
const cancel: PaymentCommand = { type: 'CancelPayment', paymentId: paymentId(), at };
const payments: PaymentCommand[][] = [
  [
    prepare,
    instruct(1),
    { type: 'QueueDraw', instruction: 1, at },
    grant(1),
    bank('failed', 1),
    instruct(2),
    grant(2),
    bank('paid', 2),
    { type: 'ReturnPayment', returnedOn: today, reason: 'no such account', by: 'payer', at },
    instruct(3),
    grant(3),
    bank('unknown', 3),
    { type: 'EnterStatementLine', reference: `${paymentId()}-3` as never, outcome: 'paid', bookedOn: today, by: 'payer', at },
    { type: 'NoteClawback', instruction: 3, at },
    { type: 'RecoverPayment', amountFen: subsidyFen, recoveredOn: today, by: 'payer', at },
  ],
  [prepare, instruct(1), { type: 'RefuseDraw', instruction: 1, reason: 'pair-unknown', at }, cancel],
  [prepare, instruct(1), cancel],
  [cancel, prepare],
  [{ ...prepare, route: 'home-direct' }, instruct(1), bank('paid', 1), { type: 'NoteClawback', instruction: 1, at }, cancel],
  [{ ...prepare, route: 'home-direct' }, instruct(1), bank('paid', 1), { type: 'NoteDisputeLost', instruction: 1, at }],
];

const invoiceDigest = digest(1);
const slice = (claim: number): InvoiceCommand => ({
  type: 'TakeSlice',
  digest: invoiceDigest,
  number: invoiceNumber(1),
  totalFen: baseFen,
  seller: lab,
  buyer: enterprise,
  issuedOn: today,
  claimId: claimId(claim),
  attempt: 1,
  sliceFen: fenOf(4_000_000),
  at,
});
const invoices: InvoiceCommand[][] = [
  [
    slice(1),
    slice(2),
    { type: 'LowerSlice', claimId: claimId(1), attempt: 1, sliceFen: fenOf(3_000_000), at },
    { type: 'RedLetter', digest: invoiceDigest, redLetterId: 'red-1', amountFen: fenOf(5_000_000), issuedOn: today, by: 'reviewer', at },
    { type: 'ReleaseSlice', claimId: claimId(1), attempt: 1, at },
  ],
];

export const followedAll = (id: string, facts: readonly RedemptionFact[]): FollowedFact[] => {
  const [home = '', noun = ''] = id.split('-');
  return facts.map((fact, revision) => ({
    fact: fact as unknown as FollowedFact['fact'],
    id: `00000000-0000-4000-8000-${String(revision).padStart(12, '0')}`,
    stream: streamOf('redemption', id),
    home: homeOf(id),
    noun,
    key: id.slice(home.length + noun.length + 2),
    revision,
    position: String(revision),
  }));
};

export const histories: readonly (readonly FollowedFact[])[] = [
  ...vouchers.map((commands) => followedAll(voucherId(), history(voucher, commands).facts)),
  ...orders.map((commands) => followedAll(orderId(), history(order, commands).facts)),
  ...claims.map((commands) => followedAll(claimId(), history(claim, commands).facts)),
  ...payments.map((commands) => followedAll(paymentId(), history(payment, commands).facts)),
  ...invoices.map((commands) => followedAll(`G60-invoice-${invoiceDigest}`, history(invoice, commands).facts)),
];
