import type { RequestListener } from 'node:http';
import type { Home, ServiceName } from '@tongdui/contracts';
import express, { type ErrorRequestHandler, type Express, type Request as HttpRequest, type Response } from 'express';
import { type AfterTokens, afterTokens, unusable } from './after.ts';
import type { Authenticate } from './auth.ts';
import { batchAnswer } from './batch.ts';
import type { CommandContext, CommandEndpoint } from './command-route.ts';
import type { Endpoint, JsonReply, PlainEndpoint } from './endpoint.ts';
import {
  batchBody,
  commandBody,
  type Exchange,
  failureOfError,
  localOf,
  observed,
  readBody,
  send,
  sendFailure,
  sendJson,
  sendText,
} from './exchange.ts';
import { type Bounds, gate } from './gate.ts';
import { messageOf } from './host.seams.ts';
import type { Host } from './host.ts';
import type { Metrics } from './metrics.ts';
import { type NounEndpoint, parseListQuery, type Reply } from './noun-route.ts';
import { type Failure, FailureError, failure } from './problems.ts';
import type { ReadModel } from './read-model.ts';
import { type RouteTable, routeTable } from './route-table.ts';
import type { BusinessClock, Log, WallClock } from './seams.ts';

export type ApplicationOptions = {
  readonly service: ServiceName;
  readonly homes: readonly Home[];
  /** Home → base URL of the process that serves it, for 421. */
  readonly cityUrls: Readonly<Record<string, string>>;
  readonly authenticate: Authenticate;
  readonly host: Pick<Host, 'isStarted' | 'waitFor' | 'head'>;
  readonly readModel: ReadModel;
  /** Epoch of the store, for the tokens of read-your-writes. */
  readonly epoch: string;
  readonly clock: BusinessClock;
  readonly wall: WallClock;
  readonly log: Log;
  readonly routes: readonly Endpoint[];
  /** What anyone may read, by path: `/openapi.json`. */
  readonly open?: Readonly<Record<string, Open>>;
  readonly metrics?: Metrics;
  readonly limits?: Partial<Bounds>;
  /** For `/readyz`: rejects with the reason why requests should go elsewhere. */
  readonly ready?: () => Promise<void>;
};

const bounds: Bounds = { inFlightMax: 1_000, turnMaxMs: 250 };
/** Nearly every token is seen this soon; only for the others the store is asked whether it has the position at all. */
const afterSoonMs = 100;
const afterWaitMs = 2_000;

type Handler = (run: (exchange: Exchange) => Promise<void>) => (req: HttpRequest, res: Response) => Promise<void>;
type Shared = {
  readonly options: ApplicationOptions;
  readonly context: CommandContext;
  readonly table: RouteTable<CommandEndpoint>;
  readonly handler: Handler;
  readonly waitForAfter: (token: unknown) => Promise<void>;
};

/** The HTTP face of a service. Nothing here decides: it parses, asks who is there, calls an operation, and answers. */
export const application = (options: ApplicationOptions): RequestListener => {
  const { service, homes, cityUrls, clock, log, routes } = options;
  const tokens = afterTokens(service, options.epoch);
  const table = routeTable(routes.flatMap((route) => (route.is === 'command' ? [[route.path, route] as const] : [])));
  const addresses = routeTable(methodsByPath(options));
  const fail = (exchange: Exchange, error: unknown) => {
    const failed = failureOfError(error);
    if (failed.code === 'internal')
      log.error(
        { path: exchange.req.path, traceId: localOf(exchange.res).traceId, error: stackOf(error) },
        'a request failed unexpectedly',
      );
    sendFailure(exchange, failed);
  };
  const handler: Handler = (run) => async (req, res) => {
    try {
      await run({ req, res });
    } catch (error) {
      fail({ req, res }, error);
    }
  };
  const shared: Shared = {
    options,
    context: { homes, cityUrls, clock, tokens },
    table,
    handler,
    waitForAfter: afterWaiter(options, tokens),
  };

  const app = express();
  app.disable('x-powered-by').disable('etag').set('query parser', 'simple').enable('case sensitive routing');
  addProbes(app, options);
  app.use(observed(options));
  addCommands(app, shared);
  for (const [path, open] of Object.entries(options.open ?? {})) addOpen(app, path, open, shared);
  for (const route of routes) if (route.is === 'plain') addPlain(app, route, shared);
  for (const route of routes) if (route.is === 'noun') addNoun(app, route, shared);
  app.use((req: HttpRequest, res: Response) => sendFailure({ req, res }, nothingHere(req.path, addresses)));
  const onError: ErrorRequestHandler = (error, req, res, _next) => fail({ req, res }, error);
  app.use(onError);
  const { limits, wall, metrics } = options;
  return gate(app, { bounds: { ...bounds, ...limits }, open: new Set(probes), wall, log, ...(metrics ? { metrics } : {}) });
};

