import { type Attributes, context as otelContext, propagation, type Span, SpanKind, trace } from '@opentelemetry/api';
import type { Home, ServiceName } from '@tongdui/contracts';
import { StoreUnavailable } from '@tongdui/event-store';
import express, { type ErrorRequestHandler, type Express, type Request as HttpRequest, type Response } from 'express';
import { randomUUID } from 'node:crypto';
import { afterTokens } from './after.ts';
import type { Authenticate } from './auth.ts';
import { batchAnswer } from './batch.ts';
import type { CommandContext } from './command-route.ts';
import type { Endpoint, PlainEndpoint } from './endpoint.ts';
import type { Host } from './host.ts';
import { messageOf } from './host.seams.ts';
import type { Metrics } from './metrics.ts';
import { type NounEndpoint, parseListQuery, type Reply } from './noun-route.ts';
import { detailsOf, type Failure, FailureError, failure } from './problems.ts';
import type { ReadModel } from './read-model.ts';
import { routeTable } from './route-table.ts';
import type { BusinessClock, Log, WallClock } from './seams.ts';

export type ApplicationOptions = {
  readonly service: ServiceName;
  readonly homes: readonly Home[];
  readonly cityUrls: Readonly<Record<string, string>>;
  readonly authenticate: Authenticate;
  readonly host: Host;
  readonly readModel: ReadModel;
  readonly epoch: string;
  readonly clock: BusinessClock;
  readonly wall: WallClock;
  readonly log: Log;
  readonly routes: readonly Endpoint[];
  /** JSON that anyone may read, by path: `/openapi.json`. */
  readonly open?: Readonly<Record<string, () => unknown>>;
  readonly metrics?: Metrics;
  readonly limits?: { readonly inFlightMax?: number };
  /** Answers `/readyz`: rejects with the reason why requests should go elsewhere. */
  readonly ready?: () => Promise<void>;
};

const bodyBytesMax = 64 * 1024;
const batchBytesMax = 512 * 1024;
const afterWaitMs = 2_000;
const tracer = trace.getTracer('@tongdui/runtime');

type Local = { traceId: string; startedMs: number; reason?: string; route: string; span: Span };
type Exchange = { readonly req: HttpRequest; readonly res: Response };

/** The HTTP face of a service. Nothing here decides: it parses, asks who is there, calls an operation, and answers. */
export const application = (options: ApplicationOptions): Express => {
  const { service, homes, cityUrls, host, readModel, clock, log } = options;
  const tokens = afterTokens(service, options.epoch);
  const context: CommandContext = { homes, cityUrls, clock, tokens };
  const commands = options.routes.filter((route) => route.is === 'command');
  const nouns = new Map(options.routes.filter((route) => route.is === 'noun').map((route) => [route.noun, route]));
  const table = routeTable(commands.map((command) => [command.path, command] as const));
  const app = express();
  app.disable('x-powered-by').disable('etag').set('query parser', 'simple').enable('case sensitive routing');

  const handler =
    (run: (exchange: Exchange) => Promise<void>) =>
    async (req: HttpRequest, res: Response): Promise<void> => {
      try {
        await run({ req, res });
      } catch (error) {
        fail(req, res, error);
      }
    };

  const fail = (req: HttpRequest, res: Response, error: unknown) => {
    const failed = failureOfError(error);
    if (failed.code === 'internal')
      log.error({ service, path: req.path, traceId: localOf(res).traceId, error: stackOf(error) }, 'a request failed unexpectedly');
    sendFailure(req, res, failed);
  };

  const waitForAfter = async (token: unknown): Promise<void> => {
    if (token === undefined) return;
    if (typeof token !== 'string') throw new FailureError(failure('bad-request', { detail: 'after is given once' }));
    if (await host.waitFor(tokens.decode(token), afterWaitMs)) return;
    throw new FailureError(failure('read-model-behind'));
  };

  probes(app, options);
  app.use(observed(options));
  app.use(bounded(options.limits?.inFlightMax ?? 1_000));

  app.put(
    '/batches/:id',
    handler(async ({ req, res }) => {
      localOf(res).route = '/batches/{id}';
      await readBody(req, res, batchBody);
      const actor = await options.authenticate(req.headers.authorization);
      sendJson(
        res,
        200,
        await batchAnswer({ id: req.params['id'] as string, body: req.body, actor, traceId: localOf(res).traceId, log }, table, context),
      );
    }),
  );
  for (const [path, document] of Object.entries(options.open ?? {})) {
    app.get(
      path,
      handler(async ({ res }) => {
        localOf(res).route = path;
        sendJson(res, 200, await document());
      }),
    );
  }
  for (const route of options.routes) if (route.is === 'plain') plain(app, route, options, handler, waitForAfter);

  app.put(
    '/{*path}',
    handler(async ({ req, res }) => {
      const found = table.find(req.path);
      if (!found) throw new FailureError(nothingHere(req, table.find(req.path) !== undefined, nouns));
      const { target: command, params } = found;
      localOf(res).route = command.path;
      await readBody(req, res, commandBody);
      const actor = await options.authenticate(req.headers.authorization);
      const ifMatch = req.headers['if-match'];
      const reply = await command.run({ actor, params, body: req.body, ...(ifMatch === undefined ? {} : { ifMatch }) }, context);
      if (reply.is === 'failed') return sendFailure(req, res, reply.failure);
      res.setHeader('location', reply.location);
      res.setHeader('etag', `"${reply.answer.revision}"`);
      if (reply.status === 202) res.setHeader('retry-after', '1');
      sendJson(res, reply.status, reply.answer);
    }),
  );

  for (const noun of nouns.values()) {
    app.get(
      `/${noun.noun}`,
      handler(async ({ req, res }) => {
        localOf(res).route = `/${noun.noun}`;
        const actor = await options.authenticate(req.headers.authorization);
        const query = parseListQuery(req.query);
        await waitForAfter(query.after);
        send(res, 200, noun.list({ actor, query }, { homes, cityUrls, readModel }));
      }),
    );
    app.get(
      `/${noun.noun}/:id`,
      handler(async ({ req, res }) => {
        localOf(res).route = `/${noun.noun}/{id}`;
        const actor = await options.authenticate(req.headers.authorization);
        await waitForAfter(req.query['after']);
        send(res, 200, noun.one({ actor, id: req.params['id'] as string }, { homes, cityUrls, readModel }));
      }),
    );
  }

  app.use((req: HttpRequest, res: Response) => sendFailure(req, res, nothingHere(req, table.find(req.path) !== undefined, nouns)));
  const onError: ErrorRequestHandler = (error, req, res, _next) => fail(req, res, error);
  app.use(onError);
  return app;
};

