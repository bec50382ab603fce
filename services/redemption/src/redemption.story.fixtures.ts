import { dateOf } from '@tongdui/calendar';
import type { Actor, EvidenceKind, Member, OrderId, PolicyTerms, Sha256 } from '@tongdui/contracts';
import {
  actor,
  baseFen,
  claimId,
  digest,
  enterprise,
  fenOf,
  jiaxing,
  lab,
  offeringId,
  onDay,
  orderId,
  paymentId,
  songjiang,
  subsidyFen,
  voucherId,
} from './redemption.fixtures.ts';
import { type Process, requestOf, type World } from './redemption.stage.fixtures.ts';

/** Who does what in one order, step by step, each by its own person. */

export const people = {
  enterprise: actor('enterprise-clerk', 'enterprise', songjiang, enterprise),
  lab: actor('lab-clerk', 'lab', jiaxing, lab),
  checker: actor('checker', 'reviewer', jiaxing),
  reviewer: actor('reviewer', 'reviewer', songjiang),
  approver: actor('approver', 'approver', songjiang),
  payer: (city: Member) => actor(`payer-${city}`, 'payer', city),
};

/** Digests of the files, one of each kind. */
export const fileOf: Readonly<Record<EvidenceKind, Sha256>> = {
  invoice: digest(9),
  'payment-proof': digest(11),
  contract: digest(12),
  deliverable: digest(13),
  acceptance: digest(14),
};

export type StoryOptions = { readonly payeeMode?: PolicyTerms['payeeMode']; readonly payer?: Member };

