import { Worker } from 'node:worker_threads';
import { encodeAppend, type EncodedFact } from '../encode.ts';
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
import { type Ask, type FromWorker, type Row, type Slice, type ToWorker, written, wrongRevision } from './messages.ts';
import { Tail } from './tail.ts';

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

/** Embedded and durable, one writing process per file. Rejects when the file cannot be opened or another process writes it. */
export async function sqliteEventStore(options: SqliteOptions): Promise<EventStore> {
  const { file, readOnly = false, busyTimeoutMs = 5_000 } = options;
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: { file, readOnly, busyTimeoutMs } });
  const epoch = await new Promise<string>((resolve, reject) => {
    worker.once('error', error => reject(new StoreUnavailable(error.message)));
    worker.once('message', (message: FromWorker) => ('opened' in message ? resolve(message.opened.epoch) : undefined));
  });
  worker.removeAllListeners();
  return new SqliteStore(worker, epoch, options);
}

type PendingAppend = {
  readonly resolve: (result: AppendResult) => void;
  readonly stream: string;
  readonly facts: readonly EncodedFact[];
  recordedAt: string;
};
type PendingRead = { readonly resolve: (answer: Answer) => void; readonly reject: (error: Error) => void };
type Answer = Extract<FromWorker, { sequence: number }>;

class SqliteStore implements EventStore {
  readonly epoch: string;
  readonly onlyWriter: boolean;
  readonly #worker: Worker;
  readonly #now: () => string;
  readonly #pollMs: number | undefined;
  readonly #tail = new Tail();
  readonly #appends = new Map<number, PendingAppend>();
  readonly #reads = new Map<number, PendingRead>();
  readonly #closing = new AbortController();
  #outbox: (string | number)[] = [];
  #sequence = 0;
  #dead: string | undefined;
  #closed: Promise<void> | undefined;

  constructor(worker: Worker, epoch: string, options: SqliteOptions) {
    this.epoch = epoch;
    this.onlyWriter = options.readOnly !== true;
    this.#worker = worker;
    this.#now = options.now ?? (() => new Date().toISOString());
    this.#pollMs = this.onlyWriter ? undefined : (options.pollMs ?? 1_000);
    worker.on('message', (message: FromWorker) => this.#receive(message));
    worker.on('error', error => this.#die(error.message));
    worker.on('exit', () => this.#die('the thread of the event store ended'));
  }

  async append(stream: string, expectedRevision: number, facts: readonly NewFact[]): Promise<AppendResult> {
    if (this.#closed !== undefined) throw new Error('this event store is closed');
    if (!this.onlyWriter) throw new Error('this event store was opened for reading only');
    const encoded = encodeAppend(stream, expectedRevision, facts);
    if (this.#dead !== undefined) return { is: 'unavailable', message: this.#dead };
    return new Promise(resolve => {
      const sequence = ++this.#sequence;
      this.#appends.set(sequence, { resolve, stream, facts: encoded, recordedAt: '' });
      // Appends of the same turn of the event loop go to the worker as one message.
      if (this.#outbox.length === 0) setImmediate(() => this.#flush());
      this.#outbox.push(sequence, stream, expectedRevision, encoded.length);
      for (const fact of encoded) this.#outbox.push(fact.id, fact.type, fact.data, fact.metadata);
    });
  }

  #flush(): void {
    const appends = this.#outbox;
    if (appends.length === 0) return;
    this.#outbox = [];
    const recordedAt = Date.parse(this.#now());
    this.#post({ appends, recordedAt });
  }
}
