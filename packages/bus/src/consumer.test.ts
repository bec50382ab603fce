import type { CloudEvent } from '@tongdui/contracts';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { type Consumer, type ConsumerOptions, consumer } from './consumer.ts';
import { type Fate, type MemoryHub, memoryHub } from './memory-transport.ts';
import type { Measure } from './seams.ts';
import { clearing, countingFrom1, home, Ledger, ManualWall, publishedBy, redemption, sequencesOf } from './testing.ts';
import { type Subscription, Unreachable } from './transport.ts';

const running: Consumer[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((each) => each.close()));
});

const fixture = (options: { fate?: () => Fate } = {}) => {
  const wall = new ManualWall();
  const schedule = (job: () => void, delayMs: number) => void (delayMs > 0 ? wall.sleep(delayMs).then(job) : queueMicrotask(job));
  const hub = memoryHub({ schedule, ...(options.fate ? { fate: options.fate } : {}) });
  return { wall, hub, broker: hub.connect('producers'), ledger: new Ledger(), measures: [] as Measure[] };
};
type Fixture = ReturnType<typeof fixture>;

const start = async ({ wall, hub, ledger, measures }: Fixture, options: Partial<ConsumerOptions> = {}): Promise<Consumer> => {
  const transport = hub.connect('consumer');
  const observe = (measure: Measure) => void measures.push(measure);
  const { nextSequence, apply, skipped, lines } = ledger;
  const started = await consumer({
    transport,
    name: 'tested',
    homes: [home],
    nextSequence,
    apply,
    skipped,
    lines,
    wall,
    observe,
    ...options,
  });
  running.push(started);
  return started;
};
const answerFeed = (hub: MemoryHub, events: readonly CloudEvent[], name = 'feed'): Subscription => {
  const [, service, at] = events[0]!.source.split('/');
  const address = { service, home: at, verb: 'feed' } as Parameters<ReturnType<MemoryHub['connect']>['respond']>[0];
  return hub.connect(name).respond(address, async (asked) => {
    const { from, max } = asked as { from: number; max: number };
    return { events: events.slice(from - 1, from - 1 + max), head: events.length };
  });
};
const feedReads = ({ measures }: Fixture) => measures.filter((measure) => measure.is === 'feed-read').length;
const counted = (count: number) => countingFrom1(count);

