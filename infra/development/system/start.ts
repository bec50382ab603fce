import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Instant, ServiceName } from '@tongdui/contracts';
import { Child, type ManagedProcess } from './child.ts';
import { DataDirectoryLock } from './data-directory.ts';
import { Guardian } from './guardian.ts';
import { type System, systemOf } from './handle.ts';
import {
  everywhere,
  type Layout,
  layOut,
  refuseTakenPorts,
  type ServicePlace,
  type ServiceSet,
  serviceEnvironment,
  urlAt,
} from './layout.ts';
import { findNatsServer, natsArguments, natsIsReady } from './nats-server.ts';

export type SystemOptions = {
  /** Everything the system keeps, and its logs, are beneath it. */
  readonly dataDirectory: string;
  /** Begins with nothing: what an earlier system that was started like this left in the directory is removed, once the directory is held. */
  readonly fresh?: boolean;
  /** First of the ports; without it any free ones. */
  readonly basePort?: number;
  readonly clock: 'wall' | { readonly frozenAt: Instant };
  /** One set that serves every home by default. */
  readonly sets?: readonly ServiceSet[];
  /** A live EventStoreDB; without it every service keeps its embedded store. */
  readonly eventStoreDbUrl?: string;
  /** A live NATS; without it the system starts its own. */
  readonly natsUrl?: string;
  /** Keeps this system apart from others on the same NATS. */
  readonly busPrefix?: string;
  /** Keeps this system apart from others on the same EventStoreDB. */
  readonly streamPrefix?: string;
  /** Kills one service the first time it comes to a named point, `point:3` the third time; a restart does not set it again. */
  readonly crashAt?: { readonly service: ServiceName; readonly set?: string; readonly point: string };
  /** Where a service's program is; `services/<name>/src/main.ts` by default. */
  readonly program?: (service: ServiceName) => string;
  /** More environment for every service. */
  readonly env?: Readonly<Record<string, string>>;
  readonly log?: (line: string) => void;
  /** Told of a process that was ready and has ended unasked; it may be started again. Without it, it stays away. */
  readonly onEndedUnasked?: (process: ManagedProcess, how: string) => void;
  /** Gives up starting. */
  readonly signal?: AbortSignal;
};

/** Starts the whole stack and resolves when every part is ready; on any failure everything already started is ended again. */
export const startSystem = async (options: SystemOptions): Promise<System> => {
  const log = options.log ?? (() => {});
  const dataDirectory = resolve(options.dataDirectory);
  const sets = options.sets ?? everywhere;
  const lock = await DataDirectoryLock.take(dataDirectory);
  const guardian = new Guardian();
  const children = new Map<string, Child>();
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= stopAll(children, guardian, lock);
    return stopping;
  };
  try {
    if (options.fresh) lock.clear();
    const layout = await layOut(sets, options.basePort);
    await refuseTakenPorts(layout, options.natsUrl === undefined);
    const around = {
      natsUrl: options.natsUrl ?? `nats://127.0.0.1:${layout.nats}`,
      issuer: urlAt(layout.identityProvider),
      bankUrl: urlAt(layout.bank),
    };
    const supervise = (part: Part) => {
      children.set(
        part.name,
        new Child({
          ...part,
          logFile: logFileOf(dataDirectory, part.name),
          log,
          onChange: recorder(lock, guardian),
          ...(options.onEndedUnasked ? { onEndedUnasked: options.onEndedUnasked } : {}),
        }),
      );
    };
    for (const part of partsBelow(layout, dataDirectory, options.natsUrl === undefined, log)) supervise(part);
    for (const place of layout.services) supervise(serviceOf(place, layout, { ...options, ...around, dataDirectory }));
    await startTogether([...children.values()].filter(isBelow), log, options.signal);
    const crashing = layout.services.find((place) => crashesAt(place, options))?.name;
    const environmentOf = (name: string): Readonly<Record<string, string>> =>
      name === crashing ? { CRASH_AT: options.crashAt?.point ?? '' } : {};
    await startTogether(
      [...children.values()].filter((child) => !isBelow(child)),
      log,
      options.signal,
      environmentOf,
    );
    return systemOf({ dataDirectory, sets, layout, children, natsStore: natsStoreOf(dataDirectory), stop, ...around });
  } catch (error) {
    await stop();
    throw error;
  }
};

