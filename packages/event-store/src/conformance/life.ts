import { describe, expect, test } from 'vitest';
import { noStream, StoreUnavailable } from '../port.ts';
import { followUntil, ids, landed, newFact, newFacts, type Subject } from './subject.ts';

export function lifeRules(subject: Subject): void {
  describe('the life of a store', () => {
    test('closing waits for appends under way; later calls reject; closing twice is no harm', async () => {
      const { store } = subject();
      const appending = Array.from({ length: 20 }, (_, number) => store.append(`a.h.${number}`, noStream, [newFact()]));
      await Promise.all([store.close(), store.close()]);
      for (const result of await Promise.all(appending)) landed(result);
      await expect(store.append('a.h.late', noStream, [newFact()])).rejects.toThrow('closed');
      await expect(store.read('a.h.late')).rejects.toThrow('closed');
      await store.close();
    });

    test('it takes writes, and says so', async () => {
      await subject().store.probe();
      expect(await followUntil(subject().store, 0)).toEqual([]);
    });

    test('facts, epoch and positions outlive it, and following goes on where it stopped', async ({ skip }) => {
      const { store, reopen } = subject();
      if (reopen === undefined) return skip('this store keeps nothing');
      const first = newFacts(3);
      const original = landed(await store.append('a.h.one', noStream, first));
      const before = await followUntil(store, 3);
      const { epoch } = store;
      const reopened = await reopen();
      expect(reopened.epoch).toBe(epoch);
      expect(await reopened.head()).toBe(original.position);
      expect(await reopened.append('a.h.one', noStream, first)).toEqual(original);
      const more = newFacts(2);
      landed(await reopened.append('a.h.one', 2, more));
      expect(ids(await followUntil(reopened, 2, { after: before.at(-1)!.position }))).toEqual(ids(more));
      expect(ids(await reopened.read('a.h.one'))).toEqual(ids([...first, ...more]));
    });

    test('while it is unavailable appends say so and reads reject; afterwards the same append lands once', async ({ skip }) => {
      const { store, outage } = subject();
      if (outage === undefined) return skip('a test cannot make this store unavailable');
      const fact = newFact();
      outage.begin();
      expect((await store.append('a.h.one', noStream, [fact])).is).toBe('unavailable');
      await expect(store.read('a.h.one')).rejects.toThrow(StoreUnavailable);
      await expect(store.readLast('a.h.one')).rejects.toThrow(StoreUnavailable);
      await expect(store.head()).rejects.toThrow(StoreUnavailable);
      await expect(store.probe()).rejects.toThrow(StoreUnavailable);
      const following = followUntil(store, 1);
      outage.end();
      landed(await store.append('a.h.one', noStream, [fact]));
      expect(ids(await following)).toEqual([fact.id]);
    });
  });
}
