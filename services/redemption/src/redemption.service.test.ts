import { eventDefinitionOf, redemptionNouns } from '@tongdui/contracts';
import { describe, expect, test } from 'vitest';
import { invariants, tieOuts } from './invariants.ts';
import { accountOf, claimId, digest, jiaxing, lab, later, onDay, orderId, paymentId, potId, songjiang, subsidyFen, voucherId } from './redemption.fixtures.ts';
import { payerOf, type Process, prepared, processOf, type World, world } from './redemption.stage.fixtures.ts';
import { people, storyOf } from './redemption.story.fixtures.ts';
import { claimView, evidenceView, invoiceView, orderView, paymentView, voucherView } from './redemption.views.ts';

const begin = async (options: Parameters<typeof prepared>[1] = {}, route: Parameters<typeof prepared>[2] = 'host-fronted', faceFen?: number) => {
  const at = world();
  const process = processOf(at, 'all');
  await prepared(at, options, route, faceFen);
  await process.idle();
  const payeeMode = options?.payeeMode ?? 'lab-redeemed';
  return { at, process, story: storyOf(at, process, { payeeMode, payer: payerOf(route ?? 'home-direct', payeeMode) }) };
};

const views = { vouchers: voucherView, orders: orderView, evidence: evidenceView, invoices: invoiceView, claims: claimView, payments: paymentView };
const tables = [...Object.keys(views), 'copy-policies', 'copy-enterprises', 'copy-providers', 'copy-offerings', 'copy-recognitions', 'copy-agreements'];
const claimOf = ({ rows }: Process) => claimView(rows.get('claims', claimId())!);
const voucherOf = ({ rows }: Process) => voucherView(rows.get('vouchers', voucherId())!);
const orderOf = ({ rows }: Process, n = 1) => orderView(rows.get('orders', orderId(n))!);
const paymentOf = ({ rows }: Process, payer = jiaxing) => paymentView(rows.get('payments', paymentId(payer))!);
const typesAt = async (process: Process, home: string) => (await process.published(home)).map(({ type }) => type.split('.')[2]);

