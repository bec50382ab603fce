import { expect, test } from 'vitest';
import { eventStoreConformance, landed, newFact, newFacts } from './conformance.ts';
import { memoryEventStore } from './memory.ts';
import { noStream } from './port.ts';

eventStoreConformance('memory', async () => {
  const store = memoryEventStore();
  return {
    store,
    reopen: async () => store.reopen(),
    outage: {
      begin: () => {
        store.faults.readsUnavailable = true;
        store.faults.chooseFate = () => 'not-landed';
      },
      end: () => {
        store.faults.readsUnavailable = false;
        store.faults.chooseFate = undefined;
      },
    },
    dispose: () => store.close(),
  };
});

test('an append whose answer is lost has landed, and the resent append is recognised', async () => {
  const store = memoryEventStore();
  store.faults.nextAppends('answer-lost');
  const facts = newFacts(2);
  expect((await store.append('a.h.one', noStream, facts)).is).toBe('unavailable');
  expect(await store.read('a.h.one')).toHaveLength(2);
  expect(landed(await store.append('a.h.one', noStream, facts)).revision).toBe(1);
  expect(await store.read('a.h.one')).toHaveLength(2);
});

test('a crash loses what is not synced and keeps what was answered', async () => {
  const store = memoryEventStore();
  landed(await store.append('a.h.kept', noStream, [newFact()]));
  store.faults.holdSync();
  const appending = store.append('a.h.lost', noStream, [newFact()]);
  expect(await store.read('a.h.lost')).toEqual([]);
  store.faults.crash();
  expect((await appending).is).toBe('unavailable');
  const reopened = store.reopen();
  expect(await reopened.read('a.h.lost')).toEqual([]);
  expect(await reopened.read('a.h.kept')).toHaveLength(1);
  await expect(store.read('a.h.kept')).rejects.toThrow('closed');
});

test('held appends land in the order of their arrival, each with its own check', async () => {
  const store = memoryEventStore();
  store.faults.holdSync();
  const appending = [1, 2].map(() => store.append('a.h.one', noStream, [newFact()]));
  store.faults.sync();
  expect((await Promise.all(appending)).map((result) => result.is)).toEqual(['appended', 'wrong-expected-revision']);
});

test('what is read is frozen, so whoever writes to it is found out', async () => {
  const store = memoryEventStore({ now: () => '2026-01-01T00:00:00.000Z', epoch: 'epoch' });
  await store.append('a.h.one', noStream, [newFact({ list: [1] })]);
  const fact = (await store.readLast('a.h.one'))!;
  expect(() => (fact.data.list as number[]).push(2)).toThrow();
  expect([fact.recordedAt, store.epoch]).toEqual(['2026-01-01T00:00:00.000Z', 'epoch']);
});
