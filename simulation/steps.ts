import { addDays } from '@tongdui/calendar';
import type { LocalDate, PaymentReference, Role, Uscc } from '@tongdui/contracts';
import { type Call, call, official, ofOrganisation } from './calls.ts';
import { type Notebook, paymentIdOf, totalOf } from './notebook.ts';
import type { Random } from './random.ts';
import type { Shown } from './shown.ts';

/** The next step of one thing, as the right person takes it; with some mischief, or as it comes. */

export type Steps = {
  readonly book: Notebook;
  readonly random: Random;
  readonly mischief: boolean;
  /** Money that was paid comes back now and then, even when nobody starts anything new. */
  readonly regrets: boolean;
};

/** Another colleague each time: one who has acted on a claim before is refused. */
const someone = ({ random, mischief }: Steps, role: Role, home: string, usual = 1) =>
  official(role, home, mischief ? usual : random.between(1, 6));
const homeOf = (id: string): string => id.slice(0, id.indexOf('-'));
/** With mischief, sometimes; without, never. */
const sometimes = ({ random, mischief }: Steps, probability: number): boolean => mischief && random.chance(probability);

const regretted = ({ random, mischief, regrets }: Steps, probability: number): boolean =>
  regrets && random.chance(mischief ? probability : probability / 3);

export const stepOfApplication = (steps: Steps, id: string): Call[] => {
  const { book, random } = steps;
  const home = homeOf(id);
  const row = book.row('issuance', home, 'applications', id);
  if (!row) return [];
  const boss = ofOrganisation('enterprise', home, row.enterprise as Uscc);
  const step = (operation: string, path: string, actor: Call['actor'], body: Call['body'] = {}) => [
    call('issuance', operation)(home, `/applications/${id}${path}`, actor, { id }, body),
  ];
  switch (row.status) {
    case 'draft':
      return step('submitApplication', '/submission', boss);
    case 'submitted':
      return sometimes(steps, 0.05)
        ? step('withdrawApplication', '/withdrawal', boss)
        : step('checkApplication', '/check', official('reviewer', home));
    case 'checked': {
      if (sometimes(steps, 0.05)) return step('rejectApplication', '/rejection', official('reviewer', home, 2), { reason: 'incomplete' });
      const faceFen = Math.max(1, Number(row.requestedFen) - (random.chance(0.3) ? random.below(500) : 0));
      return step('approveApplication', '/approval', official('approver', home), { faceFen, funding: fundingOf(steps, home) });
    }
    case 'approved':
      return step('approveApplicationAgain', '/second-approval', official('approver', home, 2));
    default:
      return [];
  }
};

const fundingOf = ({ book, random }: Steps, home: string): { potId: string; bps: number }[] => {
  const open = book.town.pots.filter(({ openTo }) => openTo.includes(home));
  const first = random.pick(open);
  const others = open.filter((pot) => pot !== first);
  if (others.length === 0 || random.chance(0.35)) return [{ potId: first.id, bps: 10_000 }];
  const bps = random.between(1, 9_999);
  const second = random.pick(others);
  const third = others.find((pot) => pot !== second);
  if (!third || random.chance(0.6))
    return [
      { potId: first.id, bps },
      { potId: second.id, bps: 10_000 - bps },
    ];
  const rest = 10_000 - bps;
  const half = Math.floor(rest / 2);
  return [
    { potId: first.id, bps },
    { potId: second.id, bps: half },
    { potId: third.id, bps: rest - half },
  ].filter((part) => part.bps > 0);
};

