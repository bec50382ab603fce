import type { Random } from './random.ts';

type Job = { readonly atMs: number; readonly tie: number; readonly run: () => void; readonly isOver: () => boolean };

const never = () => false;
const startMs = 1_772_413_200_000;
/** Kept from before the globals are taken away: the only way in which a simulation waits. */
const afterAllThatCanRun = setImmediate;

/**
 * The one queue of a simulation, ordered by virtual time and, at the same time, by chance. One job runs, then everything that follows
 * from it without time passing, then the next.
 */
export class Scheduler {
  #nowMs = startMs;
  readonly #random: Random;
  readonly #heap: Job[] = [];
  steps = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  /** `isOver`: asked when its time has come; a job that is over is left out and takes no time. */
  after(delayMs: number, run: () => void, isOver: () => boolean = never): void {
    this.#push({ atMs: this.#nowMs + Math.max(0, delayMs), tie: this.#random.below(4_294_967_296), run, isOver });
  }

  /** Resolves after the time, or at once when the signal aborts; never once it is over. */
  sleep(milliseconds: number, signal?: AbortSignal, isOver: () => boolean = never): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      let woken = false;
      const wake = () => {
        signal?.removeEventListener('abort', wake);
        woken = true;
        if (!isOver()) resolve();
      };
      signal?.addEventListener('abort', wake);
      this.after(milliseconds, wake, () => woken || isOver());
    });
  }

  /** Runs every job that is due within this time, and lets the time pass. */
  async pass(milliseconds: number): Promise<void> {
    const untilMs = this.#nowMs + milliseconds;
    await drained();
    for (;;) {
      const next = this.#heap[0];
      if (!next || next.atMs > untilMs) break;
      this.#pop();
      if (next.isOver()) continue;
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      this.steps += 1;
      next.run();
      await drained();
    }
    this.#nowMs = untilMs;
  }

  #push(job: Job): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(job);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(job, heap[parent] as Job)) break;
      heap[at] = heap[parent] as Job;
      at = parent;
    }
    heap[at] = job;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (heap.length === 0 || !last) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Job, heap[child] as Job)) child += 1;
      if (!isBefore(heap[child] as Job, last)) break;
      heap[at] = heap[child] as Job;
      at = child;
    }
    heap[at] = last;
  }
}

const isBefore = (a: Job, b: Job): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.tie < b.tie);

/** Nothing is left but to wait: promises settle among themselves before an immediate runs. */
const drained = (): Promise<void> => new Promise((resolve) => afterAllThatCanRun(resolve));
