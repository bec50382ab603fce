import type { Producer } from '@tongdui/contracts';

/** Wall time as the bus needs it: back-off, patience, announcements. */
export type Wall = {
  nowMs(): number;
  /** Resolves after the time, or at once when the signal aborts. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
};

/** The part of a pino logger the bus uses. */
export type Log = {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
};

/** What metrics are made of. */
export type Measure =
  | { readonly is: 'relayed'; readonly producer: Producer; readonly events: number }
  | { readonly is: 'publish-failed'; readonly producer: Producer; readonly events: number }
  | { readonly is: 'relay-stuck'; readonly producer: Producer }
  | { readonly is: 'applied'; readonly producer: Producer; readonly events: number }
  | { readonly is: 'duplicate'; readonly producer: Producer; readonly events: number }
  | { readonly is: 'apply-failed'; readonly producer: Producer; readonly transient: boolean }
  | { readonly is: 'feed-read'; readonly producer: Producer; readonly events: number }
  | { readonly is: 'feed-unreachable'; readonly producer: Producer }
  | { readonly is: 'line-halted'; readonly producer: Producer }
  | { readonly is: 'line-resumed'; readonly producer: Producer };
export type Observe = (measure: Measure) => void;

export const silent: Log = { info: () => {}, warn: () => {}, error: () => {} };

/** Doubles from the first delay up to the longest; `attempt` counts from 1. */
export const backOffMs = (attempt: number, firstMs: number, longestMs: number): number =>
  Math.min(longestMs, firstMs * 2 ** Math.min(attempt - 1, 30));

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