export const stepOfOrder = (steps: Steps, id: string): Call[] => {
  const { book, random } = steps;
  const home = homeOf(id);
  const order = book.row('redemption', home, 'orders', id);
  if (!order || order.is === 'none') return [];
  const boss = ofOrganisation('enterprise', home, order.enterprise as Uscc);
  const lab = ofOrganisation('lab', order.host, order.lab as Uscc);
  const step = (operation: string, path: string, actor: Call['actor'], body: Call['body'] = {}, ids: object = {}) => [
    call('redemption', operation)(home, `/orders/${id}${path}`, actor, { id, ...ids }, body),
  ];
  const today = book.today();
  switch (order.is) {
    case 'proposed':
      if (sometimes(steps, 0.06)) return step('declineOrder', '/decline', lab, { reason: 'no capacity' });
      return steps.mischief ? step('acceptOrder', '/lab-acceptance', lab) : [];
    case 'accepted-by-lab': {
      if (!steps.mischief || order.pending) return [];
      if (random.chance(0.04)) return step('cancelOrder', '/cancellation', boss, { reason: 'changed plans' });
      const n = order.attempts.length + 1;
      return step('submitContract', `/contracts/${n}`, boss, contract(steps, today, order), { n });
    }
    case 'contract-registered': {
      if (!steps.mischief) return [];
      const { contract } = order as { contract: Shown };
      if (random.chance(0.15)) {
        const n = contract.amendments + 1;
        const subsidyFen = Math.max(1, Math.floor((contract.subsidyFen * random.between(3, 9)) / 10));
        return step('amendContract', `/amendments/${n}`, boss, { baseFen: contract.baseFen, subsidyFen }, { n });
      }
      if (random.chance(0.08)) return step('cancelOrder', '/cancellation', boss, { reason: 'never delivered' });
      return step('deliver', '/delivery', lab, { deliveredOn: today, deliverableDigest: 'b'.repeat(64) });
    }
    case 'delivered': {
      const baseFen = Number(order.contract.baseFen);
      const actualBaseFen = random.chance(0.3) ? Math.max(10, Math.floor((baseFen * random.between(50, 99)) / 100)) : baseFen;
      const accepted = { acceptedOn: today, actualBaseFen };
      if (sometimes(steps, 0.1))
        return step('decideDelivery', '/bureau-decision', official('reviewer', home), {
          decision: 'accepted',
          reason: 'silence',
          ...accepted,
        });
      if (sometimes(steps, 0.04))
        return step('decideDelivery', '/bureau-decision', official('reviewer', home), { decision: 'refused', reason: 'not delivered' });
      return step('acceptDelivery', '/acceptance', boss, accepted);
    }
    case 'accepted-by-enterprise': {
      const claim = book.claimOf(id);
      return claim ? stepOfClaim(steps, claim) : [];
    }
    default:
      return [];
  }
};

/** Sometimes for the last fen of the voucher: what rounding has done to its pots shows there. */
const contract = ({ book, random }: Steps, today: LocalDate, order: Shown) => {
  const voucher = book.row('redemption', order.home, 'vouchers', order.voucherId);
  const left = voucher?.is === 'voucher' ? totalOf(voucher.available) : 0;
  const takesAll = left > 0 && left <= 29_000 && random.chance(0.45);
  const baseFen = takesAll ? left * 3 + 10 : random.between(1_000, 60_000);
  const most = Math.min(Math.floor((baseFen * 3_333) / 10_000), 30_000);
  const subsidyFen = takesAll ? left : random.chance(0.05) ? baseFen : Math.max(1, random.chance(0.5) ? most : random.between(1, most));
  return {
    contractNumber: `C-${book.newId()}`,
    signedOn: today,
    serviceStartsOn: today,
    endsOn: addDays(today, random.below(6)),
    baseFen,
    subsidyFen,
    contractDigest: 'a'.repeat(64),
  };
};

