import { describe, expect, test } from 'vitest';
import { figuresOf } from './invariants.ts';
import { begin, claimOf, everythingHolds, orderOf, paymentOf, typesAt, voucherOf } from './redemption.begun.fixtures.ts';
import {
  accountOf,
  claimId,
  digest,
  jiaxing,
  lab,
  onDay,
  paymentId,
  potId,
  songjiang,
  subsidyFen,
  voucherId,
} from './redemption.fixtures.ts';
import { payerOf, type World } from './redemption.stage.fixtures.ts';
import { fileOf, people } from './redemption.story.fixtures.ts';
import { invoiceView } from './redemption.views.ts';

describe.each([
  ['lab-redeemed', 'host-fronted'],
  ['lab-redeemed', 'home-direct'],
  ['enterprise-refunded', 'host-fronted'],
  ['enterprise-refunded', 'home-direct'],
] as const)('%s × %s', (payeeMode, route) => {
  test('one order from proposal to payment', async () => {
    const { at, process, story } = await begin({ payeeMode }, route);
    const payer = payerOf(route, payeeMode);
    await story.toPayable();
    expect(await story.answer(story.instruct())).toMatchObject({ is: 'done', created: true });
    await process.idle();

    const fronted = payer === jiaxing;
    expect(claimOf(process)).toMatchObject({ status: 'paid', payer, route: fronted ? 'host-fronted' : 'home-direct' });
    expect(paymentOf(process, payer)).toMatchObject({
      status: 'paid',
      instruction: 1,
      payee: { kind: fronted || payeeMode === 'lab-redeemed' ? 'lab' : 'enterprise' },
    });
    expect(voucherOf(process)).toMatchObject({ availableFen: 4_000_001, reservedFen: 0, redeemedFen: subsidyFen });
    expect(orderOf(process)).toMatchObject({ status: 'claimed', claimId: claimId() });
    expect(at.drawn.map(({ type }) => type)).toEqual(fronted ? ['draw-prefund'] : []);
    expect(at.rail.sent).toEqual([`${paymentId(payer)}-1`]);
    const claims = ['amount-reserved', 'amount-redeemed', 'claim-payable'];
    expect(await typesAt(process, songjiang)).toEqual(fronted ? claims : [...claims, 'payment-instructed', 'payment-paid']);
    expect(await typesAt(process, jiaxing)).toEqual(fronted ? ['payment-instructed', 'payment-paid'] : []);
    await everythingHolds(process);
    const { pots, payableFen, claims: counted } = figuresOf(process.rows);
    expect(pots[potId(1)]?.redeemedFen).toBe(pots[potId(1)]?.spentFen);
    expect([payableFen, counted]).toEqual([{}, { paid: 1 }]);
  });
});

test('64 contracts race for the last fen of one voucher: it is never overspent, the losers hear why and hold nothing', async () => {
  const { process, story } = await begin({}, 'host-fronted', 1_050);
  const numbers = Array.from({ length: 64 }, (_, index) => index + 1);
  await story.answer(Promise.all(numbers.map((n) => story.propose(n))));
  await story.answer(Promise.all(numbers.map((n) => story.accept(n))));
  const answers = await story.answer(Promise.all(numbers.map((n) => story.contract(n, 1, { baseFen: 200, subsidyFen: 100 }))));
  await process.idle();
  const won = numbers.filter((_, index) => answers[index]?.is === 'done');
  expect(won).toHaveLength(10);
  expect(answers.filter(({ is }) => is !== 'done')).toEqual(Array.from({ length: 54 }, () => ({ is: 'refused', reason: 'voucher-short' })));
  expect(voucherOf(process)).toMatchObject({ availableFen: 50, reservedFen: 1_000, redeemedFen: 0 });
  const facts = await process.factsOf(`redemption.${voucherId().replace('-', '.')}`);
  expect(facts.filter((type) => type === 'HoldRefused')).toHaveLength(54);
  for (const n of numbers) expect(orderOf(process, n)?.status).toBe(won.includes(n) ? 'contract-registered' : 'accepted-by-lab');
  expect((await process.running.status()).work.map(({ kind }) => kind).sort()).toEqual(['delivery-due', 'proposal-due', 'voucher-due']);
  await everythingHolds(process);
});

