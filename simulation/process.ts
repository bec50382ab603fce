import type { MemoryHub, Transport } from '@tongdui/bus';
import type { Home, Instant, ServiceName } from '@tongdui/contracts';
import type { Answer, Request } from '@tongdui/decider/operation';
import type { EventStore, MemoryEventStore } from '@tongdui/event-store';
import { asker, type BusinessClock, type Deps, type Host, host, type Log, type ReadModel, readModel, type Service } from '@tongdui/runtime';
import type { Bank } from './bank.ts';
import type { Plant } from './plants.ts';
import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';
import { builders } from './services.ts';
import { storeOfLife } from './store.ts';

/** One operating-system process of a service, as far as the others can tell: it starts, answers, dies at any moment and starts again. */

type Operations = Readonly<Record<string, (request: Request, input: never) => Promise<Answer<string>>>>;
export type Built = Service & { readonly operations: Operations };
/** `no-answer`: the process died, or was not there. `failed`: it threw, which is a bug unless the store was away. */
export type Reply = Answer<string> | { readonly is: 'no-answer' } | { readonly is: 'failed'; readonly error: unknown };

/** Durable facts of one service, of one set of homes. Processes that share it cannot trust what they remember. */
export type Disk = {
  readonly name: string;
  store: MemoryEventStore;
  readonly isShared: boolean;
  /** Until when the processes cannot read it; whoever plays the history always can. */
  unreadable?: Promise<void> | undefined;
};

export type Surroundings = {
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly hub: MemoryHub;
  readonly bank: Bank;
  readonly now: () => Instant;
  readonly plant?: Plant;
  /** Something that a running system would write to its log as a warning or an error. */
  readonly told: (process: string, fields: object, message: string) => void;
  /** The store under this disk was opened anew. */
  readonly reopened: (disk: Disk) => void;
  readonly hasTrouble: () => boolean;
};

type Life = {
  isOver: boolean;
  readonly built: Built;
  readonly host: Host;
  readonly transport: Transport;
  readonly stopping: AbortController;
  readonly movedClock: Set<() => void>;
  readonly waiting: Set<(reply: Reply) => void>;
};

class Died extends Error {
  override name = 'Died';
}

export class Process {
  readonly name: string;
  readonly service: ServiceName;
  readonly homes: readonly Home[];
  readonly disk: Disk;
  readonly #around: Surroundings;
  readonly #replica: string;
  #rows: ReadModel;
  #life: Life | undefined;
  #now: Instant;
  #crashAt: string | undefined;
  lives = 0;

  constructor(service: ServiceName, homes: readonly Home[], disk: Disk, replica: string, around: Surroundings) {
    this.name = `${disk.name}-${replica}`;
    this.service = service;
    this.homes = homes;
    this.disk = disk;
    this.#replica = replica;
    this.#around = around;
    this.#rows = this.#newRows();
    this.#now = around.now();
  }

  get rows(): ReadModel {
    return this.#rows;
  }

  get host(): Host | undefined {
    return this.#life?.host;
  }

  isReady(): boolean {
    return this.#life?.host.isStarted() === true;
  }

  isAlive(): boolean {
    return this.#life !== undefined;
  }

  /** Business time as this process has it. */
  now(): Instant {
    return this.#now;
  }

