import { describe, expect, test } from 'vitest';
import { type AppendResult, appendBytesMax, noStream } from '../port.ts';
import { ids, landed, newFact, newFacts, type Subject } from './subject.ts';

export function appendRules(subject: Subject): void {
  describe('expected revision', () => {
    test('of many concurrent creations of one stream exactly one wins', async () => {
      const { store } = subject();
      const results = await Promise.all(Array.from({ length: 20 }, () => store.append('a.h.one', noStream, [newFact()])));
      expectOneWinner(results, 0);
      expect(await store.read('a.h.one')).toHaveLength(1);
    });

    test('of many concurrent appends at one revision exactly one wins', async () => {
      const { store } = subject();
      await store.append('a.h.one', noStream, newFacts(3));
      const results = await Promise.all(Array.from({ length: 20 }, () => store.append('a.h.one', 2, newFacts(2))));
      expectOneWinner(results, 4);
      expect(await store.read('a.h.one')).toHaveLength(5);
    });

    test('a losing append fails alone: those that arrive with it land', async () => {
      const { store } = subject();
      await store.append('a.h.taken', noStream, [newFact()]);
      const [before, loser, after] = await Promise.all([
        store.append('a.h.before', noStream, [newFact()]),
        store.append('a.h.taken', noStream, newFacts(2)),
        store.append('a.h.after', noStream, [newFact()]),
      ]);
      expect([before.is, after.is]).toEqual(['appended', 'appended']);
      expect(loser).toEqual({ is: 'wrong-expected-revision', actualRevision: 0 });
      expect(await store.read('a.h.taken')).toHaveLength(1);
    });

    test('a revision the stream has not reached is wrong, also of a missing stream', async () => {
      const { store } = subject();
      await store.append('a.h.one', noStream, newFacts(2));
      expect(await store.append('a.h.one', 5, [newFact()])).toEqual({ is: 'wrong-expected-revision', actualRevision: 1 });
      expect(await store.append('a.h.missing', 0, [newFact()])).toEqual({ is: 'wrong-expected-revision', actualRevision: -1 });
      expect(await store.read('a.h.missing')).toEqual([]);
    });

    test('appends in order to many streams at once all land', async () => {
      const { store } = subject();
      await Promise.all(
        Array.from({ length: 20 }, async (_, number) => {
          for (let revision = -1; revision < 4; revision++) landed(await store.append(`a.h.${number}`, revision, [newFact()]));
        }),
      );
      for (let number = 0; number < 20; number++) expect(await store.read(`a.h.${number}`)).toHaveLength(5);
    });
  });

  describe('an append that is sent again', () => {
    test('answers its original result, also much later, and writes nothing', async () => {
      const { store } = subject();
      const first = newFacts(3);
      const original = landed(await store.append('a.h.one', noStream, first));
      expect(await store.append('a.h.one', noStream, first)).toEqual(original);
      landed(await store.append('a.h.one', 2, newFacts(2)));
      landed(await store.append('a.h.other', noStream, newFacts(2)));
      expect(await store.append('a.h.one', noStream, first)).toEqual(original);
      expect(await store.read('a.h.one')).toHaveLength(5);
    });

    test('lands once when it is sent several times at once', async () => {
      const { store } = subject();
      const facts = newFacts(2);
      const results = await Promise.all(Array.from({ length: 5 }, () => store.append('a.h.one', noStream, facts)));
      for (const result of results) expect(result).toEqual(landed(results[0]!));
      expect(ids(await store.read('a.h.one'))).toEqual(ids(facts));
    });

    test('in the middle of a stream is recognised at its place', async () => {
      const { store } = subject();
      await store.append('a.h.one', noStream, newFacts(2));
      const middle = newFacts(2);
      const original = landed(await store.append('a.h.one', 1, middle));
      await store.append('a.h.one', 3, newFacts(2));
      expect(await store.append('a.h.one', 1, middle)).toEqual(original);
    });

    test('is wrong when only a part of it is the same: earlier ids then a new one, a new id then an earlier one, another order', async () => {
      const { store } = subject();
      const [a, b] = [newFact(), newFact()];
      landed(await store.append('a.h.one', noStream, [a, b]));
      const wrong = { is: 'wrong-expected-revision', actualRevision: 1 };
      expect(await store.append('a.h.one', noStream, [a, b, newFact()])).toEqual(wrong);
      expect(await store.append('a.h.one', noStream, [newFact(), a])).toEqual(wrong);
      expect(await store.append('a.h.one', noStream, [b, a])).toEqual(wrong);
      expect(await store.append('a.h.one', 0, [b, newFact()])).toEqual(wrong);
      expect(ids(await store.read('a.h.one'))).toEqual([a.id, b.id]);
    });
  });

  describe('misuse rejects and writes nothing', () => {
    test.each([
      ['no facts', noStream, []],
      ['more than 100 facts', noStream, newFacts(101)],
      ['more than 512 KiB', noStream, [newFact({ text: 'x'.repeat(appendBytesMax) })]],
      ['more than 512 KiB of UTF-8 in fewer characters', noStream, [newFact({ text: '兑'.repeat(appendBytesMax / 3 + 1) })]],
      ['a BigInt in the data', noStream, [newFact({ amount: 1n as never })]],
      ['an id that is no UUID', noStream, [{ ...newFact(), id: 'fact-1' }]],
      ['data that is no object', noStream, [{ ...newFact(), data: [] as never }]],
      ['no type', noStream, [{ ...newFact(), type: '' }]],
      ['an expected revision that is none', -2, [newFact()]],
      ['a fraction as expected revision', 0.5, [newFact()]],
    ])('%s', async (_, expectedRevision, facts) => {
      const { store } = subject();
      await expect(store.append('a.h.one', expectedRevision, facts)).rejects.toThrow();
      expect(await store.read('a.h.one')).toEqual([]);
    });

    test('one id twice in an append', async () => {
      const fact = newFact();
      await expect(subject().store.append('a.h.one', noStream, [fact, fact])).rejects.toThrow();
    });

    test('100 facts and almost 512 KiB are no misuse', async () => {
      const { store } = subject();
      const facts = Array.from({ length: 100 }, () => newFact({ text: 'x'.repeat(5_000) }));
      expect(landed(await store.append('a.h.one', noStream, facts)).revision).toBe(99);
      expect(ids(await store.read('a.h.one'))).toEqual(ids(facts));
    });
  });
}

function expectOneWinner(results: readonly AppendResult[], actualRevision: number): void {
  expect(results.filter((result) => result.is === 'appended')).toHaveLength(1);
  const losers = results.filter((result) => result.is !== 'appended');
  for (const loser of losers) expect(loser).toEqual({ is: 'wrong-expected-revision', actualRevision });
}
