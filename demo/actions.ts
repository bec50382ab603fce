import { type Bps, redemptionCommands as commands, type EvidenceKind, type Fen, registryCommands } from '@tongdui/contracts';
import { subsidyMaximum } from '@tongdui/money';
import { dateOfDay } from './days.ts';
import { type OrderParts, officer, type Stage, sha256, sm3 } from './stage.ts';
import type { ActionName } from './stories.ts';

/** What people do with one order on one day, each by the person whose turn it is. */
type Action = (stage: Stage, parts: OrderParts, day: number) => Promise<unknown>;

const idOf = ({ order }: OrderParts) => ({ id: order.order });
const claimOf = ({ claimId }: OrderParts) => ({ id: claimId });
const paymentOf = ({ paymentId }: OrderParts) => ({ id: paymentId });
const keyOf = ({ order }: OrderParts) => order.order.slice(-26);

const checker = ({ host }: OrderParts) => officer('reviewer-1', host);
const reviewer = ({ home }: OrderParts) => officer('reviewer-2', home);
const approver = ({ home }: OrderParts) => officer('approver-1', home);
const secondApprover = ({ home }: OrderParts) => officer('approver-2', home);
const payer = ({ payer: city }: OrderParts) => officer('payer', city);
const jointOfficer = officer('joint-office-1', 'G60');

/** By the pinned policy: what a base allows, and what the contract's subsidy comes to. */
const allowedFen = ({ terms, offering }: OrderParts, baseFen: number): number =>
  subsidyMaximum(baseFen as Fen, (terms.ratioBps[offering.category] ?? 0) as Bps, terms.capPerOrderFen, terms.ownShareFloorBps);

const amendedBase = (baseFen: number) => Math.floor((baseFen * 8) / 10);
const amountsOf = (parts: OrderParts): { readonly actualBaseFen: number; readonly subsidyFen: number } => {
  const { order } = parts;
  const amended = order.story === 'amended';
  const contractedFen = amended ? allowedFen(parts, amendedBase(order.baseFen)) : order.subsidyFen;
  const actualBaseFen = amended ? Math.min(order.actualBaseFen, amendedBase(order.baseFen)) : order.actualBaseFen;
  return { actualBaseFen, subsidyFen: Math.min(contractedFen, allowedFen(parts, actualBaseFen)) };
};

/** The enterprise's own share where the lab claims the rest; the whole invoice where the enterprise is refunded. */
const selfPaidFen = (parts: OrderParts): number => {
  const { actualBaseFen, subsidyFen } = amountsOf(parts);
  return parts.terms.payeeMode === 'lab-redeemed' ? actualBaseFen - subsidyFen : actualBaseFen;
};

const contract = (parts: OrderParts, day: number, subsidyFen: number) => {
  const { order } = parts;
  return {
    contractNumber: `HT-${keyOf(parts)}`,
    signedOn: dateOfDay(day),
    serviceStartsOn: dateOfDay(day),
    endsOn: dateOfDay(day + 10),
    baseFen: order.baseFen,
    subsidyFen,
    contractDigest: sha256(`contract ${order.order}`),
  };
};

const submitContract = (subsidyOf: (parts: OrderParts) => number, refusedFor?: string): Action => {
  return (stage, parts, day) =>
    stage.act(
      commands.submitContract,
      { ...idOf(parts), n: '1' },
      contract(parts, day, subsidyOf(parts)),
      parts.people.enterprise,
      refusedFor === undefined ? {} : { refusedFor },
    );
};

/** An enterprise that is refunded proves what it paid. */
const proofs = ({ terms }: OrderParts): readonly EvidenceKind[] =>
  terms.payeeMode === 'lab-redeemed' ? ['invoice'] : ['invoice', 'payment-proof'];

