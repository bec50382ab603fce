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
} from '../port.ts';
import type { Row, Slice } from './messages.ts';
import { positionText, Tail } from './tail.ts';
import { StoreThread, startThread } from './thread.ts';

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
  const { file, readOnly = false, busyTimeoutMs = 5_000 } = options;
  return new SqliteStore(await startThread(file, readOnly, busyTimeoutMs), options);
}

class SqliteStore implements EventStore {
  readonly epoch: string;
  readonly onlyWriter: boolean;
  readonly #thread: StoreThread;
  readonly #tail: Tail;
  readonly #pollMs: number;
  readonly #wakers = new Set<() => void>();
  readonly #closing = new AbortController();
  #closed: Promise<void> | undefined;

  constructor(started: Awaited<ReturnType<typeof startThread>>, options: SqliteOptions) {
    const now = options.now ?? (() => new Date().toISOString());
    this.epoch = started.opened.epoch;
    this.onlyWriter = options.readOnly !== true;
    this.#pollMs = options.pollMs ?? 1_000;
    this.#tail = new Tail(started.opened.lastPosition);
    this.#thread = new StoreThread(started, now, {
      committed: (commit) => this.#tail.push(commit),
      changed: () => this.#wake(),
    });
  }

  async append(stream: string, expectedRevision: number, facts: readonly NewFact[]): Promise<AppendResult> {
    this.#refuseClosed();
    if (!this.onlyWriter) throw new Error('this event store was opened for reading only');
    return this.#thread.append({ stream, expectedRevision, facts: encodeAppend(stream, expectedRevision, facts) });
  }

  async read(stream: string, options: { readonly from?: number; readonly max?: number } = {}): Promise<StoredFact[]> {
    this.#refuseClosed();
    const facts: StoredFact[] = [];
    let from = options.from ?? 0;
    let left = options.max ?? Number.MAX_SAFE_INTEGER;
    while (left > 0) {
      const slice = await this.#thread.slice({ what: 'stream', stream, from, max: Math.min(left, sliceFactsMax) });
      const read = factsOf(slice);
      facts.push(...read);
      if (!slice.more) break;
      from = read.at(-1)!.revision + 1;
      left -= read.length;
    }
    return facts;
  }

  async readLast(stream: string): Promise<StoredFact | undefined> {
    this.#refuseClosed();
    return factsOf(await this.#thread.slice({ what: 'last', stream }))[0];
  }

  async *follow({ prefixes, after, signal }: FollowOptions): AsyncGenerator<Followed> {
    this.#refuseClosed();
    const stop = AbortSignal.any([signal, this.#closing.signal]);
    let position = after === beginning ? 0 : Number(after);
    let ahead: Promise<Slice> | undefined;
    let toldCaughtUp = false;
    while (!stop.aborted) {
      const live = ahead === undefined ? this.#tail.after(position, prefixes, sliceFactsMax) : undefined;
      const slice = live ?? (await this.#scanned(ahead ?? this.#scan(prefixes, position), stop));
      ahead = undefined;
      if (slice === undefined) continue;
      position = slice.scannedTo;
      const more = 'rows' in slice ? slice.more : position < this.#tail.last;
      // The worker reads the next slice while the consumer handles this one.
      if ('rows' in slice && more) ahead = this.#scan(prefixes, position);
      const facts = 'rows' in slice ? factsOf(slice) : slice.facts;
      if (facts.length > 0) {
        toldCaughtUp = false;
        yield { is: 'facts', facts };
      }
      if (more || stop.aborted || position < this.#tail.last) continue;
      if (!toldCaughtUp) {
        toldCaughtUp = true;
        yield { is: 'caught-up' };
      }
      if (position >= this.#tail.last) await this.#news(stop, this.onlyWriter ? undefined : this.#pollMs);
    }
  }

  /** May be left alone when the iteration ends: its failure is met where it is awaited, and never crashes the process. */
  #scan(prefixes: readonly string[], after: number): Promise<Slice> {
    const scan = this.#thread.slice({ what: 'scan', prefixes, after });
    scan.catch(() => {});
    return scan;
  }

  /** Undefined when the file could not be read just now; a file may come back, a dead thread does not. */
  async #scanned(scan: Promise<Slice>, stop: AbortSignal): Promise<Slice | undefined> {
    try {
      return await scan;
    } catch (error) {
      if (this.#thread.isDead && !stop.aborted) throw error;
      await this.#news(stop, this.#pollMs);
      return undefined;
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
    this.#refuseClosed();
    const position = await this.#thread.number({ what: 'head', prefixes });
    return position === 0 ? beginning : positionText(position);
  }

  async probe(): Promise<void> {
    this.#refuseClosed();
    await this.#thread.number(this.onlyWriter ? { what: 'probe' } : { what: 'head', prefixes: undefined });
  }

  close(): Promise<void> {
    this.#closing.abort();
    this.#closed ??= this.#thread.close();
    return this.#closed;
  }

  #refuseClosed(): void {
    if (this.#closed !== undefined) throw new Error('this event store is closed');
  }
}

const sliceFactsMax = 500;

function factsOf(slice: Slice): StoredFact[] {
  const rows: Row[] = JSON.parse(slice.rows);
  return rows.map(([position, stream, revision, id, type, recordedAt, data, metadata]) => ({
    id,
    type,
    data,
    metadata,
    stream,
    revision,
    position: positionText(position),
    recordedAt: isoTime(recordedAt),
  }));
}

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
