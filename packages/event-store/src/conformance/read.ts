import { describe, expect, test } from 'vitest';
import { beginning, noStream } from '../port.ts';
import { ids, landed, newFact, newFacts, type Subject } from './subject.ts';

export function readRules(subject: Subject): void {
  describe('reading', () => {
    test('gives what was appended, in order, with revisions from 0, rising positions and the time of the append', async () => {
      const { store } = subject();
      const facts = [newFact({ a: 1 }, { by: 'x' }), newFact({ a: 2 }), newFact({ a: 3 })];
      const first = landed(await store.append('a.h.one', noStream, facts.slice(0, 2)));
      const second = landed(await store.append('a.h.one', 1, facts.slice(2)));
      const read = await store.read('a.h.one');
      expect(read.map(({ id, type, data, metadata }) => ({ id, type, data, metadata }))).toEqual(facts);
      expect(read.map((fact) => [fact.stream, fact.revision])).toEqual([0, 1, 2].map((revision) => ['a.h.one', revision]));
      expect([first.revision, second.revision]).toEqual([1, 2]);
      expect([first.position, second.position]).toEqual([read[1]!.position, read[2]!.position]);
      expect(beginning < read[0]!.position && read[0]!.position < read[1]!.position && read[1]!.position < read[2]!.position).toBe(true);
      for (const fact of read) expect(new Date(fact.recordedAt).toISOString()).toBe(fact.recordedAt);
    });

    test('a missing stream is empty and has no last fact', async () => {
      const { store } = subject();
      expect(await store.read('a.h.missing')).toEqual([]);
      expect(await store.read('a.h.missing', { from: 3 })).toEqual([]);
      expect(await store.readLast('a.h.missing')).toBeUndefined();
    });

    test('from a revision, at most so many, and past the end', async () => {
      const { store } = subject();
      await store.append('a.h.one', noStream, newFacts(10));
      const revisions = async (options: { from?: number; max?: number }) =>
        (await store.read('a.h.one', options)).map((fact) => fact.revision);
      expect(await revisions({ from: 7 })).toEqual([7, 8, 9]);
      expect(await revisions({ from: 2, max: 3 })).toEqual([2, 3, 4]);
      expect(await revisions({ max: 2 })).toEqual([0, 1]);
      expect(await revisions({ max: 0 })).toEqual([]);
      expect(await revisions({ from: 10 })).toEqual([]);
      expect((await store.readLast('a.h.one'))?.revision).toBe(9);
    });

    test('a stream of 5 000 facts reads whole, in slices and at its end', async () => {
      const { store } = subject();
      const facts = newFacts(5_000);
      for (let at = 0; at < facts.length; at += 100) landed(await store.append('a.h.large', at - 1, facts.slice(at, at + 100)));
      expect(ids(await store.read('a.h.large'))).toEqual(ids(facts));
      expect(ids(await store.read('a.h.large', { from: 4_321, max: 333 }))).toEqual(ids(facts.slice(4_321, 4_654)));
      expect((await store.readLast('a.h.large'))?.id).toBe(facts.at(-1)!.id);
    }, 30_000);

    test('large integers as text, any text and any JSON come back as they went', async () => {
      const { store } = subject();
      const data = {
        amountFen: '9223372036854775807',
        negativeFen: '-9223372036854775808',
        safe: Number.MAX_SAFE_INTEGER,
        text: '通兑 券 😀 "quoted" \\ / \u0000 \u2028 \n é e\u0301 \ud800',
        'key with "quotes"': { nested: [null, true, false, 0, -1.5, '', [], {}] },
      };
      landed(await store.append('a.h.text-通兑', noStream, [{ ...newFact(data, data), type: 'Type"With\'Quotes' }]));
      const [read] = await store.read('a.h.text-通兑');
      expect([read?.data, read?.metadata, read?.type]).toEqual([data, data, 'Type"With\'Quotes']);
    });

    test('facts of half a MiB come back whole, several in one read', async () => {
      const { store } = subject();
      const text = 'x'.repeat(500_000);
      for (let revision = -1; revision < 11; revision++) landed(await store.append('a.h.big', revision, [newFact({ revision, text })]));
      const read = await store.read('a.h.big');
      expect(read.map((fact) => fact.data)).toEqual(Array.from({ length: 12 }, (_, number) => ({ revision: number - 1, text })));
    }, 30_000);

    test('what the caller does to its object after the append changes nothing', async () => {
      const { store } = subject();
      const data = { list: [1] };
      const appending = store.append('a.h.one', noStream, [newFact(data)]);
      data.list.push(2);
      landed(await appending);
      data.list.push(3);
      expect((await store.readLast('a.h.one'))?.data).toEqual({ list: [1] });
    });
  });

  describe('head', () => {
    test('is the beginning of an empty store', async () => {
      expect(await subject().store.head()).toBe(beginning);
    });

    test('is the position of the newest fact, or of the newest under some prefixes', async () => {
      const { store } = subject();
      const a = landed(await store.append('a.h.one', noStream, newFacts(2)));
      const b = landed(await store.append('b.h.one', noStream, newFacts(2)));
      expect(await store.head()).toBe(b.position);
      expect(await store.head(['a.'])).toBe(a.position);
      expect(await store.head(['c.'])).toBe(beginning);
      expect(await store.head(['a.', 'b.', 'c.'])).toBe(b.position);
      const again = landed(await store.append('a.h.one', 1, [newFact()]));
      expect([await store.head(), await store.head(['a.']), await store.head(['b.'])]).toEqual([
        again.position,
        again.position,
        b.position,
      ]);
    });
  });
}
