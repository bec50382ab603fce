import type { Followed, Position, StoredFact } from '../port.ts';

/** One subscription of the client, which ends for many reasons and never resumes by itself. */
type Feed = { pause(): void; resume(): void; cancel(): void };

export type FeedListener = {
  fact(fact: StoredFact): void;
  /** Everything stored has been handed over. */
  caughtUp(): void;
  fellBehind(): void;
  /** Said once, with or without an error before it; nothing is handed over afterwards. */
  ended(): void;
};

export type OpenFeed = (after: Position, listener: FeedListener) => Feed;

export type FollowFeedOptions = {
  readonly after: Position;
  readonly stop: AbortSignal;
  readonly retryMs?: number;
  readonly retryMaxMs?: number;
};

/**
 * One endless, gapless iteration over feeds that come and go. A subscription ends by `error` alone or cleanly without one (trap 6); either
 * way the next one starts after the last fact that was taken, after a pause that doubles while there is no progress.
 */
export async function* followFeed(open: OpenFeed, options: FollowFeedOptions): AsyncGenerator<Followed> {
  const follower = new Follower(open, options);
  follower.connect();
  try {
    while (!options.stop.aborted) {
      const next = follower.take();
      if (next === undefined) await follower.news();
      else yield next;
    }
  } finally {
    follower.disconnect();
  }
}

class Follower {
  readonly #open: OpenFeed;
  readonly #stop: AbortSignal;
  readonly #retryMs: number;
  readonly #retryMaxMs: number;
  readonly #taken: StoredFact[] = [];
  #lastTaken: Position;
  #feed: Feed | undefined;
  #paused = false;
  #caughtUp = false;
  #toldCaughtUp = false;
  #delayMs: number;
  #retry: NodeJS.Timeout | undefined;
  #wake: () => void = () => {};

  constructor(open: OpenFeed, { after, stop, retryMs = 100, retryMaxMs = 5_000 }: FollowFeedOptions) {
    this.#open = open;
    this.#stop = stop;
    this.#lastTaken = after;
    this.#retryMs = retryMs;
    this.#retryMaxMs = retryMaxMs;
    this.#delayMs = retryMs;
    stop.addEventListener('abort', () => this.#wake(), { once: true });
  }

  connect(): void {
    this.#paused = false;
    this.#caughtUp = false;
    this.#toldCaughtUp = false;
    const listener: FeedListener = {
      fact: (fact) => this.#receive(fact),
      caughtUp: () => {
        this.#caughtUp = true;
        this.#delayMs = this.#retryMs;
        this.#wake();
      },
      fellBehind: () => {
        this.#caughtUp = false;
      },
      ended: () => this.#reconnectLater(),
    };
    this.#feed = this.#open(this.#lastTaken, listener);
  }

  /** Positions after a reconnection may repeat, and a late delivery may come out of order: only what is newer is taken. */
  #receive(fact: StoredFact): void {
    if (fact.position <= this.#lastTaken) return;
    this.#lastTaken = fact.position;
    this.#taken.push(fact);
    this.#delayMs = this.#retryMs;
    // A slow live consumer is dropped by the server within 1 000 events (trap 6); it then resumes from here, and memory stays bounded.
    if (this.#taken.length >= takenMax && !this.#paused) {
      this.#paused = true;
      this.#feed?.pause();
    }
    this.#wake();
  }

  #reconnectLater(): void {
    this.#feed = undefined;
    this.#caughtUp = false;
    if (this.#stop.aborted) return;
    this.#retry = setTimeout(() => this.connect(), this.#delayMs);
    this.#delayMs = Math.min(this.#delayMs * 2, this.#retryMaxMs);
  }

  take(): Followed | undefined {
    if (this.#taken.length > 0) {
      const facts = this.#taken.splice(0, batchMax);
      if (this.#paused && this.#taken.length < takenMax / 2) {
        this.#paused = false;
        this.#feed?.resume();
      }
      this.#toldCaughtUp = false;
      return { is: 'facts', facts };
    }
    if (!this.#caughtUp || this.#toldCaughtUp) return undefined;
    this.#toldCaughtUp = true;
    return { is: 'caught-up' };
  }

  news(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      if (this.#stop.aborted) resolve();
    });
  }

  disconnect(): void {
    clearTimeout(this.#retry);
    this.#feed?.cancel();
    this.#feed = undefined;
  }
}

const batchMax = 500;
const takenMax = 4_000;
