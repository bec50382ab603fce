import type { CrashPoint } from '@tongdui/runtime';
import { describe, expect, test } from 'vitest';
import { begin, claimOf, everythingHolds, orderOf, tables, voucherOf } from './redemption.begun.fixtures.ts';
import { type RedemptionCrashPoint, redemptionCrashPoints } from './redemption.crash-points.ts';
import { claimId, orderId, paymentId, subsidyFen, voucherId } from './redemption.fixtures.ts';
import { type Process, prepared, processOf, world } from './redemption.stage.fixtures.ts';
import { people, storyOf } from './redemption.story.fixtures.ts';

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
  });
});

type Begun = Awaited<ReturnType<typeof begin>>;
const paidStory = async ({ story }: Begun) => {
  await story.toPayable();
  await story.answer(story.instruct());
};
const rejectedStory = async ({ story }: Begun) => {
  await story.toPayable();
  await story.answer(story.reject());
};
const cutStory = async ({ story }: Begun) => {
  await story.toSubmitted();
  await story.done(story.check, () => story.review(1_000_000));
};
const amendedStory = async ({ at, process, story }: Begun) => {
  await story.done(story.propose, story.accept, story.contract);
  const request = { actor: people.enterprise, key: 'amend', hash: 'body', id: 'amend', at: at.clock.now() };
  const amendment = { id: orderId(), n: 1, baseFen: 8_000_000 as never, subsidyFen: 4_000_000 as never };
  await story.answer(process.operations.amendContract(request, amendment));
};
const shortStory = async ({ story }: Begun) => {
  await story.done(story.propose, story.accept, () => story.contract());
  await story.done(
    () => story.propose(2),
    () => story.accept(2),
  );
  await story.answer(story.contract(2));
};
const stories: Record<RedemptionCrashPoint, (begun: Begun) => Promise<void>> = {
  'voucher.after-reserve-amount': paidStory,
  'voucher.after-redeem-amount': paidStory,
  'voucher.after-release-amount': shortStory,
  'voucher.after-lower-amount': amendedStory,
  'voucher.after-restore-amount': rejectedStory,
  'invoice.after-take-slice': paidStory,
  'invoice.after-lower-slice': cutStory,
  'invoice.after-release-slice': rejectedStory,
  'payment.after-cancel-payment': rejectedStory,
  'payment.before-find': paidStory,
  'payment.before-send': paidStory,
  'payment.after-send': paidStory,
};

describe.each(redemptionCrashPoints)('interrupted at %s', (point) => {
  const end = async (crash: CrashPoint) => {
    const begun = await begin({}, 'host-fronted', 9_000_001, crash);
    await stories[point](begun);
    await begun.process.idle();
    await everythingHolds(begun.process);
    const { at, process } = begun;
    const streams = [voucherId(), orderId(), orderId(2), claimId(), paymentId()].map((id) => `redemption.${id.replace('-', '.')}`);
    return { facts: await Promise.all(streams.map((stream) => process.factsOf(stream))), sent: at.rail.sent };
  };
  test('the work is done again, and everything ends as if nothing had happened', async () => {
    let times = 0;
    const interrupted = await end((name) => {
      if (name !== point) return;
      times += 1;
      if (times === 1) throw new Error('interrupted');
    });
    expect(times).toBeGreaterThan(0);
    expect(interrupted).toEqual(await end(() => {}));
  });
});

test('a process that dies once the bank has the money is followed by one that does not pay again', async () => {
  const at = world();
  let dead = false;
  const dying = processOf(at, 'first', undefined, (name) => {
    if (name !== 'payment.after-send' && !dead) return;
    if (!dead) at.hub.partition('first');
    dead = true;
    throw new Error('killed');
  });
  await prepared(at);
  await dying.idle();
  const story = storyOf(at, dying);
  await story.toPayable();
  void story.instruct();
  await at.wall.until(() => dead);
  const next = processOf(at, 'second', dying.store.reopen());
  await next.idle();
  expect([claimOf(next)?.status, at.rail.sent.length]).toEqual(['paid', 1]);
  await everythingHolds(next);
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
  await story.done(story.instruct);
  await story.done(() => story.clawBack());
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
