import { type EventStore, memoryEventStore, type StoredFact } from '@tongdui/event-store';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import type { Relay } from './relay.ts';
import {
  closeRelays,
  eventsIn,
  expectGaplessChain,
  memoryCursor,
  published,
  sendingTo,
  startRelay,
  textsOf,
  thing,
} from './testing.relay.ts';
import { appendFact, factOf, home, ManualWall, otherHome, publishTested } from './testing.ts';

afterEach(closeRelays);

describe('a relay that starts again', () => {
  test('after its append but before its message publishes nothing twice', async () => {
    const store = memoryEventStore();
    const wall = new ManualWall();
    await appendFact(store, thing(1), factOf(1, 2));
    const first = startRelay(store, wall, {
      transport: sendingTo(() => Promise.reject(new Error('the process is gone'))),
    });
    await wall.until(() => first.status().heads.get(home) === 2);
    await first.close();
    await appendFact(store, thing(2), factOf(2, 2));
    const second = startRelay(store, wall);
    await wall.until(() => second.status().heads.get(home) === 4);
    expectGaplessChain(await eventsIn(store));
    expect(textsOf(await eventsIn(store))).toEqual(['1/0', '1/1', '2/0', '2/1']);
  });

  test.each(['answer-lost', 'not-landed'] as const)('during an append that ends as %s sends the same events again', async (fate) => {
    const store = memoryEventStore();
    const wall = new ManualWall();
    await appendFact(store, thing(1), factOf(1, 2));
    store.faults.nextAppends(fate, fate);
    const relayed = startRelay(store, wall);
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
      const first = startRelay(store, wall, { cursor });
      await wall.until(() => appends >= crashAfter);
      await first.close();
      store = store.reopen();
      const second = startRelay(store, wall, { cursor });
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
    const first = startRelay(store, wall, { cursor, publish });
    await wall.until(() => first.status().idle);
    await first.close();
    expect(mapped).toBe(5);
    const second = startRelay(store, wall, { cursor, publish });
    await wall.until(() => second.status().idle);
    expect(mapped).toBe(5);
    await second.close();
    const withAnotherHome = startRelay(store, wall, { cursor, publish, homes: [home, otherHome] });
    await wall.until(() => withAnotherHome.status().idle);
    await withAnotherHome.close();
    const withoutCursor = startRelay(store, wall, { publish });
    await wall.until(() => withoutCursor.status().idle);
    expect(mapped).toBe(10);
  });

  test('a cursor does not speak for homes it did not know', async () => {
    const store = memoryEventStore();
    const wall = new ManualWall();
    await appendFact(store, thing(1, otherHome), factOf(1, 1));
    const cursor = memoryCursor({ epoch: store.epoch, homes: [home], position: '9'.repeat(16) });
    const relayed = startRelay(store, wall, { cursor, homes: [home, otherHome] });
    await wall.until(() => relayed.status().heads.get(otherHome) === 1);
  });
});

describe('a second relay', () => {
  test('at once publishes nothing twice, loses nothing, and goes on when the other stops', async () => {
    // Relays that append the same events at the same place do not collide at all: it takes different batches.
    let collisions = 0;
    const log = {
      info: () => {
        collisions += 1;
      },
      warn: () => {},
      error: () => {},
    };
    const delays = fc.infiniteStream(fc.nat(120));
    await fc.assert(
      fc.asyncProperty(delays, delays, fc.nat(1), fc.infiniteStream(fc.nat(40)), async (first, second, stopped, pauses) => {
        const store = memoryEventStore();
        const wall = new ManualWall();
        const relays = [first, second].map((slowness) => startRelay(slowed(store, wall, slowness), wall, { log }));
        for (let id = 0; id < 20; id += 1) {
          await appendFact(store, thing(id % 4), factOf(id, 3));
          await wall.pass(pauses.next().value);
        }
        await closed(relays[stopped]!, wall);
        await appendFact(store, thing(1), factOf(20, 3));
        await wall.until(() => relays[1 - stopped]!.status().heads.get(home) === 63);
        await closed(relays[1 - stopped]!, wall);
        const events = await eventsIn(store);
        expectGaplessChain(events);
        expect(textsOf(events)).toEqual(Array.from({ length: 21 }, (_, id) => [`${id}/0`, `${id}/1`, `${id}/2`]).flat());
      }),
      { numRuns: 40 },
    );
    expect(collisions).toBeGreaterThan(0);
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
    const before = startRelay(old, wall);
    await wall.until(() => before.status().heads.get(home) === 20);
    await before.close();
    await appendFact(old, thing(2), factOf(10, 2));
    await appendFact(old, thing(7), factOf(11, 2));
    const store = await migrate(old, [thing(7), thing(2), published, thing(1), thing(0)]);
    for (let restart = 0; restart < 3; restart += 1) {
      const after = startRelay(store, wall, { cursor: memoryCursor() });
      await wall.until(() => after.status().idle);
      await after.close();
    }
    const events = await eventsIn(store);
    expectGaplessChain(events);
    expect(textsOf(events).slice(20)).toEqual(['11/0', '11/1', '10/0', '10/1']);
  });
});

const slowed = (store: EventStore, wall: ManualWall, delaysMs: Iterator<number, unknown>): EventStore => ({
  epoch: store.epoch,
  onlyWriter: false,
  append: async (...append) => {
    await wall.sleep(Number(delaysMs.next().value));
    return store.append(...append);
  },
  read: (...read) => store.read(...read),
  readLast: (stream) => store.readLast(stream),
  follow: (follow) => store.follow(follow),
  head: () => store.head(),
  probe: () => store.probe(),
  close: () => store.close(),
});

/** An append under way needs time to end. */
const closed = async (relay: Relay, wall: ManualWall): Promise<void> => {
  let ended = false;
  const closing = relay.close().then(() => {
    ended = true;
  });
  await wall.until(() => ended);
  await closing;
};
