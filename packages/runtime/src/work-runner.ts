import type { FollowedWork } from './follower.ts';
import { backOffMs, type HostSeams, messageOf } from './host.seams.ts';
import type { OpenWork } from './read-model.ts';
import type { Service } from './service.ts';

/** Performs what facts have opened: at once, or when business time has come. */
export interface WorkRunner {
  /** Call once, after the follower has caught up: until then a later fact may still close what an earlier one opened. */
  start(): void;
  changed(work: FollowedWork): void;
  /** How many pieces are being performed. */
  running(): number;
  /** Takes nothing new; resolves when what is being performed has ended. */
  stop(): Promise<void>;
}

export type WorkRunnerOptions = {
  /** Pieces of work performed at the same time. */
  readonly concurrencyMax?: number;
};

export const workRunner = (service: Pick<Service, 'name' | 'perform'>, seams: HostSeams, options: WorkRunnerOptions = {}): WorkRunner =>
  new Runner(service, seams, options);

const firstRetryMs = 1_000;
const longestRetryMs = 60_000;
const tickMs = 1_000;
/** Work that waits this long for others lends its place: one unreachable city must not hold up all the rest. */
const placeHeldMs = 5_000;

/** Work that is due: waiting, being performed, or resting until the next attempt. What is not due yet is only in the read model. */
type Entry = {
  open: OpenWork;
  state: 'waiting' | 'running' | 'resting';
  attempt: number;
  startedMs: number;
  lent: boolean;
  closed: boolean;
};

class Runner implements WorkRunner {
  readonly #service: Pick<Service, 'name' | 'perform'>;
  readonly #seams: HostSeams;
  readonly #stopping = new AbortController();
  readonly #entries = new Map<string, Entry>();
  #queue: Entry[] = [];
  #finished: OpenWork[] = [];
  #idle: (() => void)[] = [];
  #places: number;
  #running = 0;
  #started = false;
  /** Business time up to which due work was taken from the read model. */
  #takenThrough = '';
  #stopListening: () => void = () => {};

  constructor(service: Pick<Service, 'name' | 'perform'>, seams: HostSeams, { concurrencyMax = 256 }: WorkRunnerOptions) {
    this.#service = service;
    this.#seams = seams;
    this.#places = concurrencyMax;
  }

  start(): void {
    const { readModel, clock } = this.#seams;
    this.#started = true;
    for (const open of readModel.undatedWork()) this.#admit(open);
    this.#stopListening = clock.onMoved?.(() => this.#takeDue()) ?? this.#stopListening;
    this.#takeDue();
    void this.#tick();
  }

  changed({ opened, closed }: FollowedWork): void {
    if (!this.#started) return;
    for (const id of closed) {
      const entry = this.#entries.get(id);
      if (!entry) continue;
      entry.closed = true;
      if (entry.state === 'waiting') this.#entries.delete(id);
    }
    for (const open of opened) if (open.work.dueAt === undefined || open.work.dueAt <= this.#takenThrough) this.#admit(open);
    this.#pump();
  }

  running(): number {
    return this.#running;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#stopListening();
    if (this.#running > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
    this.#flush();
  }

  #admit(open: OpenWork): void {
    const known = this.#entries.get(open.work.id);
    if (known) {
      known.open = open;
      known.closed = false;
      return;
    }
    const entry: Entry = { open, state: 'waiting', attempt: 0, startedMs: 0, lent: false, closed: false };
    this.#entries.set(open.work.id, entry);
    this.#queue.push(entry);
  }

  #pump(): void {
    if (!this.#started) return;
    while (this.#places > 0 && this.#queue.length > 0 && !this.#stopping.signal.aborted) {
      for (const entry of this.#queue.splice(0, this.#places)) if (!entry.closed) void this.#perform(entry);
    }
  }

  async #perform(entry: Entry): Promise<void> {
    const { wall, crash, measure } = this.#seams;
    const { open } = entry;
    const { work } = open;
    Object.assign(entry, { state: 'running', attempt: entry.attempt + 1, startedMs: wall.nowMs(), lent: false });
    this.#places -= 1;
    this.#running += 1;
    let failed: string | undefined;
    try {
      crash('work.before-perform');
      await this.#service.perform(work);
      crash('work.after-perform');
    } catch (error) {
      failed = messageOf(error);
    }
    this.#running -= 1;
    if (!entry.lent) this.#places += 1;
    if (failed === undefined) {
      measure?.({ is: 'work-performed', kind: work.kind, durationMs: wall.nowMs() - entry.startedMs });
      this.#entries.delete(work.id);
      this.#finish(open);
      // Opened again by a later fact while it was being performed: that is another piece of work under the same id.
      if (entry.open !== open && !entry.closed) this.#admit(entry.open);
    } else if (entry.closed) this.#entries.delete(work.id);
    else void this.#rest(entry, failed);
    if (this.#running === 0) for (const resolve of this.#idle.splice(0)) resolve();
    this.#pump();
  }

  async #rest(entry: Entry, reason: string): Promise<void> {
    const { wall, log, measure } = this.#seams;
    const { work } = entry.open;
    const { signal } = this.#stopping;
    entry.state = 'resting';
    measure?.({ is: 'work-failed', kind: work.kind });
    if (signal.aborted) return;
    log.warn(
      { service: this.#service.name, work: work.id, kind: work.kind, attempt: entry.attempt, reason },
      'work failed and is tried again',
    );
    await wall.sleep(backOffMs(entry.attempt, firstRetryMs, longestRetryMs), signal);
    if (signal.aborted) return;
    if (entry.closed) {
      this.#entries.delete(work.id);
      return;
    }
    entry.state = 'waiting';
    this.#queue.push(entry);
    this.#pump();
  }

  /** Removals of one turn share a transaction; one that is lost in a crash only means that harmless work is done twice. */
  #finish(open: OpenWork): void {
    this.#finished.push(open);
    if (this.#finished.length === 1) queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    const done = this.#finished.splice(0);
    if (done.length === 0) return;
    this.#seams.readModel.transact((draft) => {
      for (const open of done) draft.performed(open);
    });
  }

  #takeDue(): void {
    if (!this.#started || this.#stopping.signal.aborted) return;
    const now = this.#seams.clock.now();
    if (now > this.#takenThrough) {
      for (const open of this.#seams.readModel.dueWork(this.#takenThrough, now)) this.#admit(open);
      this.#takenThrough = now;
    }
    this.#pump();
  }

  #lendPlaces(): void {
    const longAgo = this.#seams.wall.nowMs() - placeHeldMs;
    for (const entry of this.#entries.values()) {
      if (entry.state !== 'running' || entry.lent || entry.startedMs > longAgo) continue;
      entry.lent = true;
      this.#places += 1;
    }
  }

  async #tick(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await this.#seams.wall.sleep(tickMs, signal);
      this.#lendPlaces();
      this.#takeDue();
    }
  }
}
