import type { JsonObject, Position } from '@tongdui/event-store';
import type { KnownRow } from './read-model.rows.ts';
import type { RowIndex, Work } from './service.ts';

/** What one transaction changes. */
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

type Before = { readonly row: (table: string, id: string) => KnownRow; readonly work: (id: string) => Position | undefined };
type ChangedRow = { readonly row: KnownRow; body: JsonObject | undefined; index: RowIndex | undefined };

/** A draft that keeps to itself what it was told, until whoever made it takes it over. */
export class Batch implements Draft {
  readonly rows = new Map<string, ChangedRow>();
  readonly work = new Map<string, OpenWork | 'dropped'>();
  readonly sequences = new Map<string, number>();
  readonly notes = new Map<string, { readonly kind: NoteKind; readonly key: string; readonly note: unknown }>();
  followed: Position | undefined;
  readonly #before: Before;

  constructor(before: Before) {
    this.#before = before;
  }

  body(table: string, id: string): JsonObject | undefined {
    const changed = this.rows.get(`${table}/${id}`);
    return changed ? changed.body : this.#before.row(table, id).body;
  }

  put(table: string, id: string, body: JsonObject, index: (body: JsonObject) => RowIndex): void {
    const kept = withoutUndefined(body, this.body(table, id));
    this.#change(table, id, kept, index(kept));
  }

  remove(table: string, id: string): void {
    this.#change(table, id, undefined, undefined);
  }

  follow(position: Position): void {
    this.followed = position;
  }

  next(source: string, sequence: number): void {
    this.sequences.set(source, sequence);
  }

  open(work: Work, position: Position): void {
    this.work.set(work.id, { work, position });
  }

  closeWork(id: string): void {
    this.work.set(id, 'dropped');
  }

  performed({ work: { id }, position }: OpenWork): boolean {
    const changed = this.work.get(id);
    const opened = changed === undefined ? this.#before.work(id) : changed === 'dropped' ? undefined : changed.position;
    if (opened !== position) return false;
    this.work.set(id, 'dropped');
    return true;
  }

  note(kind: NoteKind, key: string, note: unknown): void {
    this.notes.set(`${kind}/${key}`, { kind, key, note });
  }

  forget(kind: NoteKind, key: string): void {
    this.notes.set(`${kind}/${key}`, { kind, key, note: undefined });
  }

  #change(table: string, id: string, body: JsonObject | undefined, index: RowIndex | undefined): void {
    const key = `${table}/${id}`;
    const changed = this.rows.get(key);
    if (changed) Object.assign(changed, { body, index });
    else this.rows.set(key, { row: this.#before.row(table, id), body, index });
  }
}

/**
 * What JSON would forget is forgotten at once: a field set to undefined and given a value by a later fact would otherwise stand at
 * another place in the bytes depending on where a batch ends. What the row had before is known to be clean and is not looked at again.
 */
const withoutUndefined = (body: JsonObject, before: JsonObject | undefined): JsonObject => clean(body, before) as JsonObject;

const clean = (value: unknown, before: unknown): unknown => {
  if (value === before || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const earlier: readonly unknown[] = Array.isArray(before) ? before : [];
    return value.some((item, index) => clean(item, earlier[index]) !== item)
      ? value.map((item, index) => clean(item, earlier[index]))
      : value;
  }
  const object = value as Record<string, unknown>;
  const earlier = (typeof before === 'object' && before !== null ? before : {}) as Record<string, unknown>;
  let copy: Record<string, unknown> | undefined;
  for (const key of Object.keys(object)) {
    const kept = clean(object[key], earlier[key]);
    if (kept === object[key] && kept !== undefined) continue;
    copy ??= { ...object };
    if (kept === undefined) delete copy[key];
    else copy[key] = kept;
  }
  return copy ?? object;
};