/** The evidence is registered first, then the claim submitted as the attempt of this number. */
const claim = (attempt: number, invoiceOf: (parts: OrderParts) => string, refusedFor?: string): Action => {
  return async (stage, parts) => {
    const { home, people, enterprise, offering, order } = parts;
    const evidence: string[] = [];
    for (const kind of proofs(parts)) {
      const file = `${kind} ${order.order} ${attempt}`;
      const digest = sha256(file);
      const described = { sm3: sm3(file), kind, bytes: 80_000, mediaType: 'application/pdf' } as const;
      await stage.act(commands.registerEvidence, { id: `${home}-evidence-${digest}` }, described, people.payee);
      evidence.push(digest);
    }
    const { actualBaseFen: totalFen } = amountsOf(parts);
    const invoice = {
      number: { number: invoiceOf(parts) },
      // The lab wrote it when the claim was first due; a correction does not change that.
      issuedOn: dateOfDay(order.claimOn ?? 0),
      totalFen,
      sliceFen: totalFen,
      seller: offering.provider.slice(-18),
      buyer: enterprise.enterprise.slice(-18),
    };
    const body = { invoice, selfPaidFen: selfPaidFen(parts), evidence };
    const expected = refusedFor === undefined ? {} : { refusedFor };
    await stage.act(commands.submitClaim, { ...claimOf(parts), n: String(attempt) }, body, people.payee, expected);
  };
};

const review =
  (found: (subsidyFen: number) => number): Action =>
  (stage, parts) =>
    stage.act(
      commands.reviewClaim,
      claimOf(parts),
      { subsidyFen: found(amountsOf(parts).subsidyFen), selfPaidFen: selfPaidFen(parts) },
      reviewer(parts),
    );

const ruleHold =
  (ruling: 'dismissed' | 'upheld', reason: string): Action =>
  (stage, parts) =>
    stage.act(commands.releaseHold, { ...claimOf(parts), n: '1' }, { ruling, reason }, secondApprover(parts));
const ruleObjection =
  (ruling: 'dismissed' | 'upheld', reason: string): Action =>
  (stage, parts) =>
    stage.act(commands.ruleObjection, { ...claimOf(parts), objection: keyOf(parts) }, { ruling, reason }, secondApprover(parts));

/** Waits where the prefund is short: the bank is told when the queue moves. */
const instruct =
  (attempt: number): Action =>
  (stage, parts) =>
    stage.act(commands.instructPayment, { ...paymentOf(parts), n: String(attempt) }, {}, payer(parts), { mayWait: true });

const enterStatement =
  (outcome: 'paid' | 'failed'): Action =>
  (stage, parts, day) =>
    stage.act(
      commands.enterStatementLine,
      { ...paymentOf(parts), line: keyOf(parts) },
      { reference: `${parts.paymentId}-1`, outcome, bookedOn: dateOfDay(day) },
      payer(parts),
    );

/** What was paid in the end: a review may have cut it. */
const paidFen = (parts: OrderParts): number => amountsOf(parts).subsidyFen;

