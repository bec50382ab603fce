import { randomUUID } from 'node:crypto';
import { type EncodedFact, encodeAppend } from './encode.ts';
import {
  type AppendResult,
  beginning,
  type EventStore,
  type Followed,
  type FollowOptions,
  type JsonObject,
  type NewFact,
  type Position,
  type StoredFact,
  StoreUnavailable,
} from './port.ts';

/**
 * - `lands`: durable and answered.
 * - `answer-lost`: durable, but answered 'unavailable'.
 * - `not-landed`: answered 'unavailable', nothing written.
 */
export type AppendFate = 'lands' | 'answer-lost' | 'not-landed';

export interface MemoryFaults {
  /** The fates of the next appends, in order. */
  nextAppends(...fates: readonly AppendFate[]): void;
  /** Asked for each append without a queued fate, e.g. a simulation's seeded choice. */
  chooseFate: ((stream: string, facts: readonly NewFact[]) => AppendFate) | undefined;
  /** While true, reads, head and probe reject, and followers wait for it to become false. */
  readsUnavailable: boolean;
  /** Appends wait, unsynced and invisible, until `sync()` or `crash()`. */
  holdSync(): void;
  /** Makes every held append durable in the order of arrival, and holds no more. */
  sync(): void;
  /** Loses what is not synced: held appends are dropped and answered 'unavailable'. Followers survive, as with a server that restarts. */
  crash(): void;
}

export interface MemoryEventStore extends EventStore {
  readonly faults: MemoryFaults;
  /** The durable facts under a new handle, as after a restart of the process; this handle is closed, its held appends are lost. */
  reopen(): MemoryEventStore;
}

export type MemoryOptions = {
  /** Stamps `recordedAt`. Without it every fact carries the Unix epoch: nothing here reads the wall clock. */
  readonly now?: () => string;
  readonly epoch?: string;
};

/** In memory and deterministic: no timers, every answer within microtasks. */
export function memoryEventStore(options: MemoryOptions = {}): MemoryEventStore {
  const now = options.now ?? (() => '1970-01-01T00:00:00.000Z');
  return new MemoryStore(new Disk(options.epoch ?? randomUUID()), now);
}

/** What is synced and so survives a crash. */
class Disk {
  readonly epoch: string;
  readonly facts: StoredFact[] = [];
  readonly streams = new Map<string, StoredFact[]>();

  constructor(epoch: string) {
    this.epoch = epoch;
  }

  write(stream: string, expectedRevision: number, encoded: readonly EncodedFact[], recordedAt: string): AppendResult {
    const stored = this.streams.get(stream) ?? [];
    const actualRevision = stored.length - 1;
    if (actualRevision !== expectedRevision) {
      const earlier = stored.slice(expectedRevision + 1, expectedRevision + 1 + encoded.length);
      const identical = earlier.length === encoded.length && earlier.every((fact, index) => fact.id === encoded[index]!.id);
      return identical ? appended(earlier) : { is: 'wrong-expected-revision', actualRevision };
    }
    for (const fact of encoded) {
      const position = String(this.facts.length + 1).padStart(16, '0');
      const kept = { ...copyOf(fact), stream, revision: stored.length, position, recordedAt };
      stored.push(Object.freeze(kept));
      this.facts.push(kept);
    }
    this.streams.set(stream, stored);
    return appended(stored);
  }
}

function appended(facts: readonly StoredFact[]): AppendResult {
  const last = facts.at(-1)!;
  return { is: 'appended', revision: last.revision, position: last.position };
}

/** Through JSON and frozen, so that whoever keeps writing to an object it appended or read is found out. */
function copyOf(fact: EncodedFact): NewFact {
  return { id: fact.id, type: fact.type, data: frozenJson(fact.data), metadata: frozenJson(fact.metadata) };
}

function frozenJson(text: string): JsonObject {
  return frozen(JSON.parse(text));
}

/** After parsing: a reviver would be called for every number and text as well, and takes several times as long. */
function frozen<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null) return value;
  for (const inner of Object.values(value)) frozen(inner);
  return Object.freeze(value);
}

type HeldAppend = { readonly land: () => void; readonly lose: () => void };

class Faults implements MemoryFaults {
  chooseFate: MemoryFaults['chooseFate'];
  /** Undefined while appends are synced at once. */
  held: HeldAppend[] | undefined;
  readonly #wakeFollowers: () => void;
  readonly #fates: AppendFate[] = [];
  #readsUnavailable = false;

  constructor(wakeFollowers: () => void) {
    this.#wakeFollowers = wakeFollowers;
  }

  nextAppends(...fates: readonly AppendFate[]): void {
    this.#fates.push(...fates);
  }