const stepOfClaim = (steps: Steps, claim: Shown): Call[] => {
  const { book, random } = steps;
  const id = String(claim.claimId);
  const home = homeOf(id);
  const step = (operation: string, path: string, actor: Call['actor'], body: Call['body'] = {}, ids: object = {}) => [
    call('redemption', operation)(home, `/claims/${id}${path}`, actor, { id, ...ids }, body),
  ];
  const nth = (operation: string, path: string, actor: Call['actor'], body: Call['body'] = {}) => {
    const n = steps.book.nextTurn(operation, id);
    return step(operation, `${path}/${n}`, actor, body, { n });
  };
  const reviewer = someone(steps, 'reviewer', home, 2);
  const approver = someone(steps, 'approver', home);
  switch (claim.status) {
    case 'awaited':
    case 'sent-back':
      return steps.mischief || random.chance(0.5) ? submission(steps, claim) : [];
    case 'submitted':
      if (sometimes(steps, 0.06)) return nth('sendBackClaim', '/corrections', reviewer, { reason: 'unreadable' });
      if (sometimes(steps, 0.04)) return nth('holdClaim', '/holds', reviewer, { reason: 'related-parties' });
      return nth('checkClaim', '/checks', someone(steps, 'reviewer', String(claim.host)));
    case 'checked': {
      if (book.isAtRisk(id)) return nth('holdClaim', '/holds', reviewer, { reason: 'at-risk' });
      if (sometimes(steps, 0.04)) return nth('sendBackClaim', '/corrections', reviewer, { reason: 'unreadable' });
      return step('reviewClaim', '/review', reviewer, reviewOf(steps, claim));
    }
    case 'risk-hold':
      return nth('releaseHold', '/hold-releases', approver, {
        ruling: sometimes(steps, 0.3) ? 'upheld' : 'dismissed',
        reason: 'looked into',
      });
    case 'reviewed':
      if (book.isAtRisk(id)) return nth('holdClaim', '/holds', reviewer, { reason: 'at-risk' });
      if (sometimes(steps, 0.05)) return nth('rejectClaim', '/rejections', approver, { reason: 'not eligible' });
      return step('openNotice', '/notice', approver);
    case 'notice': {
      const objection = `01J${'0'.repeat(22)}${random.below(2)}`;
      return sometimes(steps, 0.15)
        ? step(
            'raiseObjection',
            `/objections/${objection}`,
            ofOrganisation('lab', home, claim.lab as Uscc),
            { reason: 'not delivered' },
            { objection },
          )
        : [];
    }
    case 'objected': {
      const open = claim.objections.find((one: Shown) => one.ruling === 'open');
      const ruling = sometimes(steps, 0.3) ? 'upheld' : 'dismissed';
      return open
        ? step('ruleObjection', `/objections/${open.id}/ruling`, approver, { ruling, reason: 'heard' }, { objection: open.id })
        : [];
    }
    case 'payable':
    case 'failed':
      if (sometimes(steps, isWaiting(steps, claim) ? 0.5 : 0.06))
        return nth('rejectClaim', '/rejections', approver, { reason: 'not eligible' });
      return stepOfPayment(steps, claim);
    case 'instructed':
    case 'unknown':
      return stepOfPayment(steps, claim);
    case 'paid':
      if (regretted(steps, 0.12)) return nth('clawBack', '/clawbacks', approver, { reason: 'fraud' });
      return regretted(steps, 0.08) ? returned(steps, claim) : [];
    case 'clawback-due': {
      if (random.chance(0.2)) return nth('writeOffClawback', '/write-offs', approver, { reason: 'insolvent' });
      if (random.chance(0.1)) return returned(steps, claim);
      const paymentId = paymentIdOf(claim);
      const amountFen = totalOf(claim.left);
      const n = steps.book.nextTurn('recoverPayment', paymentId);
      return [
        call('redemption', 'recoverPayment')(
          homeOf(paymentId),
          `/payments/${paymentId}/recoveries/${n}`,
          official('payer', homeOf(paymentId)),
          { id: paymentId, n },
          { recoveredOn: steps.book.today(), amountFen },
        ),
      ];
    }
    default:
      return [];
  }
};

const reviewOf = (steps: Steps, claim: Shown) => {
  const { random } = steps;
  const leftFen = totalOf(claim.left);
  const { submission, terms } = claim as { submission: Shown; terms: Shown };
  const { sliceFen } = submission.invoice;
  const subsidyFen = sometimes(steps, 0.25) ? random.between(1, leftFen) : leftFen;
  if (terms.payeeMode !== 'lab-redeemed') return { subsidyFen, selfPaidFen: submission.selfPaidFen };
  return {
    subsidyFen,
    selfPaidFen: random.chance(0.5) ? sliceFen - subsidyFen : Math.min(sliceFen - subsidyFen, submission.selfPaidFen),
  };
};

