import { statfs } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Home, InvariantReport, ServiceName } from '@tongdui/contracts';
import type { PartAnswer } from '@tongdui/decider';
import type { EventStore, JsonObject } from '@tongdui/event-store';
import { destination, pino, stdTimeFunctions } from 'pino';
import { openStore, openTransport } from './adapters.ts';
import { type Ask, asker } from './asker.ts';
import { oidcAuthentication } from './auth.ts';
import { type AdjustableClock, adjustableClock, runningClock, wallClock } from './clock.ts';
import { type Configuration, configuration } from './config.ts';
import { contractsPageReply, openapiReply } from './contracts-page.ts';
import { crashPoints } from './crash-points.ts';
import type { Endpoint } from './endpoint.ts';
import { messageOf } from './host.seams.ts';
import { type Host, host } from './host.ts';
import { application } from './http.ts';
import { metricsOf } from './metrics.ts';
import { clockRoute, operatorRoutes } from './operator-routes.ts';
import { readModel } from './read-model.ts';
import type { BusinessClock, CrashPoint, Log, WallClock } from './seams.ts';
import type { Rows, Service } from './service.ts';
import { telemetry } from './telemetry.ts';

/** What a service is built from. */
export type Deps = {
  readonly store: EventStore;
  /** The homes served here. */
  readonly homes: readonly Home[];
  readonly clock: BusinessClock;
  readonly wall: WallClock;
  readonly rows: Rows;
  readonly ask: Ask;
  readonly crash: CrashPoint;
  readonly log: Log;
  readonly config: Configuration;
  /** Aborted when the process stops: for what waits long, like `coordinate`. */
  readonly signal: AbortSignal;
};

export type ServiceDefinition<Built extends Service> = {
  readonly name: ServiceName;
  /** May carry more than a `Service`, operations for instance: `routes` gets it as it is. */
  readonly service: (deps: Deps) => Built;
  readonly routes: (built: Built, deps: Deps) => readonly Endpoint[];
  /** This service's part of the invariants, for an auditor. */
  readonly invariants?: (rows: Rows) => InvariantReport;
  /** Figures that must agree with those of other services. */
  readonly figures?: (rows: Rows) => unknown;
};

export type RunningService = {
  readonly url: string;
  readonly host: Host;
  /** Unready, no more pulls, what is under way finishes (≤ 20 s), the relay is flushed, everything is closed. */
  stop(): Promise<void>;
};

/**
 * The whole `main.ts` of a service:
 *
 * ```ts
 * await runService({
 *   name: 'issuance',
 *   service: (deps) => issuance(deps),
 *   routes: ({ operations }) => [
 *     commandRoute(routes.publishPolicy, operations.publishPolicy, policyProblems),
 *     nounRoutes(nouns.policies, { visible: 'everyone' }),
 *   ],
 *   invariants,
 *   figures,
 * });
 * ```
 *
 * where `issuance(deps)` builds `handle(deps.store, policyDecider, { wall: deps.wall })` and returns `{ name, publish, …, handlers, operations }`.
 * The process ends with 0 after SIGTERM or SIGINT, with 1 and one clear line when it cannot start.
 */
