import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { JsonObject, Position } from '@tongdui/event-store';
import { Batch, type Draft, type NoteKind, type OpenWork } from './read-model.draft.ts';
import { KnownRows } from './read-model.rows.ts';
import { openDatabase } from './read-model.schema.ts';
import { type PageQuery, searchOf } from './read-model.search.ts';
import { type Statements, statementsOf } from './read-model.statements.ts';
import type { WallClock } from './seams.ts';
import type { RowFilter, RowIndex, Rows, Work } from './service.ts';

export type { Draft, OpenWork } from './read-model.draft.ts';

export type ReadModelOptions = {
  /** `:memory:` for tests and simulation. */
  readonly file: string;
  /** Epoch of the store that is followed. Another epoch starts over: its positions mean other facts. */
  readonly epoch: string;
  /** The served homes. Other homes start over too: facts of an added home lie before the followed position. */
  readonly homes?: readonly string[];
  /** With it, changes are written a moment later and together; without it, at once. */
  readonly wall?: WallClock;
};

/**
 * The copy of the moment: rows, how far they follow, and what is still to be done. Everything in it can be rebuilt. What has changed is seen
 * at once and written a moment later: rows and the position they were read at in one transaction, a row that has changed ten times once. A
 * crash in between only means following a little again.
 */
export interface ReadModel extends Rows {
  /** All or nothing of what `change` tells the draft. Synchronous: nothing comes in between. Throws when too much waits and cannot be written. */
  transact<Result>(change: (draft: Draft) => Result): Result;
  /** Resolves when everything that was changed so far is in the file; rejects when it could not be written. */
  written(): Promise<void>;
  /** The past has been followed: from now on somebody waits, so less is written at a time, and sooner. */
  caughtUp(): void;
  /** What is not in the file is forgotten, as a crash would. */
  crash(): void;
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

type WorkCount = { readonly kind: string; readonly pending: number; readonly dueNow: number };
type Row = { readonly id: string; readonly body: string };

export const readModel = (options: ReadModelOptions): ReadModel => new SqliteReadModel(options);

/** When changes are written at the latest, and how many may wait: one write holds up the process. */
const live = { afterMs: 250, unwrittenMax: 1_000 };
/** The more facts of the past are folded, the fewer rows are written. */
const followingThePast = { afterMs: 2_000, unwrittenMax: 20_000 };
/** Between attempts of a file that cannot be written. */
const writeAgainAfterMs = 1_000;
const listsMax = 1_000;
const listRowsMax = 100;

class SqliteReadModel implements ReadModel {
  readonly #database: DatabaseSync;
  readonly #statements: Statements;
  readonly #wall: WallClock | undefined;
  readonly #rows: KnownRows;
  /** Searches of one shape are prepared once; filters come in few combinations. */
  readonly #searches = new Map<string, StatementSync>();
  /** Short lists that operations ask again and again, until a row of their table changes. */
  readonly #lists = new Map<string, Map<string, readonly unknown[]>>();
  #work = new Map<string, OpenWork | 'dropped'>();
  #sequences = new Map<string, number>();
  #notes = new Map<string, { readonly kind: NoteKind; readonly key: string; readonly note: unknown }>();
  #followed: Position;
  #followedInFile: Position;
  #waiting: PromiseWithResolvers<void>[] = [];
  #isScheduled = false;
  #pace = followingThePast;

  constructor({ file, epoch, homes = [], wall }: ReadModelOptions) {
    this.#database = openDatabase(file, JSON.stringify([epoch, [...homes].sort()]));
    this.#statements = statementsOf(this.#database);
    this.#rows = new KnownRows(this.#statements);
    this.#wall = wall;
    this.#followedInFile = (this.#statements.followed.get()?.position as string | undefined) ?? '';
    this.#followed = this.#followedInFile;
  }

