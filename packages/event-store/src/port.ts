/**
 * The event-store port. One append touches one stream; there is no multi-stream append, because EventStoreDB has none.
 * Streams are named `<service>.<home>.<noun>-<key>`.
 */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };
export type JsonObject = { readonly [key: string]: Json | undefined };

/** Opaque outside the adapters. Positions of one store epoch compare as strings: later facts have greater ones. */
export type Position = string;

/** The position before every fact. */
export const beginning: Position = '';

/** Revisions start at 0; the expected revision of a stream that must not exist yet is -1. */
export const noStream = -1;

export type NewFact = {
  /** A UUID. The same facts appended again at the same revision are recognised by it and not appended twice. */
  readonly id: string;
  readonly type: string;
  readonly data: JsonObject;
  readonly metadata: JsonObject;
};

export type StoredFact = NewFact & {
  readonly stream: string;
  readonly revision: number;
  readonly position: Position;
  /** Wall time of the append, ISO 8601 in UTC. For people and logs; rules never read it. */
  readonly recordedAt: string;
};

export type Appended = {
  readonly is: 'appended';
  /** Revision and position of the last fact of this append. */
  readonly revision: number;
  readonly position: Position;
};

export type AppendResult =
  | Appended
  /** Nothing was written: the stream is at `actualRevision` (-1: it does not exist). */
  | { readonly is: 'wrong-expected-revision'; readonly actualRevision: number }
  /** Whether the facts landed is not known, or the store is down: resend the identical facts at the same revision. */
  | { readonly is: 'unavailable'; readonly message: string };

export type FollowOptions = {
  /** Stream name prefixes, e.g. `redemption.310117.`; facts of streams matching any of them are delivered. */
  readonly prefixes: readonly string[];
  /** Exclusive. */
  readonly after: Position;
  /** Ends the iteration; without it the iteration ends only with `break` or `close()` of the store. */
  readonly signal: AbortSignal;
};

/** What `follow` yields: facts in the order of their positions, or word that everything stored so far has been yielded. */
export type Followed = { readonly is: 'facts'; readonly facts: readonly StoredFact[] } | { readonly is: 'caught-up' };

export interface EventStore {
  /** Identity of this database: positions of different epochs cannot be compared. */
  readonly epoch: string;
  /** True when no other process can append to this store, so that a cached state is the latest one. */
  readonly onlyWriter: boolean;
  /**
   * Appends 1..100 facts (at most 512 KiB) to one stream, all or none, and resolves after they are durable.
   * `expectedRevision` is exact (-1: the stream must not exist). An identical earlier append (same ids at the same place)
   * answers its original result. Rejects only on misuse (empty or oversized batch, closed store).
   */
  append(stream: string, expectedRevision: number, facts: readonly NewFact[]): Promise<AppendResult>;
  /**
   * Facts of one stream in order, from a revision (inclusive, default 0), at most `max` (default: all). A missing stream is empty.
   * Rejects with `StoreUnavailable` when the store cannot be read.
   */
  read(stream: string, options?: { readonly from?: number; readonly max?: number }): Promise<StoredFact[]>;
  /** The last fact of a stream, undefined when there is none. */
  readLast(stream: string): Promise<StoredFact | undefined>;
  /**
   * Catch-up then live, in batches of at most 500 facts, each fact once and in order of position; survives a store that goes away and comes back.
   * Says `caught-up` every time it has delivered all that is stored.
   */
  follow(options: FollowOptions): AsyncIterable<Followed>;
  /**
   * Position of the newest fact whose stream matches any of the prefixes, of the whole store without them; `beginning` when there is none.
   * A follower reaches the head of its own prefixes, never that of wider ones.
   */
  head(prefixes?: readonly string[]): Promise<Position>;
  /** Resolves when the store takes writes; rejects with `StoreUnavailable` otherwise. For readiness. */
  probe(): Promise<void>;
  /** Waits for appends under way, then closes. Idempotent. */
  close(): Promise<void>;
}

export class StoreUnavailable extends Error {
  override name = 'StoreUnavailable';
}

export const appendFactsMax = 100;
export const appendBytesMax = 512 * 1024;
