import type { Instant } from '@tongdui/contracts';

/** Business time: what deadlines and dates are measured by. Adjustable in development, never backwards. */
export type BusinessClock = {
  now(): Instant;
  /** Tells when time was moved by hand; the answer stops telling. A clock that only runs has no such moments. */
  readonly onMoved?: (listener: () => void) => () => void;
};

/** Wall time: timeouts, back-off, tokens, metrics. Rules never see it. */
export type WallClock = {
  /** Milliseconds since the epoch. */
  nowMs(): number;
  /** Resolves after the time, or at once when the signal aborts. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
};

/** Named places where a test may kill the process. Does nothing unless development configuration names one. */
export type CrashPoint = (name: string) => void;

/** The part of a pino logger that the product uses: ids, reasons and durations, never bodies or personal data. */
export type Log = {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
};

export const silentLog: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
export const noCrash: CrashPoint = () => {};
