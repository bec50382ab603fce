import type { CloudEvent, Producer } from '@tongdui/contracts';
import { StoreUnavailable } from '@tongdui/event-store';
import { Unreachable } from './transport.ts';

/** What a consumer does with events, and what it keeps. */
export type Effects = {
  /** The sequence wanted next from a producer (1 at first): behind the last event that was applied. */
  readonly nextSequence: (producer: Producer) => number | Promise<number>;
  /**
   * Makes the effects of these events durable and takes note of the new next sequence. Gets the events of one producer in sequence order,
   * none missing; the same ones again when it rejected. Rejecting with a transient error means "try again for ever".
   */
  readonly apply: (events: readonly CloudEvent[], producer: Producer) => Promise<void>;
  /** Resolves when every next sequence that was noted so far is durable too; only then the broker is told. */
  readonly settled: () => Promise<void>;
  /** Records that an operator gave up an event, and makes the next sequence durable. */
  readonly skipped: (event: CloudEvent, reason: string, by: string, producer: Producer) => Promise<void>;
  readonly lines: HaltedLines;
};

/** One producer's events stopped at one consumer: what an operator sees and decides about. */
export type HaltedLine = {
  readonly producer: Producer;
  readonly sequence: number;
  readonly eventId: string;
  readonly eventType: string;
  readonly reason: string;
  readonly haltedAtMs: number;
};

/** Where halted lines survive a restart. */
export interface HaltedLines {
  load(): readonly HaltedLine[] | Promise<readonly HaltedLine[]>;
  save(line: HaltedLine): void | Promise<void>;
  remove(producer: Producer): void | Promise<void>;
}

/** "Try again later", never a fault of the event: our store or another service is away. */
export const isTransient = (error: unknown): boolean =>
  error instanceof Unreachable ||
  error instanceof StoreUnavailable ||
  (typeof error === 'object' && error !== null && 'transient' in error && error.transient === true);
