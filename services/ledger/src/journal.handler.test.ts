import type { Home, Instant } from '@tongdui/contracts';
import { type MemoryEventStore, memoryEventStore } from '@tongdui/event-store';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EventSeen } from './journal.decider.ts';
import { journalHandler, openJournalOf, type PostEvent } from './journal.handler.ts';
import type { Entry } from './posting.ts';

const stream = openJournalOf('310117' as Home);
const wall = { nowMs: () => 0, sleep: async () => {} };
const handlerOn = (store: MemoryEventStore) => journalHandler(store, { wall, outcomeTimeoutMs: 0 });
/** The other of two processes on one store: neither may trust what it remembers. */
const shared = (store: MemoryEventStore) =>
  new Proxy(store, { get: (target, name) => (name === 'onlyWriter' ? false : bound(target, name)) });
const bound = (target: MemoryEventStore, name: string | symbol): unknown => {
  const value: unknown = Reflect.get(target, name, target);
  return typeof value === 'function' ? value.bind(target) : value;
};

const entry: Entry = {
  book: '310117' as Entry['book'],
  row: 'payable',
  lines: [
    { account: 'expenditure', side: 'debit', amountFen: 5 },
    { account: 'payable:payee', side: 'credit', amountFen: 5 },
  ],
  dimensions: {},
  fiscalYear: 2026,
  occurredAt: '2026-03-10T00:00:00.000Z' as Instant,
};
const posting = (sequence: number, month = '03', source = '/redemption/310117', entries: readonly Entry[] = [entry]) => {
  const event: EventSeen = {
    id: `${source}-${sequence}`,
    type: 'claim-payable',
    source,
    sequence,
    time: `2026-${month}-10T00:00:00.000Z` as Instant,
  };
  const command: PostEvent = { type: 'PostEvent', event, entries };
  return { command, id: event.id };
};
const factsOf = async (store: MemoryEventStore, month: string) =>
  (await store.read(`ledger.310117.journal-2026${month}`)).map(({ type, data }) =>
    type === 'EntryPosted' ? (data.event as { id: string }).id.replace('/redemption/310117-', '') : type,
  );
const allPosted = async (store: MemoryEventStore) => {
  const months = (await store.read('ledger.310117.months-journal')).map(({ data }) => data.month as string);
  const facts = await Promise.all(months.map((month) => store.read(`ledger.310117.journal-${month}`)));
  return facts.flat().flatMap(({ type, data }) => (type === 'EntryPosted' ? [(data.event as { id: string }).id] : []));
};

describe('the journal of a home', () => {
  test('opens its first month with the first event', async () => {
    const store = memoryEventStore();
    await handlerOn(store).run(stream, posting(1));
    expect(await factsOf(store, '03')).toEqual(['JournalOpened', '1']);
  });

  test('closes a month and opens the next when an event of a later month comes; what comes late is posted there too', async () => {
    const store = memoryEventStore();
    const handler = handlerOn(store);
    await handler.run(stream, posting(1));
    await handler.run(stream, posting(2, '05'));
    await handler.run(stream, posting(3, '04'));
    expect(await factsOf(store, '03')).toEqual(['JournalOpened', '1', 'JournalClosed']);
    expect(await factsOf(store, '04')).toEqual([]);
    expect(await factsOf(store, '05')).toEqual(['JournalOpened', '2', '3']);
    const [opened] = await store.read('ledger.310117.journal-202605');
    expect(opened?.data).toMatchObject({
      balances: [
        { book: '310117', account: 'expenditure', balanceFen: 5 },
        { book: '310117', account: 'payable:payee', balanceFen: -5 },
      ],
      cursors: [{ source: '/redemption/310117', sequence: 1 }],
    });
  });

  test('posts what arrives together with one append, in its order, across a change of the month', async () => {
    const store = memoryEventStore();
    const handler = handlerOn(store);
    const rans = await Promise.all(
      [posting(1), posting(2), posting(3, '04'), posting(4), posting(5, '04')].map((one) => handler.run(stream, one)),
    );
    expect(rans.map(({ is }) => is)).toEqual(['accepted', 'accepted', 'accepted', 'accepted', 'accepted']);
    expect(await factsOf(store, '03')).toEqual(['JournalOpened', '1', '2', 'JournalClosed']);
    expect(await factsOf(store, '04')).toEqual(['JournalOpened', '3', '4', '5']);
  });

  test('an event that comes again after the month has changed and the process was restarted is not posted again', async () => {
    const store = memoryEventStore();
    const handler = handlerOn(store);
    await handler.run(stream, posting(1));
    await handler.run(stream, posting(2, '04'));
    const restarted = store.reopen();
    const again = await handlerOn(restarted).run(stream, posting(1));
    expect(again).toMatchObject({ is: 'accepted', facts: [] });
    expect(await allPosted(restarted)).toEqual(['/redemption/310117-1', '/redemption/310117-2']);
  });

  test('an event that fails is not overtaken by a later one: what waits behind it fails too and comes again', async () => {
    const store = memoryEventStore();
    const handler = handlerOn(store);
    const unbalanced: Entry = { ...entry, lines: [entry.lines[0], { ...entry.lines[1], amountFen: 4 }] };
    await handler.run(stream, posting(1));
    const bad = posting(2, '03', '/redemption/310117', [unbalanced]);
    const settled = await Promise.allSettled([bad, posting(3), posting(4, '04')].map((one) => handler.run(stream, one)));
    expect(settled.map((one) => (one.status === 'rejected' ? 'failed' : one.value.is === 'refused' && one.value.reason))).toEqual([
      'failed',
      'contended',
      'contended',
    ]);
    expect(await allPosted(store)).toEqual(['/redemption/310117-1']);
    for (const one of [posting(2), posting(3), posting(4, '04')]) expect((await handler.run(stream, one)).is).toBe('accepted');
    expect(await allPosted(store)).toEqual([1, 2, 3, 4].map((sequence) => `/redemption/310117-${sequence}`));
  });

  test('answers the state of the open month', async () => {
    const store = memoryEventStore();
    const handler = handlerOn(store);
    expect((await handler.current(stream)).state.is).toBe('unopened');
    await handler.run(stream, posting(1, '04'));
    expect((await handler.current(stream)).state).toMatchObject({ is: 'open', month: '202604', entries: 1 });
    expect((await handler.until(stream, ({ is }) => is === 'open', 0)).state).toMatchObject({ month: '202604' });
  });
});