type Handler = (run: (exchange: Exchange) => Promise<void>) => (req: HttpRequest, res: Response) => Promise<void>;

const plain = (
  app: Express,
  route: PlainEndpoint,
  options: ApplicationOptions,
  handler: Handler,
  waitForAfter: (token: unknown) => Promise<void>,
) => {
  const path = route.path.replace(/\{(\w+)\}/g, ':$1');
  app[route.method === 'GET' ? 'get' : 'put'](
    path,
    handler(async ({ req, res }) => {
      localOf(res).route = route.path;
      if (route.method === 'PUT') await readBody(req, res, commandBody);
      const actor = await options.authenticate(req.headers.authorization);
      if (route.roles && !route.roles.some((role) => (actor.roles as readonly string[]).includes(role)))
        throw new FailureError(failure('not-allowed'));
      await waitForAfter(req.query['after']);
      const reply = await route.run({ actor, params: req.params as Record<string, string>, query: req.query, body: req.body });
      if ('text' in reply) return send(res, 200, reply);
      for (const [name, value] of Object.entries(reply.headers ?? {})) res.setHeader(name, value);
      sendJson(res, reply.status ?? 200, reply.json);
    }),
  );
};

/** Asked by the platform, not by people: no sign-in, no log line, and answered even when there are too many requests. */
const probes = (app: Express, { host, ready, metrics }: ApplicationOptions) => {
  const probe = (check: () => Promise<void> | void) => async (_req: HttpRequest, res: Response) => {
    try {
      await check();
      sendText(res, 200, 'text/plain; charset=utf-8', 'ok\n');
    } catch (error) {
      sendText(res, 503, 'text/plain; charset=utf-8', `${messageOf(error)}\n`);
    }
  };
  app.get(
    '/livez',
    probe(() => {}),
  );
  app.get(
    '/startupz',
    probe(() => {
      if (!host.isStarted()) throw new Error('starting');
    }),
  );
  app.get(
    '/readyz',
    probe(async () => {
      if (!host.isStarted()) throw new Error('starting');
      await ready?.();
    }),
  );
  if (metrics) app.get('/metrics', async (_req, res) => sendText(res, 200, metrics.registry.contentType, await metrics.registry.metrics()));
};

