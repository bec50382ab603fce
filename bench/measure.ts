import { readFileSync } from 'node:fs';

/** Numbers and where they come from. */

const median = (values: readonly number[]): number => quantile(values, 0.5);

/** Nearest rank; 0 of nothing. */
export const quantile = (values: readonly number[], share: number): number => {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(sorted.length * share) - 1))] ?? 0;
};

/** Floor and subject take turns, so that a machine that slows down or heats up slows both; the first pair warms up and does not count. */
export const alternately = async (
  rounds: number,
  floor: () => Promise<number>,
  subject: () => Promise<number>,
): Promise<{ readonly floor: number; readonly subject: number; readonly ratio: number }> => {
  const floors: number[] = [];
  const subjects: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const both = round % 2 === 0 ? [await floor(), await subject()] : [await subject(), await floor()].reverse();
    if (round === 0) continue;
    floors.push(both[0] ?? 0);
    subjects.push(both[1] ?? 0);
  }
  const ratios = subjects.map((rate, index) => rate / (floors[index] ?? 1));
  return { floor: median(floors), subject: median(subjects), ratio: median(ratios) };
};

/** Runs `step` in so many loops at once until the time is over; answers steps per second. */
export const rateOf = async (concurrency: number, durationMs: number, step: (loop: number) => Promise<unknown>): Promise<number> => {
  const begunMs = performance.now();
  const untilMs = begunMs + durationMs;
  let steps = 0;
  const loop = async (number: number) => {
    while (performance.now() < untilMs) {
      await step(number);
      steps += 1;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, (_, number) => loop(number)));
  return (steps * 1_000) / (performance.now() - begunMs);
};

/** Memory of a process that is in RAM, in MiB. */
export const residentMiBOf = (pid: number): number =>
  Math.round(Number(/VmRSS:\s+(\d+)/.exec(fileOf(`/proc/${pid}/status`))?.[1] ?? 0) / 1_024);

const fileOf = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};
