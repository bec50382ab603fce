import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Instant } from '@tongdui/contracts';
import type { BusinessClock, WallClock } from './seams.ts';

export const wallClock: WallClock = {
  nowMs: () => Date.now(),
  // By hand: the promises of node:timers make an error, with its stack, for each sleep that is cut short, and nearly all are.
  sleep: (milliseconds, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const wake = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      const timer = setTimeout(wake, milliseconds);
      signal?.addEventListener('abort', wake);
    }),
};

/** Business time is wall time: what production runs on. */
export const runningClock = (wall: WallClock): BusinessClock => ({ now: () => instantOf(wall.nowMs()) });

export type AdjustableClock = BusinessClock & {
  /** Rejects an earlier instant with `ClockWouldGoBack`; the same instant changes nothing. */
  moveTo(instant: Instant): void;
  readonly onMoved: (listener: () => void) => () => void;
};

export class ClockWouldGoBack extends Error {
  override name = 'ClockWouldGoBack';
}

/** Business time that stands still until it is moved. With a file it survives a restart. For development and tests only. */
export const adjustableClock = (options: { readonly file?: string; readonly initial: Instant }): AdjustableClock => {
  const { file } = options;
  const listeners = new Set<() => void>();
  let now = (file && read(file)) || options.initial;
  return {
    now: () => now,
    moveTo: (instant) => {
      if (instant < now) throw new ClockWouldGoBack(`business time is ${now} and cannot go back to ${instant}`);
      if (instant === now) return;
      if (file) write(file, instant);
      now = instant;
      for (const listener of [...listeners]) listener();
    },
    onMoved: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
};

export const instantOf = (milliseconds: number): Instant => new Date(milliseconds).toISOString() as Instant;

const read = (file: string): Instant | undefined => {
  if (!existsSync(file)) return undefined;
  const kept = JSON.parse(readFileSync(file, 'utf8')) as { now?: unknown };
  return Instant.parse(kept.now);
};

/** Through a second file and a rename, so that a crash leaves the old time or the new one, never half a line. */
const write = (file: string, now: Instant) => {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, `${JSON.stringify({ now })}\n`);
  renameSync(`${file}.new`, file);
};
