import { createHash } from 'node:crypto';
import { type CloudEvent, envelope } from '@tongdui/contracts';
import { beginning, type EventStore, memoryEventStore, type StoredFact } from '@tongdui/event-store';
import canonicalize from 'canonicalize';
import { afterEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { readFeed } from './feed.ts';
import { type MemoryHub, memoryHub } from './memory-transport.ts';
import { type Relay, type RelayedTo, type RelayOptions, relay } from './relay.ts';
import {
  appendFact,
  countingFrom1,
  draftOf,
  factOf,
  home,
  ManualWall,
  otherHome,
  publishTested,
  redemption,
  sequencesOf,
} from './testing.ts';
import type { Transport } from './transport.ts';

const published = `redemption.${home}.published`;
const running: Relay[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((each) => each.close()));
});

const start = (store: EventStore, wall: ManualWall, options: Partial<RelayOptions> = {}): Relay => {
  const transport = options.transport ?? memoryHub().connect('relay');
  const started = relay({ store, service: 'redemption', homes: [home], publish: publishTested, wall, ...options, transport });
  running.push(started);
  return started;
};
const eventsIn = async (store: EventStore, stream = published): Promise<CloudEvent[]> =>
  (await store.read(stream)).map((fact) => fact.data as unknown as CloudEvent);
const thing = (id: number, at = home) => `redemption.${at}.thing-${id}`;
const textsOf = (events: readonly CloudEvent[]) => events.map((event) => event.data.text);

/** Written against the contract, not with the code under test. */
const expectGaplessChain = (events: readonly CloudEvent[]): void => {
  expect(sequencesOf(events)).toEqual(countingFrom1(events.length));
  for (const [index, event] of events.entries()) {
    const { data, ...rest } = event;
    expect(z.safeParse(envelope, rest).error).toBeUndefined();
    expect(data).toBeTypeOf('object');
    const previous = events[index - 1];
    const hash = previous && createHash('sha256').update(canonicalize(previous)!, 'utf8').digest('base64url');
    expect(event.previoushash).toBe(hash);
  }
  expect(new Set(events.map((event) => event.id)).size).toBe(events.length);
};

describe('the relay', () => {
  test('publishes the events of every fact once, in order, as a gapless chain', async () => {
    const store = memoryEventStore();
    const wall = new ManualWall();
    for (const [id, events] of [2, 0, 3, 1].entries()) await appendFact(store, thing(id % 2), factOf(id, events));
    const relayed = start(store, wall);
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
    const transport: Transport = { ...stubTransport(), publish: async (_producer, batch) => void sizes.push(batch.length) };
    const relayed = start(store, wall, { transport });
    await wall.until(() => relayed.status().heads.get(home) === 270);
    expect(sizes).toEqual([96, 96, 78]);
  });

  test('keeps a message within 256 KiB', async () => {
    const store = memoryEventStore();
    const wall = new ManualWall();
    const bytes: number[] = [];
    for (let id = 0; id < 20; id += 1) await appendFact(store, thing(id), factOf(id, 1));
    const publish = (fact: StoredFact) => [draftOf('长'.repeat(20_000) + fact.data.id, 1)];
    const transport: Transport = {
      ...stubTransport(),
      publish: async (_p, batch) => void bytes.push(Buffer.byteLength(JSON.stringify(batch))),
    };
    const relayed = start(store, wall, { transport, publish });
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
    const relayed = start(store, wall, { transport, observe: (measure) => void failures.push(measure.is) });
    await wall.until(() => relayed.status().heads.get(home) === 3 && failures.includes('publish-failed'));
    hub.heal('relay');
    const page = await readFeed(hub.connect('asker'), redemption, 2);
    expect(page.head).toBe(3);
    expect(sequencesOf(page.events)).toEqual([2, 3]);
    expect((await readFeed(hub.connect('another'), redemption, 4)).events).toEqual([]);
  });

  test('the head of each home is announced every five seconds', async () => {
    const store = memoryEventStore();
    const wall = new ManualWall();
    const hub = memoryHub();
    const heard: [string, number, number][] = [];
    hub.connect('listener').onAnnounced((producer, head) => heard.push([producer.home, head, wall.nowMs()]));
    await appendFact(store, thing(1), factOf(1, 3));
    start(store, wall, { transport: hub.connect('relay') });
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
    const relayed = start(store, wall, { publish: () => [draftOf('half a pair: \ud800', 1)] });
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
    const relayed = start(store, wall, { publish, homes: [home, otherHome] });
    await wall.until(() => relayed.status().heads.get(otherHome) === 2);
    expect(relayed.status().heads.get(home)).toBe(0);
    expect(relayed.status().idle).toBe(false);
    expect(relayed.status().relayed).toBe(beginning);
    broken = false;
    await wall.until(() => relayed.status().heads.get(home) === 2 && relayed.status().idle);
    expect(relayed.status().relayed).toBe(await store.head());
  });
});

