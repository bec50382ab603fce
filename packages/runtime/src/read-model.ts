import type { JsonObject, Position } from '@tongdui/event-store';
import { openDatabase } from './read-model.schema.ts';
import type { RowFilter, RowIndex, Rows, Work } from './service.ts';

export type ReadModelOptions = {
  /** `:memory:` for tests and simulation. */
  readonly file: string;
  /** Epoch of the store that is followed. Another epoch starts over: its positions mean other facts. */
  readonly epoch: string;
  /** The served homes. Other homes start over too: facts of an added home lie before the followed position. */
  readonly homes?: readonly string[];
};

/** The copy of the moment: rows, how far they follow, and what is still to be done. Everything in it can be rebuilt. */
export interface ReadModel extends Rows {
  /** Everything that `change` writes to the draft is committed together, each row once. Synchronous: nothing comes in between. */
  transact<Result>(change: (draft: Draft) => Result): Result;
  /** Position of the last own fact that is in the rows. */
  followed(): Position;
  /** Sequence of the next event wanted from a producer (`/redemption/310117`); 1 at first. */
  nextSequence(source: string): number;
  page(query: PageQuery): Row[];
  row(table: string, id: string): (Row & RowIndex) | undefined;
  /** Work without a due time, and work due after `dueAfter` up to `dueThrough`, in the order it was opened. */
  openWork(range: { readonly undated: boolean; readonly dueAfter?: string; readonly dueThrough?: string }): OpenWork[];
  countWork(now: string): { readonly kind: string; readonly pending: number; readonly dueNow: number }[];
  notes<Note>(kind: NoteKind): { readonly key: string; readonly note: Note }[];
  close(): void;
}

export interface Draft {
  body(table: string, id: string): JsonObject | undefined;
  put(table: string, id: string, body: JsonObject, index: (body: JsonObject) => RowIndex): void;
  remove(table: string, id: string): void;
  follow(position: Position): void;
  next(source: string, sequence: number): void;
  open(work: Work, position: Position): void;
  closeWork(id: string): void;
  /** Removes work that was performed, unless a later fact opened it again meanwhile. */
  performed(work: OpenWork): boolean;
  note(kind: NoteKind, key: string, note: unknown): void;
  forget(kind: NoteKind, key: string): void;
}

/** `halted`: lines that wait for an operator. `skipped`: events that one left out, with the reason. `relayed`: how far the relay came. */
export type NoteKind = 'halted' | 'skipped' | 'relayed';
export type OpenWork = { readonly work: Work; readonly position: Position };
export type Row = { readonly id: string; readonly body: string };
/** Alternatives: a row may be seen when any of them matches. `'all'` sees everything. */
export type Visible = 'all' | readonly RowFilter[];
export type PageQuery = { readonly table: string; readonly filter: RowFilter; readonly visible: Visible };

const columns = ['home', 'host', 'status', 'enterprise', 'lab'] as const;

