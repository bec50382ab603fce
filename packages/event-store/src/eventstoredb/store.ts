import { randomUUID } from 'node:crypto';
import { type EncodedFact, encodeAppend } from '../encode.ts';
import {
  type AppendResult,
  beginning,
  type EventStore,
  type Followed,
  type FollowOptions,
  type NewFact,
  noStream,
  type Position,
  type StoredFact,
  StoreUnavailable,
} from '../port.ts';
import { BoundedClient } from './client.ts';
import { followFeed } from './feed.ts';
import { Heads } from './heads.ts';
import { failureOf, positionText, storedFact } from './wire.ts';

export type EventStoreDbOptions = {
  /** `esdb://…`, with the user and password in it where the server asks for them. */
  readonly connectionString: string;
  /** Put before every stream name, so that several systems share one server undisturbed. */
  readonly prefix?: string;
  /** After this long without an answer a call counts as unavailable. */
  readonly callTimeoutMs?: number;
  /** How long opening waits for a server that is down or starting. */
  readonly openTimeoutMs?: number;
};

/** Rejects with `StoreUnavailable` when no server answers in time. Needs EventStoreDB 23.10 or later, which says when a follower has caught up. */
export async function openEventStoreDb(options: EventStoreDbOptions): Promise<EventStore> {
  const { connectionString, prefix = '', callTimeoutMs = 5_000, openTimeoutMs = 30_000 } = options;
  const client = new BoundedClient({ connectionString, callTimeoutMs });
  try {
    const epoch = await epochOf(client, prefix, performance.now() + openTimeoutMs);
    return new EventStoreDbStore(client, prefix, epoch);
  } catch (error) {
    await client.dispose();
    throw error;
  }
}

/** The id of the one fact of the stream `epoch`, created by whoever comes first. */
async function epochOf(client: BoundedClient, prefix: string, giveUpAt: number): Promise<string> {
  for (let delayMs = 100; ; delayMs = Math.min(delayMs * 2, 2_000)) {
    try {
      const found = await client.readLast(prefix + epochStream);
      if (found[0] !== undefined) return found[0].id;
      await client.append(prefix + epochStream, noStream, [epochFact(randomUUID())]);
    } catch (error) {
      const failure = failureOf(error);
      if (failure.is === 'refused') throw error;
      if (performance.now() + delayMs > giveUpAt)
        throw new StoreUnavailable(`EventStoreDB does not answer: ${failure.is === 'unavailable' ? failure.message : failure.is}`);
      await new Promise((resolve) => setTimeout(resolve, delayMs));
    }
  }
}

const epochStream = 'epoch';

function epochFact(epoch: string): EncodedFact {
  return { id: epoch, type: 'StoreOpened', data: JSON.stringify({ epoch }), metadata: '{}' };
}

export class EventStoreDbStore implements EventStore {
  readonly epoch: string;
  /** Others may append to the same server. */
  readonly onlyWriter = false;
  readonly #client: BoundedClient;
  readonly #prefix: string;
  readonly #heads: Heads;
  readonly #underWay = new Set<Promise<AppendResult>>();
  readonly #closing = new AbortController();
  #closed: Promise<void> | undefined;

  constructor(client: BoundedClient, prefix: string, epoch: string) {
    this.#client = client;
    this.#prefix = prefix;
    this.epoch = epoch;
    this.#heads = new Heads((before, max) => client.readAllBackwards(before, max), prefix + epochStream);
  }

  async append(stream: string, expectedRevision: number, facts: readonly NewFact[]): Promise<AppendResult> {
    this.#refuseClosed();
    if (stream === epochStream) throw new TypeError(`the stream ${epochStream} belongs to the store`);
    const appending = this.#append(stream, expectedRevision, encodeAppend(stream, expectedRevision, facts));
    this.#underWay.add(appending);
    try {
      return await appending;
    } finally {
      this.#underWay.delete(appending);
    }
  }