export const runService = async <Built extends Service>(definition: ServiceDefinition<Built>): Promise<void> => {
  try {
    const running = await startService(definition, process.env);
    let stopping = false;
    const stop = async () => {
      if (stopping) return;
      stopping = true;
      await running.stop();
      process.exit(0);
    };
    process.on('SIGTERM', () => void stop());
    process.on('SIGINT', () => void stop());
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`);
    process.exit(1);
  }
};

export const startService = async <Built extends Service>(
  definition: ServiceDefinition<Built>,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<RunningService> => {
  const config = configuration(environment, definition.name);
  const opened: (() => Promise<void> | void)[] = [];
  try {
    return await assemble(definition, config, opened);
  } catch (error) {
    for (const close of opened.reverse()) await Promise.resolve(close()).catch(() => {});
    throw new Error(`${definition.name} cannot start: ${messageOf(error)}`, { cause: error });
  }
};

const assemble = async <Built extends Service>(
  definition: ServiceDefinition<Built>,
  config: Configuration,
  opened: (() => Promise<void> | void)[],
): Promise<RunningService> => {
  const { name } = definition;
  const { homes } = config;
  const log = pino(
    {
      level: config.logLevel,
      base: { service: name },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination({ sync: false }),
  );
  const wall = wallClock;
  const tracing = await telemetry({ service: name, endpoint: config.otlpEndpoint });
  opened.push(() => tracing.stop());
  const store = await openStore(config, name);
  opened.push(() => store.close());
  const rows = readModel({ file: `${config.dataDirectory}/${name}.read-model.db`, epoch: store.epoch, homes, wall });
  opened.push(() => rows.close());
  const transport = openTransport(config, name, log);
  opened.push(() => transport.close());
  const adjustable = config.clock.is === 'adjustable' ? adjustableClock(config.clock) : undefined;
  const clock = adjustable ?? runningClock(wall);
  const crash = crashPoints(config.crashAt);
  const stopping = new AbortController();
  const late: { asks?: (ask: JsonObject) => Promise<PartAnswer> } = {};
  const ask = asker({ transport, service: name, servedHomes: homes, asks: (asked) => late.asks!(asked) });
  const deps: Deps = { store, homes, clock, wall, rows, ask, crash, log, config, signal: stopping.signal };
  const built = definition.service(deps);
  late.asks = built.asks;
  const metrics = metricsOf(name, { process: true });
  const replica = config.replica === undefined ? {} : { replica: config.replica };
  const running = host(built, { store, transport, homes, readModel: rows, clock, wall, log, crash, measure: metrics.measure, ...replica });
  opened.push(() => running.stop());
  const app = application({
    service: name,
    homes,
    cityUrls: config.cityUrls,
    authenticate: oidcAuthentication({ ...config.oidc, wall }),
    host: running,
    readModel: rows,
    epoch: store.epoch,
    clock,
    wall,
    log,
    metrics,
    routes: routesOf(definition, built, deps, running, adjustable),
    open: {
      '/openapi.json': openapiReply(name),
      '/docs': contractsPageReply(),
      ...(config.production ? {} : { '/development/status': async () => ({ json: await running.status() }) }),
    },
    ready: () => readiness({ store, host: running, config, stopping: stopping.signal }),
  });
  const server = await listening(createServer({ requestTimeout: 30_000 }, app), config);
  const url = `http://${config.host}:${(server.address() as AddressInfo).port}`;
  log.info({ url, homes, store: store.epoch, clock: config.clock.is }, `${name} is ready at ${url}`);
  return { url, host: running, stop: stopper({ name, server, running, stopping, log, wall, opened }) };
};

const routesOf = <Built extends Service>(
  definition: ServiceDefinition<Built>,
  built: Built,
  deps: Deps,
  running: Host,
  clock: AdjustableClock | undefined,
): Endpoint[] => {
  const { figures, invariants } = definition;
  const operators = operatorRoutes({
    service: definition.name,
    homes: deps.homes,
    host: running,
    reports: {
      ...(invariants ? { invariants: () => invariants(deps.rows) } : {}),
      ...(figures ? { figures: () => figures(deps.rows) } : {}),
    },
  });
  return [...definition.routes(built, deps), ...operators, ...(clock && !deps.config.production ? [clockRoute(clock)] : [])];
};

const freeBytesMin = 64 * 1024 * 1024;
const lagPatienceMs = 2_000;

const readiness = async ({
  store,
  host: running,
  config,
  stopping,
}: {
  store: EventStore;
  host: Host;
  config: Configuration;
  stopping: AbortSignal;
}) => {
  if (stopping.aborted) throw new Error('stopping');
  await store.probe();
  if (!(await running.waitFor(await running.head(), lagPatienceMs))) throw new Error('the read model is behind');
  const disk = await statfs(config.dataDirectory);
  if (disk.bavail * disk.bsize < freeBytesMin) throw new Error('the disk is full');
};

const listening = (server: Server, config: Configuration): Promise<Server> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(config.port, config.host, () => {
      server.off('error', reject);
      resolve(server);
    });
  });

type Stopping = {
  readonly name: string;
  readonly server: Server;
  readonly running: Host;
  readonly stopping: AbortController;
  readonly log: Log;
  readonly wall: WallClock;
  readonly opened: (() => Promise<void> | void)[];
};

const stopper =
  ({ name, server, running, stopping, log, wall, opened }: Stopping) =>
  async (): Promise<void> => {
    log.info({}, `${name} is stopping`);
    stopping.abort();
    const closed = new AbortController();
    server.close(() => closed.abort());
    const drained = async () => {
      // A connection that is kept alive turns idle only after its last answer.
      while (!closed.signal.aborted) {
        server.closeIdleConnections();
        await wall.sleep(50, closed.signal);
      }
    };
    await running.stop(drained());
    server.closeAllConnections();
    for (const close of [...opened].reverse()) {
      try {
        await close();
      } catch (error) {
        log.error({ error: messageOf(error) }, 'closing failed');
      }
    }
    log.info({}, `${name} has stopped`);
  };
