import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { JsonObject } from '@tongdui/event-store';
import { expect, test } from 'vitest';
import { openDatabase } from './read-model.schema.ts';
import { indexedColumns, type PageQuery, searchOf } from './read-model.search.ts';
import { type Draft, type OpenWork, readModel } from './read-model.ts';
import type { RowIndex } from './service.ts';
import { jiaxing, ManualWall, songjiang } from './testing.ts';

const memory = () => readModel({ file: ':memory:', epoch: 'first' });
const index = (body: JsonObject): RowIndex => ({ ...body, home: songjiang }) as RowIndex;
const put = (draft: Draft, id: string, body: JsonObject = {}) => draft.put('orders', id, { id, ...body }, index);
const open = (id: string, dueAt?: string): OpenWork['work'] => ({
  id,
  kind: 'notice',
  home: songjiang,
  data: { id },
  ...(dueAt ? { dueAt: dueAt as never } : {}),
});
const pass = async (wall: ManualWall, milliseconds: number) => {
  wall.advance(milliseconds);
  await new Promise((resolve) => setImmediate(resolve));
};
const ids = (rows: readonly { id: string }[]) => rows.map(({ id }) => id);

test('a batch folds each row in memory and is committed whole', () => {
  const rows = memory();
  rows.transact((draft) => {
    put(draft, 'a', { total: 1 });
    put(draft, 'a', { total: Number(draft.body('orders', 'a')?.total) + 1 });
    draft.follow('5');
    draft.next('/registry/310117', 8);
    draft.open(open('w'), '5');
  });
  expect(rows.get('orders', 'a')).toEqual({ id: 'a', total: 2 });
  expect([rows.followed(), rows.nextSequence('/registry/310117'), rows.nextSequence('/registry/330400')]).toEqual(['5', 8, 1]);
});

test('a batch that fails leaves nothing behind', () => {
  const rows = memory();
  const failing = () =>
    rows.transact((draft) => {
      put(draft, 'a');
      draft.follow('5');
      draft.next('/registry/310117', 8);
      draft.open(open('w'), '5');
      throw new Error('a projection failed');
    });
  expect(failing).toThrow('a projection failed');
  expect([rows.get('orders', 'a'), rows.followed(), rows.nextSequence('/registry/310117'), rows.undatedWork()]).toEqual([
    undefined,
    '',
    1,
    [],
  ]);
  rows.transact((draft) => put(draft, 'b'));
  expect(rows.get('orders', 'b')).toEqual({ id: 'b' });
});

test('the bytes of a row do not depend on where batches end, even when a field comes and goes', () => {
  const steps: ((body: JsonObject | undefined) => JsonObject)[] = [
    () => ({ id: 'a', note: undefined, status: 'open', nested: { x: undefined, y: [{ z: undefined }] } }),
    (body) => ({ ...body, note: 'now' }),
    (body) => ({ ...body, status: undefined }),
    (body) => ({ ...body, status: 'again', nested: { ...(body?.nested as JsonObject), x: 1 } }),
  ];
  const bytes = (batches: readonly number[]) => {
    const rows = memory();
    let at = 0;
    for (const size of batches) {
      rows.transact((draft) => {
        for (const step of steps.slice(at, at + size)) draft.put('orders', 'a', step(draft.body('orders', 'a')), index);
      });
      at += size;
    }
    return rows.row('orders', 'a')?.body;
  };
  expect(new Set([[4], [1, 3], [1, 1, 1, 1], [2, 2], [3, 1]].map(bytes))).toEqual(
    new Set(['{"id":"a","nested":{"y":[{}],"x":1},"note":"now","status":"again"}']),
  );
});

test('survives a restart, and starts over for another store epoch or other homes', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'tongdui-')), 'read-model.db');
  const reopened = (epoch: string, homes: string[]) => {
    const rows = readModel({ file, epoch, homes });
    const seen = [
      rows.followed(),
      ids(rows.page({ table: 'orders', filter: {}, visible: 'all' })),
      rows.nextSequence('/registry/310117'),
      rows.undatedWork().length,
    ];
    rows.transact((draft) => {
      put(draft, 'a');
      draft.follow('7');
      draft.next('/registry/310117', 3);
      draft.open(open('w'), '7');
    });
    rows.close();
    return seen;
  };
  const empty = ['', [], 1, 0];
  const kept = ['7', ['a'], 3, 1];
  expect(reopened('first', [songjiang, jiaxing])).toEqual(empty);
  expect(reopened('first', [jiaxing, songjiang])).toEqual(kept);
  expect(reopened('second', [songjiang, jiaxing])).toEqual(empty);
  expect(reopened('second', [songjiang])).toEqual(empty);
  expect(reopened('second', [songjiang])).toEqual(kept);
  rmSync(file);
  expect(reopened('second', [songjiang])).toEqual(empty);
});

