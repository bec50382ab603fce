import type { JsonObject } from '@tongdui/event-store';
import { indexedColumns } from './read-model.search.ts';
import type { Statements } from './read-model.statements.ts';
import type { RowIndex } from './service.ts';

/** A row as it is now. Bodies are never changed in place: who has one may keep it. */
export type KnownRow = {
  readonly table: string;
  readonly id: string;
  body: JsonObject | undefined;
  index: RowIndex | undefined;
  /** What the file has; undefined when it has no such row. */
  inFile: RowIndex | undefined;
};

/** Kept so that rows that change often are not read and parsed again each time. */
const rowsMax = 10_000;

/** The rows last read or changed, and among them those that the file does not have yet. */
export class KnownRows {
  readonly #statements: Statements;
  readonly #rows = new Map<string, KnownRow>();
  readonly unwritten = new Set<KnownRow>();
  readonly #tables = new Set<string>();

  constructor(statements: Statements) {
    this.#statements = statements;
  }

  get(table: string, id: string): KnownRow {
    const key = `${table}/${id}`;
    const known = this.#rows.get(key);
    if (known) return known;
    const read = this.#read(table, id);
    this.#rows.set(key, read);
    if (this.#rows.size > rowsMax + rowsMax / 10) this.#forgetOldest();
    return read;
  }

  change(row: KnownRow, body: JsonObject | undefined, index: RowIndex | undefined): void {
    row.body = body;
    row.index = index;
    if (this.unwritten.has(row)) return;
    this.unwritten.add(row);
    // The last changed stands last, so that the first is the one to forget. It may have been forgotten since it was asked for.
    const key = `${row.table}/${row.id}`;
    this.#rows.delete(key);
    this.#rows.set(key, row);
    this.#tables.add(row.table);
  }

  isUnwritten(table: string): boolean {
    return this.#tables.has(table);
  }

  /** Within the caller's transaction; `noteWritten` follows when it is committed. */
  write(): void {
    for (const row of this.unwritten) this.#writeRow(row);
  }

  noteWritten(): void {
    for (const row of this.unwritten) row.inFile = row.index;
    this.unwritten.clear();
    this.#tables.clear();
  }

  forget(): void {
    this.#rows.clear();
    this.unwritten.clear();
    this.#tables.clear();
  }

  /** An index that did not change is not touched: each costs as much as the row itself. */
  #writeRow({ table, id, body, index, inFile }: KnownRow): void {
    const { putRow, dropRow, putBody, putStatus } = this.#statements;
    if (body === undefined || index === undefined) {
      if (inFile) dropRow.run(table, id);
      return;
    }
    const text = JSON.stringify(body);
    const changed = inFile ? indexedColumns.filter((column) => inFile[column] !== index[column]) : undefined;
    if (changed?.length === 0) putBody.run(text, table, id);
    else if (changed?.length === 1 && changed[0] === 'status') putStatus.run(index.status ?? null, text, table, id);
    else putRow.run(table, id, text, ...indexedColumns.map((column) => index[column] ?? null));
  }

  #read(table: string, id: string): KnownRow {
    const found = this.#statements.row.get(table, id) as Record<string, string | null> | undefined;
    const index = found && indexOf(found);
    return { table, id, body: found && (JSON.parse(String(found.body)) as JsonObject), index, inFile: index };
  }

  #forgetOldest(): void {
    for (const [key, row] of this.#rows) {
      if (this.#rows.size <= rowsMax) return;
      if (!this.unwritten.has(row)) this.#rows.delete(key);
    }
  }
}

const indexOf = (found: Record<string, string | null>): RowIndex =>
  Object.fromEntries(indexedColumns.flatMap((column) => (found[column] == null ? [] : [[column, found[column]]]))) as RowIndex;
