import { hash } from 'node:crypto';
import { type MemoryHub, memoryHub } from '@tongdui/bus';
import { addMinutes } from '@tongdui/calendar';
import { homes as allHomes, type CloudEvent, type Home, type Instant, type ServiceName, serviceNames } from '@tongdui/contracts';
import { type AppendFate, memoryEventStore, type StoredFact } from '@tongdui/event-store';
import { Bank } from './bank.ts';
import type { Plant } from './plants.ts';
import { type Disk, Process, type Surroundings } from './process.ts';
import { type Random, randomOf } from './random.ts';
import { Scheduler } from './scheduler.ts';

/** The five services wired together on one virtual clock, in one of three shapes, with a bus, stores and a bank that fail on request. */

export const shapes = ['one-set', 'two-sets', 'replicas'] as const;
export type Shape = (typeof shapes)[number];
/** How rough the world is: probabilities are multiplied by it; 0 is calm. */
export type Weather = 0 | 1 | 2;

export type WorldOptions = {
  readonly seed: string;
  readonly shape: Shape;
  readonly weather: Weather;
  readonly plant?: Plant;
  readonly onFact: (fact: StoredFact, disk: string) => void;
  readonly onEvent: (event: CloudEvent) => void;
};

export type Told = { readonly process: string; readonly fields: object; readonly message: string };

export class World {
  readonly scheduler: Scheduler;
  readonly bank: Bank;
  readonly hub: MemoryHub;
  readonly processes: readonly Process[];
  readonly disks: readonly Disk[];
  /** The latest warnings and errors of the services. */
  readonly told: Told[] = [];
  readonly #options: WorldOptions;
  readonly #bus: Random;
  readonly #storage: Random;
  #weather: Weather = 0;
  #now = '2026-03-02T01:00:00.000Z' as Instant;

  constructor(options: WorldOptions) {
    const { seed, shape } = options;
    this.#options = options;
    this.#bus = randomOf(`${seed}/bus`);
    this.#storage = randomOf(`${seed}/storage`);
    this.scheduler = new Scheduler(randomOf(`${seed}/scheduler`));
    this.bank = new Bank(this.scheduler, randomOf(`${seed}/bank`));
    this.hub = memoryHub({
      schedule: (job, delayMs) => this.scheduler.after(delayMs + this.#latencyMs(), job),
      fate: () => (this.#bus.chance(0.03 * this.#weather) ? 'drop' : this.#bus.chance(0.04 * this.#weather) ? 'duplicate' : 'deliver'),
    });
    const around: Surroundings = {
      scheduler: this.scheduler,
      random: randomOf(`${seed}/processes`),
      hub: this.hub,
      bank: this.bank,
      now: () => this.#now,
      ...(options.plant ? { plant: options.plant } : {}),
      told: (process, fields, message) => {
        this.told.push({ process, fields, message });
        if (this.told.length > 200) this.told.shift();
      },
      reopened: (disk) => this.#watch(disk),
      hasTrouble: () => this.#weather > 0,
    };
    this.disks = setsOf(shape).flatMap((_homes, set) => serviceNames.map((service) => this.#newDisk(`${service}${set + 1}`, shape)));
    this.processes = setsOf(shape).flatMap((homes, set) =>
      serviceNames.flatMap((service) => {
        const disk = this.disks.find(({ name }) => name === `${service}${set + 1}`) as Disk;
        const replicas = shape === 'replicas' && service !== 'registry' ? ['a', 'b'] : ['a'];
        return replicas.map((replica) => new Process(service, homes, disk, replica, around));
      }),
    );
  }

  now(): Instant {
    return this.#now;
  }

  start(): void {
    for (const disk of this.disks) this.#watch(disk);
    for (const process of this.processes) process.start();
  }

  /** From here on things go wrong. */
  trouble(): void {
    this.#weather = this.#options.weather;
  }

  isStormy(): boolean {
    return this.#weather > 0;
  }

  /** Whatever fails comes back, and nothing fails any more. */
  calm(): void {
    this.#weather = 0;
    this.bank.calm();
    for (const disk of this.disks) {
      disk.unreadable = undefined;
      disk.store.faults.sync();
    }
    for (const process of this.processes) {
      process.crashAt(undefined);
      process.start();
      this.hub.heal(process.name);
    }
  }

  /** Business time goes on; every process hears of it in its own moment. */
  moveClock(minutes: number): void {
    this.#now = addMinutes(this.#now, minutes);
    const now = this.#now;
    for (const process of this.processes) this.scheduler.after(this.#bus.below(this.#weather > 0 ? 400 : 2), () => process.moveClock(now));
  }

  /** Who answers for a home; `rows` of any of them is what people see there. */
  serving(service: ServiceName, home: Home): readonly Process[] {
    return this.processes.filter((process) => process.service === service && process.homes.includes(home));
  }

  #newDisk(name: string, shape: Shape): Disk {
    const store = memoryEventStore({ epoch: `${this.#options.seed}/${name}` });
    const disk: Disk = { name, store, isShared: shape === 'replicas' };
    this.#fates(disk);
    return disk;
  }

  /** Reads along every fact of a disk, in the order in which they became durable. */
  #watch(disk: Disk): void {
    this.#fates(disk);
    void this.#tap(disk);
  }

  #fates({ store }: Disk): void {
    store.faults.chooseFate = (): AppendFate =>
      this.#storage.chance(0.015 * this.#weather) ? 'answer-lost' : this.#storage.chance(0.015 * this.#weather) ? 'not-landed' : 'lands';
  }

  readonly #tapped = new Map<string, string>();

  async #tap({ name, store }: Disk): Promise<void> {
    const prefixes = [`${name.slice(0, -1)}.`];
    const { signal } = new AbortController();
    for await (const followed of store.follow({ prefixes, after: this.#tapped.get(name) ?? '', signal })) {
      if (followed.is !== 'facts') continue;
      for (const fact of followed.facts) {
        if (fact.position <= (this.#tapped.get(name) ?? '')) continue;
        this.#tapped.set(name, fact.position);
        this.#options.onFact(fact, name);
        if (fact.stream.endsWith('.published')) this.#options.onEvent(fact.data as unknown as CloudEvent);
      }
    }
  }

  #latencyMs(): number {
    const bus = this.#bus;
    if (this.#weather === 0) return bus.below(3);
    if (bus.chance(0.8)) return bus.below(6);
    return bus.chance(0.08 * this.#weather) ? bus.below(20_000) : bus.below(400);
  }
}

/** Which homes are served together. */
const setsOf = (shape: Shape): readonly (readonly Home[])[] => {
  if (shape !== 'two-sets') return [allHomes];
  const first = (['330400', '310117', '330700', '341800'] as unknown as Home[]).filter((home) => allHomes.includes(home));
  return [first, allHomes.filter((home) => !first.includes(home))];
};

/** Of every fact in order: two runs that agree on it were the same run. */
export class Digest {
  #text = '';
  facts = 0;

  add(fact: StoredFact, disk: string): void {
    this.facts += 1;
    this.#text = hash(
      'sha256',
      `${this.#text}${disk} ${fact.stream} ${fact.revision} ${fact.id} ${fact.type} ${JSON.stringify(fact.data)}`,
    );
  }

  toString(): string {
    return this.#text.slice(0, 32);
  }
}