  fateOf(stream: string, facts: readonly NewFact[]): AppendFate {
    return this.#fates.shift() ?? this.chooseFate?.(stream, facts) ?? 'lands';
  }

  get readsUnavailable(): boolean {
    return this.#readsUnavailable;
  }

  set readsUnavailable(unavailable: boolean) {
    this.#readsUnavailable = unavailable;
    this.#wakeFollowers();
  }

  holdSync(): void {
    this.held ??= [];
  }

  sync(): void {
    for (const append of this.#release()) append.land();
  }

  crash(): void {
    for (const append of this.#release()) append.lose();
  }

  #release(): readonly HeldAppend[] {
    const held = this.held ?? [];
    this.held = undefined;
    return held;
  }
}

class MemoryStore implements MemoryEventStore {
  readonly onlyWriter = true;
  readonly faults: Faults;
  readonly #disk: Disk;
  readonly #now: () => string;
  readonly #wakers = new Set<() => void>();
  #closed = false;

  constructor(disk: Disk, now: () => string) {
    this.#disk = disk;
    this.#now = now;
    this.faults = new Faults(() => this.#wake());
  }

  get epoch(): string {
    return this.#disk.epoch;
  }

  async append(stream: string, expectedRevision: number, facts: readonly NewFact[]): Promise<AppendResult> {
    this.#refuseClosed();
    const encoded = encodeAppend(stream, expectedRevision, facts);
    const fate = this.faults.fateOf(stream, facts);
    if (fate === 'not-landed') return unavailable('the append did not reach the store');
    const land = (): AppendResult => {
      const result = this.#disk.write(stream, expectedRevision, encoded, this.#now());
      this.#wake();
      return fate === 'answer-lost' ? unavailable('the answer of the store was lost') : result;
    };
    const { held } = this.faults;
    if (held === undefined) return land();
    return new Promise((resolve) => {
      held.push({ land: () => resolve(land()), lose: () => resolve(unavailable('the store crashed before syncing')) });
    });
  }

  async read(stream: string, options: { readonly from?: number; readonly max?: number } = {}): Promise<StoredFact[]> {
    this.#refuseUnreadable();
    const from = options.from ?? 0;
    return (this.#disk.streams.get(stream) ?? []).slice(from, from + (options.max ?? Number.POSITIVE_INFINITY));
  }

  async readLast(stream: string): Promise<StoredFact | undefined> {
    this.#refuseUnreadable();
    return this.#disk.streams.get(stream)?.at(-1);
  }

  async *follow({ prefixes, after, signal }: FollowOptions): AsyncGenerator<Followed> {
    this.#refuseClosed();
    const stop = () => this.#wake();
    signal.addEventListener('abort', stop);
    try {
      let next = after === beginning ? 0 : Number(after);
      let toldCaughtUp = false;
      while (!signal.aborted && !this.#closed) {
        const all = this.#disk.facts;
        const facts: StoredFact[] = [];
        while (!this.faults.readsUnavailable && next < all.length && facts.length < followBatch) {
          const fact = all[next++]!;
          if (prefixes.some((prefix) => fact.stream.startsWith(prefix))) facts.push(fact);
        }
        if (facts.length > 0) {
          toldCaughtUp = false;
          yield { is: 'facts', facts };
        } else if (!toldCaughtUp && !this.faults.readsUnavailable) {
          toldCaughtUp = true;
          yield { is: 'caught-up' };
        } else {
          await new Promise<void>((resolve) => this.#wakers.add(resolve));
        }
      }
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  async head(prefixes?: readonly string[]): Promise<Position> {
    this.#refuseUnreadable();
    const matches = (fact: StoredFact) => prefixes === undefined || prefixes.some((prefix) => fact.stream.startsWith(prefix));
    return this.#disk.facts.findLast(matches)?.position ?? beginning;
  }

  async probe(): Promise<void> {
    this.#refuseUnreadable();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.faults.sync();
    this.#closed = true;
    this.#wake();
  }

  reopen(): MemoryEventStore {
    this.faults.crash();
    this.#closed = true;
    this.#wake();
    return new MemoryStore(this.#disk, this.#now);
  }

  #wake(): void {
    for (const wake of this.#wakers) wake();
    this.#wakers.clear();
  }

  #refuseClosed(): void {
    if (this.#closed) throw new Error('this event store is closed');
  }

  #refuseUnreadable(): void {
    this.#refuseClosed();
    if (this.faults.readsUnavailable) throw new StoreUnavailable('the store cannot be read now');
  }
}

const followBatch = 500;

function unavailable(message: string): AppendResult {
  return { is: 'unavailable', message };
}
