import { type CloudEvent, type Producer, sequenceOf } from '@tongdui/contracts';
import {
  type Appended,
  appendFactsMax,
  beginning,
  type EventStore,
  type JsonObject,
  type NewFact,
  noStream,
  type Position,
  type StoredFact,
} from '@tongdui/event-store';
import {
  batchBytesMax,
  type EventSource,
  eventHash,
  type PublishedEventDraft,
  publishedStreamOf,
  type SealedEvent,
  sealEvent,
} from './published.ts';
import { backOffMs, type Log, messageOf, type Observe, type Wall } from './seams.ts';

export type RelayLineOptions = {
  readonly store: EventStore;
  readonly producer: Producer;
  readonly publish: (fact: StoredFact) => readonly PublishedEventDraft[];
  /** Told of each batch after its append. */
  readonly sent: (batch: readonly CloudEvent[]) => void;
  readonly wall: Wall;
  readonly log: Log;
  readonly observe: Observe;
  readonly signal: AbortSignal;
};

/** The relay of one home: the only one to append to its published stream, unless a second relay runs. */
export interface RelayLine {
  /** Learns what is published already. Tries until it succeeds or the relay stops. */
  open(): Promise<void>;
  opened(): boolean;
  /** Where to follow from; `hint` is a position up to which this home is known to be relayed. */
  startFrom(hint: Position): Position;
  /** Calls `done` once when every one of these facts is relayed. */
  take(facts: readonly StoredFact[], done: () => void): void;
  /** Resolves when few enough facts wait. */
  room(): Promise<void>;
  /** Sequence of the newest published event; 0 before the first. */
  head(): number;
  /** Resolves when the append under way has ended; call after aborting the signal. */
  finish(): Promise<void>;
}

export const relayLine = (options: RelayLineOptions): RelayLine => new Line(options);

type Taken = { readonly fact: StoredFact; readonly done: (() => void) | undefined };
type Batch = { readonly taken: number; readonly sealed: readonly SealedEvent[]; readonly facts: readonly NewFact[] };
type Head = { readonly sequence: number; readonly hash: string | undefined };

const waitingMax = 2_000;
const standByMs = 500;
const gatherMs = 10;

class Line implements RelayLine {
  readonly #options: RelayLineOptions;
  readonly #stream: string;
  #head: Head = { sequence: 0, hash: undefined };
  #opened = false;
  /** In this epoch, every fact up to here is relayed. */
  #relayed: Position = beginning;
  /** What other epochs relayed: the last source revision of each stream. Positions of those cannot be compared with ours. */
  #relayedEarlier = new Map<string, number>();
  #waiting: Taken[] = [];
  #publishedAtMs = 0;
  #roomWanted: (() => void)[] = [];
  #pumping: Promise<void> | undefined;

  constructor(options: RelayLineOptions) {
    this.#options = options;
    this.#stream = publishedStreamOf(options.producer);
  }

