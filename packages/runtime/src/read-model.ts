import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { JsonObject, Position } from '@tongdui/event-store';
import { openDatabase } from './read-model.schema.ts';
import { type PageQuery, searchOf } from './read-model.search.ts';
import { type Statements, statementsOf } from './read-model.statements.ts';
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
  /** Work without a due time, in the order it was opened. */
  undatedWork(): OpenWork[];
  /** Work due after the first instant, up to the second. */
  dueWork(after: string, through: string): OpenWork[];
  countWork(now: string): WorkCount[];
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
type NoteKind = 'halted' | 'skipped' | 'relayed';
export type OpenWork = { readonly work: Work; readonly position: Position };
type WorkCount = { readonly kind: string; readonly pending: number; readonly dueNow: number };
type Row = { readonly id: string; readonly body: string };

export const readModel = (options: ReadModelOptions): ReadModel => new SqliteReadModel(options);

class SqliteReadModel implements ReadModel {
  readonly #database: DatabaseSync;
  readonly #statements: Statements;
  /** Searches of one shape are prepared once; filters come in few combinations. */
  readonly #searches = new Map<string, StatementSync>();
  #followed: Position;

  constructor({ file, epoch, homes = [] }: ReadModelOptions) {
    this.#database = openDatabase(file, JSON.stringify([epoch, [...homes].sort()]));
    this.#statements = statementsOf(this.#database);
    this.#followed = (this.#statements.followed.get()?.position as string | undefined) ?? '';
  }

  transact<Result>(change: (draft: Draft) => Result): Result {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const batch = new Batch(this.#statements);
      const result = change(batch);
      batch.write();
      this.#database.exec('COMMIT');
      this.#followed = batch.followed ?? this.#followed;
      return result;
    } catch (error) {
      if (this.#database.isOpen && this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  followed(): Position {
    return this.#followed;
  }

  nextSequence(source: string): number {
    return (this.#statements.next.get(source)?.next as number | undefined) ?? 1;
  }

  get<Body>(table: string, id: string): Body | undefined {
    const body = this.#statements.body.get(table, id)?.body as string | undefined;
    return body === undefined ? undefined : (JSON.parse(body) as Body);
  }

  list<Body>(table: string, filter: RowFilter = {}): Body[] {
    return this.page({ table, filter, visible: 'all' }).map((row) => JSON.parse(row.body) as Body);
  }

  page(query: PageQuery): Row[] {
    const search = searchOf(query);
    if (!search) return [];
    const statement = this.#searches.get(search.text) ?? this.#database.prepare(search.text);
    this.#searches.set(search.text, statement);
    return statement.all(...search.values) as unknown as Row[];
  }

  row(table: string, id: string): (Row & RowIndex) | undefined {
    return this.#statements.row.get(table, id) as unknown as (Row & RowIndex) | undefined;
  }

  undatedWork(): OpenWork[] {
    return this.#statements.undatedWork.all().map(openWorkOf);
  }

  dueWork(after: string, through: string): OpenWork[] {
    return this.#statements.dueWork.all(after, through).map(openWorkOf);
  }

  countWork(now: string): WorkCount[] {
    return this.#statements.countWork.all(now) as unknown as WorkCount[];
  }

  notes<Note>(kind: NoteKind): { readonly key: string; readonly note: Note }[] {
    return this.#statements.notes.all(kind).map((row) => ({ key: row.key as string, note: JSON.parse(row.note as string) as Note }));
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }
}

type PendingRow = {
  readonly table: string;
  readonly id: string;
  body: JsonObject | undefined;
  index?: (body: JsonObject) => RowIndex;
  dirty: boolean;
};

/** Facts of one batch touch the same rows again and again: they are folded here, and each row is written once. */
class Batch implements Draft {
  followed: Position | undefined;
  readonly #statements: Statements;
  readonly #rows = new Map<string, PendingRow>();

  constructor(statements: Statements) {
    this.#statements = statements;
  }

  body(table: string, id: string): JsonObject | undefined {
    return this.#row(table, id).body;
  }

  put(table: string, id: string, body: JsonObject, index: (body: JsonObject) => RowIndex): void {
    Object.assign(this.#row(table, id), { body: withoutUndefined(body), index, dirty: true });
  }

  remove(table: string, id: string): void {
    Object.assign(this.#row(table, id), { body: undefined, dirty: true });
  }

  follow(position: Position): void {
    this.followed = position;
  }

  next(source: string, sequence: number): void {
    this.#statements.putNext.run(source, sequence);
  }

  open(work: Work, position: Position): void {
    this.#statements.putWork.run(work.id, work.kind, work.home, work.dueAt ?? null, JSON.stringify(work.data), position);
  }

  closeWork(id: string): void {
    this.#statements.dropWork.run(id);
  }

  performed({ work, position }: OpenWork): boolean {
    return this.#statements.dropPerformed.run(work.id, position).changes === 1;
  }

  note(kind: NoteKind, key: string, note: unknown): void {
    this.#statements.putNote.run(kind, key, JSON.stringify(note));
  }

  forget(kind: NoteKind, key: string): void {
    this.#statements.dropNote.run(kind, key);
  }

  write(): void {
    for (const { table, id, body, index, dirty } of this.#rows.values()) {
      if (!dirty) continue;
      if (body === undefined || index === undefined) this.#statements.dropRow.run(table, id);
      else {
        const { home, host, status, enterprise, lab } = index(body);
        this.#statements.putRow.run(table, id, home, host ?? null, status ?? null, enterprise ?? null, lab ?? null, JSON.stringify(body));
      }
    }
    if (this.followed !== undefined) this.#statements.follow.run(this.followed);
  }

  #row(table: string, id: string): PendingRow {
    const key = `${table}/${id}`;
    const known = this.#rows.get(key);
    if (known) return known;
    const stored = this.#statements.body.get(table, id)?.body as string | undefined;
    const row: PendingRow = { table, id, body: stored === undefined ? undefined : (JSON.parse(stored) as JsonObject), dirty: false };
    this.#rows.set(key, row);
    return row;
  }
}

const openWorkOf = (row: Record<string, unknown>): OpenWork => ({ work: workOf(row), position: row.position as string });

const workOf = (row: Record<string, unknown>): Work => ({
  id: row.id as string,
  kind: row.kind as string,
  home: row.home as Work['home'],
  ...(row.due_at === null ? {} : { dueAt: row.due_at as Work['dueAt'] & string }),
  data: JSON.parse(row.data as string) as JsonObject,
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