test('lists come in the order of ids, filtered, bounded and after a cursor', () => {
  const rows = memory();
  rows.transact((draft) => {
    for (const id of ['c', 'a', 'd', 'b']) put(draft, id, { status: id === 'c' ? 'closed' : 'open', lab: 'L' });
  });
  const list = (filter: object) => ids(rows.list<{ id: string }>('orders', filter));
  expect(list({})).toEqual(['a', 'b', 'c', 'd']);
  expect(list({ status: 'open', limit: 2 })).toEqual(['a', 'b']);
  expect(list({ status: 'open', lab: 'L', after: 'b' })).toEqual(['d']);
  expect(list({ enterprise: 'nobody' })).toEqual([]);
});

test('alternatives of who may see are one list without doubles, in order', () => {
  const rows = memory();
  const both = (body: JsonObject): RowIndex => body as unknown as RowIndex;
  rows.transact((draft) => {
    draft.put('orders', 'b', { home: songjiang, host: jiaxing, status: 'open' }, both);
    draft.put('orders', 'a', { home: jiaxing, host: songjiang, status: 'open' }, both);
    draft.put('orders', 'c', { home: jiaxing, host: jiaxing, status: 'open' }, both);
    draft.put('orders', 'd', { home: songjiang, host: songjiang, status: 'closed' }, both);
  });
  const visible = [{ home: songjiang }, { host: songjiang }];
  expect(ids(rows.page({ table: 'orders', filter: {}, visible }))).toEqual(['a', 'b', 'd']);
  expect(ids(rows.page({ table: 'orders', filter: { limit: 2 }, visible }))).toEqual(['a', 'b']);
  expect(ids(rows.page({ table: 'orders', filter: { limit: 2, after: 'a', status: 'open' }, visible }))).toEqual(['b']);
  expect(rows.page({ table: 'orders', filter: {}, visible: [] })).toEqual([]);
});

