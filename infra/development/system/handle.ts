import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Home, Instant, ServiceName } from '@tongdui/contracts';
import type { Child, ManagedProcess } from './child.ts';
import { ServiceStatus, type Statuses, waitIdle } from './idle.ts';
import type { Layout, ServicePlace, ServiceSet } from './layout.ts';
import { Tokens } from './tokens.ts';

export type System = {
  readonly dataDirectory: string;
  readonly sets: readonly ServiceSet[];
  /** Base URL of a service for a home. */
  url(service: ServiceName, home: Home): string;
  /** Base URL of every process that has one, by name. */
  readonly urls: ReadonlyMap<string, string>;
  /** An access token of a person, to be sent as `authorization: Bearer <token>`. Kept while it is good. */
  token(sub: string): Promise<string>;
  readonly issuer: string;
  readonly bankUrl: string;
  readonly natsUrl: string;
  /** `nats`, `identity-provider`, `bank`, `<set>/<service>`. No `nats` when it is somebody else's. */
  readonly processes: ReadonlyMap<string, ManagedProcess>;
  process(service: ServiceName, home: Home): ManagedProcess;
  readonly nats: NatsControl;
  /** Moves business time of every service, never backwards, and waits until nothing is left to do. */
  moveClock(instant: Instant): Promise<void>;
  waitIdle(timeoutMs?: number): Promise<void>;
  /** What every service says of itself, by the name of its process. */
  statuses(): Promise<Statuses>;
  /** Ends everything in order. Idempotent. */
  stop(): Promise<void>;
};

/** Faults of the broker. Each throws when the broker is somebody else's. */
export type NatsControl = {
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Deletes everything JetStream holds; only while it is not running. */
  wipeStore(): void;
};

export type Started = Pick<System, 'dataDirectory' | 'sets' | 'natsUrl' | 'issuer' | 'bankUrl' | 'stop'> & {
  readonly layout: Layout;
  readonly children: ReadonlyMap<string, Child>;
  /** Where the broker of this system keeps what it holds. */
  readonly natsStore: string;
};

export const systemOf = ({ layout, children, natsStore, ...system }: Started): System => {
  const tokens = new Tokens(system.issuer);
  const token = (sub: string) => tokens.of(sub);
  const statuses = () => readStatuses(layout);
  const idle = (timeoutMs = 180_000) => waitIdle(statuses, timeoutMs);
  return {
    ...system,
    url: (service, home) => placeOf(layout, service, home).url,
    urls: new Map([
      ['identity-provider', system.issuer],
      ['bank', system.bankUrl],
      ...layout.services.map(({ name, url }) => [name, url] as const),
    ]),
    token,
    processes: children,
    process: (service, home) => childNamed(children, placeOf(layout, service, home).name),
    nats: natsControl(children, natsStore),
    moveClock: async (instant) => {
      await Promise.all(layout.services.map((place) => moveClockOf(place, instant, token)));
      await idle();
    },
    waitIdle: idle,
    statuses,
  };
};

const placeOf = (layout: Layout, service: ServiceName, home: Home): ServicePlace => {
  const found = layout.services.find((place) => place.service === service && place.set.cities.includes(home));
  if (!found) throw new Error(`no set serves ${service} of ${home}`);
  return found;
};

const childNamed = (children: ReadonlyMap<string, Child>, name: string): Child => {
  const child = children.get(name);
  if (!child) throw new Error(`the system has no process ${name} of its own`);
  return child;
};

const natsControl = (children: ReadonlyMap<string, Child>, store: string): NatsControl => ({
  kill: () => childNamed(children, 'nats').kill(),
  start: () => childNamed(children, 'nats').start(),
  wipeStore: () => {
    if (childNamed(children, 'nats').pid !== undefined) throw new Error('stop nats before wiping its store');
    rmSync(store, { recursive: true, force: true });
    if (existsSync(store)) throw new Error(`${store} could not be removed`);
    mkdirSync(store, { recursive: true });
  },
});

const operatorOf = (place: ServicePlace): string => `operator.${place.set.cities[0]}`;

/** A process that has just died may be on its way back, and to be told the same time twice is harmless. */
const moveClockOf = async (place: ServicePlace, now: Instant, token: (sub: string) => Promise<string>): Promise<void> => {
  const deadline = Date.now() + clockPatienceMs;
  while (true) {
    try {
      return await tellTime(place, now, token);
    } catch (error) {
      if (!(error instanceof TypeError) || Date.now() > deadline) throw error;
      await delay(200);
    }
  }
};
const clockPatienceMs = 60_000;

/** A `TypeError` is how fetch says that nobody answered. */
const tellTime = async (place: ServicePlace, now: Instant, token: (sub: string) => Promise<string>): Promise<void> => {
  const response = await fetch(`${place.url}/development/clock`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${await token(operatorOf(place))}`, 'content-type': 'application/json' },
    body: JSON.stringify({ now }),
    signal: AbortSignal.timeout(30_000),
  });
  if (!response.ok) throw new Error(`${place.name} did not move its clock to ${now}: ${response.status} ${await response.text()}`);
  await response.body?.cancel();
};

const readStatuses = async (layout: Layout): Promise<Statuses> => {
  const entries = layout.services.map(async (place) => {
    const response = await fetch(`${place.url}/development/status`, { signal: AbortSignal.timeout(5000) }).catch((error: Error) => {
      throw new Error(`${place.name} does not answer: ${error.message}`);
    });
    if (!response.ok) throw new Error(`${place.name} answered ${response.status} to the question for its status`);
    return [place.name, ServiceStatus.parse(await response.json())] as const;
  });
  return new Map(await Promise.all(entries));
};
