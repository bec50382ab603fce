import { afterEach, describe, expect, test } from 'vitest';
import { ConsumerFixture } from './testing.consumer.ts';
import { clearing, publishedBy, redemption, sequencesOf } from './testing.ts';
import { Unreachable } from './transport.ts';

const opened: ConsumerFixture[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.close()));
});
const fixture = (options: ConstructorParameters<typeof ConsumerFixture>[0] = {}): ConsumerFixture => {
  const opening = new ConsumerFixture(options);
  opened.push(opening);
  return opening;
};

describe('a line', () => {
  const poisoned = async () => {
    const those = fixture();
    const events = publishedBy(redemption, 8);
    const feed = those.answerFeed(events);
    let poison = true;
    const attempts: number[] = [];
    those.ledger.beforeEach = (event) => {
      if (event.source !== '/redemption/310117' || Number(event.sequence) !== 4) return;
      attempts.push(Number(event.sequence));
      if (poison) throw new Error('amounts do not add up');
    };
    const consuming = await those.start();
    await those.broker.publish(redemption, events.slice(0, 6));
    await those.wall.until(() => consuming.status().halted.length === 1);
    const cure = () => {
      poison = false;
    };
    return { those, events, feed, consuming, attempts, cure };
  };

  test('halts at an event that failed five times, with everything before it applied, and says why', async () => {
    const { those, consuming, attempts, events } = await poisoned();
    expect(sequencesOf(those.ledger.of(redemption))).toEqual([1, 2, 3]);
    expect(attempts.length).toBe(2 + 5);
    const [line] = consuming.status().halted;
    expect(line).toMatchObject({ producer: redemption, sequence: 4, eventId: events[3]!.id, reason: 'amounts do not add up' });
    expect([...those.ledger.halted.values()]).toEqual([line]);
    expect(those.measures).toContainEqual({ is: 'line-halted', producer: redemption });
    await those.wall.pass(60_000);
    expect(attempts.length).toBe(7);
  });

  test('that halted lets other lines go on and takes nothing more', async () => {
    const { those, consuming, events } = await poisoned();
    await those.broker.publish(redemption, events.slice(6));
    await those.broker.publish(clearing, publishedBy(clearing, 5));
    await those.wall.until(() => those.ledger.of(clearing).length === 5);
    expect(consuming.status().next.get('/redemption/310117')).toBe(4);
    expect(consuming.status().idle).toBe(true);
  });

  test('that halted acknowledges what came and what comes: its repair is the feed', async () => {
    const { those, consuming, events } = await poisoned();
    await consuming.close();
    those.ledger.halted.clear();
    const transport = those.hub.connect('watched');
    const acknowledged: number[] = [];
    const { subscribe } = transport;
    transport.subscribe = (name, homes, deliver) =>
      subscribe.call(transport, name, homes, async (batch) => {
        await deliver(batch);
        acknowledged.push(...sequencesOf(batch));
      });
    const again = await those.start({ transport, name: 'another' });
    await those.wall.until(() => again.status().halted.length === 1);
    await those.broker.publish(redemption, events.slice(6));
    await those.wall.until(() => acknowledged.length === 8);
  });

  test('goes on from the failed event when it is redriven', async () => {
    const { those, consuming, events, cure } = await poisoned();
    await those.broker.publish(redemption, events.slice(6));
    cure();
    await consuming.redrive(redemption);
    those.broker.announce(redemption, 8);
    await those.wall.until(() => those.ledger.of(redemption).length === 8);
    expect(those.ledger.of(redemption)).toEqual(events);
    expect(those.ledger.halted.size).toBe(0);
  });

  test('that is redriven without a cure halts again', async () => {
    const { those, consuming, attempts } = await poisoned();
    await consuming.redrive(redemption);
    expect(consuming.status().halted).toEqual([]);
    await those.wall.until(() => consuming.status().halted.length === 1);
    expect(attempts.length).toBe(12);
  });

  test('goes on behind the failed event when it is skipped, with the reason recorded', async () => {
    const { those, consuming } = await poisoned();
    await consuming.skip(redemption, 'booked by hand, 2026-15', 'operator-7');
    those.broker.announce(redemption, 8);
    await those.wall.until(() => consuming.status().next.get('/redemption/310117') === 9);
    expect(those.ledger.skips).toEqual(['operator-7 skipped 4: booked by hand, 2026-15']);
    expect(those.ledger.halted.size).toBe(0);
    await expect(consuming.skip(redemption, 'again', 'operator-7')).rejects.toThrow('not halted');
  });

  test('cannot be skipped while the producer cannot show the event', async () => {
    const { those, consuming } = await poisoned();
    those.hub.partition('feed');
    await expect(consuming.skip(redemption, 'booked by hand', 'operator-7')).rejects.toThrow(Unreachable);
    expect(consuming.status().halted.length).toBe(1);
  });

  test('stays halted over a restart, unless its event was dealt with before', async () => {
    const { those, consuming, events } = await poisoned();
    await consuming.close();
    const second = await those.start();
    expect(second.status().halted.length).toBe(1);
    await second.close();
    those.ledger.of(redemption).push(events[3]!);
    const third = await those.start();
    expect(third.status().halted).toEqual([]);
    expect(those.ledger.halted.size).toBe(0);
  });

  test('halts where the feed itself breaks the chain', async () => {
    const those = fixture();
    const events = publishedBy(redemption, 4);
    const forged = events.with(2, { ...events[2]!, previoushash: 'x'.repeat(43) });
    those.answerFeed(forged);
    const consuming = await those.start();
    those.broker.announce(redemption, 4);
    await those.wall.until(() => consuming.status().halted.length === 1);
    expect(consuming.status().halted[0]).toMatchObject({ sequence: 3, reason: 'previoushash does not match the previous event' });
    expect(sequencesOf(those.ledger.of(redemption))).toEqual([1, 2]);
  });

  test('never halts for a store that is away', async () => {
    const those = fixture();
    const events = publishedBy(redemption, 1);
    let failures = 0;
    those.ledger.beforeEach = () => {
      failures += 1;
      if (failures < 20) throw Object.assign(new Error('the store is away'), { transient: true });
    };
    const consuming = await those.start();
    await those.broker.publish(redemption, events);
    await those.wall.until(() => those.ledger.of(redemption).length === 1);
    expect(consuming.status().halted).toEqual([]);
  });
});
