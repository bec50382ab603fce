import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
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
import { positionText, Tail } from './tail.ts';

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
  const { port1: port, port2 } = new MessageChannel();
  const posted = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(new URL('./worker.ts', import.meta.url), {
    workerData: { file, readOnly, busyTimeoutMs, port: port2, posted },
    transferList: [port2],
  });
  const opened = await new Promise<Opened>((resolve, reject) => {
    worker.once('error', (error) => reject(new StoreUnavailable(`cannot open ${file}: ${error.message}`)));
    port.once('message', (message: FromWorker) => ('opened' in message ? resolve(message.opened) : undefined));
  });
  return new SqliteStore({ worker, port, posted }, opened, options);
}

type Opened = { readonly epoch: string; readonly lastPosition: number };
type Thread = { readonly worker: Worker; readonly port: MessagePort; readonly posted: Int32Array };
type PendingAppend = {
  readonly resolve: (result: AppendResult) => void;
  readonly stream: string;
  readonly facts: readonly EncodedFact[];
  readonly recordedAt: string;
};
type Answer = { readonly slice: Slice } | { readonly number: number };
type PendingRead = { readonly resolve: (answer: Answer) => void; readonly reject: (error: Error) => void };

class SqliteStore implements EventStore {
  readonly epoch: string;
  readonly onlyWriter: boolean;
  readonly #thread: Thread;
  readonly #now: () => string;
  readonly #pollMs: number;
  readonly #tail: Tail;
  readonly #appends = new Map<number, PendingAppend>();
  readonly #reads = new Map<number, PendingRead>();
  readonly #wakers = new Set<() => void>();
  readonly #closing = new AbortController();
  #outbox: (string | number)[] = [];
  #outboxRecordedAt = '';
  #sequence = 0;
  #dead: string | undefined;
  #closed: Promise<void> | undefined;

