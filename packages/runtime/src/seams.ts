import type { Instant } from '@tongdui/contracts';

/** Business time: what deadlines and dates are measured by. Adjustable in development, never backwards. */
export type BusinessClock = { now(): Instant };

/** Wall time: timeouts, back-off, tokens, metrics. Rules never see it. */
export type WallClock = {
  /** Milliseconds since the epoch. */
  nowMs(): number;
  /** Resolves after the time, or at once when the signal aborts. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
};

/** Named places where a test may kill the process. Does nothing unless development configuration names one. */
export type CrashPoint = (name: string) => void;