describe('submitting', () => {
  test('the same submission again is the same answer, and another body under its number is refused', async () => {
    const { process, story } = await begin();
    await story.toAccepted();
    await story.done(story.evidence);
    expect(await story.answer(story.submit())).toMatchObject({ is: 'done', created: true });
    expect(await story.answer(story.submit())).toMatchObject({ is: 'done', created: false });
    expect(await story.answer(story.submit(1, 'another body'))).toMatchObject({ is: 'refused', reason: 'id-reused' });
    expect(process.rows.list('invoices')).toHaveLength(1);
  });
  test('a file that was never registered is refused', async () => {
    const { story } = await begin();
    await story.toAccepted();
    expect(await story.answer(story.submit(1, 'body', { evidence: [digest(99)] }))).toMatchObject({
      is: 'refused',
      reason: 'evidence-unknown',
    });
  });
  test('one invoice does not carry two claims in full; the loser claims with another', async () => {
    const { process, story } = await begin({}, 'host-fronted', 10_000_000);
    await story.toSubmitted();
    await story.done(
      () => story.propose(2),
      () => story.accept(2),
      () => story.contract(2),
      () => story.deliver(2),
      () => story.acceptDelivery(2),
    );
    expect(await story.answer(story.submit(1, 'body', { n: 2 }))).toMatchObject({ is: 'refused', reason: 'invoice-exceeded' });
    expect(await story.answer(story.submit(2, 'body', { n: 2, invoice: '24312000000087654321' }))).toMatchObject({ is: 'done' });
    await process.idle();
    expect(process.rows.list<never>('invoices').map((body) => invoiceView(body)?.slices.map(({ status }) => status))).toEqual([
      ['live'],
      ['live'],
    ]);
    await everythingHolds(process);
  });
  test('sent back, corrected and checked again: a late retry of the first check is not the second', async () => {
    const { process, story } = await begin();
    await story.toSubmitted();
    await story.done(() => story.check());
    expect(await story.answer(story.check())).toMatchObject({ is: 'done', created: false });
    await story.done(() => story.sendBack());
    expect(claimOf(process)?.status).toBe('sent-back');
    await story.done(() => story.submit(2));
    expect(await story.answer(story.check())).toMatchObject({ is: 'done', created: false });
    expect(claimOf(process)?.status).toBe('submitted');
    expect(await story.answer(story.check(2))).toMatchObject({ is: 'done', created: true });
    await process.idle();
    expect(claimOf(process)).toMatchObject({ status: 'checked', submissions: [{ status: 'accepted' }, { status: 'accepted' }] });
    const [invoice] = process.rows.list<never>('invoices').map((body) => invoiceView(body));
    expect(invoice?.slices.map(({ attempt, status }) => [attempt, status])).toEqual([
      [1, 'released'],
      [2, 'live'],
    ]);
    await everythingHolds(process);
  });
});

test('a refund without the payment proof among its files is refused', async () => {
  const { story } = await begin({ payeeMode: 'enterprise-refunded' }, 'home-direct');
  await story.toAccepted();
  await story.done(
    () => story.evidence('invoice'),
    () => story.evidence('payment-proof'),
  );
  const { invoice } = fileOf;
  expect(await story.answer(story.submit(1, 'body', { evidence: [invoice] }))).toMatchObject({
    is: 'refused',
    reason: 'payment-not-proven',
  });
  await story.done(() => story.submit(1, 'both files'));
});

describe('reviewing', () => {
  test('a cut goes back to the voucher and lowers the slice', async () => {
    const { process, story } = await begin();
    await story.toSubmitted();
    await story.done(
      () => story.check(),
      () => story.review(1_000_000),
    );
    expect(voucherOf(process)).toMatchObject({ availableFen: 5_000_001, redeemedFen: 4_000_000 });
    const [invoice] = process.rows.list<never>('invoices').map((body) => invoiceView(body));
    expect(invoice?.slices).toMatchObject([{ status: 'live', amountFen: 9_000_000 }]);
    await story.done(story.notice);
    await process.pass(10);
    await story.done(story.instruct);
    expect(paymentOf(process)).toMatchObject({ status: 'paid', amountFen: 4_000_000 });
    await everythingHolds(process);
  });
  test.each([
    [
      'provider-suspended',
      (at: World) =>
        at.say('registry', jiaxing, 'provider-changed', {
          uscc: lab,
          host: jiaxing,
          name: 'x',
          status: 'suspended',
          categories: ['testing'],
          account: accountOf(2),
        }),
    ],
    [
      'shared-bank-account',
      (at: World) =>
        at.say('registry', jiaxing, 'provider-changed', {
          uscc: lab,
          host: jiaxing,
          name: 'x',
          status: 'admitted',
          categories: ['testing'],
          account: accountOf(1),
        }),
    ],
    [
      'admission-ended',
      (at: World) =>
        at.say('registry', jiaxing, 'provider-changed', {
          uscc: lab,
          host: jiaxing,
          name: 'x',
          status: 'admitted',
          categories: ['testing'],
          admittedUntil: onDay(-1),
          account: accountOf(2),
        }),
    ],
    [
      'recognition-ended',
      (at: World) =>
        at.say('registry', songjiang, 'recognition-changed', {
          recognitionId: `${songjiang}-recognition-01J00000000000000000000001`,
          home: songjiang,
          host: jiaxing,
          provider: lab,
          categories: ['testing'],
          validFrom: onDay(-10),
          validUntil: onDay(-1),
        }),
    ],
    [
      'sanctioned-party',
      (at: World) =>
        at.say('registry', 'G60', 'sanction-changed', {
          sanctionId: 'G60-sanction-01J00000000000000000000001',
          uscc: lab,
          status: 'imposed',
          reason: 'x',
          validFrom: onDay(-1),
          validUntil: onDay(90),
        }),
    ],
  ] as const)('the check holds a claim for %s', async (risk, happens) => {
    const { at, process, story } = await begin();
    await story.toSubmitted();
    await happens(at);
    await process.idle();
    await story.done(() => story.check());
    expect(claimOf(process)).toMatchObject({ status: 'risk-hold', holdReasons: [risk] });
  });
  test('a voucher frozen, unfrozen and frozen again holds the claim', async () => {
    const { at, process, story } = await begin();
    await story.toSubmitted();
    const flag =
      (operation: 'freezeVoucher' | 'unfreezeVoucher', n = 1) =>
      () => {
        const key = `${operation}/${n}`;
        return process.operations[operation](
          { actor: people.approver, key, hash: 'body', id: key, at: at.clock.now() },
          { id: voucherId(), reason: 'why' },
        );
      };
    await story.done(flag('freezeVoucher'), flag('freezeVoucher'), flag('unfreezeVoucher'), flag('freezeVoucher', 2), () => story.check());
    expect(claimOf(process)).toMatchObject({ status: 'risk-hold', holdReasons: ['voucher-frozen'] });
  });
});
