import type { CloudEvent, Fen } from '@tongdui/contracts';
import { minus, nothingOf, positive, totalOf } from '@tongdui/money';
import fc from 'fast-check';
import {
  claimData,
  type Expected,
  members,
  orderData,
  part,
  payerOf,
  paymentData,
  pickOf,
  transfersOf,
  uscc,
  voucherData,
  World,
} from './world.fixtures.ts';

/** For tests: consistent histories of money events, and what they come to. */
export type Step = { readonly do: (typeof kinds)[number]; readonly pick: number; readonly share: number };
export type History = { readonly events: readonly CloudEvent[]; readonly expected: Expected };

const kinds = ['issue', 'reserve', 'release', 'redeem', 'restore', 'close', 'pay', 'reject', 'settle', 'after', 'prefund', 'net'] as const;

/** Later steps of a life come more often, so that most histories reach payments and netting. */
const weights: Record<Step['do'], number> = {
  issue: 4,
  reserve: 5,
  release: 1,
  redeem: 5,
  restore: 1,
  close: 1,
  pay: 6,
  reject: 1,
  settle: 1,
  after: 4,
  prefund: 1,
  net: 2,
};

export const steps = fc.array(
  fc.record({
    do: fc.oneof(...kinds.map((kind) => ({ arbitrary: fc.constant(kind), weight: weights[kind] }))),
    pick: fc.nat({ max: 1_000 }),
    share: fc.integer({ min: 1, max: 100 }),
  }),
  { minLength: 20, maxLength: 120 },
);

type Does = (world: World, pick: number, share: number) => void;

const issue: Does = (world, pick, share) => {
  const funding = world.pots
    .filter((_, index) => (pick >> index) & 1)
    .map((slice) => ({ ...slice, amountFen: (world.potLeft.get(slice.potId) ?? 0) as Fen }));
  const slices = part(funding, Math.min(share, 40));
  if (slices.length === 0) return;
  const home = pickOf(members, pick + share)!;
  const voucher = { id: `${home}-voucher-${world.ulid()}`, home, available: slices, open: true };
  world.vouchers.push(voucher);
  for (const { potId, amountFen } of slices) world.potLeft.set(potId, world.potLeft.get(potId)! - amountFen);
  world.move(slices, 'committed', 'available');
  world.happened('issuance', home, 'voucher-issued', {
    voucherId: voucher.id,
    applicationId: voucher.id.replace('voucher', 'application'),
    home,
    enterprise: uscc(1),
    policyId: `${home}-policy-${world.ulid()}`,
    faceFen: totalOf(slices),
    issuedOn: world.day,
    expiresOn: '2026-12-31',
    slices,
  });
};

const reserve: Does = (world, pick, share) => {
  const voucher = pickOf(
    world.vouchers.filter(({ open, available }) => open && totalOf(available) > 0),
    pick,
  );
  if (!voucher) return;
  const slices = part(voucher.available, share);
  voucher.available = minus(voucher.available, slices);
  const order = { id: `${voucher.home}-order-${world.ulid()}`, voucher, host: pickOf(members, share)!, reserved: slices };
  world.orders.push(order);
  world.move(slices, 'reserved', 'committed');
  world.happened('redemption', voucher.home, 'amount-reserved', { ...orderData(order, slices), contract: 1 });
};

const release: Does = (world, pick) => {
  const order = pickOf(world.orders, pick);
  if (!order) return;
  world.orders.splice(world.orders.indexOf(order), 1);
  const to = world.returnsTo(order.voucher, order.reserved);
  world.move(order.reserved, to, 'reserved');
  world.happened('redemption', order.voucher.home, 'amount-released', { ...orderData(order, order.reserved), returnsTo: to });
};

const redeem: Does = (world, pick, share) => {
  const order = pickOf(world.orders, pick);
  if (!order) return;
  world.orders.splice(world.orders.indexOf(order), 1);
  const slices = part(order.reserved, share > 50 ? 100 : share * 2);
  const released = positive(minus(order.reserved, slices));
  const to = world.returnsTo(order.voucher, released);
  world.move(slices, 'redeemed', 'reserved');
  world.move(released, to, 'reserved');
  world.happened('redemption', order.voucher.home, 'amount-redeemed', { ...orderData(order, slices), released, returnsTo: to });
  const id = `${order.id.replace('order', 'claim')}-1`;
  world.claims.push({
    id,
    order,
    slices,
    status: 'awaited',
    instruction: 0,
    fronted: order.host !== order.voucher.home && pick % 3 > 0,
    lab: share % 4 > 0,
  });
};