const addCommands = (app: Express, { options, context, table, handler }: Shared) => {
  app.put(
    '/batches/:id',
    handler(async ({ req, res }) => {
      localOf(res).route = '/batches/{id}';
      const body = await readBody({ req, res }, batchBody);
      const actor = await options.authenticate(req.headers.authorization);
      sendJson(
        res,
        200,
        await batchAnswer({ id: req.params.id as string, body, actor, traceId: localOf(res).traceId, log: options.log }, table, context),
      );
    }),
  );
  const commands = ({ target: command, params }: Found) =>
    handler(async ({ req, res }) => {
      localOf(res).route = command.path;
      const body = await readBody({ req, res }, commandBody);
      const actor = await options.authenticate(req.headers.authorization);
      const ifMatch = req.headers['if-match'];
      const reply = await command.run({ actor, params, body, ...(ifMatch === undefined ? {} : { ifMatch }) }, context);
      if (reply.is === 'failed') return sendFailure({ req, res }, reply.failure);
      const headers = { location: reply.location, etag: `"${reply.answer.revision}"` };
      sendJson(res, reply.status, reply.answer, reply.status === 202 ? { ...headers, 'retry-after': '1' } : headers);
    });
  // Nearly all requests are commands: they are found by our own table, before the router goes through everything else.
  app.use((req, res, next) => {
    const found = req.method === 'PUT' ? table.find(req.path) : undefined;
    if (found) void commands(found)(req, res);
    else next();
  });
};

type Found = Exclude<ReturnType<RouteTable<CommandEndpoint>['find']>, undefined>;

const addNoun = (app: Express, noun: NounEndpoint, { options, handler, waitForAfter }: Shared) => {
  const { authenticate } = options;
  app.get(
    `/${noun.noun}`,
    handler(async ({ req, res }) => {
      localOf(res).route = `/${noun.noun}`;
      const actor = await authenticate(req.headers.authorization);
      const query = parseListQuery(req.query);
      await waitForAfter(query.after);
      send(res, noun.list({ actor, query }, options));
    }),
  );
  app.get(
    `/${noun.noun}/:id`,
    handler(async ({ req, res }) => {
      localOf(res).route = `/${noun.noun}/{id}`;
      const actor = await authenticate(req.headers.authorization);
      await waitForAfter(req.query.after);
      send(res, noun.one({ actor, id: req.params.id as string }, options));
    }),
  );
};

const addPlain = (app: Express, route: PlainEndpoint, { options, handler, waitForAfter }: Shared) => {
  const run = handler(async ({ req, res }) => {
    localOf(res).route = route.path;
    const body = route.method === 'PUT' ? await readBody({ req, res }, commandBody) : undefined;
    const actor = await options.authenticate(req.headers.authorization);
    if (route.roles && !route.roles.some((role) => (actor.roles as readonly string[]).includes(role)))
      throw new FailureError(failure('not-allowed'));
    await waitForAfter(req.query.after);
    const reply = await route.run({ actor, params: req.params as Record<string, string>, query: req.query, body });
    if ('text' in reply) send(res, reply);
    else sendJson(res, reply.status ?? 200, reply.json, reply.headers);
  });
  const path = route.path.replace(/\{(\w+)\}/g, ':$1');
  if (route.method === 'GET') app.get(path, run);
  else app.put(path, run);
};

