import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventStoreConformance, landed, newFact, newFacts } from '../conformance.ts';
import { eventStoreDbEventStore } from '../index.ts';
import { type EventStore, noStream, StoreUnavailable } from '../port.ts';
import { BoundedClient } from './client.ts';
import { liveServer } from './server.testing.ts';
import { EventStoreDbStore } from './store.ts';

const server = await liveServer();

if ('missing' in server) {
  console.warn(`\n*** NOT TESTED: the EventStoreDB adapter against a live server, because ${server.missing}. ***\n`);
  test.skip(`eventstoredb: the whole conformance suite is skipped, because ${server.missing}`, () => {});
} else {
  const { connectionString, stop } = server;
  afterAll(stop, 60_000);
  const open = (prefix: string) => eventStoreDbEventStore({ connectionString, prefix });

  eventStoreConformance('eventstoredb', async () => {
    const prefix = `test-${randomUUID()}-`;
    let store = await open(prefix);
    return {
      store,
      reopen: async () => {
        await store.close();
        store = await open(prefix);
        return store;
      },
      dispose: () => store.close(),
    };
  });

  describe('two stores on one server', () => {
    test('see nothing of each other under different prefixes, and everything under one', async () => {
      const prefix = `test-${randomUUID()}-`;
      const [one, same, other] = await Promise.all([open(prefix), open(prefix), open(`test-${randomUUID()}-`)]);
      expect(one.epoch).toBe(same.epoch);
      expect(one.epoch).not.toBe(other.epoch);
      const { position } = landed(await one.append('a.h.one', noStream, newFacts(2)));
      expect(await same.read('a.h.one')).toEqual(await one.read('a.h.one'));
      expect([await same.head(), await other.head()]).toEqual([position, '']);
      expect(await other.read('a.h.one')).toEqual([]);
      await Promise.all([one.close(), same.close(), other.close()]);
    }, 30_000);

    test('closing one leaves the appends of the other alone', async () => {
      const prefix = `test-${randomUUID()}-`;
      const [one, two] = await Promise.all([open(prefix), open(prefix)]);
      const appending = Array.from({ length: 300 }, (_, number) => one.append(`a.h.${number}`, noStream, [newFact()]));
      await two.close();
      for (const result of await Promise.all(appending)) landed(result);
      await one.close();
    }, 30_000);
  });
}

describe.each([
  ['that refuses connections', false],
  ['that takes connections and never answers', true],
])('a server %s', (_, listens) => {
  let silent: Server;
  const sockets = new Set<Socket>();
  let connectionString: string;
  let store: EventStore;

  beforeAll(async () => {
    silent = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
    }).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    connectionString = `esdb://127.0.0.1:${(silent.address() as AddressInfo).port}?tls=false`;
    if (!listens) {
      silent.close();
      await once(silent, 'close');
    }
    store = new EventStoreDbStore(new BoundedClient({ connectionString, callTimeoutMs: 200 }), 'test-', randomUUID());
  });

  afterAll(async () => {
    await store.close();
    for (const socket of sockets) socket.destroy();
    if (silent.listening) silent.close();
  });

  test('makes an append unavailable in bounded time', async () => {
    expect((await store.append('a.h.one', noStream, [newFact()])).is).toBe('unavailable');
  });

  test('makes reads, head, probe and opening reject in bounded time', async () => {
    await expect(store.read('a.h.one')).rejects.toThrow(StoreUnavailable);
    await expect(store.readLast('a.h.one')).rejects.toThrow(StoreUnavailable);
    await expect(store.head()).rejects.toThrow(StoreUnavailable);
    await expect(store.probe()).rejects.toThrow(StoreUnavailable);
    const opening = eventStoreDbEventStore({ connectionString, callTimeoutMs: 200, openTimeoutMs: 300 });
    await expect(opening).rejects.toThrow(StoreUnavailable);
  });

  test('leaves a follower waiting until it is told to end', async () => {
    const told: unknown[] = [];
    for await (const followed of store.follow({ prefixes: [''], after: '', signal: AbortSignal.timeout(500) })) told.push(followed);
    expect(told).toEqual([]);
  });
});

test('a connection string that would hide failed appends is refused', async () => {
  const connectionString = 'esdb://127.0.0.1:1?tls=false&throwOnAppendFailure=false';
  await expect(eventStoreDbEventStore({ connectionString })).rejects.toThrow('throwOnAppendFailure');
});