  transact<Result>(change: (draft: Draft) => Result): Result {
    if (this.#unwritten() > this.#pace.unwrittenMax) this.#write();
    const batch = new Batch({ row: (table, id) => this.#rows.get(table, id), work: (id) => this.#workPosition(id) });
    const result = change(batch);
    for (const { row, body, index } of batch.rows.values()) {
      this.#rows.change(row, body, index);
      this.#lists.delete(row.table);
    }
    for (const [id, work] of batch.work) this.#work.set(id, work);
    for (const [source, next] of batch.sequences) this.#sequences.set(source, next);
    for (const [key, note] of batch.notes) this.#notes.set(key, note);
    this.#followed = batch.followed ?? this.#followed;
    if (this.#wall) this.#schedule(this.#wall, this.#pace.afterMs);
    else this.#write();
    return result;
  }

  written(): Promise<void> {
    if (this.#unwritten() === 0) return Promise.resolve();
    const waiting = Promise.withResolvers<void>();
    this.#waiting.push(waiting);
    return waiting.promise;
  }

  caughtUp(): void {
    this.#pace = live;
    if (this.#unwritten() > live.unwrittenMax) this.#write();
  }

  crash(): void {
    this.#rows.forget();
    this.#lists.clear();
    this.#forgetChanges();
    this.#waiting = [];
    this.#followed = this.#followedInFile;
  }

  followed(): Position {
    return this.#followed;
  }

  nextSequence(source: string): number {
    return this.#sequences.get(source) ?? (this.#statements.next.get(source)?.next as number | undefined) ?? 1;
  }

  get<Body>(table: string, id: string): Body | undefined {
    return this.#rows.get(table, id).body as Body | undefined;
  }

  list<Body>(table: string, filter: RowFilter = {}): Body[] {
    const key = JSON.stringify(filter);
    const lists = this.#lists.get(table) ?? new Map<string, readonly unknown[]>();
    const known = lists.get(key);
    if (known) return [...known] as Body[];
    const rows = this.page({ table, filter, visible: 'all' }).map((row) => JSON.parse(row.body) as Body);
    if (rows.length > listRowsMax) return rows;
    if (lists.size >= listsMax) lists.clear();
    this.#lists.set(table, lists.set(key, rows));
    return [...rows];
  }

  page(query: PageQuery): Row[] {
    const search = searchOf(query);
    if (!search) return [];
    if (this.#rows.isUnwritten(query.table)) this.#write();
    const statement = this.#searches.get(search.text) ?? this.#database.prepare(search.text);
    this.#searches.set(search.text, statement);
    return statement.all(...search.values) as unknown as Row[];
  }

  row(table: string, id: string): (Row & RowIndex) | undefined {
    const { body, index } = this.#rows.get(table, id);
    return body && index && { id, body: JSON.stringify(body), ...index };
  }

  undatedWork(): OpenWork[] {
    this.#write();
    return this.#statements.undatedWork.all().map(openWorkOf);
  }

  dueWork(after: string, through: string): OpenWork[] {
    this.#write();
    return this.#statements.dueWork.all(after, through).map(openWorkOf);
  }

  countWork(now: string): WorkCount[] {
    this.#write();
    return this.#statements.countWork.all(now) as unknown as WorkCount[];
  }

  notes<Note>(kind: NoteKind): { readonly key: string; readonly note: Note }[] {
    this.#write();
    return this.#statements.notes.all(kind).map((row) => ({ key: row.key as string, note: JSON.parse(row.note as string) as Note }));
  }

  close(): void {
    if (!this.#database.isOpen) return;
    try {
      this.#write();
    } finally {
      this.#database.close();
    }
  }

  #workPosition(id: string): Position | undefined {
    const known = this.#work.get(id);
    if (known) return known === 'dropped' ? undefined : known.position;
    return this.#statements.workPosition.get(id)?.position as Position | undefined;
  }

  #unwritten(): number {
    const isBehind = this.#followed === this.#followedInFile ? 0 : 1;
    return this.#rows.unwritten.size + this.#work.size + this.#sequences.size + this.#notes.size + isBehind;
  }

  #schedule(wall: WallClock, afterMs: number): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    void wall.sleep(afterMs).then(() => {
      this.#isScheduled = false;
      if (!this.#database.isOpen) return;
      try {
        this.#write();
      } catch (error) {
        for (const { reject } of this.#waiting.splice(0)) reject(error);
        this.#schedule(wall, writeAgainAfterMs);
      }
    });
  }

  /** Everything in one transaction. A write that fails changes nothing and is tried again with all that has come since. */
  #write(): void {
    if (this.#unwritten() > 0) {
      this.#database.exec('BEGIN IMMEDIATE');
      try {
        this.#writeChanges();
        this.#database.exec('COMMIT');
      } catch (error) {
        if (this.#database.isOpen && this.#database.isTransaction) this.#database.exec('ROLLBACK');
        throw error;
      }
      this.#rows.noteWritten();
      this.#forgetChanges();
      this.#followedInFile = this.#followed;
    }
    for (const { resolve } of this.#waiting.splice(0)) resolve();
  }

  #writeChanges(): void {
    const { putWork, dropWork, putNext, putNote, dropNote, follow } = this.#statements;
    this.#rows.write();
    for (const [id, open] of this.#work) {
      if (open === 'dropped') dropWork.run(id);
      else putWork.run(id, open.work.kind, open.work.home, open.work.dueAt ?? null, JSON.stringify(open.work.data), open.position);
    }
    for (const [source, next] of this.#sequences) putNext.run(source, next);
    for (const { kind, key, note } of this.#notes.values()) {
      if (note === undefined) dropNote.run(kind, key);
      else putNote.run(kind, key, JSON.stringify(note));
    }
    if (this.#followed !== this.#followedInFile) follow.run(this.#followed);
  }

  #forgetChanges(): void {
    this.#work = new Map();
    this.#sequences = new Map();
    this.#notes = new Map();
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
