import { randomUUID } from 'node:crypto';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { type AppendsMessage, type Slice, written, writtenEarlier, wrongRevision } from './messages.ts';

export type DatabaseOptions = { readonly file: string; readonly readOnly: boolean; readonly busyTimeoutMs: number };

/** The store's file, synchronously; it lives in the worker thread. */
export class Database {
  readonly epoch: string;
  readonly #database: DatabaseSync;
  readonly #lock: DatabaseSync | undefined;
  readonly #statements: Statements;
  /** Last revision of the streams written lately. Right because nobody else writes; forgotten when a commit fails. */
  readonly #revisions = new Map<string, number>();
  #lastPosition: number;
  #sliceLimit = 64;

  constructor({ file, readOnly, busyTimeoutMs }: DatabaseOptions) {
    this.#lock = readOnly ? undefined : holdLock(file);
    this.#database = new DatabaseSync(file, { readOnly, timeout: busyTimeoutMs });
    if (!readOnly) prepareFile(this.#database);
    assertSettings(this.#database, readOnly);
    this.#statements = prepareStatements(this.#database, readOnly);
    this.epoch = String(this.#database.prepare("SELECT value FROM meta WHERE key = 'epoch'").get()!.value);
    this.#lastPosition = this.lastPosition();
  }

  begin(): void {
    this.#statements.begin.run();
  }

  /** Each append checks its own expected revision before it inserts: a losing one writes nothing and fails alone. */
  write({ appends, recordedAt }: AppendsMessage, answers: number[]): void {
    for (let at = 0; at < appends.length; at += 4 + Number(appends[at + 3]) * 4) this.#append(appends, at, recordedAt, answers);
  }

  /** Returns when everything written since `begin` is durable. */
  commit(): void {
    this.#statements.commit.run();
  }

  #append(appends: AppendsMessage['appends'], at: number, recordedAt: number, answers: number[]): void {
    const stream = appends[at + 1] as string;
    const expected = appends[at + 2] as number;
    const count = appends[at + 3] as number;
    const actual = this.#revision(stream);
    if (actual !== expected) {
      const earlier = this.#identicalEarlier(appends, at + 4, stream, expected, count);
      if (earlier === undefined) answers.push(appends[at] as number, wrongRevision, actual, 0);
      else answers.push(appends[at] as number, writtenEarlier, expected + count, earlier);
      return;
    }
    for (let index = 0, fact = at + 4; index < count; index++, fact += 4) {
      this.#lastPosition++;
      this.#statements.insert.run(
        this.#lastPosition,
        stream,
        expected + 1 + index,
        appends[fact]!,
        appends[fact + 1]!,
        recordedAt,
        appends[fact + 2]!,
        appends[fact + 3]!,
      );
    }
    this.#revisions.set(stream, expected + count);
    answers.push(appends[at] as number, written, expected + count, this.#lastPosition);
  }

  #revision(stream: string): number {
    const known = this.#revisions.get(stream);
    if (known !== undefined) return known;
    if (this.#revisions.size >= knownRevisionsMax) this.#revisions.clear();
    const revision = Number(this.#statements.lastRevision.get(stream)?.revision ?? -1);
    this.#revisions.set(stream, revision);
    return revision;
  }

  /** The position of the last fact when exactly these ids stand at this place already. */
  #identicalEarlier(appends: AppendsMessage['appends'], fact: number, stream: string, expected: number, count: number): number | undefined {
    const rows = this.#statements.idsBetween.all(stream, expected + 1, expected + count);
    if (rows.length !== count || rows.some((row, index) => row.id !== appends[fact + index * 4])) return undefined;
    return Number(rows.at(-1)!.position);
  }

  /** Never throws: whatever broke the transaction may break this too, and the probe that must come next tries it again. */
  rollback(): void {
    this.#revisions.clear();
    try {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      this.#lastPosition = this.lastPosition();
    } catch {}
  }

  /** A write as durable as an append; throws when the file does not take it. */
  probe(): void {
    try {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      // As large as a small group of appends, because a full disk may still have room for a few bytes.
      this.#database.exec("INSERT OR REPLACE INTO meta (key, value) VALUES ('probe', hex(randomblob(32768)))");
      this.#lastPosition = this.lastPosition();
    } finally {
      this.#revisions.clear();
    }
  }

  readStream(stream: string, from: number, max: number): Slice {
    const limit = Math.min(max, this.#sliceLimit);
    return this.#slice(this.#statements.readStream.all(stream, from, limit), limit);
  }

  readLast(stream: string): Slice {
    return this.#slice(this.#statements.readLast.all(stream), 1);
  }

  /** Looks at a bounded number of positions, so that a scan for a rare prefix never keeps appends waiting for long. */
  scan(prefixes: readonly string[], after: number): Slice {
    const last = this.lastPosition();
    const to = Math.min(after + scanWindow, last);
    const { matching, parameters } = matchingStreams(prefixes);
    const limit = this.#sliceLimit;
    const slice = this.#slice(this.#scanStatement(matching).all(after, to, ...parameters, limit), limit);
    const scannedTo = slice.more ? slice.scannedTo : to;
    return { rows: slice.rows, more: scannedTo < last, scannedTo };
  }

  readonly #scans = new Map<string, StatementSync>();

  #scanStatement(matching: string): StatementSync {
    let statement = this.#scans.get(matching);
    if (statement === undefined) {
      // The plus keeps SQLite from using the index of streams: order of position is what a follower needs.
      statement = this.#database.prepare(
        `SELECT position, ${factText} AS text FROM facts WHERE position > ? AND position <= ? AND (${matching}) ORDER BY position LIMIT ?`,
      );
      statement.setReturnArrays(true);
      this.#scans.set(matching, statement);
    }
    return statement;
  }

  /** A slice is one text of a moderate size, whatever the size of facts: the next one is cut by what this one weighed. */
  #slice(rows: readonly unknown[], limit: number): Slice {
    const pairs = rows as readonly (readonly [number, string])[];
    const text = `[${pairs.map((pair) => pair[1]).join(',')}]`;
    if (text.length > sliceCharactersMax) this.#sliceLimit = Math.max(1, this.#sliceLimit >> 2);
    else if (text.length < sliceCharactersMax / 4) this.#sliceLimit = Math.min(sliceFactsMax, this.#sliceLimit * 2);
    return { rows: text, more: rows.length === limit, scannedTo: pairs.at(-1)?.[0] ?? 0 };
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
    return Number(this.#statements.lastPosition.get()!.position ?? 0);
  }

  close(): void {
    this.#database.close();
    this.#lock?.close();
  }
}

const knownRevisionsMax = 100_000;
const scanWindow = 5_000;
const sliceFactsMax = 500;
const sliceCharactersMax = 2 * 1024 * 1024;

/** One JSON array per fact, so that a slice crosses the thread as one text and is parsed in one go. */
const factText =
  "'[' || position || ',' || json_quote(stream) || ',' || revision || ',\"' || id || '\",' || json_quote(type) || ',' || recorded_at || ',' || data || ',' || metadata || ']'";

function matchingStreams(prefixes: readonly string[]): { matching: string; parameters: string[] } {
  const parameters: string[] = [];
  const conditions = prefixes.map((prefix) => {
    if (prefix === '') return 'true';
    parameters.push(prefix, `${prefix}\u{10FFFF}`);
    return '(+stream >= ? AND +stream < ?)';
  });
  return { matching: conditions.join(' OR ') || 'false', parameters };
}

/** SQLite locks through the operating system, so the lock of a killed process is gone with it. */
function holdLock(file: string): DatabaseSync {
  const lock = new DatabaseSync(`${file}.lock`, { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch {
    lock.close();
    throw new Error(`${file} is held by another process: an embedded event store has one writer`);
  }
  return lock;
}

function prepareFile(database: DatabaseSync): void {
  database.exec('PRAGMA journal_mode = WAL');
  database.exec('PRAGMA synchronous = FULL');
  database.exec(`
    CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS facts (
      position INTEGER PRIMARY KEY,
      stream TEXT NOT NULL,
      revision INTEGER NOT NULL,
      id TEXT NOT NULL,
      type TEXT NOT NULL,
      recorded_at INTEGER NOT NULL,
      data TEXT NOT NULL,
      metadata TEXT NOT NULL
    );
    CREATE UNIQUE INDEX IF NOT EXISTS facts_of_streams ON facts (stream, revision);
  `);
  database.prepare("INSERT OR IGNORE INTO meta (key, value) VALUES ('epoch', ?)").run(randomUUID());
}

function assertSettings(database: DatabaseSync, readOnly: boolean): void {
  const journal = database.prepare('PRAGMA journal_mode').get()!.journal_mode;
  if (journal !== 'wal') throw new Error(`the event store needs journal_mode wal, not ${journal}`);
  const synchronous = database.prepare('PRAGMA synchronous').get()!.synchronous;
  if (!readOnly && synchronous !== 2) throw new Error(`the event store needs synchronous FULL (2), not ${synchronous}`);
}

type Statements = Record<
  'begin' | 'commit' | 'insert' | 'lastRevision' | 'idsBetween' | 'readStream' | 'readLast' | 'lastPosition',
  StatementSync
>;

function prepareStatements(database: DatabaseSync, readOnly: boolean): Statements {
  const statements = {
    begin: database.prepare(readOnly ? 'BEGIN' : 'BEGIN IMMEDIATE'),
    commit: database.prepare('COMMIT'),
    insert: database.prepare(
      'INSERT INTO facts (position, stream, revision, id, type, recorded_at, data, metadata) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    ),
    lastRevision: database.prepare('SELECT max(revision) AS revision FROM facts WHERE stream = ?'),
    idsBetween: database.prepare('SELECT id, position FROM facts WHERE stream = ? AND revision BETWEEN ? AND ? ORDER BY revision'),
    readStream: database.prepare(
      `SELECT position, ${factText} AS text FROM facts WHERE stream = ? AND revision >= ? ORDER BY revision LIMIT ?`,
    ),
    readLast: database.prepare(`SELECT position, ${factText} AS text FROM facts WHERE stream = ? ORDER BY revision DESC LIMIT 1`),
    lastPosition: database.prepare('SELECT max(position) AS position FROM facts'),
  };
  statements.readStream.setReturnArrays(true);
  statements.readLast.setReturnArrays(true);
  return statements;
}