describe('a relay that starts again', () => {
  test('after its append but before its message publishes nothing twice', async () => {
    const store = memoryEventStore();
    const wall = new ManualWall();
    await appendFact(store, thing(1), factOf(1, 2));
    const first = start(store, wall, {
      transport: { ...stubTransport(), publish: () => Promise.reject(new Error('the process is gone')) },
    });
    await wall.until(() => first.status().heads.get(home) === 2);
    await first.close();
    await appendFact(store, thing(2), factOf(2, 2));
    const second = start(store, wall);
    await wall.until(() => second.status().heads.get(home) === 4);
    expectGaplessChain(await eventsIn(store));
    expect(textsOf(await eventsIn(store))).toEqual(['1/0', '1/1', '2/0', '2/1']);
  });

  test.each(['answer-lost', 'not-landed'] as const)('during an append that ends as %s sends the same events again', async (fate) => {
    const store = memoryEventStore();
    const wall = new ManualWall();
    await appendFact(store, thing(1), factOf(1, 2));
    store.faults.nextAppends(fate, fate);
    const relayed = start(store, wall);
    await wall.until(() => relayed.status().heads.get(home) === 2);
    await appendFact(store, thing(1), factOf(2, 1));
    await wall.until(() => relayed.status().heads.get(home) === 3);
    expectGaplessChain(await eventsIn(store));
    expect(textsOf(await eventsIn(store))).toEqual(['1/0', '1/1', '2/0']);
  });

  test('after a crash at any append continues the chain', async () => {
    for (let crashAfter = 1; crashAfter <= 4; crashAfter += 1) {
      let store = memoryEventStore();
      const wall = new ManualWall();
      for (let id = 0; id < 12; id += 1) await appendFact(store, thing(id % 3), factOf(id, 30));
      const cursor = memoryCursor();
      let appends = 0;
      store.faults.chooseFate = () => {
        appends += 1;
        return appends < crashAfter ? 'lands' : appends % 2 ? 'answer-lost' : 'not-landed';
      };
      const first = start(store, wall, { cursor });
      await wall.until(() => appends >= crashAfter);
      await first.close();
      store = store.reopen();
      const second = start(store, wall, { cursor });
      await wall.until(() => second.status().heads.get(home) === 360);
      expectGaplessChain(await eventsIn(store));
    }
  });

  test('rescans a home that publishes nothing only without a cursor', async () => {
    const store = memoryEventStore();
    const wall = new ManualWall();
    const cursor = memoryCursor();
    for (let id = 0; id < 5; id += 1) await appendFact(store, thing(id), factOf(id, 0));
    let mapped = 0;
    const publish = (fact: StoredFact) => {
      mapped += 1;
      return publishTested(fact);
    };
    const first = start(store, wall, { cursor, publish });
    await wall.until(() => first.status().idle);
    await first.close();
    expect(mapped).toBe(5);
    const second = start(store, wall, { cursor, publish });
    await wall.until(() => second.status().idle);
    expect(mapped).toBe(5);
    await second.close();
    const withAnotherHome = start(store, wall, { cursor, publish, homes: [home, otherHome] });
    await wall.until(() => withAnotherHome.status().idle);
    await withAnotherHome.close();
    const withoutCursor = start(store, wall, { publish });
    await wall.until(() => withoutCursor.status().idle);
    expect(mapped).toBe(10);
  });

  test('a cursor does not speak for homes it did not know', async () => {
    const store = memoryEventStore();
    const wall = new ManualWall();
    await appendFact(store, thing(1, otherHome), factOf(1, 1));
    const cursor = memoryCursor({ epoch: store.epoch, homes: [home], position: '9'.repeat(16) });
    const relayed = start(store, wall, { cursor, homes: [home, otherHome] });
    await wall.until(() => relayed.status().heads.get(otherHome) === 1);
  });
});