export const actions: Readonly<Record<ActionName, Action>> = {
  propose: (stage, parts) => {
    const { order, people, application } = parts;
    const voucherId = `${parts.home}-voucher-${application.application.slice(-26)}`;
    const body = { voucherId, offeringId: order.offering, expectedBaseFen: order.baseFen };
    return stage.act(commands.proposeOrder, idOf(parts), body, people.enterprise);
  },
  acceptByLab: (stage, parts) => stage.act(commands.acceptOrder, idOf(parts), {}, parts.people.lab),
  decline: (stage, parts) => stage.act(commands.declineOrder, idOf(parts), { reason: '档期已满' }, parts.people.lab),
  cancel: (stage, parts) => stage.act(commands.cancelOrder, idOf(parts), { reason: '需求变化' }, parts.people.enterprise),

  submitContract: submitContract(({ order }) => order.subsidyFen),
  submitContractAbovePolicy: submitContract(({ order }) => order.subsidyFen + 100_000, 'subsidy-above-policy'),
  submitContractShort: submitContract(({ order }) => order.subsidyFen, 'voucher-short'),
  amend: (stage, parts) => {
    const baseFen = amendedBase(parts.order.baseFen);
    return stage.act(
      commands.amendContract,
      { ...idOf(parts), n: '1' },
      { baseFen, subsidyFen: allowedFen(parts, baseFen) },
      parts.people.enterprise,
    );
  },

  deliver: (stage, parts, day) => {
    const body = { deliveredOn: dateOfDay(day), deliverableDigest: sha256(`deliverable ${parts.order.order}`) };
    return stage.act(commands.deliver, idOf(parts), body, parts.people.lab);
  },
  accept: (stage, parts, day) => {
    const body = { acceptedOn: dateOfDay(day), actualBaseFen: amountsOf(parts).actualBaseFen };
    return stage.act(commands.acceptDelivery, idOf(parts), body, parts.people.enterprise);
  },
  decideDelivery: (stage, parts, day) => {
    const { actualBaseFen } = amountsOf(parts);
    const body = { decision: 'accepted', acceptedOn: dateOfDay(day), actualBaseFen, reason: '企业逾期未验收' } as const;
    return stage.act(commands.decideDelivery, idOf(parts), body, officer('reviewer-3', parts.home));
  },

  claim: claim(1, ({ order }) => order.invoice),
  /** The number of an invoice that another enterprise has claimed in another city. */
  claimWithForeignInvoice: claim(1, ({ order }) => order.invoice, 'invoice-differs'),
  claimAgain: claim(2, ({ order }) => (order.story === 'duplicate-invoice' ? `27${order.invoice.slice(2)}` : order.invoice)),
  sendBack: (stage, parts) => stage.act(commands.sendBackClaim, { ...claimOf(parts), n: '1' }, { reason: '发票影像不清' }, reviewer(parts)),

  imposeSanction: (stage, parts, day) =>
    stage.act(
      registryCommands.imposeSanction,
      { id: `G60-sanction-${keyOf(parts)}` },
      {
        uscc: parts.enterprise.enterprise.slice(-18),
        reason: '虚假交易嫌疑',
        validFrom: dateOfDay(day),
        validUntil: dateOfDay(day + 365),
      },
      jointOfficer,
    ),
  liftSanction: (stage, parts) => stage.act(registryCommands.liftSanction, { id: `G60-sanction-${keyOf(parts)}` }, {}, jointOfficer),

  check: (stage, parts) => stage.act(commands.checkClaim, { ...claimOf(parts), n: '1' }, {}, checker(parts)),
  hold: (stage, parts) => stage.act(commands.holdClaim, { ...claimOf(parts), n: '1' }, { reason: '价格偏离公开标准' }, reviewer(parts)),
  dismissHold: ruleHold('dismissed', '说明充分'),
  upholdHold: ruleHold('upheld', '惩戒期内不予支付'),
  review: review((subsidyFen) => subsidyFen),
  reviewWithCut: review((subsidyFen) => Math.floor((subsidyFen * 8) / 10)),
  notice: (stage, parts) => stage.act(commands.openNotice, claimOf(parts), {}, approver(parts)),
  reject: (stage, parts) => stage.act(commands.rejectClaim, { ...claimOf(parts), n: '1' }, { reason: '材料与交付不符' }, approver(parts)),
  object: (stage, parts) =>
    stage.act(
      commands.raiseObjection,
      { ...claimOf(parts), objection: keyOf(parts) },
      { reason: '服务内容存疑' },
      officer('reviewer-3', parts.home),
    ),
  dismissObjection: ruleObjection('dismissed', '异议不成立'),
  upholdObjection: ruleObjection('upheld', '异议成立'),

  pay: instruct(1),
  payAgain: instruct(2),
  enterPaid: enterStatement('paid'),
  enterFailed: enterStatement('failed'),
  returnPayment: (stage, parts, day) =>
    stage.act(commands.returnPayment, { ...paymentOf(parts), n: '1' }, { returnedOn: dateOfDay(day), reason: '户名不符' }, payer(parts)),
  clawBack: (stage, parts) => stage.act(commands.clawBack, { ...claimOf(parts), n: '1' }, { reason: '事后核查不符' }, approver(parts)),
  recover: (stage, parts, day) =>
    stage.act(
      commands.recoverPayment,
      { ...paymentOf(parts), n: '1' },
      { recoveredOn: dateOfDay(day), amountFen: paidFen(parts) },
      payer(parts),
    ),
  writeOff: (stage, parts) =>
    stage.act(commands.writeOffClawback, { ...claimOf(parts), n: '1' }, { reason: '企业已注销' }, secondApprover(parts)),
  redLetter: (stage, parts, day) =>
    stage.act(
      commands.redLetterInvoice,
      { digest: sha256(parts.order.invoice), id: keyOf(parts) },
      { amountFen: amountsOf(parts).actualBaseFen, issuedOn: dateOfDay(day) },
      reviewer(parts),
    ),
};