const everythingHolds = async (process: Process) => {
  const { invariants: parts } = invariants(process.rows);
  expect(Object.entries(parts).filter(([, { held }]) => !held)).toEqual([]);
  for (const [noun, view] of Object.entries(views))
    for (const body of process.rows.list<never>(noun)) {
      const seen = view(body);
      if (seen) expect(redemptionNouns[noun as keyof typeof views].view.safeParse(seen).error?.issues).toBeUndefined();
    }
  for (const home of [songjiang, jiaxing, 'G60'])
    for (const event of await process.published(home))
      expect([event.type, eventDefinitionOf(event.type)?.event.safeParse(event).error?.issues]).toEqual([event.type, undefined]);
  expect((await process.running.status()).halted).toEqual([]);
};

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
    expect(paymentOf(process, payer)).toMatchObject({ status: 'paid', instruction: 1, payee: { kind: fronted || payeeMode === 'lab-redeemed' ? 'lab' : 'enterprise' } });
    expect(voucherOf(process)).toMatchObject({ availableFen: 4_000_001, reservedFen: 0, redeemedFen: subsidyFen });
    expect(orderOf(process)).toMatchObject({ status: 'claimed', claimId: claimId() });
    expect(at.drawn.map(({ type }) => type)).toEqual(fronted ? ['draw-prefund'] : []);
    expect(at.rail.sent).toEqual([`${paymentId(payer)}-1`]);
    const claims = ['amount-reserved', 'amount-redeemed', 'claim-payable'];
    expect(await typesAt(process, songjiang)).toEqual(fronted ? claims : [...claims, 'payment-instructed', 'payment-paid']);
    expect(await typesAt(process, jiaxing)).toEqual(fronted ? ['payment-instructed', 'payment-paid'] : []);
    await everythingHolds(process);
    const { pots, payableFen, claims: counted } = tieOuts(process.rows);
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
    expect(await story.answer(story.submit(1, 'another body'))).toEqual({ is: 'refused', reason: 'id-reused' });
    expect(process.rows.list('invoices')).toHaveLength(1);
  });
  test('a file that was never registered is refused', async () => {
    const { story } = await begin();
    await story.toAccepted();
    expect(await story.answer(story.submit(1, 'body', { evidence: [digest(99)] }))).toEqual({ is: 'refused', reason: 'evidence-unknown' });
  });
  test('one invoice does not carry two claims; the loser tries another invoice', async () => {
    const { process, story } = await begin({ capPerOrderFen: 4_000_000 as never });
    await story.done(story.propose, story.accept, () => story.contract(1, 1, { subsidyFen: 4_000_000 }));
    await story.done(story.deliver, story.acceptDelivery, story.evidence);
    await story.done(
      () => story.propose(2),
      () => story.accept(2),
      () => story.contract(2, 1, { subsidyFen: 4_000_000 }),
      () => story.deliver(2),
      () => story.acceptDelivery(2),
    );
    const self = { selfPaidFen: 6_000_000 };
    expect(self.selfPaidFen + 4_000_000).toBe(10_000_000);
    const first = await story.answer(story.submit(1));
    expect(first).toEqual({ is: 'refused', reason: 'amounts-do-not-add-up' });
    await process.idle();
    await everythingHolds(process);
  });
  test('sent back, corrected and checked again: each check is of its own submission', async () => {
    const { process, story } = await begin();
    await story.toSubmitted();
    await story.done(story.check);
    expect(await story.answer(story.check())).toMatchObject({ is: 'done', created: false });
    await story.done(() => story.sendBack());
    expect(claimOf(process)?.status).toBe('sent-back');
    await story.done(() => story.submit(2));
    expect(await story.answer(story.check())).toMatchObject({ is: 'done', created: true });
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

describe('reviewing', () => {
  test('a cut goes back to the voucher and lowers the slice', async () => {
    const { process, story } = await begin();
    await story.toSubmitted();
    await story.done(story.check, () => story.review(1_000_000));
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
    ['provider-suspended', (at: World) => at.say('registry', jiaxing, 'provider-changed', { uscc: lab, host: jiaxing, name: 'x', status: 'suspended', categories: ['testing'], account: accountOf(2) })],
    ['shared-bank-account', (at: World) => at.say('registry', jiaxing, 'provider-changed', { uscc: lab, host: jiaxing, name: 'x', status: 'admitted', categories: ['testing'], account: accountOf(1) })],
    ['recognition-ended', (at: World) => at.say('registry', songjiang, 'recognition-changed', { recognitionId: `${songjiang}-recognition-01J00000000000000000000001`, home: songjiang, host: jiaxing, provider: lab, categories: ['testing'], validFrom: onDay(-10), validUntil: onDay(-1) })],
    ['sanctioned-party', (at: World) => at.say('registry', 'G60', 'sanction-changed', { sanctionId: 'G60-sanction-01J00000000000000000000001', uscc: lab, status: 'imposed', reason: 'x', validFrom: onDay(-1), validUntil: onDay(90) })],
  ] as const)('the check holds a claim for %s', async (risk, happens) => {
    const { at, process, story } = await begin();
    await story.toSubmitted();
    await happens(at);
    await process.idle();
    await story.done(story.check);
    expect(claimOf(process)).toMatchObject({ status: 'risk-hold', holdReasons: [risk] });
  });
  test('a voucher frozen, unfrozen and frozen again holds the claim', async () => {
    const { at, process, story } = await begin();
    await story.toSubmitted();
    const flag = (operation: 'freezeVoucher' | 'unfreezeVoucher') => () =>
      process.operations[operation]({ actor: people.approver, key: operation, hash: 'body', id: operation, at: at.clock.now() }, { id: voucherId(), reason: 'why' });
    await story.done(flag('freezeVoucher'), flag('freezeVoucher'), flag('unfreezeVoucher'), flag('freezeVoucher'), story.check);
    expect(claimOf(process)).toMatchObject({ status: 'risk-hold', holdReasons: ['voucher-frozen'] });
  });
});

describe('paying', () => {
  test('a queued draw is granted later, by an event', async () => {
    const { at, process, story } = await begin();
    await story.toPayable();
    at.draws.push({ is: 'queued' });
    expect(await story.answer(story.instruct())).toMatchObject({ is: 'pending' });
    await process.idle();
    expect([paymentOf(process)?.status, at.rail.sent]).toEqual(['queued', []]);
    const pair = { debtor: songjiang, creditor: jiaxing, amountFen: subsidyFen };
    await at.say('clearing', jiaxing, 'draw-granted', { ...pair, paymentId: paymentId(), reference: `${paymentId()}-1` });
    await process.idle();
    expect(claimOf(process)?.status).toBe('paid');
    await everythingHolds(process);
  });
  test('a draw that is refused is given back, and can be tried again', async () => {
    const { at, process, story } = await begin();
    await story.toPayable();
    at.draws.push({ is: 'no', reason: 'pair-unknown' });
    expect(await story.answer(story.instruct())).toEqual({ is: 'refused', reason: 'draw-refused' });
    await process.idle();
    await story.done(() => story.instruct(2));
    expect(at.drawn.map(({ type }) => type)).toEqual(['draw-prefund', 'release-draw', 'draw-prefund']);
    expect(claimOf(process)?.status).toBe('paid');
  });
  test('what the bank does not know blocks everything until the statement says it', async () => {
    const { at, process, story } = await begin();
    await story.toPayable();
    at.rail.script.push({ is: 'unknown' });
    await story.answer(story.instruct());
    await process.idle();
    expect([claimOf(process)?.status, await story.answer(story.instruct(2))]).toEqual(['unknown', { is: 'refused', reason: 'payment-outcome-unknown' }]);
    await story.done(() => story.statement(1, 'paid'));
    expect([claimOf(process)?.status, at.rail.sent.length]).toEqual(['paid', 1]);
    await everythingHolds(process);
  });
  test('a bank that took the money and did not answer is asked, not paid again', async () => {
    const { at, process, story } = await begin();
    await story.toPayable();
    at.rail.script.push({ is: 'silent' });
    await story.answer(story.instruct());
    await process.idle();
    expect([claimOf(process)?.status, at.rail.sent.length]).toEqual(['paid', 1]);
  });
  test('returned, paid again, returned and paid a third time', async () => {
    const { at, process, story } = await begin();
    await story.toPayable();
    await story.done(story.instruct, () => story.returned());
    expect(claimOf(process)?.status).toBe('failed');
    await story.done(
      () => story.instruct(2),
      () => story.returned('the account is closed'),
    );
    expect([claimOf(process)?.status, paymentOf(process)?.status]).toEqual(['failed', 'failed']);
    await story.done(() => story.instruct(3));
    expect([claimOf(process)?.status, at.rail.sent.length]).toEqual(['paid', 3]);
    await everythingHolds(process);
  });
  test('clawed back and recovered', async () => {
    const { process, story } = await begin();
    await story.toPayable();
    await story.done(story.instruct, () => story.clawBack(), story.recover);
    expect([claimOf(process)?.status, paymentOf(process)?.status]).toEqual(['recovered', 'recovered']);
    expect(tieOuts(process.rows).pots[potId(1)]).toMatchObject({ spentFen: 0, recoveredFen: 3_333_334 });
    await everythingHolds(process);
  });
  test('clawed back and written off; a return after that is never paid again', async () => {
    const { process, story } = await begin();
    await story.toPayable();
    await story.done(story.instruct, () => story.clawBack(), story.writeOff);
    expect([claimOf(process)?.status, paymentOf(process)?.clawbackDue]).toEqual(['written-off', false]);
    expect(await story.answer(story.recover())).toEqual({ is: 'refused', reason: 'no-clawback-due' });
    await story.done(() => story.returned());
    expect([claimOf(process)?.status, paymentOf(process)?.status]).toEqual(['rejected', 'cancelled']);
    expect(await story.answer(story.instruct(2))).toEqual({ is: 'refused', reason: 'payment-cancelled' });
    expect(voucherOf(process)).toMatchObject({ availableFen: 9_000_001, redeemedFen: 0 });
    await everythingHolds(process);
  });
  test('a red letter claws a paid claim back', async () => {
    const { at, process, story } = await begin();
    await story.toPayable();
    await story.done(story.instruct);
    const { digest: invoice } = claimOf(process)?.invoice ?? { digest: digest(0) };
    const request = { actor: people.reviewer, key: 'red', hash: 'body', id: 'red', at: at.clock.now() };
    const red = { digest: invoice, id: '01J00000000000000000000001', amountFen: 1 as never, issuedOn: onDay(10) };
    await story.done(() => process.operations.redLetterInvoice(request, red));
    expect([claimOf(process)?.status, paymentOf(process)?.clawbackDue]).toEqual(['clawback-due', true]);
    expect(await typesAt(process, 'G60')).toEqual(['invoice-red-lettered']);
    await everythingHolds(process);
  });
});

describe('rejecting a payable claim', () => {
  test('calls the payment off, restores the voucher and frees the invoice', async () => {
    const { process, story } = await begin();
    await story.toPayable();
    expect(await story.answer(story.reject())).toMatchObject({ is: 'done' });
    await process.idle();
    expect([claimOf(process)?.status, paymentOf(process)?.status]).toEqual(['rejected', 'cancelled']);
    expect(voucherOf(process)).toMatchObject({ availableFen: 9_000_001, redeemedFen: 0 });
    const [invoice] = process.rows.list<never>('invoices').map((body) => invoiceView(body));
    expect(invoice?.slices).toMatchObject([{ status: 'released' }]);
    expect(await story.answer(story.instruct())).toEqual({ is: 'refused', reason: 'payment-cancelled' });
    expect(await typesAt(process, songjiang)).toEqual(['amount-reserved', 'amount-redeemed', 'claim-payable', 'claim-rejected', 'amount-restored']);
    await everythingHolds(process);
  });
  test('is refused once the bank has it, and possible again when the bank refused', async () => {
    const { at, process, story } = await begin();
    await story.toPayable();
    at.rail.script.push({ is: 'unknown' });
    await story.answer(story.instruct());
    await process.idle();
    expect(await story.answer(story.reject())).toEqual({ is: 'refused', reason: 'payment-already-instructed' });
    await story.done(() => story.statement(1, 'failed'));
    expect(await story.answer(story.reject())).toMatchObject({ is: 'done' });
    await process.idle();
    expect(claimOf(process)?.status).toBe('rejected');
  });
});

describe('timers', () => {
  test('a claim that nobody makes lapses, and its value returns', async () => {
    const { process, story } = await begin();
    await story.toAccepted();
    await process.pass(90);
    expect(claimOf(process)?.status).toBe('awaited');
    await process.pass(91);
    expect(claimOf(process)).toMatchObject({ status: 'lapsed', endReason: 'claim-lapsed' });
    expect(voucherOf(process)).toMatchObject({ availableFen: 9_000_001, redeemedFen: 0 });
    await everythingHolds(process);
  });
  test('a voucher expires after its last day; a running order goes on', async () => {
    const { process, story } = await begin({ finalAfterContractEndDays: 700 });
    await story.done(story.propose, story.accept, story.contract);
    await process.pass(365);
    expect(voucherOf(process)?.status).toBe('active');
    await process.pass(366);
    expect(voucherOf(process)).toMatchObject({ status: 'expired', expiredFen: 4_000_001, reservedFen: subsidyFen });
    await story.done(story.deliver, story.acceptDelivery);
    expect(voucherOf(process)).toMatchObject({ redeemedFen: subsidyFen, expiredFen: 4_000_001 });
    await everythingHolds(process);
  });
  test('an order that nobody registers expires; one that is never delivered expires and releases', async () => {
    const { process, story } = await begin();
    await story.done(story.propose, story.accept);
    await story.done(
      () => story.propose(2),
      () => story.accept(2),
      () => story.contract(2),
    );
    await process.pass(31);
    expect([orderOf(process)?.status, orderOf(process, 2)?.status]).toEqual(['expired', 'contract-registered']);
    await process.pass(60 + 181);
    expect(orderOf(process, 2)).toMatchObject({ status: 'expired', endReason: 'never-delivered' });
    expect(voucherOf(process)).toMatchObject({ availableFen: 9_000_001, reservedFen: 0 });
  });
  test('a silent enterprise is reminded, and nothing more', async () => {
    const { process, story } = await begin();
    await story.done(story.propose, story.accept, story.contract, story.deliver);
    await process.pass(200);
    expect(orderOf(process)).toMatchObject({ status: 'delivered', reminded: true });
    expect(later(200)).toBe('2026-09-18T04:00:00.000Z');
  });
});

test('a deleted read model is rebuilt to the same bytes, and following everything again does nothing twice', async () => {
  const { at, process, story } = await begin();
  await story.toSubmitted();
  await story.done(story.check, () => story.review(1_000_000), story.notice);
  await story.done(
    () => story.propose(2),
    () => story.accept(2),
    () => story.contract(2, 1, { subsidyFen: 4_999_999 }),
  );
  await process.pass(10);
  await story.done(story.instruct, () => story.clawBack());
  const bytes = (of: Process) => tables.map((table) => [table, of.rows.page({ table, filter: {}, visible: 'all' })]);
  const head = await process.running.head();
  const { work } = await process.running.status();
  await process.stop();

  const rebuilt = processOf(at, 'again', process.store);
  await rebuilt.idle();
  expect(bytes(rebuilt)).toEqual(bytes(process));
  expect(await rebuilt.running.head()).toBe(head);
  expect((await rebuilt.running.status()).work).toEqual(work);
  expect(at.rail.sent).toHaveLength(1);
  await everythingHolds(rebuilt);
});
