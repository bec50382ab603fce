import type { CloudEvent, Instant } from '@tongdui/contracts';
import { given, history } from '@tongdui/decider/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { historyOf, steps } from './history.fixtures.ts';
import { type Command, type EventSeen, type Fact, journal, openingAfter, type State } from './journal.decider.ts';
import { type Entry, entriesOf } from './posting.ts';

const instant = (text: string) => text as Instant;
const at = instant('2026-03-10T00:00:00.000Z');
const opened: Fact = { type: 'JournalOpened', month: '202603', at, balances: [], cursors: [] };
const closed: Fact = { type: 'JournalClosed', next: '202604', entries: 0, at };

const entry = (amountFen: number, creditFen = amountFen): Entry => ({
  book: '310117' as Entry['book'],
  row: 'payable',
  lines: [
    { account: 'expenditure', side: 'debit', amountFen },
    { account: 'payable:payee', side: 'credit', amountFen: creditFen },
  ],
  dimensions: { pot: 'a pot' },
  fiscalYear: 2026,
  occurredAt: at,
});
const seen = (sequence: number, time = at, source = '/redemption/310117'): EventSeen => ({
  id: `event-${source}-${sequence}`,
  type: 'claim-payable',
  source,
  sequence,
  time,
});
const post = (event: EventSeen, ...entries: Entry[]): Command => ({
  type: 'PostEvent',
  event,
  entries: entries.length === 0 ? [entry(5)] : entries,
});
const postedBy = (command: Command, state: State): Fact[] => {
  const decision = journal.decide(command, state);
  return decision.accepted ? [...decision.facts] : [];
};
const open = (...facts: Fact[]) => given(journal, opened, ...facts);

describe('opening a month', () => {
  test('carries balances and cursors over', () => {
    const opening = {
      balances: [{ book: '310117', account: 'cash', balanceFen: -5 }],
      cursors: [{ source: '/redemption/310117', sequence: 9 }],
    };
    const { state } = given(journal, { ...opened, ...opening } as Fact);
    expect(state.is === 'open' && openingAfter(state)).toEqual(opening);
    expect(given(journal).when({ type: 'OpenJournal', month: '202603', at, ...opening })).toEqual({
      accepted: true,
      facts: [{ ...opened, ...opening }],
    });
  });

  test('a second time is already so', () => {
    expect(open().when({ type: 'OpenJournal', month: '202603', at, balances: [], cursors: [] })).toEqual({ accepted: true, facts: [] });
    expect(open(closed).when({ type: 'OpenJournal', month: '202603', at, balances: [], cursors: [] })).toEqual({
      accepted: true,
      facts: [],
    });
  });
});

describe('posting an event', () => {
  test('records one fact for each entry', () => {
    const decision = open().when(post(seen(1), entry(5), entry(7)));
    expect(decision).toMatchObject({
      accepted: true,
      facts: [
        { type: 'EntryPosted', entryId: 'event-/redemption/310117-1.310117.0', postedOn: '2026-03-10', at },
        { type: 'EntryPosted', entryId: 'event-/redemption/310117-1.310117.1' },
      ],
    });
  });

  test('that was posted before is already so, also after the month is closed', () => {
    const facts = postedBy(post(seen(4)), open().state);
    expect(open(...facts).when(post(seen(4)))).toEqual({ accepted: true, facts: [] });
    expect(open(...facts).when(post(seen(3)))).toEqual({ accepted: true, facts: [] });
    expect(open(...facts, closed).when(post(seen(4)))).toEqual({ accepted: true, facts: [] });
  });

  test('that was posted in the month before is already so', () => {
    const carried: Fact = { ...opened, cursors: [{ source: '/redemption/310117', sequence: 4 }] } as Fact;
    expect(given(journal, carried).when(post(seen(4)))).toEqual({ accepted: true, facts: [] });
    expect(postedBy(post(seen(5)), given(journal, carried).state)).toHaveLength(1);
  });

  test('with the same sequence of another producer is another event', () => {
    const facts = postedBy(post(seen(4)), open().state);
    expect(postedBy(post(seen(4, at, '/redemption/330100')), open(...facts).state)).toHaveLength(1);
  });

  test('of an earlier month is posted here, on the first day', () => {
    expect(postedBy(post(seen(1, instant('2026-02-27T00:00:00.000Z'))), open().state)).toMatchObject([{ postedOn: '2026-03-01' }]);
  });

  test('of an earlier day than the last posting is posted on the day of that: posting dates never go backwards', () => {
    const facts = postedBy(post(seen(1)), open().state);
    expect(postedBy(post(seen(2, instant('2026-03-05T00:00:00.000Z'))), open(...facts).state)).toMatchObject([{ postedOn: '2026-03-10' }]);
  });

  test('that leaves an account below zero is not refused: producers are unordered among themselves', () => {
    const { state } = history(journal, [post(seen(1), entry(5))], [opened]);
    expect(state.is === 'open' && openingAfter(state).balances).toEqual([
      { book: '310117', account: 'expenditure', pot: 'a pot', balanceFen: 5 },
      { book: '310117', account: 'payable:payee', balanceFen: -5 },
    ]);
  });

  test.each([
    ['journal-not-open', given(journal), post(seen(1))],
    ['journal-closed', open(closed), post(seen(1))],
    ['month-not-begun', open(), post(seen(1, instant('2026-03-31T16:00:00.000Z')))],
  ] as const)('refuses: %s', (reason, journalGiven, command) => {
    expect(journalGiven.when(command)).toEqual({ accepted: false, reason });
  });

  test('an entry that does not balance, or of nothing, is a bug and stops its line', () => {
    expect(() => open().when(post(seen(1), entry(5, 6)))).toThrow('does not balance');
    expect(() => open().when(post(seen(1), entry(0)))).toThrow('posts 0 fen');
    expect(() => open().when(post(seen(1), entry(0.5)))).toThrow('posts 0.5 fen');
  });
});