const restore: Does = (world, pick, share) => {
  const claim = pickOf(
    world.claims.filter(({ status }) => status === 'awaited'),
    pick,
  );
  if (!claim) return;
  const whole = share > 50;
  const slices = whole ? claim.slices : part(claim.slices, share);
  claim.slices = positive(minus(claim.slices, slices));
  if (claim.slices.length === 0) world.drop(claim);
  const to = world.returnsTo(claim.order.voucher, slices);
  world.move(slices, to, 'redeemed');
  world.happened('redemption', claim.order.voucher.home, 'amount-restored', {
    ...orderData(claim.order, slices),
    claimId: claim.id,
    returnsTo: to,
    cause: whole ? 'rejected' : 'cut',
  });
  if (whole)
    world.happened('redemption', claim.order.voucher.home, 'claim-rejected', {
      ...claimData(claim, slices),
      wasPayable: false,
      reason: 'upheld',
    });
};

const close: Does = (world, pick) => {
  const voucher = pickOf(
    world.vouchers.filter(({ open }) => open),
    pick,
  );
  if (!voucher) return;
  const slices = positive(voucher.available);
  voucher.available = nothingOf(voucher.available);
  voucher.open = false;
  world.returnsTo(voucher, slices);
  world.move(slices, 'available', 'committed');
  world.happened('redemption', voucher.home, 'voucher-closed', {
    ...voucherData(voucher, slices),
    cause: pick % 2 === 0 ? 'expired' : 'revoked',
  });
};

const pay: Does = (world, pick) => {
  const claim = pickOf(
    world.claims.filter(({ status }) => status === 'awaited' || status === 'payable' || status === 'failed'),
    pick,
  );
  if (!claim) return;
  if (claim.status === 'awaited') {
    claim.status = 'payable';
    world.move(claim.slices, 'spent', 'redeemed');
    for (const { owner, amountFen } of claim.slices)
      for (const sum of [world.sums.payable, world.sums.spent]) world.add(sum, owner, amountFen);
    world.happened('redemption', claim.order.voucher.home, 'claim-payable', {
      ...claimData(claim),
      people: { submittedBy: 'a', checkedBy: 'b', reviewedBy: 'c', approvedBy: 'd' },
      payBy: world.day,
    });
    return;
  }
  claim.status = 'paid';
  claim.instruction += 1;
  for (const { owner, amountFen } of claim.slices) world.add(world.sums.payable, owner, -amountFen);
  world.owesAlong(claim, 1);
  world.happened('redemption', payerOf(claim), 'payment-paid', { ...paymentData(claim), paidOn: world.day });
};

const reject: Does = (world, pick) => {
  const claim = pickOf(
    world.claims.filter(({ status }) => status === 'payable' || status === 'failed'),
    pick,
  );
  if (!claim) return;
  world.drop(claim);
  world.move(claim.slices, 'redeemed', 'spent');
  for (const { owner, amountFen } of claim.slices)
    for (const sum of [world.sums.payable, world.sums.spent]) world.add(sum, owner, -amountFen);
  world.happened('redemption', claim.order.voucher.home, 'claim-rejected', { ...claimData(claim), wasPayable: true, reason: 'upheld' });
  const to = world.returnsTo(claim.order.voucher, claim.slices);
  world.move(claim.slices, to, 'redeemed');
  world.happened('redemption', claim.order.voucher.home, 'amount-restored', {
    ...orderData(claim.order, claim.slices),
    claimId: claim.id,
    returnsTo: to,
    cause: 'rejected',
  });
};

