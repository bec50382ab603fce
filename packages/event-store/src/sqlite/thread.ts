import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { type AppendResult, StoreUnavailable } from '../port.ts';
import { type Ask, type Commit, type FromWorker, type Posted, type Row, type ToWorker, written, wrongRevision } from './messages.ts';
import { positionText } from './tail.ts';

export type ThreadListener = {
  /** An append of this process has become durable; said in the order of positions. */
  committed(commit: Commit): void;
  /** Commits have been said, or the thread has died. */
  changed(): void;
};

export type Link = { readonly worker: Worker; readonly port: MessagePort; readonly posted: Int32Array };
type PendingAppend = Posted & { readonly resolve: (result: AppendResult) => void; readonly recordedAt: string };
type PendingAsk = { readonly resolve: (rows: readonly Row[]) => void; readonly reject: (error: Error) => void };

/** The worker thread as promises. Whatever was asked is answered when the thread dies: appends 'unavailable', the rest by a rejection. */
export class StoreThread {
  readonly #link: Link;
  readonly #now: () => string;
  readonly #listener: ThreadListener;
  readonly #appends = new Map<number, PendingAppend>();
  readonly #asks = new Map<number, PendingAsk>();
  #outbox: (string | number)[] = [];
  #outboxRecordedAt = '';
  #sequence = 0;
  #dead: string | undefined;

  constructor(link: Link, now: () => string, listener: ThreadListener) {
    this.#link = link;
    this.#now = now;
    this.#listener = listener;
    link.port.on('message', (message: FromWorker) => this.#receive(message));
    link.worker.on('error', (error) => this.#die(error.message));
    link.worker.on('exit', () => this.#die('the thread of the event store ended'));
  }

  /** Why nothing can be asked any more. */
  get dead(): string | undefined {
    return this.#dead;
  }

  append(posted: Posted): Promise<AppendResult> {
    if (this.#dead !== undefined) return Promise.resolve({ is: 'unavailable', message: this.#dead });
    return new Promise((resolve) => {
      // Appends of the same turn of the event loop go to the worker as one message.
      if (this.#outbox.length === 0) {
        this.#outboxRecordedAt = this.#now();
        // When nothing is under way nobody else is on his way either: what this step of the program appends is all there is.
        if (this.#appends.size === 0) queueMicrotask(() => this.#flush());
        else setImmediate(() => this.#flush());
      }
      const sequence = ++this.#sequence;
      this.#appends.set(sequence, { ...posted, resolve, recordedAt: this.#outboxRecordedAt });
      this.#outbox.push(sequence, posted.stream, posted.expectedRevision, posted.facts.length);
      for (const fact of posted.facts) this.#outbox.push(fact.id, fact.type, fact.data, fact.metadata);
      // A long message goes early, so that the worker writes while this thread still encodes.
      if (this.#outbox.length >= outboxValues) this.#flush();
    });
  }

  #flush(): void {
    if (this.#outbox.length === 0) return;
    this.#post({ appends: this.#outbox, recordedAt: Date.parse(this.#outboxRecordedAt) });
    this.#outbox = [];
  }

  /** Resolves with what was read; with nothing where nothing is read. */
  ask(ask: Ask): Promise<readonly Row[]> {
    if (this.#dead !== undefined) return Promise.reject(new StoreUnavailable(this.#dead));
    return new Promise((resolve, reject) => {
      const sequence = ++this.#sequence;
      this.#asks.set(sequence, { resolve, reject });
      this.#post({ sequence, ask });
    });
  }

  async close(): Promise<void> {
    if (this.#dead !== undefined) return;
    // Messages keep their order, so everything asked before is answered before the file is closed.
    this.#flush();
    await this.ask('close').catch(() => {});
    await this.#link.worker.terminate();
  }

  #post(message: ToWorker): void {
    const { port, posted } = this.#link;
    port.postMessage(message);
    Atomics.add(posted, 0, 1);
    Atomics.notify(posted, 0);
  }

  #receive(message: FromWorker): void {
    if ('answers' in message) this.#receiveAnswers(message.answers);
    else if ('unavailable' in message) this.#answerUnavailable(message.unavailable, message.message);
    else if ('sequence' in message) {
      const pending = this.#asks.get(message.sequence);
      this.#asks.delete(message.sequence);
      if (message.error === undefined) pending?.resolve(message.rows ?? []);
      else pending?.reject(new StoreUnavailable(message.error));
    }
  }

  #receiveAnswers(answers: readonly number[]): void {
    for (let at = 0; at < answers.length; at += 4) {
      const sequence = answers[at]!;
      const outcome = answers[at + 1]!;
      const revision = answers[at + 2]!;
      const position = answers[at + 3]!;
      const pending = this.#appends.get(sequence)!;
      this.#appends.delete(sequence);
      const { stream, expectedRevision, facts, recordedAt } = pending;
      if (outcome === written) this.#listener.committed({ stream, expectedRevision, facts, revision, position, recordedAt });
      if (outcome === wrongRevision) pending.resolve({ is: 'wrong-expected-revision', actualRevision: revision });
      else pending.resolve({ is: 'appended', revision, position: positionText(position) });
    }
    this.#listener.changed();
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
    for (const { reject } of this.#asks.values()) reject(new StoreUnavailable(this.#dead));
    this.#asks.clear();
    this.#link.port.close();
    this.#listener.changed();
  }
}

/** Starts the thread and waits until it holds the file. */
export async function startThread(file: string, busyTimeoutMs: number): Promise<Link> {
  const { port1: port, port2 } = new MessageChannel();
  const posted = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(new URL('./worker.ts', import.meta.url), {
    workerData: { file, busyTimeoutMs, port: port2, posted },
    transferList: [port2],
  });
  await new Promise<void>((resolve, reject) => {
    worker.once('error', (error) => reject(new StoreUnavailable(`cannot open ${file}: ${error.message}`)));
    port.once('message', () => resolve());
  }).finally(() => worker.removeAllListeners('error'));
  return { worker, port, posted };
}

const outboxValues = 128;
