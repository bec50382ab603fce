import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { type AppendResult, StoreUnavailable } from '../port.ts';
import { type Ask, type Commit, type FromWorker, type Posted, type Slice, type ToWorker, written, wrongRevision } from './messages.ts';
import { positionText } from './tail.ts';

export type ThreadListener = {
  /** An append of this process has become durable; said in the order of positions. */
  committed(commit: Commit): void;
  /** Commits have been said, or the thread has died. */
  changed(): void;
};

type Opened = { readonly epoch: string; readonly lastPosition: number };
type Link = { readonly worker: Worker; readonly port: MessagePort; readonly posted: Int32Array };
type PendingAppend = Posted & { readonly resolve: (result: AppendResult) => void; readonly recordedAt: string };
type Answer = { readonly slice: Slice } | { readonly number: number };
type PendingRead = { readonly resolve: (answer: Answer) => void; readonly reject: (error: Error) => void };

/** The worker thread as promises. Whatever was asked is answered when the thread dies: appends 'unavailable', reads by a rejection. */
export class StoreThread {
  readonly opened: Opened;
  readonly #link: Link;
  readonly #now: () => string;
  readonly #listener: ThreadListener;
  readonly #appends = new Map<number, PendingAppend>();
  readonly #reads = new Map<number, PendingRead>();
  #outbox: (string | number)[] = [];
  #outboxRecordedAt = '';
  #sequence = 0;
  #dead: string | undefined;

  constructor({ opened, ...link }: Link & { readonly opened: Opened }, now: () => string, listener: ThreadListener) {
    this.opened = opened;
    this.#link = link;
    this.#now = now;
    this.#listener = listener;
    link.port.on('message', (message: FromWorker) => this.#receive(message));
    link.worker.on('error', (error) => this.#die(error.message));
    link.worker.on('exit', () => this.#die('the thread of the event store ended'));
  }

  get isDead(): boolean {
    return this.#dead !== undefined;
  }

  append(posted: Posted): Promise<AppendResult> {
    if (this.#dead !== undefined) return Promise.resolve({ is: 'unavailable', message: this.#dead });
    return new Promise((resolve) => {
      // Appends of the same turn of the event loop go to the worker as one message.
      if (this.#outbox.length === 0) {
        this.#outboxRecordedAt = this.#now();
        setImmediate(() => this.#flush());
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

  async slice(ask: Ask): Promise<Slice> {
    const answer = await this.#ask(ask);
    if (!('slice' in answer)) throw new Error(`the answer to ${ask.what} holds no facts`);
    return answer.slice;
  }

  async number(ask: Ask): Promise<number> {
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

  async close(): Promise<void> {
    if (this.#dead !== undefined) return;
    // Messages keep their order, so everything asked before is answered before the file is closed.
    this.#flush();
    await this.number({ what: 'close' }).catch(() => {});
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
    for (const { reject } of this.#reads.values()) reject(new StoreUnavailable(this.#dead));
    this.#reads.clear();
    this.#link.port.close();
    this.#listener.changed();
  }
}

/** Starts the thread and waits until it holds the file. */
export async function startThread(file: string, readOnly: boolean, busyTimeoutMs: number): Promise<Link & { readonly opened: Opened }> {
  const { port1: port, port2 } = new MessageChannel();
  const posted = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(new URL('./worker.ts', import.meta.url), {
    workerData: { file, readOnly, busyTimeoutMs, port: port2, posted },
    transferList: [port2],
  });
  const opened = await new Promise<Opened>((resolve, reject) => {
    worker.once('error', (error) => reject(new StoreUnavailable(`cannot open ${file}: ${error.message}`)));
    port.once('message', (message: FromWorker) => ('opened' in message ? resolve(message.opened) : undefined));
  }).finally(() => worker.removeAllListeners('error'));
  return { worker, port, posted, opened };
}

const outboxValues = 128;