describe('the consumer', () => {
  test('applies each event once and in order although messages come twice, late, out of order or not at all', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 12 }),
        fc.infiniteStream(fc.constantFrom<Fate>('deliver', 'deliver', 'deliver', 'duplicate', 'drop')),
        fc.infiniteStream(fc.nat(30)),
        fc.infiniteStream(fc.integer({ min: 0, max: 39 })),
        async (sizes, fates, delays, failures) => {
          const wall = new ManualWall();
          const schedule = (job: () => void, delayMs: number) => void wall.sleep(delayMs + delays.next().value * 10).then(job);
          const hub = memoryHub({ schedule, fate: () => fates.next().value });
          const those: Fixture = { wall, hub, broker: hub.connect('producers'), ledger: new Ledger(), measures: [] };
          const total = sizes.reduce((sum, size) => sum + size, 0);
          const published = new Map([redemption, clearing].map((producer) => [producer, publishedBy(producer, total)]));
          those.ledger.beforeEach = () => {
            if (failures.next().value === 0) throw Object.assign(new Error('busy'), { transient: true });
          };
          const consuming = await start(those, { applyMax: 7 });
          for (const [producer, events] of published) {
            answerFeed(hub, events, producer.service);
            let from = 0;
            for (const size of sizes) {
              await those.broker.publish(producer, events.slice(from, from + size));
              from += size;
            }
            those.broker.announce(producer, total);
          }
          await wall.until(
            () => consuming.status().idle && [...consuming.status().next.values()].filter((next) => next > total).length === 2,
          );
          await wall.pass(2_000);
          for (const [producer, events] of published) expect(those.ledger.of(producer)).toEqual(events);
          expect(consuming.status().halted).toEqual([]);
          await consuming.close();
        },
      ),
      { numRuns: 60 },
    );
  });

  test('takes whole messages as they come, without asking the feed', async () => {
    const those = fixture();
    const events = publishedBy(redemption, 300);
    const consuming = await start(those);
    for (let from = 0; from < 300; from += 50) await those.broker.publish(redemption, events.slice(from, from + 50));
    await those.wall.until(() => consuming.status().next.get('/redemption/310117') === 301);
    expect(those.ledger.of(redemption)).toEqual(events);
    expect(feedReads(those)).toBe(0);
    expect(those.measures.filter((measure) => measure.is === 'applied').length).toBeLessThan(6);
  });

  test('that is new reads everything from the feed once it hears how far the producer is', async () => {
    const those = fixture();
    const events = publishedBy(redemption, 450);
    answerFeed(those.hub, events);
    await start(those);
    those.broker.announce(redemption, 450);
    await those.wall.until(() => those.ledger.of(redemption).length === 450);
    expect(feedReads(those)).toBe(3);
  });

  test('repairs a wiped broker from the feed', async () => {
    const those = fixture();
    const events = publishedBy(redemption, 6);
    answerFeed(those.hub, events);
    await those.broker.publish(redemption, events.slice(0, 2));
    those.hub.wipe();
    await start(those);
    await those.broker.publish(redemption, events.slice(4));
    await those.wall.until(() => those.ledger.of(redemption).length === 6);
  });

  test('continues after a restart where its effects ended, although everything is delivered again', async () => {
    const those = fixture();
    const events = publishedBy(redemption, 6);
    answerFeed(those.hub, events);
    const first = await start(those);
    await those.broker.publish(redemption, events.slice(0, 4));
    await those.wall.until(() => those.ledger.of(redemption).length === 4);
    await first.close();
    await start(those, { name: 'tested under another name' });
    await those.broker.publish(redemption, events.slice(3));
    await those.wall.until(() => those.ledger.of(redemption).length === 6);
    expect(sequencesOf(those.ledger.of(redemption))).toEqual(counted(6));
  });

  test('waits for an unreachable feed and recovers when the producer announces itself again', async () => {
    const those = fixture();
    const events = publishedBy(redemption, 5);
    answerFeed(those.hub, events);
    const consuming = await start(those);
    those.hub.partition('feed');
    await those.broker.publish(redemption, events.slice(3));
    await those.wall.until(() => those.measures.some((measure) => measure.is === 'feed-unreachable'));
    expect(those.ledger.of(redemption)).toEqual([]);
    those.hub.heal('feed');
    those.broker.announce(redemption, 5);
    await those.wall.until(() => consuming.status().idle && those.ledger.of(redemption).length === 5);
  });

  test('acknowledges a message only after its events are applied', async () => {
    const those = fixture();
    const events = publishedBy(redemption, 2);
    let down = true;
    those.ledger.beforeEach = () => {
      if (down) throw new Unreachable('the other service is away');
    };
    const first = await start(those);
    await those.broker.publish(redemption, events);
    await those.wall.until(() => those.measures.filter((measure) => measure.is === 'apply-failed').length > 7);
    expect(first.status().halted).toEqual([]);
    await first.close();
    down = false;
    await start(those);
    await those.wall.until(() => those.ledger.of(redemption).length === 2);
  });

  test('leaves out services it does not want and what is no event', async () => {
    const those = fixture();
    const [first, second] = publishedBy(redemption, 2) as [CloudEvent, CloudEvent];
    answerFeed(those.hub, [first, second]);
    await start(those, { services: ['redemption'] });
    await those.broker.publish(clearing, publishedBy(clearing, 1));
    await those.broker.publish(redemption, [{ nonsense: true } as unknown as CloudEvent, second]);
    await those.wall.until(() => those.ledger.of(redemption).length === 2);
    expect(those.ledger.of(clearing)).toEqual([]);
  });

  test('believes the feed, not a message that breaks the chain', async () => {
    const those = fixture();
    const events = publishedBy(redemption, 3);
    answerFeed(those.hub, events);
    await start(those);
    const forged = { ...events[1]!, data: { amount: 1_000_000 } };
    await those.broker.publish(redemption, [events[0]!, forged, events[2]!]);
    await those.broker.publish(redemption, [events[1]!]);
    await those.wall.until(() => those.ledger.of(redemption).length === 3);
    expect(those.measures.filter((measure) => measure.is === 'apply-failed')).toEqual([]);
  });
});

describe('a line', () => {
  const poisoned = async () => {
    const those = fixture();
    const events = publishedBy(redemption, 8);
    const feed = answerFeed(those.hub, events);
    let poison = true;
    const attempts: number[] = [];
    those.ledger.beforeEach = (event) => {
      if (event.source !== '/redemption/310117' || Number(event.sequence) !== 4) return;
      attempts.push(Number(event.sequence));
      if (poison) throw new Error('amounts do not add up');
    };
    const consuming = await start(those);
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
    const second = await start(those);
    expect(second.status().halted.length).toBe(1);
    await second.close();
    those.ledger.of(redemption).push(events[3]!);
    const third = await start(those);
    expect(third.status().halted).toEqual([]);
    expect(those.ledger.halted.size).toBe(0);
  });

  test('halts where the feed itself breaks the chain', async () => {
    const those = fixture();
    const events = publishedBy(redemption, 4);
    const forged = events.with(2, { ...events[2]!, previoushash: 'x'.repeat(43) });
    answerFeed(those.hub, forged);
    const consuming = await start(those);
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
    const consuming = await start(those);
    await those.broker.publish(redemption, events);
    await those.wall.until(() => those.ledger.of(redemption).length === 1);
    expect(consuming.status().halted).toEqual([]);
  });
});