describe('a second relay', () => {
  test('at once publishes nothing twice and takes over when the first stops', async () => {
    const store = memoryEventStore();
    const wall = new ManualWall();
    const relays = [start(store, wall), start(store, wall)];
    for (let id = 0; id < 40; id += 1) {
      await appendFact(store, thing(id % 4), factOf(id, 3));
      if (id % 5 === 0) await wall.pass(100);
    }
    await wall.until(() => relays.every((each) => each.status().idle));
    await relays[0]!.close();
    await appendFact(store, thing(1), factOf(40, 3));
    await wall.until(() => relays[1]!.status().heads.get(home) === 123);
    const events = await eventsIn(store);
    expectGaplessChain(events);
    expect(textsOf(events)).toEqual(Array.from({ length: 41 }, (_, id) => [`${id}/0`, `${id}/1`, `${id}/2`]).flat());
  });
});

describe('in another epoch', () => {
  /** As a migration does: the same facts in the same streams, at other positions. */
  const migrate = async (from: EventStore, streams: readonly string[]): Promise<ReturnType<typeof memoryEventStore>> => {
    const to = memoryEventStore({ epoch: 'after-migration' });
    for (const stream of streams) {
      const facts = await from.read(stream);
      for (let first = 0; first < facts.length; first += 100) await to.append(stream, first - 1, facts.slice(first, first + 100));
    }
    return to;
  };

  test('what was published is not published again, and what was not is, also over restarts', async () => {
    const old = memoryEventStore({ epoch: 'before-migration' });
    const wall = new ManualWall();
    for (let id = 0; id < 10; id += 1) await appendFact(old, thing(id % 3), factOf(id, 2));
    const before = start(old, wall);
    await wall.until(() => before.status().heads.get(home) === 20);
    await before.close();
    await appendFact(old, thing(2), factOf(10, 2));
    await appendFact(old, thing(7), factOf(11, 2));
    const store = await migrate(old, [thing(7), thing(2), published, thing(1), thing(0)]);
    for (let restart = 0; restart < 3; restart += 1) {
      const after = start(store, wall, { cursor: memoryCursor() });
      await wall.until(() => after.status().idle);
      await after.close();
    }
    const events = await eventsIn(store);
    expectGaplessChain(events);
    expect(textsOf(events).slice(20)).toEqual(['11/0', '11/1', '10/0', '10/1']);
  });
});

const memoryCursor = (saved?: RelayedTo) => {
  let kept = saved;
  return {
    load: () => kept,
    save: (relayed: RelayedTo) => {
      kept = relayed;
    },
  };
};

const stubTransport = (hub: MemoryHub = memoryHub()): Transport => {
  const transport = hub.connect('stub');
  return {
    publish: (producer, batch) => transport.publish(producer, batch),
    subscribe: (name, homes, deliver) => transport.subscribe(name, homes, deliver),
    announce: (producer, head) => transport.announce(producer, head),
    onAnnounced: (listener) => transport.onAnnounced(listener),
    request: (address, payload, timeoutMs) => transport.request(address, payload, timeoutMs),
    respond: (address, answer) => transport.respond(address, answer),
    probe: () => transport.probe(),
    close: () => transport.close(),
  };
};
