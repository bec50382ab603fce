import { eventHash, type MemoryHub, memoryHub } from '@tongdui/bus';
import { type Actor, homes as allHomes, type CloudEvent, type Home, type Instant, type ServiceName } from '@tongdui/contracts';
import type { Request } from '@tongdui/decider/operation';
import { type MemoryEventStore, memoryEventStore } from '@tongdui/event-store';
import {
  type AdjustableClock,
  adjustableClock,
  asker,
  host as hosted,
  noCrash,
  readModel,
  silentLog,
  type WallClock,
} from '@tongdui/runtime';
import { at } from './issuance.fixtures.ts';
import { issuance } from './service.ts';

/** The service as it runs, in memory: nothing takes time but what a test lets take time. */

/** Wall time that jumps to whoever sleeps shortest, once nothing else can happen. */
class JumpingWall implements WallClock {
  #nowMs = 0;
  #sleeping: { readonly untilMs: number; readonly wake: () => void }[] = [];

  nowMs(): number {
    return this.#nowMs;
  }

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const sleeper = { untilMs: this.#nowMs + milliseconds, wake: resolve };
      this.#sleeping.push(sleeper);
      signal?.addEventListener('abort', () => {
        this.#sleeping = this.#sleeping.filter((other) => other !== sleeper);
        resolve();
      });
    });
  }

  async until(holds: () => boolean | Promise<boolean>): Promise<void> {
    for (let turn = 0; turn < 20_000; turn += 1) {
      for (let round = 0; round < 6; round += 1) await new Promise((resolve) => setImmediate(resolve));
      if (await holds()) return;
      this.#nowMs = this.#sleeping.reduce((least, { untilMs }) => Math.min(least, untilMs), this.#nowMs + 1_000);
      const due = this.#sleeping.filter(({ untilMs }) => untilMs <= this.#nowMs);
      this.#sleeping = this.#sleeping.filter(({ untilMs }) => untilMs > this.#nowMs);
      for (const { wake } of due) wake();
    }
    throw new Error(`it never came to this: ${holds.toString()}`);
  }

  /** Lets time pass until the answer is there. */
  async answer<T>(asked: Promise<T>): Promise<T> {
    let settled = false;
    const settle = () => {
      settled = true;
    };
    asked.then(settle, settle);
    await this.until(() => settled);
    return asked;
  }
}

export type World = { readonly wall: JumpingWall; readonly hub: MemoryHub; readonly clock: AdjustableClock };

export const world = (): World => {
  const wall = new JumpingWall();
  const hub = memoryHub({ schedule: (job, delayMs) => (delayMs > 0 ? void wall.sleep(delayMs).then(job) : queueMicrotask(job)) });
  return { wall, hub, clock: adjustableClock({ initial: at }) };
};

/** One process of the service, serving some homes. */
export const processOf = (
  { wall, hub, clock }: World,
  name: string,
  homes: readonly Home[] = allHomes,
  store: MemoryEventStore = memoryEventStore({ epoch: name }),
) => {
  const transport = hub.connect(name);
  const rows = readModel({ file: ':memory:', epoch: store.epoch, homes });
  const stopping = new AbortController();
  const ask = asker({ transport, service: 'issuance', servedHomes: homes, asks: (asked) => service.asks(asked) });
  const service = issuance({ store, wall, rows, ask, crash: noCrash, clock, signal: stopping.signal });
  const running = hosted(service, { store, transport, homes, readModel: rows, clock, wall, log: silentLog, crash: noCrash });
  return {
    ...service,
    store,
    rows,
    running,
    idle: () => wall.until(async () => (await running.status()).idle),
    stop: async () => {
      stopping.abort();
      await wall.answer(running.stop());
    },
    published: async (home: string) =>
      (await store.read(`issuance.${home}.published`)).map(
        ({ data }) => data as unknown as { type: string; data: Record<string, unknown> },
      ),
  };
};

export type Process = ReturnType<typeof processOf>;

/** What a person asks for: the key is what HTTP makes of method and path, the hash stands for the body. */
export const requested = (clock: AdjustableClock, actor: Actor, key: string, hash = 'body'): Request => ({
  actor,
  key,
  hash,
  id: `${key} ${hash}`,
  at: clock.now(),
});

/** An event of another service: the first that it has published, or the one after `previous`. */
export const eventFrom = (service: ServiceName, home: string, type: string, data: object, previous?: CloudEvent): CloudEvent => {
  const sequence = previous ? Number(previous.sequence) + 1 : 1;
  return {
    specversion: '1.0',
    id: `00000000-0000-4000-8000-${String(sequence).padStart(12, '0')}`,
    source: `/${service}/${home}`,
    type,
    subject: 'subject',
    time: at as Instant,
    datacontenttype: 'application/json',
    sequence: String(sequence).padStart(16, '0'),
    data: data as Record<string, unknown>,
    ...(previous ? { previoushash: eventHash(previous) } : {}),
  };
};