export type Open = () => JsonReply | Reply | Promise<JsonReply | Reply>;

const addOpen = (app: Express, path: string, open: Open, { handler }: Shared) => {
  app.get(
    path,
    handler(async ({ res }) => {
      localOf(res).route = path;
      const reply = await open();
      if ('text' in reply) send(res, reply);
      else sendJson(res, 200, reply.json);
    }),
  );
};

const probes = ['/livez', '/startupz', '/readyz', '/metrics'] as const;

/** Asked by the platform, not by people: no sign-in, no log line, and answered even when there are too many requests (the gate lets them in). */
const addProbes = (app: Express, { host, ready, metrics }: ApplicationOptions) => {
  const text = 'text/plain; charset=utf-8';
  const probe = (check: () => Promise<void> | void) => async (_req: HttpRequest, res: Response) => {
    try {
      await check();
      sendText(res, 200, text, 'ok\n');
    } catch (error) {
      sendText(res, 503, text, `${messageOf(error)}\n`);
    }
  };
  const started = () => {
    if (!host.isStarted()) throw new Error('starting');
  };
  app.get(
    '/livez',
    probe(() => {}),
  );
  app.get('/startupz', probe(started));
  app.get(
    '/readyz',
    probe(async () => {
      started();
      await ready?.();
    }),
  );
  if (metrics) app.get('/metrics', async (_req, res) => sendText(res, 200, metrics.registry.contentType, await metrics.registry.metrics()));
};

const afterWaiter =
  ({ host }: ApplicationOptions, tokens: AfterTokens) =>
  async (token: unknown): Promise<void> => {
    if (token === undefined) return;
    if (typeof token !== 'string') throw unusable('after is given once');
    const position = tokens.decode(token);
    if (await host.waitFor(position, afterSoonMs)) return;
    if (position > (await host.head())) throw unusable('after is not a token that a command has answered');
    if (await host.waitFor(position, afterWaitMs)) return;
    throw new FailureError(failure('read-model-behind'));
  };

/** Everything that can be asked of a service, to tell an address that there is not from a method that it does not take. */
const methodsByPath = ({ routes, open }: ApplicationOptions): (readonly [path: string, methods: ReadonlySet<string>])[] => {
  const read = ['GET', 'HEAD'];
  const all: (readonly [string, readonly string[]])[] = [
    ...[...probes, ...Object.keys(open ?? {})].map((path) => [path, read] as const),
    ['/batches/{id}', ['PUT']],
    ...routes.flatMap((route): (readonly [string, readonly string[]])[] => {
      if (route.is === 'command') return [[route.path, ['PUT']]];
      if (route.is === 'plain') return [[route.path, route.method === 'GET' ? read : ['PUT']]];
      return [`/${route.noun}`, `/${route.noun}/{id}`].map((path) => [path, read] as const);
    }),
  ];
  const byPath = new Map<string, Set<string>>();
  for (const [path, methods] of all) {
    const key = path
      .split('/')
      .map((segment, place) => (segment.startsWith('{') ? `{at${place}}` : segment))
      .join('/');
    byPath.set(key, new Set([...(byPath.get(key) ?? []), ...methods]));
  }
  return [...byPath];
};

const nothingHere = (path: string, addresses: RouteTable<ReadonlySet<string>>): Failure => {
  const methods = addresses.find(path)?.target;
  return methods === undefined
    ? failure('not-found')
    : failure('method-not-allowed', { headers: { allow: [...methods].sort().join(', ') } });
};

const stackOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));
