import { backOffMs, type HostSeams, messageOf } from './host.seams.ts';
import type { FollowedWork } from './follower.ts';
import type { OpenWork } from './read-model.ts';
import type { Service } from './service.ts';

/** Performs what facts have opened: at once, or when business time has come. */
export type WorkRunner = {
  /** Call once, after the follower has caught up: until then a later fact may still close what an earlier one opened. */
  start(): void;
  changed(work: FollowedWork): void;
  running(): number;
  /** Takes nothing new; resolves when what is being performed has ended. */
  stop(): Promise<void>;
};

export type WorkRunnerOptions = {
  readonly concurrencyMax?: number;
};

const firstRetryMs = 1_000;
const longestRetryMs = 60_000;
const tickMs = 1_000;
/** Work that waits this long for others lends its place: one unreachable city must not hold up all the rest. */
const placeHeldMs = 5_000;

type Entry = {
  open: OpenWork;
  state: 'waiting' | 'running' | 'resting';
  attempt: number;
  startedMs: number;
  lent: boolean;
  closed: boolean;
};

export const workRunner = (service: Pick<Service, 'name' | 'perform'>, seams: HostSeams, options: WorkRunnerOptions = {}): WorkRunner => {
  const { readModel, clock, wall, log, crash } = seams;
  const { concurrencyMax = 256 } = options;
  const stopping = new AbortController();
  /** Work that is due: waiting, being performed, or resting until the next attempt. What is not due yet is only in the read model. */
  const entries = new Map<string, Entry>();
  const queue: Entry[] = [];
  const finished: OpenWork[] = [];
  const idle: (() => void)[] = [];
  let places = concurrencyMax;
  let running = 0;
  let started = false;
  /** Business time up to which due work was taken from the read model. */
  let takenThrough = '';
  let stopListening: () => void = () => {};

  const admit = (open: OpenWork) => {
    const known = entries.get(open.work.id);
    if (known) {
      known.open = open;
      known.closed = false;
      return;
    }
    const entry: Entry = { open, state: 'waiting', attempt: 0, startedMs: 0, lent: false, closed: false };
    entries.set(open.work.id, entry);
    queue.push(entry);
  };

  const pump = () => {
    let taken = 0;
    while (started && places > 0 && taken < queue.length && !stopping.signal.aborted) {
      const entry = queue[taken++]!;
      if (!entry.closed) void perform(entry);
    }
    if (taken > 0) queue.splice(0, taken);
  };

  const perform = async (entry: Entry) => {
    const { open } = entry;
    const { work } = open;
    Object.assign(entry, { state: 'running', attempt: entry.attempt + 1, startedMs: wall.nowMs(), lent: false });
    places -= 1;
    running += 1;
    let failed: string | undefined;
    try {
      crash('work.before-perform');
      await service.perform(work);
      crash('work.after-perform');
    } catch (error) {
      failed = messageOf(error);
    }
    running -= 1;
    if (!entry.lent) places += 1;
    if (failed === undefined) {
      seams.measure?.({ is: 'work-performed', kind: work.kind, durationMs: wall.nowMs() - entry.startedMs });
      entries.delete(work.id);
      finish(open);
      // Opened again by a later fact while it was being performed: that is another piece of work under the same id.
      if (entry.open !== open && !entry.closed) admit(entry.open);
    } else if (entry.closed) entries.delete(work.id);
    else void rest(entry, failed);
    if (running === 0) for (const resolve of idle.splice(0)) resolve();
    pump();
  };

  const rest = async (entry: Entry, reason: string) => {
    const { work } = entry.open;
    entry.state = 'resting';
    if (!stopping.signal.aborted)
      log.warn({ service: service.name, work: work.id, kind: work.kind, attempt: entry.attempt, reason }, 'work failed and is tried again');
    seams.measure?.({ is: 'work-failed', kind: work.kind });
    await wall.sleep(backOffMs(entry.attempt, firstRetryMs, longestRetryMs), stopping.signal);
    if (stopping.signal.aborted) return;
    if (entry.closed) {
      entries.delete(work.id);
      return;
    }
    entry.state = 'waiting';
    queue.push(entry);
    pump();
  };

  /** Removals of one turn share a transaction; one that is lost in a crash only means that harmless work is done twice. */
  const finish = (open: OpenWork) => {
    finished.push(open);
    if (finished.length === 1) queueMicrotask(flush);
  };
  const flush = () => {
    const done = finished.splice(0);
    if (done.length > 0) readModel.transact((draft) => done.map((open) => draft.performed(open)));
  };

  const takeDue = () => {
    if (!started || stopping.signal.aborted) return;
    const now = clock.now();
    if (now > takenThrough) {
      for (const open of readModel.openWork({ undated: false, dueAfter: takenThrough, dueThrough: now })) admit(open);
      takenThrough = now;
    }
    pump();
  };

  const lendPlaces = () => {
    const longAgo = wall.nowMs() - placeHeldMs;
    for (const entry of entries.values()) {
      if (entry.state !== 'running' || entry.lent || entry.startedMs > longAgo) continue;
      entry.lent = true;
      places += 1;
    }
  };

  const tick = async () => {
    while (!stopping.signal.aborted) {
      await wall.sleep(tickMs, stopping.signal);
      lendPlaces();
      takeDue();
    }
  };

  return {
    start: () => {
      started = true;
      for (const open of readModel.openWork({ undated: true })) admit(open);
      stopListening = clock.onMoved?.(takeDue) ?? stopListening;
      takeDue();
      void tick();
    },
    changed: ({ opened, closed }) => {
      if (!started) return;
      for (const id of closed) {
        const entry = entries.get(id);
        if (!entry) continue;
        entry.closed = true;
        if (entry.state === 'waiting') entries.delete(id);
      }
      for (const open of opened) if (open.work.dueAt === undefined || open.work.dueAt <= takenThrough) admit(open);
      pump();
    },
    running: () => running,
    stop: async () => {
      stopping.abort();
      stopListening();
      if (running > 0) await new Promise<void>((resolve) => idle.push(resolve));
      flush();
    },
  };
};
