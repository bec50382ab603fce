import { beginning, memoryEventStore, type StoredFact } from '@tongdui/event-store';
import { afterEach, describe, expect, test } from 'vitest';
import { readFeed } from './feed.ts';
import { memoryHub } from './memory-transport.ts';
import { closeRelays, eventsIn, expectGaplessChain, published, sendingTo, startRelay, textsOf, thing } from './testing.relay.ts';
import { appendFact, draftOf, factOf, home, ManualWall, otherHome, publishTested, redemption, sequencesOf } from './testing.ts';
import { Unreachable } from './transport.ts';

afterEach(closeRelays);

describe('the relay', () => {
  test('publishes the events of every fact once, in order, as a gapless chain', async () => {
    const store = memoryEventStore();
    const wall = new ManualWall();
    for (const [id, events] of [2, 0, 3, 1].entries()) await appendFact(store, thing(id % 2), factOf(id, events));
    const relayed = startRelay(store, wall);
    await wall.until(() => relayed.status().heads.get(home) === 6);
    await appendFact(store, thing(9), factOf(9, 2));
    await wall.until(() => relayed.status().heads.get(home) === 8);

    const events = await eventsIn(store);
    expectGaplessChain(events);
    expect(textsOf(events)).toEqual(['0/0', '0/1', '2/0', '2/1', '2/2', '3/0', '9/0', '9/1']);
    const facts = await store.read(published);
    expect(facts[3]!.metadata.source).toEqual({
      stream: thing(0),
      revision: 1,
      position: expect.any(String),
      epoch: store.epoch,
      index: 1,
    });
  });

  test('puts many facts into one append and one message, within 100 events', async () => {
    const store = memoryEventStore();
    const wall = new ManualWall();
    const sizes: number[] = [];
    for (let id = 0; id < 45; id += 1) await appendFact(store, thing(id), factOf(id, 6));
    const transport = sendingTo(async (_producer, batch) => void sizes.push(batch.length));
    const relayed = startRelay(store, wall, { transport });
    await wall.until(() => relayed.status().heads.get(home) === 270);
    expect(sizes).toEqual([96, 96, 78]);
  });

  test('keeps a message within 256 KiB', async () => {
    const store = memoryEventStore();
    const wall = new ManualWall();
    const bytes: number[] = [];
    for (let id = 0; id < 20; id += 1) await appendFact(store, thing(id), factOf(id, 1));
    const publish = (fact: StoredFact) => [draftOf(`${'长'.repeat(20_000)}${fact.revision}`, 1)];
    const transport = sendingTo(async (_producer, batch) => void bytes.push(Buffer.byteLength(JSON.stringify(batch))));
    const relayed = startRelay(store, wall, { transport, publish });
    await wall.until(() => relayed.status().heads.get(home) === 20);
    expect(bytes.length).toBeGreaterThan(4);
    expect(Math.max(...bytes)).toBeLessThanOrEqual(256 * 1024 + 200);
  });

  test('needs no broker: what cannot be sent is stored and read from the feed', async () => {
    const store = memoryEventStore();
    const wall = new ManualWall();
    const hub = memoryHub();
    const transport = hub.connect('relay');
    hub.partition('relay');
    const failures: string[] = [];
    await appendFact(store, thing(1), factOf(1, 3));
    const relayed = startRelay(store, wall, { transport, observe: (measure) => void failures.push(measure.is) });
    await wall.until(() => relayed.status().heads.get(home) === 3 && failures.includes('publish-failed'));
    hub.heal('relay');
    const page = await readFeed(hub.connect('asker'), redemption, 2);
    expect(page.head).toBe(3);
    expect(sequencesOf(page.events)).toEqual([2, 3]);
    expect((await readFeed(hub.connect('another'), redemption, 4)).events).toEqual([]);
  });

  test('is not held up by a broker that never answers', async () => {
    const store = memoryEventStore();
    const wall = new ManualWall();
    const answers = Promise.withResolvers<void>();
    let refused = 0;
    const relayed = startRelay(store, wall, {
      transport: sendingTo(() => answers.promise),
      observe: (measure) => {
        if (measure.is === 'publish-failed') refused += 1;
      },
    });
    for (let id = 0; id < 80; id += 1) {
      await appendFact(store, thing(1), factOf(id, 1));
      await wall.until(() => relayed.status().heads.get(home) === id + 1);
    }
    expect(refused).toBe(80 - 64);
    answers.resolve();
  });

  test('answers its feed in pages within 256 KiB', async () => {
    const store = memoryEventStore();
    const wall = new ManualWall();
    const hub = memoryHub();
    for (let id = 0; id < 20; id += 1) await appendFact(store, thing(id), factOf(id, 1));
    const publish = () => [draftOf('长'.repeat(20_000), 1)];
    const relayed = startRelay(store, wall, { transport: hub.connect('relay'), publish });
    await wall.until(() => relayed.status().heads.get(home) === 20);
    const asker = hub.connect('asker');
    const first = await readFeed(asker, redemption, 1);
    expect(Buffer.byteLength(JSON.stringify(first.events))).toBeLessThanOrEqual(256 * 1024);
    expect(first.head).toBe(20);
    const second = await readFeed(asker, redemption, first.events.length + 1);
    expect(sequencesOf(second.events)[0]).toBe(first.events.length + 1);
    await expect(readFeed(asker, redemption, 0)).rejects.toThrow(Unreachable);
  });

  test('the head of each home is announced every five seconds', async () => {
    const store = memoryEventStore();
    const wall = new ManualWall();
    const hub = memoryHub();
    const heard: [string, number, number][] = [];
    hub.connect('listener').onAnnounced((producer, head) => heard.push([producer.home, head, wall.nowMs()]));
    await appendFact(store, thing(1), factOf(1, 3));
    startRelay(store, wall, { transport: hub.connect('relay') });
    await wall.until(() => heard.length === 2);
    expect(heard.map(([at, head]) => [at, head])).toEqual([
      [home, 3],
      [home, 3],
    ]);
    expect(heard[1]![2] - heard[0]![2]).toBeGreaterThanOrEqual(5_000);
  });

  test('text without a canonical form does not stop its home', async () => {
    const store = memoryEventStore();
    const wall = new ManualWall();
    await appendFact(store, thing(1), factOf(1, 1));
    const relayed = startRelay(store, wall, { publish: () => [draftOf('half a pair: \ud800', 1)] });
    await wall.until(() => relayed.status().heads.get(home) === 1);
    expectGaplessChain(await eventsIn(store));
  });

  test('a mapping that throws stops its own home only, and skips nothing', async () => {
    const store = memoryEventStore();
    const wall = new ManualWall();
    let broken = true;
    const publish = (fact: StoredFact) => {
      if (broken && fact.data.id === 1) throw new Error('cannot map');
      return publishTested(fact);
    };
    await appendFact(store, thing(1), factOf(1, 1));
    await appendFact(store, thing(2), factOf(2, 1));
    await appendFact(store, thing(1, otherHome), factOf(3, 2));
    const relayed = startRelay(store, wall, { publish, homes: [home, otherHome] });
    await wall.until(() => relayed.status().heads.get(otherHome) === 2);
    expect(relayed.status().heads.get(home)).toBe(0);
    expect(relayed.status().idle).toBe(false);
    expect(relayed.status().relayed).toBe(beginning);
    broken = false;
    await wall.until(() => relayed.status().heads.get(home) === 2 && relayed.status().idle);
    expect(relayed.status().relayed).toBe(await store.head());
  });
});
