import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { StoredFact } from '../port.ts';
import type { Row, StreamAsk } from './messages.ts';
import { factColumns as columns, streamReader } from './stream-reader.ts';
import { positionText } from './tail.ts';

/** Facts in order. `scannedTo`: nothing else up to this position matches. `more`: there are later positions. */
export type Scan = { readonly facts: StoredFact[]; readonly scannedTo: number; readonly more: boolean };

/**
 * Scans the store's file in the thread that asks. Handing what was read from one thread to another costs more than reading it, and a
 * read takes well under a millisecond; a long one comes in slices, so that others get their turn.
 */
export class Reader {
  readonly epoch: string;
  readonly #database: DatabaseSync;
  /** For a store without a thread that writes. */
  readonly read: (ask: StreamAsk) => readonly Row[];
  readonly #lastPosition: StatementSync;
  readonly #scans = new Map<string, StatementSync>();
  #scanLimit = 64;

  constructor(file: string, busyTimeoutMs: number) {
    this.#database = new DatabaseSync(file, { readOnly: true, timeout: busyTimeoutMs });
    const journal = this.#database.prepare('PRAGMA journal_mode').get()!.journal_mode;
    if (journal !== 'wal') throw new Error(`the event store needs journal_mode wal, not ${journal}`);
    this.read = streamReader(this.#database);
    this.#lastPosition = this.#database.prepare('SELECT max(position) AS position FROM facts');
    this.epoch = String(this.#database.prepare("SELECT value FROM meta WHERE key = 'epoch'").get()!.value);
  }

  /** Looks at a bounded number of positions and of facts: a scan for a rare prefix keeps nobody waiting for long. */
  scan(prefixes: readonly string[], after: number): Scan {
    const last = this.lastPosition();
    const to = Math.min(after + scanWindow, last);
    const { matching, parameters } = matchingStreams(prefixes);
    const rows = rowsOf(this.#scanStatement(matching).all(after, to, ...parameters, this.#scanLimit));
    const scannedTo = rows.length < this.#scanLimit ? to : rows.at(-1)![0];
    this.#adaptLimit(rows);
    return { facts: rows.map(factOf), scannedTo, more: scannedTo < last };
  }

  head(prefixes: readonly string[] | undefined): number {
    if (prefixes === undefined) return this.lastPosition();
    const { matching, parameters } = matchingStreams(prefixes);
    // Almost always the newest match is near the end; otherwise the index of streams, which holds every position, is read.
    const recent = this.#database.prepare(`SELECT max(position) AS position FROM facts WHERE position > ? AND (${matching})`);
    const near = recent.get(this.lastPosition() - scanWindow, ...parameters)!.position;
    const found =
      near ??
      this.#database.prepare(`SELECT max(position) AS position FROM facts WHERE ${matching.replaceAll('+', '')}`).get(...parameters)!
        .position;
    return Number(found ?? 0);
  }

  lastPosition(): number {
    return Number(this.#lastPosition.get()!.position ?? 0);
  }

  close(): void {
    this.#database.close();
  }

  #prepared(text: string): StatementSync {
    const statement = this.#database.prepare(text);
    statement.setReturnArrays(true);
    return statement;
  }

  #scanStatement(matching: string): StatementSync {
    // The plus keeps SQLite from using the index of streams: order of position is what a follower needs.
    const statement =
      this.#scans.get(matching) ??
      this.#prepared(`SELECT ${columns} FROM facts WHERE position > ? AND position <= ? AND (${matching}) ORDER BY position LIMIT ?`);
    this.#scans.set(matching, statement);
    return statement;
  }

  /** Facts may be a hundred bytes or half a MiB: the next slice is cut by what this one weighed. */
  #adaptLimit(rows: readonly Row[]): void {
    let characters = 0;
    for (const row of rows) characters += row[6].length;
    if (characters > scanCharactersMax) this.#scanLimit = Math.max(1, this.#scanLimit >> 2);
    else if (characters < scanCharactersMax / 4) this.#scanLimit = Math.min(scanFactsMax, this.#scanLimit * 2);
  }
}

const scanWindow = 5_000;
const scanFactsMax = 500;
const scanCharactersMax = 2 * 1024 * 1024;

const rowsOf = (rows: readonly unknown[]) => rows as readonly Row[];

export const factOf = ([position, stream, revision, id, type, recordedAt, data, metadata]: Row): StoredFact => ({
  id,
  type,
  data: JSON.parse(data),
  metadata: JSON.parse(metadata),
  stream,
  revision,
  position: positionText(position),
  recordedAt: isoTime(recordedAt),
});

let lastMilliseconds = Number.NaN;
let lastIsoTime = '';

/** Facts of one commit share their time, so the last answer is usually the next. */
function isoTime(milliseconds: number): string {
  if (milliseconds !== lastMilliseconds) {
    lastIsoTime = new Date(milliseconds).toISOString();
    lastMilliseconds = milliseconds;
  }
  return lastIsoTime;
}

function matchingStreams(prefixes: readonly string[]): { matching: string; parameters: string[] } {
  const parameters: string[] = [];
  const conditions = prefixes.map((prefix) => {
    if (prefix === '') return 'true';
    parameters.push(prefix, `${prefix}\u{10FFFF}`);
    return '(+stream >= ? AND +stream < ?)';
  });
  return { matching: conditions.join(' OR ') || 'false', parameters };
}
