import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { memoryHub } from '@tongdui/bus';
import {
  type Actor,
  BookView,
  type CloudEvent,
  EntriesPage,
  type EntryView,
  type Home,
  homes,
  LedgerFigures,
  type Party,
  type ServiceName,
  TrialBalanceView,
} from '@tongdui/contracts';
import { type EventStore, type JsonObject, memoryEventStore } from '@tongdui/event-store';
import { application, type Host, host, noCrash, type ReadModel, readModel, runningClock, silentLog, wallClock } from '@tongdui/runtime';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { historyOf, steps } from './history.fixtures.ts';
import { figuresOf, invariantsOf } from './invariants.ts';
import { routes } from './ledger.http.ts';
import { ledger } from './service.ts';

/** Pauses that are hours in production are milliseconds here. */
const wall = {
  nowMs: () => wallClock.nowMs() * 500,
  sleep: (ms: number, signal?: AbortSignal) => wallClock.sleep(Math.min(ms, 4), signal),
};
const hub = memoryHub();
const running: Host[] = [];
const servers: Server[] = [];
const seamsFor = (name: string, store: EventStore, rows: ReadModel) => ({
  store,
  transport: hub.connect(name),
  homes,
  readModel: rows,
  clock: runningClock(wall),
  wall,
  log: silentLog,
  crash: noCrash,
});
const rowsOf = (store: EventStore) => readModel({ file: ':memory:', epoch: store.epoch, homes });

/** Stands for the services that publish: each of its facts is one event. */
const publisher = async (name: ServiceName, events: readonly CloudEvent[]) => {
  const store = memoryEventStore();
  const own = events.filter(({ source }) => source.startsWith(`/${name}/`));
  for (const [place, event] of own.entries()) {
    const stream = `${name}.${event.source.split('/')[2]}.scripted-1`;
    const revision = own.slice(0, place).filter(({ source }) => source === event.source).length - 1;
    const data = { name: event.type.split('.')[2]!, time: event.time, data: event.data as JsonObject };
    await store.append(stream, revision, [{ id: event.id, type: 'Happened', data, metadata: {} }]);
  }
  const service = {
    ...ledger({ store, wall }),
    name,
    projections: [],
    effects: () => [],
    handlers: {},
    publish: ({ fact }: { fact: JsonObject }) => [
      { type: fact.name as string, subject: 'x', time: fact.time as CloudEvent['time'], data: fact.data as JsonObject },
    ],
  };
  const started = host(service, seamsFor(name, store, rowsOf(store)));
  running.push(started);
  return started;
};

const [plan] = fc.sample(fc.array(steps, { minLength: 4, maxLength: 4 }), { numRuns: 1, seed: 7 });
const history = historyOf(plan!.flat());
const store = memoryEventStore();
const rows = rowsOf(store);
const service = ledger({ store, wall });
let url = '';

const posting = async (started: Host) => {
  await vi.waitFor(async () => {
    const statuses = await Promise.all(running.map((one) => one.status()));
    const published = new Map<string, number>(
      statuses.flatMap((status) =>
        Object.entries(status.published).map(([home, head]): [string, number] => [`/${status.service}/${home}`, head]),
      ),
    );
    const status = await started.status();
    expect(status.halted).toEqual([]);
    expect(status.idle).toBe(true);
    for (const source of new Set(history.events.map((event) => event.source))) {
      expect(status.consumed[source]).toBe((published.get(source) ?? 0) + 1);
      expect(published.get(source)).toBe(history.events.filter((event) => event.source === source).length);
    }
  }, 20_000);
};