type Part = Pick<ConstructorParameters<typeof Child>[0], 'name' | 'command' | 'args' | 'environment' | 'isReady'>;

const root = fileURLToPath(new URL('../../../', import.meta.url));
const belowServices = new Set(['nats', 'identity-provider', 'bank']);
const isBelow = (child: Child): boolean => belowServices.has(child.name);
const logFileOf = (dataDirectory: string, name: string): string => join(dataDirectory, 'logs', `${name.replaceAll('/', '.')}.log`);
const natsStoreOf = (dataDirectory: string): string => join(dataDirectory, 'nats');

/** What services need before they start: broker, identity provider, bank. */
const partsBelow = (layout: Layout, dataDirectory: string, natsIsOurs: boolean, log: (line: string) => void): readonly Part[] => {
  const server = (name: string, port: number): Part => ({
    name,
    command: process.execPath,
    args: [join(root, 'infra/development', name, 'main.ts')],
    environment: {
      NODE_ENV: 'development',
      PORT: String(port),
      DATA_DIR: join(dataDirectory, name),
      ISSUER: urlAt(layout.identityProvider),
    },
    isReady: () => answersOk(`${urlAt(port)}/readyz`),
  });
  const servers = [server('identity-provider', layout.identityProvider), server('bank', layout.bank)];
  if (!natsIsOurs) return servers;
  const store = natsStoreOf(dataDirectory);
  mkdirSync(store, { recursive: true });
  return [
    {
      name: 'nats',
      command: findNatsServer(log),
      args: natsArguments(layout.nats, store),
      environment: {},
      isReady: () => natsIsReady(layout.nats),
    },
    ...servers,
  ];
};

const serviceOf = (
  place: ServicePlace,
  layout: Layout,
  options: SystemOptions & { readonly natsUrl: string; readonly issuer: string; readonly bankUrl: string },
): Part => {
  const dataDirectory = join(options.dataDirectory, place.set.name, place.service);
  mkdirSync(dataDirectory, { recursive: true });
  const environment = serviceEnvironment(place, layout, { ...options, dataDirectory });
  return {
    name: place.name,
    command: process.execPath,
    args: [options.program?.(place.service) ?? join(root, 'services', place.service, 'src/main.ts')],
    environment: { ...environment, ...options.env },
    isReady: () => answersOk(`${place.url}/readyz`),
  };
};

const crashesAt = (place: ServicePlace, { crashAt }: SystemOptions): boolean =>
  crashAt !== undefined && crashAt.service === place.service && (crashAt.set ?? place.set.name) === place.set.name;

const recorder =
  (lock: DataDirectoryLock, guardian: Guardian): ConstructorParameters<typeof Child>[0]['onChange'] =>
  (name, identity, previous) => {
    if (identity) guardian.watch(identity);
    if (previous) guardian.release(previous);
    lock.set(name, identity);
  };

const startTogether = async (
  children: readonly Child[],
  log: (line: string) => void,
  signal: AbortSignal | undefined,
  environmentOf: (name: string) => Readonly<Record<string, string>> = () => ({}),
): Promise<void> => {
  const begun = Date.now();
  const giveUp = new AbortController();
  const either = signal ? AbortSignal.any([signal, giveUp.signal]) : giveUp.signal;
  const starts = children.map(async (child) => {
    await child.start(environmentOf(child.name), either);
    log(`ready: ${child.name} (${((Date.now() - begun) / 1000).toFixed(1)} s)`);
  });
  // The first failure tells the others to stop waiting; it is the one worth reading.
  await Promise.all(starts).catch(async (error: Error) => {
    giveUp.abort();
    await Promise.allSettled(starts);
    throw error;
  });
};

const stopAll = async (children: ReadonlyMap<string, Child>, guardian: Guardian, lock: DataDirectoryLock): Promise<void> => {
  const all = [...children.values()];
  await Promise.all(all.filter((child) => !isBelow(child)).map((child) => child.stop()));
  await Promise.all(all.filter(isBelow).map((child) => child.stop(5000)));
  await guardian.close();
  lock.release();
};

export const answersOk = async (url: string): Promise<boolean> => {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2000) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
};