describe('closing a month', () => {
  test('names the month that follows', () => {
    expect(open().when({ type: 'CloseJournal', next: '202604', at })).toEqual({ accepted: true, facts: [closed] });
  });

  test('a second time is already so', () => {
    expect(open(closed).when({ type: 'CloseJournal', next: '202605', at })).toEqual({ accepted: true, facts: [] });
  });

  test('refuses: journal-not-open', () => {
    expect(given(journal).when({ type: 'CloseJournal', next: '202604', at })).toEqual({ accepted: false, reason: 'journal-not-open' });
  });
});

const commandOf = (event: CloudEvent): Command => ({
  type: 'PostEvent',
  event: { id: event.id, type: event.type, source: event.source, sequence: Number(event.sequence), time: at },
  entries: entriesOf(event),
});

test('whatever is posted, however often, is posted once, and every book sums to zero', () => {
  fc.assert(
    fc.property(steps, fc.infiniteStream(fc.nat({ max: 3 })), (plan, again) => {
      const commands = historyOf(plan)
        .events.map(commandOf)
        .filter((command) => command.type === 'PostEvent' && command.entries.length > 0);
      const repeated = commands.flatMap((command, index) => [
        command,
        ...commands.slice(Math.max(0, index - again.next().value!), index + 1),
      ]);
      const once = history(journal, commands, [opened]);
      const often = history(journal, repeated, [opened]);
      expect(often.facts).toEqual(once.facts);
      expect(often.decisions.every(({ accepted }) => accepted)).toBe(true);
      const sums = new Map<string, number>();
      if (often.state.is !== 'open') throw new Error('not open');
      for (const { book, balanceFen } of often.state.balances.values()) sums.set(book, (sums.get(book) ?? 0) + balanceFen);
      expect([...sums.values()].every((sum) => sum === 0)).toBe(true);
    }),
    { numRuns: 40 },
  );
});

test('a month that opens with what the one before ended with goes on as if they were one', () => {
  fc.assert(
    fc.property(steps, fc.nat({ max: 100 }), (plan, cut) => {
      const commands = historyOf(plan)
        .events.map(commandOf)
        .filter((command) => command.type === 'PostEvent' && command.entries.length > 0);
      const place = cut % (commands.length + 1);
      const whole = history(journal, commands, [opened]).state;
      const first = history(journal, commands.slice(0, place), [opened]).state;
      if (whole.is !== 'open' || first.is !== 'open') throw new Error('not open');
      const second = history(journal, commands, [{ type: 'JournalOpened', month: '202604', at, ...openingAfter(first) }]).state;
      if (second.is !== 'open') throw new Error('not open');
      expect(openingAfter(second)).toEqual(openingAfter(whole));
      expect(first.entries + second.entries).toBe(whole.entries);
    }),
    { numRuns: 40 },
  );
});