/** One span, one log line and one duration for each request. */
const observed =
  ({ service, wall, log, metrics }: ApplicationOptions) =>
  (req: HttpRequest, res: Response, next: () => void) => {
    const attributes: Attributes = { 'http.request.method': req.method };
    const span = tracer.startSpan(
      req.method,
      { kind: SpanKind.SERVER, attributes },
      propagation.extract(otelContext.active(), req.headers),
    );
    const spanContext = span.spanContext();
    const local: Local = {
      traceId: trace.isSpanContextValid?.(spanContext) ? spanContext.traceId : randomUUID().replaceAll('-', ''),
      startedMs: wall.nowMs(),
      route: 'unmatched',
      span,
    };
    res.locals['local'] = local;
    res.setHeader('x-content-type-options', 'nosniff');
    res.setHeader('cache-control', 'no-store');
    res.setHeader('content-security-policy', "default-src 'none'; frame-ancestors 'none'");
    res.on('close', () => {
      const durationMs = wall.nowMs() - local.startedMs;
      const { statusCode: status } = res;
      const { traceId, reason, route } = local;
      metrics?.request(`${req.method} ${route}`, status, durationMs);
      log.info(
        { service, method: req.method, path: req.path, status, durationMs, traceId, ...(reason === undefined ? {} : { reason }) },
        'request',
      );
      span.updateName(`${req.method} ${route}`);
      span.setAttribute('http.route', route).setAttribute('http.response.status_code', status);
      span.end();
    });
    otelContext.with(trace.setSpan(otelContext.active(), span), next);
  };

/** More at once would only make every one of them late. */
const bounded = (inFlightMax: number) => {
  let inFlight = 0;
  return (req: HttpRequest, res: Response, next: () => void) => {
    if (inFlight >= inFlightMax) return sendFailure(req, res, failure('overloaded'));
    inFlight += 1;
    res.on('close', () => {
      inFlight -= 1;
    });
    next();
  };
};

type BodyReader = ReturnType<typeof express.json>;
const commandBody = express.json({ limit: bodyBytesMax, strict: false, inflate: false, type: 'application/json' });
const batchBody = express.json({ limit: batchBytesMax, strict: false, inflate: false, type: 'application/json' });

const readBody = async (req: HttpRequest, res: Response, read: BodyReader): Promise<void> => {
  if (!req.is('application/json')) throw new FailureError(failure('unsupported-media-type'));
  await new Promise<void>((resolve, reject) => read(req, res, (error?: unknown) => (error ? reject(error) : resolve())));
};

const failureOfError = (error: unknown): Failure => {
  if (error instanceof FailureError) return error.failure;
  if (error instanceof StoreUnavailable) return failure('store-unavailable');
  // Refusals of the body reader and the router carry a 4xx status; the message may repeat what was sent, so it stays here.
  const { status, type } = (error ?? {}) as { status?: unknown; type?: unknown };
  if (type === 'entity.parse.failed') return failure('malformed-json');
  if (status === 413) return failure('body-too-large', { headers: { connection: 'close' } });
  if (status === 415) return failure('unsupported-media-type');
  if (typeof status === 'number' && status >= 400 && status < 500) return failure('bad-request');
  return failure('internal');
};

const nothingHere = (req: HttpRequest, isCommand: boolean, nouns: ReadonlyMap<string, NounEndpoint>): Failure => {
  const [, noun = '', ...rest] = req.path.split('/');
  const allowed = [...(nouns.has(noun) && rest.length <= 1 ? ['GET', 'HEAD'] : []), ...(isCommand ? ['PUT'] : [])];
  return allowed.length === 0 ? failure('not-found') : failure('method-not-allowed', { headers: { allow: allowed.join(', ') } });
};

const localOf = (res: Response): Local => res.locals['local'] as Local;

const sendFailure = (req: HttpRequest, res: Response, failed: Failure): void => {
  const local = localOf(res);
  local.reason = failed.code;
  if (res.headersSent) return void res.destroy();
  for (const [name, value] of Object.entries(failed.headers ?? {})) res.setHeader(name, value);
  if (failed.location !== undefined) res.setHeader('location', failed.location);
  sendText(
    res,
    failed.problem.status,
    'application/problem+json; charset=utf-8',
    JSON.stringify(detailsOf(failed, req.path, local.traceId)),
  );
};

const send = (res: Response, status: number, reply: Reply): void => {
  for (const [name, value] of Object.entries(reply.headers ?? {})) res.setHeader(name, value);
  sendText(res, status, reply.type, reply.text);
};

const sendJson = (res: Response, status: number, body: unknown): void =>
  sendText(res, status, 'application/json; charset=utf-8', JSON.stringify(body));

const sendText = (res: Response, status: number, type: string, text: string): void => {
  res.statusCode = status;
  res.setHeader('content-type', type);
  res.setHeader('content-length', Buffer.byteLength(text));
  res.end(text);
};

const stackOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));