  constructor(thread: Thread, opened: Opened, options: SqliteOptions) {
    this.epoch = opened.epoch;
    this.onlyWriter = options.readOnly !== true;
    this.#thread = thread;
    this.#now = options.now ?? (() => new Date().toISOString());
    this.#pollMs = options.pollMs ?? 1_000;
    this.#tail = new Tail(opened.lastPosition);
    thread.port.on('message', (message: FromWorker) => this.#receive(message));
    thread.worker.on('error', (error) => this.#die(error.message));
    thread.worker.on('exit', () => this.#die('the thread of the event store ended'));
  }

  async append(stream: string, expectedRevision: number, facts: readonly NewFact[]): Promise<AppendResult> {
    this.#refuseClosed();
    if (!this.onlyWriter) throw new Error('this event store was opened for reading only');
    const encoded = encodeAppend(stream, expectedRevision, facts);
    if (this.#dead !== undefined) return { is: 'unavailable', message: this.#dead };
    return new Promise((resolve) => {
      // Appends of the same turn of the event loop go to the worker as one message.
      if (this.#outbox.length === 0) {
        this.#outboxRecordedAt = this.#now();
        setImmediate(() => this.#flush());
      }
      const sequence = ++this.#sequence;
      this.#appends.set(sequence, { resolve, stream, facts: encoded, recordedAt: this.#outboxRecordedAt });
      this.#outbox.push(sequence, stream, expectedRevision, encoded.length);
      for (const fact of encoded) this.#outbox.push(fact.id, fact.type, fact.data, fact.metadata);
      // A long message goes early, so that the worker writes while this thread still encodes.
      if (this.#outbox.length >= outboxValues) this.#flush();
    });
  }

  #flush(): void {
    if (this.#outbox.length === 0) return;
    this.#post({ appends: this.#outbox, recordedAt: Date.parse(this.#outboxRecordedAt) });
    this.#outbox = [];
  }

  async read(stream: string, options: { readonly from?: number; readonly max?: number } = {}): Promise<StoredFact[]> {
    this.#refuseClosed();
    const facts: StoredFact[] = [];
    let from = options.from ?? 0;
    let left = options.max ?? Number.MAX_SAFE_INTEGER;
    while (left > 0) {
      const slice = await this.#askSlice({ what: 'stream', stream, from, max: Math.min(left, sliceFactsMax) });
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
    return factsOf(await this.#askSlice({ what: 'last', stream }))[0];
  }

  async *follow({ prefixes, after, signal }: FollowOptions): AsyncGenerator<Followed> {
    this.#refuseClosed();
    const stop = AbortSignal.any([signal, this.#closing.signal]);
    let position = after === beginning ? 0 : Number(after);
    let ahead: Promise<Slice> | undefined;
    let toldCaughtUp = false;
    while (!stop.aborted) {
      const live = ahead === undefined ? this.#tail.after(position, prefixes, sliceFactsMax) : undefined;
      const slice = live ?? (await this.#scan(ahead ?? this.#askSlice({ what: 'scan', prefixes, after: position }), stop));
      ahead = undefined;
      if (slice === undefined) continue;
      position = slice.scannedTo;
      const more = 'rows' in slice ? slice.more : position < this.#tail.last;
      // The worker reads the next slice while the consumer handles this one.
      if ('rows' in slice && more) ahead = quietly(this.#askSlice({ what: 'scan', prefixes, after: position }));
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

  /** Undefined when the file could not be read just now; a file may come back, a dead thread does not. */
  async #scan(asked: Promise<Slice>, stop: AbortSignal): Promise<Slice | undefined> {
    try {
      return await asked;
    } catch (error) {
      if (this.#dead !== undefined && !stop.aborted) throw error;
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

  async head(prefixes?: readonly string[]): Promise<Position> {
    this.#refuseClosed();
    const position = await this.#askNumber({ what: 'head', prefixes });
    return position === 0 ? beginning : positionText(position);
  }

  async probe(): Promise<void> {
    this.#refuseClosed();
    await this.#askNumber({ what: this.onlyWriter ? 'probe' : 'head', prefixes: undefined });
  }

  close(): Promise<void> {
    this.#closed ??= this.#drainAndClose();
    return this.#closed;
  }

  async #drainAndClose(): Promise<void> {
    this.#closing.abort();
    if (this.#dead !== undefined) return;
    // Messages keep their order, so everything asked before is answered before the file is closed.
    this.#flush();
    await this.#askNumber({ what: 'close' }).catch(() => {});
    await this.#thread.worker.terminate();
  }

  async #askSlice(ask: Ask): Promise<Slice> {
    const answer = await this.#ask(ask);
    if (!('slice' in answer)) throw new Error(`the answer to ${ask.what} holds no facts`);
    return answer.slice;
  }

  async #askNumber(ask: Ask): Promise<number> {
    const answer = await this.#ask(ask);
    if (!('number' in answer)) throw new Error(`the answer to ${ask.what} is no number`);
    return answer.number;
  }

  #ask(ask: Ask): Promise<Answer> {
    if (this.#dead !== undefined) return Promise.reject(new StoreUnavailable(this.#dead));
    return new Promise((resolve, reject) => {
      const sequence = ++this.#sequence;
      this.#reads.set(sequence, { resolve, reject });
      this.#post({ sequence, ask });
    });
  }

  #post(message: ToWorker): void {
    const { port, posted } = this.#thread;
    port.postMessage(message);
    Atomics.add(posted, 0, 1);
    Atomics.notify(posted, 0);
  }

  #receive(message: FromWorker): void {
    if ('answers' in message) this.#receiveAnswers(message.answers);
    else if ('unavailable' in message) this.#answerUnavailable(message.unavailable, message.message);
    else if ('sequence' in message) {
      const pending = this.#reads.get(message.sequence);
      this.#reads.delete(message.sequence);
      if ('error' in message) pending?.reject(new StoreUnavailable(message.error));
      else pending?.resolve(message);
    }
  }

  #receiveAnswers(answers: readonly number[]): void {
    for (let at = 0; at < answers.length; at += 4) {
      const sequence = answers[at]!;
      const outcome = answers[at + 1]!;
      const revision = answers[at + 2]!;
      const position = answers[at + 3]!;
      const { resolve, stream, facts, recordedAt } = this.#appends.get(sequence)!;
      this.#appends.delete(sequence);
      if (outcome === written) this.#tail.push(stream, facts, revision, position, recordedAt);
      if (outcome === wrongRevision) resolve({ is: 'wrong-expected-revision', actualRevision: revision });
      else resolve({ is: 'appended', revision, position: positionText(position) });
    }
    this.#wake();
  }

  #answerUnavailable(sequences: Iterable<number>, message: string): void {
    for (const sequence of sequences) {
      this.#appends.get(sequence)?.resolve({ is: 'unavailable', message });
      this.#appends.delete(sequence);
    }
  }

  #die(reason: string): void {
    this.#dead ??= reason;
    this.#answerUnavailable([...this.#appends.keys()], this.#dead);
    for (const { reject } of this.#reads.values()) reject(new StoreUnavailable(this.#dead));
    this.#reads.clear();
    this.#wake();
  }

  #wake(): void {
    for (const wake of [...this.#wakers]) wake();
  }

  #refuseClosed(): void {
    if (this.#closed !== undefined) throw new Error('this event store is closed');
  }
}

const outboxValues = 128;
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

/** For a promise that may be left alone: its failure is met where it is awaited, and never crashes the process. */
function quietly<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