  async open(): Promise<void> {
    await this.#untilItWorks('the relay cannot read what it has published', async () => {
      await this.#readHead();
      this.#relayedEarlier = await this.#readEarlierEpochs();
      this.#opened = true;
    });
  }

  opened(): boolean {
    return this.#opened;
  }

  startFrom(hint: Position): Position {
    if (hint > this.#relayed) this.#relayed = hint;
    return this.#relayed;
  }

  take(facts: readonly StoredFact[], done: () => void): void {
    const kept = facts.filter((fact) => !this.#isRelayed(fact));
    if (kept.length === 0) done();
    for (const [index, fact] of kept.entries()) this.#waiting.push({ fact, done: index === kept.length - 1 ? done : undefined });
    if (kept.length > 0) this.#pumping ??= this.#pump();
  }

  async room(): Promise<void> {
    if (this.#waiting.length <= waitingMax || this.#options.signal.aborted) return;
    await new Promise<void>((resolve) => this.#roomWanted.push(resolve));
  }

  head(): number {
    return this.#head.sequence;
  }

  async finish(): Promise<void> {
    await this.#pumping;
  }

  async #pump(): Promise<void> {
    const { signal } = this.#options;
    await Promise.resolve();
    while (this.#waiting.length > 0 && !signal.aborted) {
      await this.#gather();
      await this.#untilItWorks('the relay cannot turn facts into events', () => this.#relayNext());
      if (this.#waiting.length <= waitingMax) this.#giveRoom();
    }
    this.#pumping = undefined;
    this.#giveRoom();
  }

  /** An event on its own goes at once; under load those of a few milliseconds go together, which saves every consumer a message, a round and a write. */
  async #gather(): Promise<void> {
    const { wall, signal } = this.#options;
    const restMs = this.#publishedAtMs + gatherMs - wall.nowMs();
    if (restMs > 0 && this.#waiting.length < appendFactsMax) await wall.sleep(Math.min(restMs, gatherMs), signal);
  }

  async #relayNext(): Promise<void> {
    const batch = this.#nextBatch();
    if (batch.facts.length === 0) return this.#drop(batch.taken);
    const appended = await this.#append(batch.facts);
    if (appended === 'stopped') return;
    if (appended === 'another-relay') return this.#standBy();
    const last = batch.sealed.at(-1);
    if (last) this.#head = { sequence: sequenceOf(last.event), hash: last.hash };
    this.#publishedAtMs = this.#options.wall.nowMs();
    this.#drop(batch.taken);
    this.#options.observe({ is: 'relayed', producer: this.#options.producer, events: batch.sealed.length });
    this.#options.sent(batch.sealed.map((sealed) => sealed.event));
  }

  /** As many waiting facts as one append may carry; the events of one fact are never parted. */
  #nextBatch(): Batch {
    const sealed: SealedEvent[] = [];
    const facts: NewFact[] = [];
    let taken = 0;
    let bytes = 0;
    for (const { fact } of this.#waiting) {
      const added = this.#sealAll(fact, sealed.at(-1));
      const addedBytes = added.reduce((sum, { bytes: size }) => sum + size, 0);
      if (sealed.length > 0 && (sealed.length + added.length > appendFactsMax || bytes + addedBytes > batchBytesMax)) break;
      for (const [index, { event }] of added.entries()) facts.push(this.#factOf(event, fact, index));
      sealed.push(...added);
      bytes += addedBytes;
      taken += 1;
    }
    return { taken, sealed, facts };
  }

  #sealAll(fact: StoredFact, last: SealedEvent | undefined): SealedEvent[] {
    const drafts = this.#options.publish(fact);
    if (drafts.length > appendFactsMax) throw new Error(`${fact.type} means ${drafts.length} events, more than one append takes`);
    let previous: Head = last ? { sequence: sequenceOf(last.event), hash: last.hash } : this.#head;
    return drafts.map((draft, index) => {
      const sealed = sealEvent(this.#options.producer, draft, fact, index, previous);
      previous = { sequence: previous.sequence + 1, hash: sealed.hash };
      return sealed;
    });
  }

  #factOf(event: CloudEvent, fact: StoredFact, index: number): NewFact {
    const source: EventSource = {
      stream: fact.stream,
      revision: fact.revision,
      position: fact.position,
      epoch: this.#options.store.epoch,
      index,
    };
    return { id: event.id, type: event.type, data: event as unknown as JsonObject, metadata: { source } };
  }

  /** An unknown outcome is resent unchanged until it is known; nothing else is appended meanwhile. */
  async #append(facts: readonly NewFact[]): Promise<Appended | 'another-relay' | 'stopped'> {
    const { store, producer, wall, log, signal } = this.#options;
    const expected = this.#head.sequence === 0 ? noStream : this.#head.sequence - 1;
    for (let attempt = 1; ; attempt += 1) {
      const result = await store.append(this.#stream, expected, facts);
      if (result.is === 'appended') return result;
      if (result.is === 'wrong-expected-revision') return 'another-relay';
      if (signal.aborted) return 'stopped';
      log.warn(
        { ...producer, attempt, reason: result.message },
        'the store did not confirm published events; the same ones are sent again',
      );
      await wall.sleep(backOffMs(attempt, 50, 5_000), signal);
      if (signal.aborted) return 'stopped';
    }
  }

  /** Another relay is at work: leave it alone while its head moves, and take over once it stands still. */
  async #standBy(): Promise<void> {
    const { producer, wall, log, signal } = this.#options;
    await this.#readHead();
    this.#dropRelayed();
    log.info({ ...producer, head: this.#head.sequence }, 'another relay has published; this one stands by');
    while (this.#waiting.length > 0 && !signal.aborted) {
      const seen = this.#head.sequence;
      await wall.sleep(standByMs, signal);
      await this.#readHead();
      this.#dropRelayed();
      if (this.#head.sequence === seen) return;
    }
  }

  async #readHead(): Promise<void> {
    const last = await this.#options.store.readLast(this.#stream);
    if (!last) return;
    const source = sourceOfFact(last);
    this.#head = { sequence: last.revision + 1, hash: eventHash(last.data as unknown as CloudEvent) };
    if (source.epoch === this.#options.store.epoch && source.position > this.#relayed) this.#relayed = source.position;
  }

  async #readEarlierEpochs(): Promise<Map<string, number>> {
    const { store, signal } = this.#options;
    const revisions = new Map<string, number>();
    // A store that was never migrated answers with its first event; only a migrated one is read further.
    for (let from = 0, max = 1; !signal.aborted; from += max, max = 500) {
      const facts = await store.read(this.#stream, { from, max });
      for (const fact of facts) {
        const source = sourceOfFact(fact);
        if (source.epoch === store.epoch) return revisions;
        revisions.set(source.stream, Math.max(source.revision, revisions.get(source.stream) ?? 0));
      }
      if (facts.length < max) break;
    }
    return revisions;
  }

  #isRelayed(fact: StoredFact): boolean {
    return fact.stream === this.#stream || fact.position <= this.#relayed || fact.revision <= (this.#relayedEarlier.get(fact.stream) ?? -1);
  }

  #drop(count: number): void {
    const dropped = this.#waiting.splice(0, count);
    const last = dropped.at(-1);
    if (last && last.fact.position > this.#relayed) this.#relayed = last.fact.position;
    for (const { done } of dropped) done?.();
  }

  #dropRelayed(): void {
    const next = this.#waiting.findIndex(({ fact }) => !this.#isRelayed(fact));
    this.#drop(next === -1 ? this.#waiting.length : next);
  }

  #giveRoom(): void {
    for (const resolve of this.#roomWanted.splice(0)) resolve();
  }

  /** A bug or a store that is away stops this home only, loudly, and never skips anything. */
  async #untilItWorks(complaint: string, work: () => Promise<void>): Promise<void> {
    const { producer, wall, log, observe, signal } = this.#options;
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      try {
        return await work();
      } catch (error) {
        if (signal.aborted) return;
        observe({ is: 'relay-stuck', producer });
        log.error({ ...producer, attempt, error: messageOf(error) }, complaint);
        await wall.sleep(backOffMs(attempt, 200, 30_000), signal);
      }
    }
  }
}

const sourceOfFact = (fact: StoredFact): EventSource => fact.metadata.source as unknown as EventSource;
