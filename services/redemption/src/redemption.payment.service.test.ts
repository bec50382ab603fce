import { describe, expect, test } from 'vitest';
import { figuresOf } from './invariants.ts';
import { begin, claimOf, everythingHolds, paymentOf, typesAt, voucherOf } from './redemption.begun.fixtures.ts';
import { digest, jiaxing, paymentId, potId, songjiang, subsidyFen } from './redemption.fixtures.ts';
import { people } from './redemption.story.fixtures.ts';
import { invoiceView } from './redemption.views.ts';

describe('paying', () => {
  test('a queued draw is granted by an event', async () => {
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
    expect(await story.answer(story.instruct())).toMatchObject({ is: 'refused', reason: 'draw-refused' });
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
    expect([claimOf(process)?.status, await story.answer(story.instruct(2))]).toEqual([
      'unknown',
      expect.objectContaining({ is: 'refused', reason: 'payment-outcome-unknown' }),
    ]);
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
    await story.done(story.instruct);
    await story.done(() => story.returned());
    expect(claimOf(process)?.status).toBe('failed');
    await story.done(
      () => story.instruct(2),
      () => story.returned('the account is closed', 2),
    );
    expect([claimOf(process)?.status, paymentOf(process)?.status]).toEqual(['failed', 'failed']);
    await story.done(() => story.instruct(3));
    expect([claimOf(process)?.status, at.rail.sent.length]).toEqual(['paid', 3]);
    await everythingHolds(process);
  });
  test('clawed back and recovered', async () => {
    const { process, story } = await begin();
    await story.toPayable();
    await story.done(story.instruct);
    await story.done(() => story.clawBack());
    await story.done(story.recover);
    expect([claimOf(process)?.status, paymentOf(process)?.status]).toEqual(['recovered', 'recovered']);
    expect(figuresOf(process.rows).pots[potId(1)]).toMatchObject({ spentFen: 0, recoveredFen: 3_333_334 });
    await everythingHolds(process);
  });
  test('clawed back and written off; a return after that is never paid again', async () => {
    const { process, story } = await begin();
    await story.toPayable();
    await story.done(story.instruct);
    await story.done(() => story.clawBack());
    await story.done(story.writeOff);
    expect([claimOf(process)?.status, paymentOf(process)?.clawbackDue]).toEqual(['written-off', false]);
    expect(await story.answer(story.recover())).toMatchObject({ is: 'refused', reason: 'no-clawback-due' });
    await story.done(() => story.returned());
    expect([claimOf(process)?.status, paymentOf(process)?.status]).toEqual(['rejected', 'cancelled']);
    expect(await story.answer(story.instruct(2))).toMatchObject({ is: 'refused', reason: 'payment-cancelled' });
    // Whoever wrote it off and asks again is told what was told the first time.
    expect(await story.answer(story.writeOff())).toMatchObject({ is: 'done', created: false });
    expect(voucherOf(process)).toMatchObject({ availableFen: 9_000_001, redeemedFen: 0 });
    await everythingHolds(process);
  });
  test('a red letter claws a paid claim back', async () => {
    const { process, story } = await begin();
    await story.toPayable();
    await story.done(story.instruct);
    const { digest: invoice } = claimOf(process)?.invoice ?? { digest: digest(0) };
    await story.done(() => story.redLetter(people.reviewer, invoice));
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
    expect(await story.answer(story.instruct())).toMatchObject({ is: 'refused', reason: 'payment-cancelled' });
    expect(await typesAt(process, songjiang)).toEqual([
      'amount-reserved',
      'amount-redeemed',
      'claim-payable',
      'claim-rejected',
      'amount-restored',
    ]);
    await everythingHolds(process);
  });
  test('is refused once the bank has it, and possible again when the bank refused', async () => {
    const { at, process, story } = await begin();
    await story.toPayable();
    at.rail.script.push({ is: 'unknown' });
    await story.answer(story.instruct());
    await process.idle();
    expect(await story.answer(story.reject())).toMatchObject({ is: 'refused', reason: 'payment-already-instructed' });
    await story.done(() => story.statement(1, 'failed'));
    expect(await story.answer(story.reject())).toMatchObject({ is: 'done' });
    await process.idle();
    expect(claimOf(process)?.status).toBe('rejected');
  });
});