/** Evidence first; then the submission that names it. An invoice is sometimes one that another claim has used. */
const submission = (steps: Steps, claim: Shown): Call[] => {
  const { book, random } = steps;
  const id = String(claim.claimId);
  const home = homeOf(id);
  const payee = claim.payee as Pick<Shown, 'payee'>['payee'] & { readonly kind: 'enterprise' | 'lab'; readonly uscc: Uscc };
  const actor = ofOrganisation(payee.kind, payee.kind === 'lab' ? claim.host : home, payee.uscc);
  const digest = [...id].map((character) => (character.charCodeAt(0) % 16).toString(16)).join('');
  const files = (['invoice', 'payment-proof'] as const).map((kind, at) => ({ kind, sha256: `${digest}${at}`.padEnd(64, '0') }));
  const missing = files.filter(({ sha256 }) => !book.row('redemption', home, 'evidence', `${home}-evidence-${sha256}`));
  if (missing.length > 0)
    return missing.map(({ kind, sha256 }) => {
      const evidence = `${home}-evidence-${sha256}`;
      const about = { sm3: 'c'.repeat(64), kind, bytes: 1_024, mediaType: 'application/pdf' };
      return call('redemption', 'registerEvidence')(home, `/evidence/${evidence}`, actor, { id: evidence }, about);
    });
  const n = claim.attempts.length + 1;
  const subsidyFen = Number(claim.subsidyFen);
  const known = book.invoices.filter(
    ({ seller, buyer, issuedOn }) => seller === claim.lab && buyer === claim.enterprise && issuedOn >= claim.signedOn,
  );
  const shared = known.length > 0 && random.chance(0.4) ? random.pick(known) : undefined;
  const sliceFen = shared ? Math.min(shared.totalFen, subsidyFen * 2) : subsidyFen + random.between(subsidyFen, 2 * subsidyFen);
  const invoice = shared ?? {
    number: `${String(book.invoices.length).padStart(8, '0')}${book.newId().slice(-12)}`,
    seller: String(claim.lab),
    buyer: String(claim.enterprise),
    totalFen: sliceFen + (random.chance(0.5) ? random.below(60_000) : 0),
    issuedOn: book.today(),
  };
  if (!shared) book.invoices.push(invoice);
  const { number, totalFen, issuedOn, seller, buyer } = invoice;
  const selfPaidFen = claim.terms.payeeMode === 'lab-redeemed' ? sliceFen - subsidyFen : sliceFen;
  const stated = sometimes(steps, 0.05) ? totalFen + 1 : totalFen;
  return [
    call('redemption', 'submitClaim')(
      home,
      `/claims/${id}/submissions/${n}`,
      actor,
      { id, n },
      {
        invoice: { number: { number }, issuedOn, totalFen: stated, sliceFen, seller, buyer },
        selfPaidFen: sometimes(steps, 0.05) ? selfPaidFen + 1 : selfPaidFen,
        evidence: files.map(({ sha256 }) => sha256),
      },
    ),
  ];
};

const returned = ({ book }: Steps, claim: Shown): Call[] => {
  const id = paymentIdOf(claim);
  const n = book.nextTurn('returnPayment', id);
  return [
    call('redemption', 'returnPayment')(
      homeOf(id),
      `/payments/${id}/returns/${n}`,
      official('payer', homeOf(id)),
      { id, n },
      { returnedOn: book.today(), reason: 'account closed' },
    ),
  ];
};

/** For its prefund: to be granted a draw, or to hear of it at all. */
const isWaiting = ({ book }: Steps, claim: Shown): boolean => ['asking', 'queued'].includes(book.paymentOf(claim)?.status ?? '');

const stepOfPayment = (steps: Steps, claim: Shown): Call[] => {
  const { book } = steps;
  const payment = book.paymentOf(claim);
  if (!payment) return [];
  const id = String(payment.paymentId);
  const payer = someone(steps, 'payer', homeOf(id));
  const instruct = () => {
    const n = payment.instruction + 1;
    return [call('redemption', 'instructPayment')(homeOf(id), `/payments/${id}/instructions/${n}`, payer, { id, n })];
  };
  switch (payment.status) {
    case 'prepared':
    case 'failed':
      return instruct();
    case 'unknown': {
      if (sometimes(steps, 0.3)) return instruct();
      const outcome = book.world.bank.statement(payment.reference as PaymentReference) ?? 'failed';
      return [
        call('redemption', 'enterStatementLine')(
          homeOf(id),
          `/payments/${id}/statement-lines/${payment.instruction}`,
          payer,
          { id },
          { reference: payment.reference, outcome, bookedOn: book.today() },
        ),
      ];
    }
    case 'queued': {
      // The treasury sees what waits and tops the prefund up, sooner or later.
      if (steps.mischief && !steps.random.chance(0.3)) return [];
      const { home, host, amountFen } = payment as { home: string; host: string; amountFen: number };
      const key = book.newId();
      return [
        call('clearing', 'depositPrefund')(
          host,
          `/pairs/${home}-${host}/deposits/${key}`,
          official('treasurer', host),
          { pair: `${home}-${host}`, id: key },
          { amountFen: 2 * amountFen + steps.random.below(5_000) },
        ),
      ];
    }
    default:
      return [];
  }
};
