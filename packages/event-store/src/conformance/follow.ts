import { describe, expect, test } from 'vitest';
import { type EventStore, noStream, type StoredFact } from '../port.ts';
import { followUntil, ids, landed, newFact, newFacts, type Subject } from './subject.ts';

export function followRules(subject: Subject): void {
  describe('following', () => {
    test('gives the same facts as reading, oldest first, then says that it has caught up', async () => {
      const { store } = subject();
      await store.append('a.h.one', noStream, newFacts(3));
      await store.append('a.h.two', noStream, newFacts(2));
      const expected = [...(await store.read('a.h.one')), ...(await store.read('a.h.two'))];
      expect(await followUntil(store, 5)).toEqual(expected);
    });

    test('an empty store says at once that it has caught up', async () => {
      expect(await followUntil(subject().store, 0)).toEqual([]);
    });

    test('gives only streams under one of the prefixes, taken literally', async () => {
      const { store } = subject();
      for (const stream of ['a.h.x-1', 'a.h.x-10', 'a.h.y-1', 'aXh.x-1', 'b.h.x', 'b%', 'b_h.x', 'A.h.x-1']) {
        landed(await store.append(stream, noStream, [newFact()]));
      }
      const streams = async (...prefixes: string[]) => (await followUntil(store, 0, { prefixes })).map((fact) => fact.stream);
      expect(await streams('a.')).toEqual(['a.h.x-1', 'a.h.x-10', 'a.h.y-1']);
      expect(await streams('a.h.x-1', 'b.')).toEqual(['a.h.x-1', 'a.h.x-10', 'b.h.x']);
      expect(await streams('b.', 'b.h.', 'a.h.y')).toEqual(['a.h.y-1', 'b.h.x']);
      expect(await streams('b%', 'b_')).toEqual(['b%', 'b_h.x']);
      expect(await streams('c.')).toEqual([]);
      expect(await streams()).toEqual([]);
    });

    test('from the middle starts after the given position', async () => {
      const { store } = subject();
      await store.append('a.h.one', noStream, newFacts(10));
      const all = await followUntil(store, 10);
      for (const middle of [0, 4, 9]) {
        const rest = await followUntil(store, 9 - middle, { after: all[middle]!.position });
        expect(ids(rest)).toEqual(ids(all.slice(middle + 1)));
      }
    });

    test('5 000 facts come in batches of at most 500, each once', async () => {
      const { store } = subject();
      for (let stream = 0; stream < 50; stream++) landed(await store.append(`a.h.${stream}`, noStream, newFacts(100)));
      const seen: StoredFact[] = [];
      for await (const followed of store.follow({ prefixes: ['a.'], after: '', signal: AbortSignal.timeout(20_000) })) {
        if (followed.is === 'caught-up') break;
        expect(followed.facts.length).toBeLessThanOrEqual(500);
        seen.push(...followed.facts);
      }
      expect(new Set(ids(seen)).size).toBe(5_000);
      expectRising(seen);
    }, 30_000);

    test('while 50 writers write, each fact comes once, in order, and none is skipped', async () => {
      const { store } = subject();
      const early = followUntil(store, 1_000, { prefixes: ['a.'] });
      const writing = Array.from({ length: 50 }, (_, number) => writeOneByOne(store, `a.h.${number}`, 20));
      await writing[0];
      const late = followUntil(store, 1_000, { prefixes: ['a.'] });
      await Promise.all(writing);
      for (const facts of [await early, await late]) {
        expectRising(facts);
        const places = facts.map((fact) => `${fact.stream}@${fact.revision}`);
        expect(new Set(places).size).toBe(1_000);
        expect(facts).toHaveLength(1_000);
      }
    }, 30_000);

    test('says again that it has caught up after what came live', async () => {
      const { store } = subject();
      const said: string[] = [];
      for await (const followed of store.follow({ prefixes: ['a.'], after: '', signal: AbortSignal.timeout(20_000) })) {
        said.push(followed.is);
        if (followed.is === 'facts') continue;
        if (said.length >= 5) break;
        await store.append(`a.h.${said.length}`, noStream, [newFact()]);
      }
      expect(said).toEqual(['caught-up', 'facts', 'caught-up', 'facts', 'caught-up']);
    });

    test('reaches the head of its prefixes', async () => {
      const { store } = subject();
      await store.append('a.h.one', noStream, newFacts(2));
      await store.append('b.h.one', noStream, newFacts(2));
      const facts = await followUntil(store, 2, { prefixes: ['a.'] });
      expect(facts.at(-1)!.position).toBe(await store.head(['a.']));
    });

    test('a slow follower misses nothing', async () => {
      const { store } = subject();
      const seen: StoredFact[] = [];
      let written = 0;
      for await (const followed of store.follow({ prefixes: [''], after: '', signal: AbortSignal.timeout(30_000) })) {
        if (followed.is === 'facts') seen.push(...followed.facts);
        // While the follower is held up here, more facts arrive than a subscription keeps for it.
        if (written < 3) {
          for (let batch = 0; batch < 15; batch++) landed(await store.append(`a.h.${written}-${batch}`, noStream, newFacts(100)));
          written++;
        }
        if (seen.length >= 4_500) break;
      }
      expect(new Set(ids(seen)).size).toBe(4_500);
      expectRising(seen);
    }, 40_000);

    test('ends when its signal says so, before or during the iteration', async () => {
      const { store } = subject();
      const before = AbortSignal.abort();
      for await (const followed of store.follow({ prefixes: [''], after: '', signal: before })) expect(followed).toBeUndefined();
      const during = new AbortController();
      for await (const followed of store.follow({ prefixes: [''], after: '', signal: during.signal })) {
        expect(followed.is).toBe('caught-up');
        during.abort();
      }
    });

    test('ends when the store closes', async () => {
      const { store } = subject();
      const said: string[] = [];
      for await (const followed of store.follow({ prefixes: [''], after: '', signal: AbortSignal.timeout(20_000) })) {
        said.push(followed.is);
        void store.close();
      }
      expect(said).toEqual(['caught-up']);
    });
  });
}

async function writeOneByOne(store: EventStore, stream: string, count: number): Promise<void> {
  for (let revision = -1; revision < count - 1; revision++) landed(await store.append(stream, revision, [newFact({ revision })]));
}

function expectRising(facts: readonly StoredFact[]): void {
  const falling = facts.findIndex((fact, index) => index > 0 && fact.position <= facts[index - 1]!.position);
  expect(falling).toBe(-1);
}
