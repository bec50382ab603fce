import { setImmediate as nextTurn } from 'node:timers/promises';
import { encodeAppend } from '../encode.ts';
import {
  type AppendResult,
  beginning,
  type EventStore,
  type Followed,
  type FollowOptions,
  type NewFact,
  type Position,
  type StoredFact,
  StoreUnavailable,
} from '../port.ts';
import type { Row, StreamAsk } from './messages.ts';
import { factOf, Reader, type Scan } from './reader.ts';
import { positionText, Tail } from './tail.ts';
import { StoreThread, startThread, type ThreadListener } from './thread.ts';

export type SqliteOptions = {
  readonly file: string;
  /** Opens the file of another process for reading and following only; takes no lock. */
  readonly readOnly?: boolean;
  /** How often a read-only store looks for facts of the writing process. */
  readonly pollMs?: number;
  readonly busyTimeoutMs?: number;
  /** Stamps `recordedAt`; ISO 8601. */
  readonly now?: () => string;
};

/**
 * Embedded and durable, one writing process per file. Rejects with `StoreUnavailable` when the file cannot be opened or another
 * process writes it. A store whose thread died stays unavailable: its process is to be started again.
 */
export async function sqliteEventStore(options: SqliteOptions): Promise<EventStore> {
  const { file, readOnly = false, busyTimeoutMs = 5_000, now = () => new Date().toISOString(), pollMs = 1_000 } = options;
  const link = readOnly ? undefined : await startThread(file, busyTimeoutMs);
  try {
    const reader = new Reader(file, busyTimeoutMs);
    return new SqliteStore(reader, (listener) => link && new StoreThread(link, now, listener), pollMs);
  } catch (error) {
    await link?.worker.terminate();
    throw new StoreUnavailable(`cannot open ${file}: ${(error as Error).message}`);
  }
}

class SqliteStore implements EventStore {
  readonly epoch: string;
  readonly onlyWriter: boolean;
  readonly #reader: Reader;
  /** None for a store that is only read. */
  readonly #thread: StoreThread | undefined;
  readonly #tail: Tail;
  readonly #pollMs: number;
  readonly #wakers = new Set<() => void>();
  readonly #closing = new AbortController();
  #closed: Promise<void> | undefined;

  constructor(reader: Reader, threadOf: (listener: ThreadListener) => StoreThread | undefined, pollMs: number) {
    this.#reader = reader;
    this.epoch = reader.epoch;
    this.#pollMs = pollMs;
    this.#tail = new Tail(reader.lastPosition());
    this.#thread = threadOf({ committed: (commit) => this.#tail.push(commit), changed: () => this.#wake() });
    this.onlyWriter = this.#thread !== undefined;
  }

  async append(stream: string, expectedRevision: number, facts: readonly NewFact[]): Promise<AppendResult> {
    this.#refuseClosed();
    if (!this.#thread) throw new Error('this event store was opened for reading only');
    return this.#thread.append({ stream, expectedRevision, facts: encodeAppend(stream, expectedRevision, facts) });
  }

  async read(stream: string, options: { readonly from?: number; readonly max?: number } = {}): Promise<StoredFact[]> {
    const facts: StoredFact[] = [];
    const last = options.max ?? Number.MAX_SAFE_INTEGER;
    for (let from = options.from ?? 0; facts.length < last; from += factsMax) {
      const slice = await this.#rowsOf({ stream, from, max: Math.min(last - facts.length, factsMax) });
      for (const row of slice) facts.push(factOf(row));
      if (slice.length < factsMax) break;
    }
    return facts;
  }

  async readLast(stream: string): Promise<StoredFact | undefined> {
    return (await this.#rowsOf({ lastOf: stream })).map(factOf)[0];
  }

  /** The thread that writes has the pages of streams at hand; the other connection would fetch them anew after each commit. */
  #rowsOf(ask: StreamAsk): Promise<readonly Row[]> | readonly Row[] {
    this.#refuseClosed();
    return this.#thread ? this.#thread.ask(ask) : this.#reading((reader) => reader.read(ask));
  }

  async *follow({ prefixes, after, signal }: FollowOptions): AsyncGenerator<Followed> {
    this.#refuseClosed();
    const stop = AbortSignal.any([signal, this.#closing.signal]);
    let position = after === beginning ? 0 : Number(after);
    let toldCaughtUp = false;
    while (!stop.aborted) {
      const next = this.#tail.after(position, prefixes, factsMax) ?? (await this.#scanned(prefixes, position, stop));
      if (next === undefined) continue;
      position = next.scannedTo;
      if (next.facts.length > 0) {
        toldCaughtUp = false;
        yield { is: 'facts', facts: next.facts };
      }
      if (next.more || stop.aborted || position < this.#tail.last) continue;
      if (!toldCaughtUp) {
        toldCaughtUp = true;
        yield { is: 'caught-up' };
      }
      if (position >= this.#tail.last) await this.#news(stop, this.onlyWriter ? undefined : this.#pollMs);
    }
  }

  /** Undefined when the file could not be read just now; a file may come back, a dead thread does not. */
  async #scanned(prefixes: readonly string[], after: number, stop: AbortSignal): Promise<Scan | undefined> {
    // Between two slices everybody else gets a turn.
    await nextTurn();
    try {
      return stop.aborted ? undefined : this.#reading((reader) => reader.scan(prefixes, after));
    } catch (error) {
      if (stop.aborted) return undefined;
      if (this.#thread?.dead !== undefined) throw error;
      await this.#news(stop, this.#pollMs);
      return undefined;
    }
  }

  #reading<Read>(read: (reader: Reader) => Read): Read {
    this.#refuseClosed();
    if (this.#thread?.dead !== undefined) throw new StoreUnavailable(this.#thread.dead);
    try {
      return read(this.#reader);
    } catch (error) {
      throw new StoreUnavailable(`the file of the event store cannot be read: ${(error as Error).message}`);
    }
  }

  /** Waits for the next commit of this process, the end of the iteration or of the store, or until the time to look again. */
  #news(stop: AbortSignal, pollMs: number | undefined): Promise<void> {
    if (stop.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        this.#wakers.delete(wake);
        stop.removeEventListener('abort', wake);
        clearTimeout(timer);
        resolve();
      };
      const timer = pollMs === undefined ? undefined : setTimeout(wake, pollMs);
      stop.addEventListener('abort', wake);
      this.#wakers.add(wake);
    });
  }

  #wake(): void {
    for (const wake of [...this.#wakers]) wake();
  }

  async head(prefixes?: readonly string[]): Promise<Position> {
    const position = this.#reading((reader) => reader.head(prefixes));
    return position === 0 ? beginning : positionText(position);
  }

  async probe(): Promise<void> {
    this.#refuseClosed();
    if (this.#thread) await this.#thread.ask('probe');
    else this.#reading((reader) => reader.lastPosition());
  }

  close(): Promise<void> {
    this.#closing.abort();
    this.#closed ??= this.#close();
    return this.#closed;
  }

  /** The reader goes first: whoever closes the file last tidies it up, and a reader cannot. */
  async #close(): Promise<void> {
    this.#reader.close();
    await this.#thread?.close();
  }

  #refuseClosed(): void {
    if (this.#closed !== undefined) throw new Error('this event store is closed');
  }
}

const factsMax = 500;
