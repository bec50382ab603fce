import type { CloudEvent, Home, Producer, ServiceName } from '@tongdui/contracts';

/** What the bus needs of a broker. NATS JetStream below it in a running system; memory in tests and simulation. */
export interface Transport {
  /** One message = one relay batch. Resolves when the broker holds it; rejects when it does not. Losing it loses nothing: consumers repair from the feed. */
  publish(producer: Producer, batch: readonly CloudEvent[]): Promise<void>;
  /**
   * Takes everything of these homes, at least once, in any order. A message is acknowledged after `deliver` resolves and comes again when it rejects.
   * `name` identifies the consumer across restarts.
   */
  subscribe(name: string, homes: readonly Home[], deliver: (batch: readonly CloudEvent[]) => Promise<void>): Promise<Subscription>;
  /** Says how far a producer has published (the sequence of its newest event). Fire and forget. */
  announce(producer: Producer, head: number): void;
  onAnnounced(listener: (producer: Producer, head: number) => void): Subscription;
  /** Rejects with `Unreachable` when nobody answers within the timeout. The payload and the answer are JSON. */
  request(address: Address, payload: unknown, timeoutMs: number): Promise<unknown>;
  respond(address: Address, answer: (payload: unknown) => Promise<unknown>): Subscription;
  /** Resolves when connected; rejects with `Unreachable` otherwise. For readiness. */
  probe(): Promise<void>;
  /** Finishes what is being delivered, flushes, closes. Idempotent. */
  close(): Promise<void>;
}

/** Where a request goes: the service of a home, for a decision (`ask`) or its published events (`feed`). */
export type Address = { readonly home: Home; readonly service: ServiceName; readonly verb: 'ask' | 'feed' };

export type Subscription = { close(): Promise<void> };

export class Unreachable extends Error {
  override name = 'Unreachable';
}
