import { randomUUID } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { type AppendsMessage, type Row, type StreamAsk, written, writtenEarlier, wrongRevision } from './messages.ts';
import { streamReader } from './stream-reader.ts';

export type WriterOptions = { readonly file: string; readonly busyTimeoutMs: number };

/**
 * Writes the store's file, synchronously; it lives in the worker thread. It reads single streams too: another connection would have to fetch
 * its pages anew after each commit.
 */
export class Writer {
  readonly #database: DatabaseSync;
  readonly #lock: DatabaseSync;
  readonly #statements: Statements;
  /** Last revision of the streams written lately. Right because nobody else writes; forgotten when a commit fails. */
  readonly #revisions = new Map<string, number>();
  #lastPosition: number;

  readonly read: (ask: StreamAsk) => readonly Row[];

  constructor({ file, busyTimeoutMs }: WriterOptions) {
    this.#lock = holdLock(file);
    this.#database = new DatabaseSync(file, { timeout: busyTimeoutMs });
    prepareFile(this.#database);
    assertSettings(this.#database);
    this.#statements = prepareStatements(this.#database);
    this.read = streamReader(this.#database);
    this.#lastPosition = this.#readLastPosition();
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
      this.#lastPosition = this.#readLastPosition();
    } catch {}
  }

  /** A write as durable as an append; throws when the file does not take it. */
  probe(): void {
    try {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      // As large as a small group of appends, because a full disk may still have room for a few bytes.
      this.#database.exec("INSERT OR REPLACE INTO meta (key, value) VALUES ('probe', hex(randomblob(32768)))");
      this.#lastPosition = this.#readLastPosition();
    } finally {
      this.#revisions.clear();
    }
  }

  #readLastPosition(): number {
    return Number(this.#statements.lastPosition.get()!.position ?? 0);
  }

  close(): void {
    this.#database.close();
    this.#lock.close();
  }
}

const knownRevisionsMax = 100_000;
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

function assertSettings(database: DatabaseSync): void {
  const journal = database.prepare('PRAGMA journal_mode').get()!.journal_mode;
  if (journal !== 'wal') throw new Error(`the event store needs journal_mode wal, not ${journal}`);
  const synchronous = database.prepare('PRAGMA synchronous').get()!.synchronous;
  if (synchronous !== 2) throw new Error(`the event store needs synchronous FULL (2), not ${synchronous}`);
}

type Statements = ReturnType<typeof prepareStatements>;

const prepareStatements = (database: DatabaseSync) => ({
  begin: database.prepare('BEGIN IMMEDIATE'),
  commit: database.prepare('COMMIT'),
  insert: database.prepare(
    'INSERT INTO facts (position, stream, revision, id, type, recorded_at, data, metadata) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  ),
  lastRevision: database.prepare('SELECT max(revision) AS revision FROM facts WHERE stream = ?'),
  idsBetween: database.prepare('SELECT id, position FROM facts WHERE stream = ? AND revision BETWEEN ? AND ? ORDER BY revision'),
  lastPosition: database.prepare('SELECT max(position) AS position FROM facts'),
});
