import type { CloudEvent } from '@tongdui/contracts';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import type { Fate } from './memory-transport.ts';
import { ConsumerFixture } from './testing.consumer.ts';
import { clearing, countingFrom1, publishedBy, redemption, sequencesOf } from './testing.ts';
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

describe('the consumer', () => {
  test('applies each event once and in order although messages come twice, late, out of order or not at all', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 12 }),
        fc.infiniteStream(fc.constantFrom<Fate>('deliver', 'deliver', 'deliver', 'duplicate', 'drop')),
        fc.infiniteStream(fc.nat(30)),
        fc.infiniteStream(fc.integer({ min: 0, max: 39 })),
        async (sizes, fates, delays, failures) => {
          const those = fixture({ fate: () => fates.next().value, delayMs: () => delays.next().value * 10 });
          const total = sizes.reduce((sum, size) => sum + size, 0);
          const published = new Map([redemption, clearing].map((producer) => [producer, publishedBy(producer, total)]));
          those.ledger.beforeEach = () => {
            if (failures.next().value === 0) throw Object.assign(new Error('busy'), { transient: true });
          };
          const consuming = await those.start({ applyMax: 7 });
          for (const [producer, events] of published) {
            those.answerFeed(events, producer.service);
            let from = 0;
            for (const size of sizes) {
              await those.broker.publish(producer, events.slice(from, from + size));
              from += size;
            }
            those.broker.announce(producer, total);
          }
          await those.wall.until(
            () => consuming.status().idle && [...consuming.status().next.values()].filter((next) => next > total).length === 2,
          );
          await those.wall.pass(2_000);
          for (const [producer, events] of published) expect(those.ledger.of(producer)).toEqual(events);
          expect(consuming.status().halted).toEqual([]);
          await consuming.close();
        },
      ),
      { numRuns: 60 },
    );
  });

  test('tells the broker only when what was applied is durable: until then a message comes again', async () => {
    const those = fixture();
    const events = publishedBy(redemption, 3);
    let isDurable = false;
    those.ledger.settled = async () => {
      if (!isDurable) throw Object.assign(new Error('not written yet'), { transient: true });
    };
    await those.start();
    await those.broker.publish(redemption, events);
    await those.wall.until(() => those.measured('duplicate') >= 2);
    expect(those.ledger.of(redemption)).toEqual(events);
    isDurable = true;
    await those.wall.pass(60_000);
    const before = those.measured('duplicate');
    await those.wall.pass(600_000);
    expect(those.measured('duplicate')).toBe(before);
  });

  test('reads what was published before it started at once, without messages and without being told', async () => {
    const those = fixture();
    const events = publishedBy(redemption, 450);
    those.answerFeed(events);
    const consuming = await those.start();
    await those.wall.until(() => those.ledger.of(redemption).length === events.length && consuming.status().idle);
    expect(those.ledger.of(redemption)).toEqual(events);
    expect(those.measured('feed-unreachable')).toBe(0);
  });

  test('takes whole messages as they come, without asking the feed', async () => {
    const those = fixture();
    const events = publishedBy(redemption, 300);
    const consuming = await those.start();
    for (let from = 0; from < 300; from += 50) await those.broker.publish(redemption, events.slice(from, from + 50));
    await those.wall.until(() => consuming.status().next.get('/redemption/310117') === 301);
    expect(those.ledger.of(redemption)).toEqual(events);
    expect(those.measured('feed-read')).toBe(0);
    expect(those.measured('applied')).toBeLessThan(6);
  });

  test('that started before its producer reads everything from the feed once it hears how far the producer is', async () => {
    const those = fixture();
    const events = publishedBy(redemption, 450);
    await those.start();
    await those.wall.pass(1);
    those.answerFeed(events);
    those.broker.announce(redemption, 450);
    await those.wall.until(() => those.ledger.of(redemption).length === 450);
    expect(those.measured('feed-read')).toBe(3);
  });

  test('repairs a wiped broker from the feed', async () => {
    const those = fixture();
    const events = publishedBy(redemption, 6);
    those.answerFeed(events);
    await those.broker.publish(redemption, events.slice(0, 2));
    those.hub.wipe();
    await those.start();
    await those.broker.publish(redemption, events.slice(4));
    await those.wall.until(() => those.ledger.of(redemption).length === 6);
  });

  test('continues after a restart where its effects ended, although everything is delivered again', async () => {
    const those = fixture();
    const events = publishedBy(redemption, 6);
    const published = events.slice(0, 4);
    those.answerFeed(published);
    const first = await those.start();
    await those.broker.publish(redemption, published);
    await those.wall.until(() => those.ledger.of(redemption).length === 4);
    await first.close();
    await those.start({ name: 'tested under another name' });
    published.push(...events.slice(4));
    await those.broker.publish(redemption, events.slice(3));
    await those.wall.until(() => those.ledger.of(redemption).length === 6);
    expect(sequencesOf(those.ledger.of(redemption))).toEqual(countingFrom1(6));
  });

  test('waits for an unreachable feed ever longer, but no longer than until the producer announces itself again', async () => {
    const those = fixture();
    const events = publishedBy(redemption, 5);
    those.answerFeed(events);
    const consuming = await those.start();
    those.hub.partition('feed');
    await those.broker.publish(redemption, events.slice(3));
    await those.wall.until(() => those.measured('feed-unreachable') === 6);
    expect(those.ledger.of(redemption)).toEqual([]);
    those.hub.heal('feed');
    const healedAtMs = those.wall.nowMs();
    those.broker.announce(redemption, 5);
    await those.wall.until(() => consuming.status().idle && those.ledger.of(redemption).length === 5);
    expect(those.wall.nowMs() - healedAtMs).toBeLessThan(5_000);
  });

  test('does not ask the feed while messages keep coming', async () => {
    const those = fixture();
    const events = publishedBy(redemption, 20);
    those.answerFeed(events);
    await those.start();
    those.broker.announce(redemption, 20);
    for (const event of events) {
      await those.broker.publish(redemption, [event]);
      await those.wall.pass(300);
    }
    expect(those.ledger.of(redemption)).toEqual(events);
    expect(those.measured('feed-read')).toBe(0);
  });

  test('refuses what a feed answers from another place', async () => {
    const those = fixture();
    const events = publishedBy(redemption, 6);
    those.ledger.of(redemption).push(...events.slice(0, 2));
    const address = { ...redemption, verb: 'feed' } as const;
    those.hub.connect('feed').respond(address, async () => ({ events: events.slice(4), head: 6 }));
    const consuming = await those.start();
    those.broker.announce(redemption, 6);
    await those.wall.until(() => consuming.status().halted.length === 1);
    expect(those.ledger.of(redemption).length).toBe(2);
    await expect(consuming.skip(redemption, 'whatever', 'operator-7')).rejects.toThrow('does not show event 3');
  });

  test('acknowledges a message only after its events are applied', async () => {
    const those = fixture();
    const events = publishedBy(redemption, 2);
    let down = true;
    those.ledger.beforeEach = () => {
      if (down) throw new Unreachable('the other service is away');
    };
    const first = await those.start();
    await those.broker.publish(redemption, events);
    await those.wall.until(() => those.measured('apply-failed') > 7);
    expect(first.status().halted).toEqual([]);
    await first.close();
    down = false;
    await those.start();
    await those.wall.until(() => those.ledger.of(redemption).length === 2);
  });

  test('leaves out services it does not want and what is no event', async () => {
    const those = fixture();
    const [first, second] = publishedBy(redemption, 2) as [CloudEvent, CloudEvent];
    those.answerFeed([first, second]);
    await those.start({ services: ['redemption'] });
    await those.broker.publish(clearing, publishedBy(clearing, 1));
    await those.broker.publish(redemption, [{ nonsense: true } as unknown as CloudEvent, second]);
    await those.wall.until(() => those.ledger.of(redemption).length === 2);
    expect(those.ledger.of(clearing)).toEqual([]);
  });

  test('believes the feed, not a message that breaks the chain', async () => {
    const those = fixture();
    const events = publishedBy(redemption, 3);
    those.answerFeed(events);
    await those.start();
    const forged = { ...events[1]!, data: { amount: 1_000_000 } };
    await those.broker.publish(redemption, [events[0]!, forged, events[2]!]);
    await those.broker.publish(redemption, [events[1]!]);
    await those.wall.until(() => those.ledger.of(redemption).length === 3);
    expect(those.ledger.of(redemption)).toEqual(events);
    expect(those.measured('apply-failed')).toBe(0);
  });
});