beforeAll(async () => {
  for (const name of ['issuance', 'redemption', 'clearing'] as const) await publisher(name, history.events);
  const started = host(service, seamsFor('ledger', store, rows));
  running.push(started);
  await posting(started);
  const app = application({
    service: 'ledger',
    homes,
    cityUrls: {},
    host: started,
    readModel: rows,
    epoch: store.epoch,
    clock: runningClock(wall),
    wall,
    log: silentLog,
    authenticate: (authorization) => JSON.parse(authorization ?? '') as Actor,
    routes: routes({ rows, homes, cityUrls: {} }),
  });
  const server = createServer(app).listen(0, '127.0.0.1');
  servers.push(server);
  await new Promise((resolve) => server.once('listening', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}, 30_000);
afterAll(async () => {
  for (const server of servers) server.close();
  await Promise.all(running.map((one) => one.stop()));
});

const auditor: Actor = { sub: 'u', city: 'G60' as Home, roles: ['auditor'] };
const get = async (path: string, actor: Actor = auditor) => {
  const response = await fetch(`${url}${path}`, { headers: { authorization: JSON.stringify(actor) } });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};
const allEntries = async (path: string): Promise<EntryView[]> => {
  const found: EntryView[] = [];
  for (let next: string | undefined = path; next !== undefined; ) {
    const { status, body } = await get(next);
    expect(status).toBe(200);
    const page = EntriesPage.parse(body);
    expect(page.items.length).toBeLessThanOrEqual(Number(new URL(next, url).searchParams.get('limit') ?? 50));
    found.push(...page.items);
    next = page.next;
  }
  return found;
};
const booksOf = () => rows.list<BookView>('books').map(({ party }) => party);

describe('the ledger, from published events to answers', () => {
  test('posts every entry of every event once, and holds its invariants', () => {
    expect(invariantsOf(rows).invariants).toMatchObject({ '1': { held: true }, '3': { held: true } });
    const figures = LedgerFigures.parse(figuresOf(rows));
    expect(figures.entries).toBe(
      history.events
        .flatMap((event) => service.effects(event))
        .reduce((sum, { command }) => sum + (command as { entries: unknown[] }).entries.length, 0),
    );
  });

  test('its figures are what the history came to', () => {
    const figures = figuresOf(rows);
    for (const [pot, buckets] of history.expected.pots)
      for (const [bucket, fen] of buckets) expect([pot, bucket, figures.pots[pot]?.[`pot:${bucket}`] ?? 0]).toEqual([pot, bucket, fen]);
    for (const [owner, fen] of history.expected.spent) {
      expect(figures.spentFen[owner]?.['2026'] ?? 0).toBe(fen);
      expect(figures.expenditureFen[owner]?.['2026'] ?? 0).toBe(fen);
    }
    for (const [pair, fen] of history.expected.owed) {
      const [debtor = '', creditor = ''] = pair.split('>');
      expect([pair, figures.books[debtor]?.[`due-to:${creditor}`] ?? 0, figures.books[creditor]?.[`due-from:${debtor}`] ?? 0]).toEqual([
        pair,
        -fen + 0,
        fen,
      ]);
    }
  });

  test('a pot that has taken more than it was given is a violation', () => {
    const overdrawn = {
      ...rows,
      list: (table: string) => (table === 'potBalances' ? [{ pot: 'p', account: 'pot:spent', debitFen: 2, creditFen: 0 }] : []),
    } as unknown as ReadModel;
    expect(invariantsOf(overdrawn).invariants['3']).toEqual({ held: false, checked: 1, violations: ['p has taken 2 of 0 fen'] });
    const unbalanced = {
      ...rows,
      list: (table: string) => (table === 'balances' ? [{ book: 'b', debitFen: 2, creditFen: 1 }] : []),
    } as unknown as ReadModel;
    expect(invariantsOf(unbalanced).invariants['1']).toMatchObject({ held: false, violations: ['the trial balance of b is 1 fen'] });
  });

  test('a trial balance sums every account of a book, and is what its entries sum to', async () => {
    for (const party of booksOf()) {
      const { body } = await get(`/books/${party}/trial-balance`);
      const trial = TrialBalanceView.parse(body);
      expect(trial.balanced).toBe(true);
      const entries = await allEntries(`/books/${party}/entries?limit=200`);
      expect(entries).toHaveLength(rows.get<BookView>('books', party)!.entries);
      for (const { account, balanceFen } of trial.accounts) {
        const lines = entries.flatMap((entry) => entry.lines).filter((line) => line.account === account);
        expect(lines.reduce((sum, { side, amountFen }) => sum + (side === 'debit' ? amountFen : -amountFen), 0)).toBe(balanceFen);
      }
    }
  });

  test('every figure drills to its entries: by account, voucher, order, claim, payment, pot and cycle, page by page', async () => {
    const party = '330400' as Party;
    const all = await allEntries(`/books/${party}/entries?limit=200`);
    expect(all.map(({ id }) => id)).toEqual([...all.map(({ id }) => id)].sort());
    const accounts = [...new Set(all.flatMap(({ lines }) => lines.map(({ account }) => account)))];
    for (const account of accounts) {
      const wanted = all.filter(({ lines }) => lines.some((line) => line.account === account));
      expect((await allEntries(`/books/${party}/entries?limit=7&account=${account}`)).map(({ id }) => id)).toEqual(
        wanted.map(({ id }) => id),
      );
    }
    for (const name of ['voucher', 'order', 'claim', 'payment', 'pot', 'cycle'] as const) {
      const value = all.findLast(({ dimensions }) => dimensions[name] !== undefined)?.dimensions[name];
      expect(value).toBeDefined();
      const wanted = all.filter(({ dimensions }) => dimensions[name] === value);
      expect((await allEntries(`/books/${party}/entries?limit=3&${name}=${value}`)).map(({ id }) => id)).toEqual(
        wanted.map(({ id }) => id),
      );
    }
    const one = all.find(({ dimensions }) => dimensions.claim !== undefined)!.dimensions;
    const both = all.filter(
      ({ dimensions, lines }) => dimensions.claim === one.claim && lines.some(({ account }) => account === 'pot:spent'),
    );
    expect(await allEntries(`/books/${party}/entries?claim=${one.claim}&account=pot:spent`)).toEqual(both);
  });

  test('a list of the books', async () => {
    const { body } = await get('/books');
    expect((body.items as unknown[]).map((item) => BookView.parse(item).party)).toEqual(['310117', '330000', '330100', '330400']);
  });

  test.each([
    ['a treasurer reads the book of the city', { city: '330400', roles: ['treasurer'] }, '330400', 200],
    ['an auditor reads the book of the city', { city: '330400', roles: ['auditor'] }, '330400', 200],
    ['a budget officer reads the book of the city', { city: '330400', roles: ['budget-officer'] }, '330400', 200],
    ['the city that keeps the book of a province reads it', { city: '330100', roles: ['treasurer'] }, '330000', 200],
    ['the joint office reads every book', { city: 'G60', roles: ['joint-office'] }, '330000', 200],
    ['an auditor at G60 reads every book', { city: 'G60', roles: ['auditor'] }, '330400', 200],
    ['a treasurer of another city sees nothing', { city: '330100', roles: ['treasurer'] }, '330400', 404],
    ['another role sees nothing', { city: '330400', roles: ['reviewer', 'payer', 'operator'] }, '330400', 404],
    ['a treasurer of G60 is nobody', { city: 'G60', roles: ['treasurer'] }, '330400', 404],
    ['a book without entries is not found', { city: 'G60', roles: ['auditor'] }, '340100', 404],
    ['a party outside the corridor is not found', { city: 'G60', roles: ['auditor'] }, '990000', 404],
    ['something that is no party is not found', { city: 'G60', roles: ['auditor'] }, 'x', 404],
  ])('%s', async (_title, who, party, status) => {
    const actor = { sub: 'u', ...who } as unknown as Actor;
    expect((await get(`/books/${party}/trial-balance`, actor)).status).toBe(status);
    expect((await get(`/books/${party}/entries`, actor)).status).toBe(status);
    const listed = (await get('/books', actor)).body.items as BookView[];
    if (booksOf().includes(party as Party)) expect(listed.some((book) => book.party === party)).toBe(status === 200);
  });

  test.each(['limit=0', 'limit=201', 'cursor=x', 'account=unheard-of', 'voucher=1', 'other=1'])('422 for the query %s', async (query) => {
    expect((await get(`/books/330400/entries?${query}`)).status).toBe(422);
  });

  test('a book kept elsewhere is answered with the place of its home', () => {
    const elsewhere = routes({ rows, homes: ['310117' as Home], cityUrls: { '330400': 'https://jiaxing.example.org' } });
    const route = elsewhere.find((one) => one.is === 'plain' && one.path.endsWith('trial-balance'));
    if (route?.is !== 'plain') throw new Error('no such route');
    expect(() => route.run({ actor: auditor, params: { party: '330400' }, query: {}, body: undefined })).toThrow(
      expect.objectContaining({
        failure: expect.objectContaining({ code: 'misdirected', location: 'https://jiaxing.example.org/books/330400/trial-balance' }),
      }),
    );
  });

  test('a ledger that has forgotten what it read is sent everything again, posts nothing twice, and has the same rows', async () => {
    const head = await store.head();
    const fresh = rowsOf(store);
    const again = host(ledger({ store, wall }), { ...seamsFor('ledger again', store, fresh), replica: 'again' });
    running.push(again);
    await posting(again);
    expect(await store.head()).toBe(head);
    for (const table of ['books', 'entries', 'entryPointers', 'balances', 'potBalances'])
      expect(fresh.list(table)).toEqual(rows.list(table));
  }, 30_000);
});