  /** The hands of this process's clock are moved, a moment before or after those of the others. */
  moveClock(instant: Instant): void {
    if (instant <= this.#now) return;
    this.#now = instant;
    for (const listener of [...(this.#life?.movedClock ?? [])]) listener();
  }

  /** The process dies the next time it comes to this place. */
  crashAt(place: string | undefined): void {
    this.#crashAt = place;
  }

  start(): void {
    if (this.#life) return;
    this.lives += 1;
    this.#now = this.#around.now();
    this.#life = this.#newLife();
  }

  /** No grace: what was under way never goes on, what was not synced is lost. */
  kill(withReadModel: 'kept' | 'lost'): void {
    const life = this.#life;
    if (!life) return;
    life.isOver = true;
    this.#life = undefined;
    this.#crashAt = undefined;
    void life.transport.close();
    if (!this.disk.isShared) {
      this.disk.store = this.disk.store.reopen();
      this.#around.reopened(this.disk);
    }
    if (withReadModel === 'lost') {
      this.#rows.close();
      this.#rows = this.#newRows();
    } else this.#rows.crash();
    for (const answer of life.waiting) answer({ is: 'no-answer' });
  }

  call(operation: string, request: Request, input: object): Promise<Reply> {
    const life = this.#life;
    if (!life?.host.isStarted()) return Promise.resolve({ is: 'no-answer' });
    const run = life.built.operations[operation];
    if (!run) throw new Error(`${this.service} has no operation ${operation}`);
    return new Promise((resolve) => {
      life.waiting.add(resolve);
      run(request, input as never).then(
        (answer) => {
          life.waiting.delete(resolve);
          if (!life.isOver) resolve(answer);
        },
        (error: unknown) => {
          life.waiting.delete(resolve);
          if (!life.isOver) resolve({ is: 'failed', error });
        },
      );
    });
  }

  #newRows(): ReadModel {
    const { scheduler } = this.#around;
    const wall = { nowMs: () => scheduler.nowMs(), sleep: (ms: number) => scheduler.sleep(ms, undefined, () => false) };
    return readModel({ file: ':memory:', epoch: this.disk.store.epoch, homes: this.homes, wall });
  }

  #newLife(): Life {
    const { scheduler, hub, bank, plant } = this.#around;
    const over = { isOver: false };
    const isOver = () => over.isOver;
    const wall = { nowMs: () => scheduler.nowMs(), sleep: (ms: number, signal?: AbortSignal) => scheduler.sleep(ms, signal, isOver) };
    const plain = storeOfLife(this.disk, { ...this.#around, isOver });
    const store: EventStore = plant?.store?.(plain, { service: this.service, disk: this.disk, lives: this.lives }) ?? plain;
    const rows = this.#rowsOfLife(isOver);
    const transport = hub.connect(this.name);
    const movedClock = new Set<() => void>();
    const clock: BusinessClock = {
      now: () => this.#now,
      onMoved: (listener) => {
        movedClock.add(listener);
        return () => movedClock.delete(listener);
      },
    };
    const crash = (place: string) => this.#crashHere(place, isOver);
    const stopping = new AbortController();
    const { service: name, homes } = this;
    const ask = asker({ transport, service: name, servedHomes: homes, asks: (asked) => built.asks(asked) });
    const deps = { store, wall, rows, ask, crash, clock, signal: stopping.signal } satisfies Partial<Deps>;
    const plainly = builders[name](deps, bank.railOf(isOver));
    const built = plant?.service?.(plainly, deps) ?? plainly;
    const log = this.#log(isOver);
    const running = host(built, { store, transport, homes, readModel: rows, clock, wall, log, crash, replica: this.#replica });
    return Object.assign(over, { built, host: running, transport, stopping, movedClock, waiting: new Set<(reply: Reply) => void>() });
  }

  /** The file stays when the process dies; only the process that has it open may write to it. */
  #rowsOfLife(isOver: () => boolean): ReadModel {
    const rows = this.#rows;
    return {
      transact: (change) => (isOver() ? (undefined as ReturnType<typeof change>) : rows.transact(change)),
      written: () => rows.written(),
      caughtUp: () => rows.caughtUp(),
      crash: () => {},
      followed: () => rows.followed(),
      nextSequence: (source) => rows.nextSequence(source),
      get: (table, id) => rows.get(table, id),
      list: (table, filter) => rows.list(table, filter),
      page: (query) => rows.page(query),
      row: (table, id) => rows.row(table, id),
      undatedWork: () => rows.undatedWork(),
      dueWork: (after, through) => rows.dueWork(after, through),
      countWork: (now) => rows.countWork(now),
      notes: (kind) => rows.notes(kind),
      close: () => {},
    };
  }

  #crashHere(place: string, isOver: () => boolean): void {
    if (isOver()) throw new Died(place);
    if (this.#crashAt !== place) return;
    const { random, scheduler } = this.#around;
    this.kill(random.chance(0.25) ? 'lost' : 'kept');
    scheduler.after(random.between(50, 4_000), () => this.start());
    throw new Died(place);
  }

  #log(isOver: () => boolean): Log {
    const tell = (fields: object, message: string) => {
      if (!isOver()) this.#around.told(this.name, fields, message);
    };
    return { debug: () => {}, info: () => {}, warn: tell, error: tell };
  }
}