const after: Does = (world, pick, share) => {
  const claim = pickOf(
    world.claims.filter(({ status }) => status === 'paid' || status === 'clawback'),
    pick,
  );
  if (!claim) return;
  const { home } = claim.order.voucher;
  if (claim.status === 'clawback') {
    world.drop(claim);
    if (share > 50) return world.happened('redemption', home, 'clawback-written-off', { ...paymentData(claim), reason: 'insolvent' });
    world.owesAlong(claim, -1);
    world.unspend(claim);
    return world.happened('redemption', payerOf(claim), 'payment-recovered', { ...paymentData(claim), recoveredOn: world.day });
  }
  if (share > 66) {
    claim.status = 'failed';
    for (const { owner, amountFen } of claim.slices) world.add(world.sums.payable, owner, amountFen);
    world.owesAlong(claim, -1);
    return world.happened('redemption', payerOf(claim), 'payment-returned', { ...paymentData(claim), returnedOn: world.day });
  }
  if (share > 33 || payerOf(claim) === home) {
    claim.status = 'clawback';
    return world.happened('redemption', home, 'clawback-due', { ...paymentData(claim), reason: 'red-letter' });
  }
  const wonBy = share > 10 ? 'debtor' : 'creditor';
  world.drop(claim);
  if (wonBy === 'debtor') {
    world.owesAlong(claim, -1);
    world.unspend(claim);
  }
  const dispute = { debtor: home, creditor: payerOf(claim), obligationId: `${claim.id}-forward`, wonBy, reason: 'duplicate' };
  return world.happened('clearing', payerOf(claim), 'dispute-decided', { ...paymentData(claim), ...dispute });
};

const prefund: Does = (world, pick, share) => {
  const [debtor, creditor] = [pickOf(members, pick)!, pickOf(members, pick + 1 + (share % 2))!];
  const held = world.sums.prefunds.get(`${debtor}>${creditor}`) ?? 0;
  const withdrawn = share > 70 && held > 0;
  const amountFen = withdrawn ? Math.ceil(held / 2) : share * 1_000;
  world.add(world.sums.prefunds, `${debtor}>${creditor}`, withdrawn ? -amountFen : amountFen);
  world.happened('clearing', creditor, 'prefund-moved', {
    debtor,
    creditor,
    movementId: String(world.events.length),
    direction: withdrawn ? 'withdrawn' : 'deposited',
    amountFen,
  });
};

const settle: Does = (world, pick) => {
  const vertical = [...world.sums.owed].filter(([pair, fen]) => fen > 0 && pair.includes('330000'));
  const found = pickOf(vertical, pick);
  if (!found) return;
  const [debtor = '', creditor = ''] = found[0].split('>');
  world.sums.owed.set(found[0], 0);
  world.happened('clearing', creditor === '330000' ? '330100' : creditor, 'vertical-settled', {
    debtor,
    creditor,
    settlementId: String(world.events.length),
    amountFen: found[1],
    obligations: ['one'],
  });
};

const net: Does = (world) => {
  const gross = [...world.sums.owed]
    .filter(([pair, fen]) => fen > 0 && !pair.includes('330000'))
    .map(([pair, amountFen]) => {
      const [debtor = '', creditor = ''] = pair.split('>');
      return { debtor, creditor, amountFen };
    });
  for (const { debtor, creditor } of gross) world.sums.owed.set(`${debtor}>${creditor}`, 0);
  world.cycle += 1;
  const month = `2026${String(world.cycle).padStart(2, '0')}`;
  const nets = members.map((party) => ({
    party,
    netFen: gross.reduce((net, one) => net + (one.creditor === party ? one.amountFen : 0) - (one.debtor === party ? one.amountFen : 0), 0),
  }));
  const transfers = transfersOf(nets);
  world.happened('clearing', 'G60', 'cycle-netted', { cycle: month, gross, nets, transfers, transferBy: world.day, settledDebtors: [] });
  for (const transfer of transfers) world.happened('clearing', 'G60', 'transfer-sent', { cycle: month, ...transfer });
  for (const transfer of transfers)
    world.happened('clearing', 'G60', 'transfer-received', { cycle: month, ...transfer, settledDebtors: [] });
};

const does: Record<Step['do'], Does> = { issue, reserve, release, redeem, restore, close, pay, reject, after, prefund, settle, net };

export const historyOf = (plan: readonly Step[]): History => {
  const world = new World();
  for (const step of plan) {
    // Twelve cycles are a year; what is owed after that stays owed.
    if (step.do === 'net' && world.cycle >= 12) continue;
    does[step.do](world, step.pick, step.share);
    if (step.pick % 3 === 0) world.daysPass(3);
  }
  return { events: world.events, expected: world.sums };
};