export const readModel = (options: ReadModelOptions): ReadModel => {
  const database = openDatabase(options.file, JSON.stringify([options.epoch, [...(options.homes ?? [])].sort()]));
  const sql = (text: string) => database.prepare(text);
  const selectBody = sql('SELECT body FROM documents WHERE tbl = ? AND id = ?');
  const selectRow = sql('SELECT id, body, home, host, status, enterprise, lab FROM documents WHERE tbl = ? AND id = ?');
  const upsert = sql(`INSERT INTO documents (tbl, id, home, host, status, enterprise, lab, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (tbl, id) DO UPDATE SET home = excluded.home, host = excluded.host, status = excluded.status,
      enterprise = excluded.enterprise, lab = excluded.lab, body = excluded.body`);
  const remove = sql('DELETE FROM documents WHERE tbl = ? AND id = ?');
  const setCursor = sql("INSERT INTO cursors VALUES ('followed', ?) ON CONFLICT (name) DO UPDATE SET position = excluded.position");
  const setSequence = sql('INSERT INTO sequences VALUES (?, ?) ON CONFLICT (producer) DO UPDATE SET next = excluded.next');
  const selectSequence = sql('SELECT next FROM sequences WHERE producer = ?');
  const putWork = sql(`INSERT INTO work (id, kind, home, due_at, data, position) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, home = excluded.home, due_at = excluded.due_at, data = excluded.data, position = excluded.position`);
  const dropWork = sql('DELETE FROM work WHERE id = ?');
  const dropPerformed = sql('DELETE FROM work WHERE id = ? AND position = ?');
  const putNote = sql('INSERT INTO notes VALUES (?, ?, ?) ON CONFLICT (kind, key) DO UPDATE SET note = excluded.note');
  const dropNote = sql('DELETE FROM notes WHERE kind = ? AND key = ?');
  const selectCursor = sql("SELECT position FROM cursors WHERE name = 'followed'");
  let followed = (selectCursor.get()?.['position'] as string | undefined) ?? '';

  /** Statements of one shape are prepared once: filters come in few combinations. */
  const prepared = new Map<string, ReturnType<typeof sql>>();
  const query = (text: string) => {
    const known = prepared.get(text) ?? sql(text);
    prepared.set(text, known);
    return known;
  };

  const page = ({ table, filter, visible }: PageQuery): Row[] => {
    const alternatives: readonly RowFilter[] = visible === 'all' ? [{}] : visible;
    if (alternatives.length === 0) return [];
    const values: (string | number)[] = [];
    const limit = filter.limit ?? -1;
    // One ordered, limited search per alternative: a condition with OR would read and sort every row of the city.
    const searches = alternatives.map((alternative) => {
      const conditions = ['tbl = ?'];
      values.push(table);
      for (const one of [filter, alternative]) {
        for (const column of columns) {
          if (one[column] === undefined) continue;
          conditions.push(`${column} = ?`);
          values.push(one[column]);
        }
      }
      if (filter.after !== undefined) {
        conditions.push('id > ?');
        values.push(filter.after);
      }
      values.push(limit);
      return `SELECT * FROM (SELECT id, body FROM documents WHERE ${conditions.join(' AND ')} ORDER BY id LIMIT ?)`;
    });
    const text = searches.length === 1 ? searches[0]! : `${searches.join(' UNION ')} ORDER BY id LIMIT ?`;
    if (searches.length > 1) values.push(limit);
    return query(text).all(...values) as unknown as Row[];
  };

  const transact = <Result>(change: (draft: Draft) => Result): Result => {
    type Pending = {
      readonly table: string;
      readonly id: string;
      body: JsonObject | undefined;
      index?: (body: JsonObject) => RowIndex;
      dirty: boolean;
    };
    const rows = new Map<string, Pending>();
    let position = followed;
    const pending = (table: string, id: string): Pending => {
      const key = `${table}/${id}`;
      const known = rows.get(key);
      if (known) return known;
      const stored = selectBody.get(table, id)?.['body'] as string | undefined;
      const row: Pending = { table, id, body: stored === undefined ? undefined : (JSON.parse(stored) as JsonObject), dirty: false };
      rows.set(key, row);
      return row;
    };
    const draft: Draft = {
      body: (table, id) => pending(table, id).body,
      put: (table, id, body, index) => {
        const row = pending(table, id);
        row.body = withoutUndefined(body);
        row.index = index;
        row.dirty = true;
      },
      remove: (table, id) => {
        const row = pending(table, id);
        row.dirty = row.dirty || row.body !== undefined;
        row.body = undefined;
      },
      follow: (to) => {
        position = to;
      },
      next: (source, sequence) => void setSequence.run(source, sequence),
      open: (work, at) => void putWork.run(work.id, work.kind, work.home, work.dueAt ?? null, JSON.stringify(work.data), at),
      closeWork: (id) => void dropWork.run(id),
      performed: ({ work, position: at }) => dropPerformed.run(work.id, at).changes === 1,
      note: (kind, key, note) => void putNote.run(kind, key, JSON.stringify(note)),
      forget: (kind, key) => void dropNote.run(kind, key),
    };
    database.exec('BEGIN IMMEDIATE');
    try {
      const result = change(draft);
      for (const row of rows.values()) {
        if (!row.dirty) continue;
        if (row.body === undefined) remove.run(row.table, row.id);
        else {
          const { home, host, status, enterprise, lab } = row.index!(row.body);
          upsert.run(row.table, row.id, home, host ?? null, status ?? null, enterprise ?? null, lab ?? null, JSON.stringify(row.body));
        }
      }
      if (position !== followed) setCursor.run(position);
      database.exec('COMMIT');
      followed = position;
      return result;
    } catch (error) {
      database.exec('ROLLBACK');
      throw error;
    }
  };

  return {
    transact,
    page,
    followed: () => followed,
    nextSequence: (source) => (selectSequence.get(source)?.['next'] as number | undefined) ?? 1,
    get: <Body>(table: string, id: string) => {
      const body = selectBody.get(table, id)?.['body'] as string | undefined;
      return body === undefined ? undefined : (JSON.parse(body) as Body);
    },
    list: <Body>(table: string, filter: RowFilter = {}) =>
      page({ table, filter, visible: 'all' }).map((row) => JSON.parse(row.body) as Body),
    row: (table, id) => selectRow.get(table, id) as unknown as (Row & RowIndex) | undefined,
    openWork: ({ undated, dueAfter = '', dueThrough = '' }) =>
      query(
        'SELECT id, kind, home, due_at, data, position FROM work WHERE (? AND due_at IS NULL) OR (due_at > ? AND due_at <= ?) ORDER BY position, id',
      )
        .all(undated ? 1 : 0, dueAfter, dueThrough)
        .map((row) => ({ work: workOf(row), position: row['position'] as string })),
    countWork: (now) =>
      query('SELECT kind, count(*) AS pending, sum(due_at IS NULL OR due_at <= ?) AS dueNow FROM work GROUP BY kind ORDER BY kind').all(
        now,
      ) as unknown as ReturnType<ReadModel['countWork']>,
    notes: <Note>(kind: NoteKind) =>
      query('SELECT key, note FROM notes WHERE kind = ? ORDER BY key')
        .all(kind)
        .map((row) => ({ key: row['key'] as string, note: JSON.parse(row['note'] as string) as Note })),
    close: () => {
      if (database.isOpen) database.close();
    },
  };
};

const workOf = (row: Record<string, unknown>): Work => ({
  id: row['id'] as string,
  kind: row['kind'] as string,
  home: row['home'] as Work['home'],
  ...(row['due_at'] === null ? {} : { dueAt: row['due_at'] as Work['dueAt'] & string }),
  data: JSON.parse(row['data'] as string) as JsonObject,
});

/**
 * What JSON would forget is forgotten at once: a field set to undefined and given a value by a later fact would otherwise stand at
 * another place in the bytes depending on where a batch ends.
 */
const withoutUndefined = (body: JsonObject): JsonObject => clean(body) as JsonObject;

const clean = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.some((item) => clean(item) !== item) ? value.map((item) => clean(item)) : value;
  const object = value as Record<string, unknown>;
  let copy: Record<string, unknown> | undefined;
  for (const key of Object.keys(object)) {
    const kept = clean(object[key]);
    if (kept === object[key] && kept !== undefined) continue;
    copy ??= { ...object };
    if (kept === undefined) delete copy[key];
    else copy[key] = kept;
  }
  return copy ?? object;
};