  async #append(stream: string, expectedRevision: number, facts: readonly EncodedFact[]): Promise<AppendResult> {
    try {
      const { revision, position } = await this.#client.append(this.#prefix + stream, expectedRevision, facts);
      return { is: 'appended', revision, position: positionText(position) ?? (await this.#positionAt(stream, revision)) };
    } catch (error) {
      const failure = failureOf(error);
      if (failure.is === 'refused') throw error;
      if (failure.is === 'wrong-expected-revision')
        return this.#afterWrongRevision(stream, expectedRevision, facts, failure.actualRevision);
      // An unknown outcome: whoever called resends the identical facts at the same revision (traps 1 and 5).
      return { is: 'unavailable', message: failure.is === 'unavailable' ? failure.message : failure.is };
    }
  }

  /** The server compares ids only, and only in some cases (trap 4), so what stands at this place is compared here once more. */
  async #afterWrongRevision(
    stream: string,
    expected: number,
    facts: readonly EncodedFact[],
    actualRevision: number,
  ): Promise<AppendResult> {
    if (actualRevision < expected + facts.length) return { is: 'wrong-expected-revision', actualRevision };
    try {
      const earlier = await this.read(stream, { from: expected + 1, max: facts.length });
      const last = earlier.at(-1);
      const identical = earlier.length === facts.length && earlier.every((fact, index) => fact.id === facts[index]!.id);
      if (!identical || last === undefined) return { is: 'wrong-expected-revision', actualRevision };
      return { is: 'appended', revision: last.revision, position: last.position };
    } catch (error) {
      return { is: 'unavailable', message: String(error) };
    }
  }

  async #positionAt(stream: string, revision: number): Promise<Position> {
    const [fact] = await this.#client.readForwards(this.#prefix + stream, revision, 1);
    return (fact && positionText(fact.position)) ?? beginning;
  }

  async read(stream: string, options: { readonly from?: number; readonly max?: number } = {}): Promise<StoredFact[]> {
    this.#refuseClosed();
    if (options.max === 0) return [];
    const events = await this.#client.readForwards(this.#prefix + stream, options.from ?? 0, options.max ?? Number.MAX_SAFE_INTEGER);
    return events.map((event) => storedFact(event, this.#prefix));
  }

  async readLast(stream: string): Promise<StoredFact | undefined> {
    this.#refuseClosed();
    const [event] = await this.#client.readLast(this.#prefix + stream);
    return event && storedFact(event, this.#prefix);
  }

  async *follow({ prefixes, after, signal }: FollowOptions): AsyncGenerator<Followed> {
    this.#refuseClosed();
    const stop = AbortSignal.any([signal, this.#closing.signal]);
    // The server refuses an empty list of prefixes; without any there is nothing to wait for but the end.
    if (prefixes.length === 0) {
      yield { is: 'caught-up' };
      if (!stop.aborted) await new Promise((resolve) => stop.addEventListener('abort', resolve));
      return;
    }
    const feed = this.#client.feed(this.#withPrefix(prefixes), this.#prefix);
    // The epoch is the store's own affair.
    yield* followFeed((from, listener) => feed(from, { ...listener, fact: (fact) => fact.stream !== epochStream && listener.fact(fact) }), {
      after,
      stop,
    });
  }

  async head(prefixes: readonly string[] = ['']): Promise<Position> {
    this.#refuseClosed();
    return this.#heads.head(this.#withPrefix(prefixes));
  }

  /** Appends the epoch's fact once more, which the server recognises: the whole way of a write, and nothing is written. */
  async probe(): Promise<void> {
    this.#refuseClosed();
    const result = await this.#append(epochStream, noStream, [epochFact(this.epoch)]);
    if (result.is === 'unavailable') throw new StoreUnavailable(result.message);
  }

  close(): Promise<void> {
    this.#closed ??= this.#drainAndDispose();
    return this.#closed;
  }

  async #drainAndDispose(): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled(this.#underWay);
    await this.#client.dispose();
  }

  #withPrefix(prefixes: readonly string[]): string[] {
    return prefixes.map((prefix) => this.#prefix + prefix);
  }

  #refuseClosed(): void {
    if (this.#closed !== undefined) throw new Error('this event store is closed');
  }
}