/** Appends of a change of the month, from the first event of March to the first of April. */
const appends = ['months', 'March opened', 'event 1', 'months', 'March closed', 'April opened', 'event 2'];

test.each(
  appends.flatMap(
    (what, place) =>
      [
        [`${what} is not written`, place, 'not-landed'],
        [`${what} is written and the answer lost`, place, 'answer-lost'],
      ] as const,
  ),
)('a process that dies when %s posts nothing twice and loses nothing when the events come again', async (_what, place, fate) => {
  const store = memoryEventStore();
  store.faults.nextAppends(...Array.from({ length: place }, () => 'lands' as const), fate);
  const dying = handlerOn(store);
  const first = await dying.run(stream, posting(1));
  if (first.is === 'accepted') await dying.run(stream, posting(2, '04'));
  const restarted = store.reopen();
  const handler = handlerOn(restarted);
  for (const one of [posting(1), posting(2, '04')]) expect((await handler.run(stream, one)).is).toBe('accepted');
  expect(await allPosted(restarted)).toEqual(['/redemption/310117-1', '/redemption/310117-2']);
});

test('two processes on one store, at different months, with faults: every event is posted once and in its order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          month: fc.integer({ min: 1, max: 9 }),
          source: fc.constantFrom('/redemption/310117', '/clearing/G60'),
          process: fc.boolean(),
        }),
        { minLength: 1, maxLength: 25 },
      ),
      fc.array(fc.constantFrom('lands', 'lands', 'lands', 'answer-lost', 'not-landed'), { maxLength: 40 }),
      async (plan, fates) => {
        const store = memoryEventStore();
        store.faults.nextAppends(...(fates as ('lands' | 'answer-lost' | 'not-landed')[]));
        const processes = [handlerOn(shared(store)), handlerOn(shared(store))];
        const counts = new Map<string, number>();
        const events = plan.map(({ month, source }) => {
          counts.set(source, (counts.get(source) ?? 0) + 1);
          return posting(counts.get(source)!, `0${month}`, source);
        });
        // Each process is given everything until it has accepted it, as a consumer is; only the events of one producer have an order.
        const consume = async (handler: (typeof processes)[number], events: readonly ReturnType<typeof posting>[]) => {
          for (let next = 0, tries = 0; next < events.length; tries += 1) {
            if (tries > 300) throw new Error('never accepted');
            const batch = events.slice(next, next + 4);
            const rans = await Promise.all(batch.map((one) => handler.run(stream, one)));
            const refused = rans.findIndex(({ is }) => is === 'refused');
            next += refused === -1 ? batch.length : refused;
          }
        };
        const byProducer = Map.groupBy(events, ({ command }) => command.event.source);
        await Promise.all([consume(processes[0]!, events), consume(processes[1]!, [...byProducer.values()].reverse().flat())]);
        const posted = await allPosted(store);
        for (const source of counts.keys())
          expect(posted.filter((id) => id.startsWith(source))).toEqual(events.map(({ id }) => id).filter((id) => id.startsWith(source)));
      },
    ),
    { numRuns: 60 },
  );
});