test('searches of each kind go by an index, already in order', () => {
  const database = openDatabase(':memory:', 'plans');
  const kinds: PageQuery[] = [
    { table: 'orders', filter: { limit: 1 }, visible: 'all' },
    ...indexedColumns.map((column): PageQuery => ({ table: 'orders', filter: { [column]: 'x', limit: 1, after: 'a' }, visible: 'all' })),
    { table: 'orders', filter: { home: 'x', status: 'y', limit: 1 }, visible: 'all' },
  ];
  for (const kind of kinds) {
    const { text, values } = searchOf(kind)!;
    const plan = database
      .prepare(`EXPLAIN QUERY PLAN ${text}`)
      .all(...values)
      .map((step) => step.detail);
    expect(plan, text).toEqual([expect.stringMatching(/^SEARCH documents USING INDEX \w+ \(tbl=\?/)]);
  }
});

test('work is kept until it is performed or closed; opened again meanwhile, it stays', () => {
  const rows = memory();
  rows.transact((draft) => {
    draft.open(open('now'), '1');
    draft.open(open('later', '2026-03-05T00:00:00.000Z'), '2');
    draft.open(open('soon', '2026-03-02T00:00:00.000Z'), '3');
  });
  const due = (dueAfter: string, dueThrough: string) => rows.dueWork(dueAfter, dueThrough).map(({ work }) => work.id);
  expect(rows.undatedWork().map(({ work }) => work.id)).toEqual(['now']);
  expect(due('', '2026-03-02T00:00:00.000Z')).toEqual(['soon']);
  expect(due('2026-03-02T00:00:00.000Z', '2026-03-31T00:00:00.000Z')).toEqual(['later']);
  expect(rows.countWork('2026-03-02T00:00:00.000Z')).toEqual([{ kind: 'notice', pending: 3, dueNow: 2 }]);
  const [now] = rows.undatedWork() as [OpenWork];
  rows.transact((draft) => draft.open(open('now'), '4'));
  expect(rows.transact((draft) => draft.performed(now))).toBe(false);
  expect(rows.undatedWork()).toEqual([{ work: open('now'), position: '4' }]);
  rows.transact((draft) => draft.closeWork('later'));
  expect(due('', '2026-12-31T00:00:00.000Z')).toEqual(['soon']);
});

test('what has changed is seen at once, written a moment later and together, and lost by a crash in between', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'tongdui-')), 'read-model.db');
  const wall = new ManualWall();
  const rows = readModel({ file, epoch: 'first', wall });
  rows.caughtUp();
  const inFile = () => {
    const other = readModel({ file, epoch: 'first' });
    const seen = [other.get('orders', 'a'), other.followed(), other.nextSequence('/registry/310117'), other.undatedWork().length];
    other.close();
    return seen;
  };
  const change = (total: number) =>
    rows.transact((draft) => {
      put(draft, 'a', { total });
      draft.follow(String(total));
      draft.next('/registry/310117', total);
      draft.open(open('w'), String(total));
    });
  change(2);
  change(3);
  const isWritten = rows.written();
  const nothing = [undefined, '', 1, 0];
  const three = [{ id: 'a', total: 3 }, '3', 3, 1];
  expect([rows.get('orders', 'a'), rows.row('orders', 'a')?.home, rows.followed(), rows.nextSequence('/registry/310117')]).toEqual([
    { id: 'a', total: 3 },
    songjiang,
    '3',
    3,
  ]);
  expect(inFile()).toEqual(nothing);
  await pass(wall, 250);
  await isWritten;
  expect(inFile()).toEqual(three);
  change(4);
  rows.crash();
  expect([rows.get('orders', 'a'), rows.followed(), rows.nextSequence('/registry/310117')]).toEqual([{ id: 'a', total: 3 }, '3', 3]);
  await pass(wall, 250);
  expect(inFile()).toEqual(three);
  change(5);
  expect(rows.list('orders')).toEqual([{ id: 'a', total: 5 }]);
  expect(inFile()).toEqual([{ id: 'a', total: 5 }, '5', 5, 1]);
  rows.close();
});

test('a file that cannot be written is said to those who wait for it, stops what would pile up, and is tried again', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'tongdui-')), 'read-model.db');
  const wall = new ManualWall();
  const rows = readModel({ file, epoch: 'first', wall });
  rows.caughtUp();
  const other = new DatabaseSync(file);
  other.exec("CREATE TRIGGER full BEFORE INSERT ON documents BEGIN SELECT RAISE(ABORT, 'disk full'); END");
  rows.transact((draft) => put(draft, 'a'));
  const refused = expect(rows.written()).rejects.toThrow('disk full');
  await pass(wall, 250);
  await refused;
  expect(rows.get('orders', 'a')).toEqual({ id: 'a' });
  rows.transact((draft) => {
    for (let number = 0; number < 1_100; number += 1) put(draft, `many-${number}`);
  });
  expect(() => rows.transact((draft) => put(draft, 'one-too-many'))).toThrow('disk full');
  expect(rows.get('orders', 'one-too-many')).toBeUndefined();
  other.exec('DROP TRIGGER full');
  other.close();
  await pass(wall, 1_000);
  await rows.written();
  expect(rows.list('orders')).toHaveLength(1_101);
  rows.close();
});

test('a row whose place in the lists changes is found in its new place alone', () => {
  const rows = memory();
  const status = (to: string, lab = 'L') => rows.transact((draft) => put(draft, 'a', { status: to, lab }));
  const found = () => ['open', 'closed'].map((is) => rows.list('orders', { status: is }).length);
  const ofLab = () => ['L', 'M'].map((lab) => rows.list('orders', { lab }).length);
  status('open');
  expect(found()).toEqual([1, 0]);
  status('closed');
  expect([found(), ofLab()]).toEqual([
    [0, 1],
    [1, 0],
  ]);
  status('closed', 'M');
  expect(ofLab()).toEqual([0, 1]);
  rows.transact((draft) => draft.remove('orders', 'a'));
  expect([rows.list('orders'), rows.row('orders', 'a')]).toEqual([[], undefined]);
});
