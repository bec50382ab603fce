import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Instant } from '@tongdui/contracts';
import { expect, test } from 'vitest';
import { adjustableClock, ClockWouldGoBack, runningClock, wallClock } from './clock.ts';
import { crashPoints } from './crash-points.ts';
import { someTime } from './testing.ts';

const next = '2026-03-02T00:00:00.000Z' as Instant;

test('an adjustable clock stands still, moves forward, tells its listeners, and never goes back', () => {
  const clock = adjustableClock({ initial: someTime });
  const seen: Instant[] = [];
  const stop = clock.onMoved(() => seen.push(clock.now()));
  expect(clock.now()).toBe(someTime);
  clock.moveTo(next);
  clock.moveTo(next);
  expect(() => clock.moveTo(someTime)).toThrow(ClockWouldGoBack);
  expect([clock.now(), seen]).toEqual([next, [next]]);
  stop();
  clock.moveTo('2026-03-03T00:00:00.000Z' as Instant);
  expect(seen).toHaveLength(1);
});

test('its time survives a restart', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'tongdui-')), 'deep', 'clock.json');
  adjustableClock({ file, initial: someTime }).moveTo(next);
  expect(adjustableClock({ file, initial: someTime }).now()).toBe(next);
});

test('a running clock is the wall clock as an instant', () => {
  expect(runningClock({ ...wallClock, nowMs: () => 0 }).now()).toBe('1970-01-01T00:00:00.000Z');
});

test('a sleep ends at once when it is aborted', async () => {
  const abort = new AbortController();
  const slept = wallClock.sleep(60_000, abort.signal);
  abort.abort();
  await slept;
  await wallClock.sleep(60_000, abort.signal);
});

test('a crash point kills at its name, the stated time, and never without configuration', () => {
  const killed: string[] = [];
  const at = (crashAt: string | undefined) => crashPoints(crashAt, (name) => killed.push(name));
  const third = at('work.before-perform:3');
  for (const name of ['work.before-perform', 'work.after-perform', 'work.before-perform']) third(name);
  expect(killed).toEqual([]);
  third('work.before-perform');
  at('coordinator.before-ask')('coordinator.before-ask');
  at(undefined)('coordinator.before-ask');
  expect(killed).toEqual(['work.before-perform', 'coordinator.before-ask']);
});