export const storyOf = (world: World, process: Process, { payeeMode = 'lab-redeemed', payer = jiaxing }: StoryOptions = {}) => {
  const { wall, clock } = world;
  const { operations } = process;
  const ask = (who: Actor, key: string, hash?: string) => requestOf(clock, who, key, hash);
  const today = () => dateOf(clock.now());
  const payee = payeeMode === 'lab-redeemed' ? people.lab : people.enterprise;
  const proofs: readonly EvidenceKind[] = payeeMode === 'lab-redeemed' ? ['invoice'] : ['invoice', 'payment-proof'];

  const steps = {
    propose: (n = 1) =>
      operations.proposeOrder(ask(people.enterprise, `order ${n}`), { id: orderId(n), voucherId: voucherId(), offeringId: offeringId() }),
    accept: (n = 1) => operations.acceptOrder(ask(people.lab, `lab-acceptance ${n}`), { id: orderId(n) }),
    contract: (n = 1, attempt = 1, stated: { baseFen?: number; subsidyFen?: number } = {}, hash = 'body') =>
      operations.submitContract(ask(people.enterprise, `contract ${n}/${attempt}`, hash), {
        id: orderId(n) as OrderId,
        n: attempt,
        contractNumber: `HT-${n}`,
        signedOn: today(),
        serviceStartsOn: today(),
        endsOn: onDay(60),
        baseFen: fenOf(stated.baseFen ?? baseFen),
        subsidyFen: fenOf(stated.subsidyFen ?? subsidyFen),
        contractDigest: digest(7),
      }),
    deliver: (n = 1) =>
      operations.deliver(ask(people.lab, `delivery ${n}`), { id: orderId(n), deliveredOn: today(), deliverableDigest: digest(8) }),
    acceptDelivery: (n = 1) =>
      operations.acceptDelivery(ask(people.enterprise, `acceptance ${n}`), { id: orderId(n), acceptedOn: today(), actualBaseFen: baseFen }),
    evidence: (kind: EvidenceKind = 'invoice') =>
      operations.registerEvidence(ask(payee, `evidence ${kind}`), {
        id: `${songjiang}-evidence-${fileOf[kind]}`,
        sm3: digest(10),
        kind,
        bytes: 1_024,
        mediaType: 'application/pdf',
      }),
    submit: (attempt = 1, hash = 'body', more: { n?: number; invoice?: string; evidence?: Sha256[] } = {}) =>
      operations.submitClaim(ask(payee, `submission ${more.n ?? 1}/${attempt}`, hash), {
        id: claimId(more.n ?? 1),
        n: attempt,
        invoice: {
          number: { code: '', number: more.invoice ?? '24312000000012345678' },
          issuedOn: today(),
          totalFen: baseFen,
          sliceFen: baseFen,
          seller: lab,
          buyer: enterprise,
        },
        selfPaidFen: payeeMode === 'lab-redeemed' ? fenOf(baseFen - subsidyFen) : baseFen,
        evidence: more.evidence ?? proofs.map((kind) => fileOf[kind]),
      }),
    check: (n = 1) => operations.checkClaim(ask(people.checker, `checks/${n}`), { id: claimId() }),
    sendBack: (reason = 'illegible') => operations.sendBackClaim(ask(people.reviewer, 'correction', reason), { id: claimId(), reason }),
    hold: (n = 1) => operations.holdClaim(ask(people.reviewer, `holds/${n}`), { id: claimId(), reason: 'to be looked into' }),
    dismissHold: (n = 1) =>
      operations.releaseHold(ask(people.approver, `hold-releases/${n}`), { id: claimId(), ruling: 'dismissed', reason: 'looked into' }),
    redLetter: (who: Actor, invoice: Sha256, amountFen = 1) =>
      operations.redLetterInvoice(ask(who, `red letter by ${who.sub}`), {
        digest: invoice,
        id: '01J00000000000000000000001',
        amountFen: fenOf(amountFen),
        issuedOn: today(),
      }),
    review: (cut = 0) =>
      operations.reviewClaim(ask(people.reviewer, 'review'), {
        id: claimId(),
        subsidyFen: fenOf(subsidyFen - cut),
        selfPaidFen: payeeMode === 'lab-redeemed' ? fenOf(baseFen - subsidyFen) : baseFen,
      }),
    notice: () => operations.openNotice(ask(people.approver, 'notice'), { id: claimId() }),
    reject: (reason = 'forged') => operations.rejectClaim(ask(people.approver, 'rejection', reason), { id: claimId(), reason }),
    clawBack: (reason = 'forged') => operations.clawBack(ask(people.approver, 'clawback', reason), { id: claimId(), reason }),
    writeOff: () => operations.writeOffClawback(ask(people.approver, 'write-off'), { id: claimId(), reason: 'insolvent' }),
    instruct: (n = 1) => operations.instructPayment(ask(people.payer(payer), `instruction ${n}`), { id: paymentId(payer), n }),
    statement: (n: number, outcome: 'paid' | 'failed') =>
      operations.enterStatementLine(ask(people.payer(payer), `statement ${n}`), {
        id: paymentId(payer),
        reference: `${paymentId(payer)}-${n}` as never,
        outcome,
        bookedOn: today(),
      }),
    returned: (reason = 'no such account', n = 1) =>
      operations.returnPayment(ask(people.payer(payer), `returns/${n}`, reason), { id: paymentId(payer), returnedOn: today(), reason }),
    recover: () =>
      operations.recoverPayment(ask(people.payer(payer), 'recovery'), {
        id: paymentId(payer),
        recoveredOn: today(),
        amountFen: subsidyFen,
      }),
  };
  const answer = <T>(asked: Promise<T>) => wall.answer(asked);
  /** Each step must be done before the next begins. */
  const done = async (...asked: (() => Promise<{ readonly is: string }>)[]) => {
    for (const each of asked) {
      const given = await answer(each());
      if (given.is !== 'done') throw new Error(`${each.toString()}: ${JSON.stringify(given)}`);
    }
    await process.idle();
  };
  const { propose, accept, contract, deliver, acceptDelivery, evidence, submit, check, review, notice } = steps;
  const toAccepted = () => done(propose, accept, contract, deliver, acceptDelivery);
  const toSubmitted = async () => {
    await toAccepted();
    await done(...proofs.map((kind) => () => evidence(kind)), submit);
  };
  const toPayable = async () => {
    await toSubmitted();
    await done(check, () => review(), notice);
    await process.pass(10);
  };
  return { ...steps, answer, done, toAccepted, toSubmitted, toPayable };
};
