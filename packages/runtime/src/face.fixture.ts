import { createServer, type Server } from 'node:http';
import type { Actor, ProblemDetails } from '@tongdui/contracts';
import { oidcAuthentication } from './auth.ts';
import { type Host, host } from './host.ts';
import { application } from './http.ts';
import { type Issuer, listen, type SignOptions } from './issuer.fixture.ts';
import { metricsOf } from './metrics.ts';
import { clockRoute, operatorRoutes } from './operator-routes.ts';
import { type CounterService, counterRoutes, counterService, jiaxing, reviewer, type Stage, songjiang, stage } from './testing.ts';

/** The small service behind HTTP, with tokens of a local issuer, and what was logged. */
export type Face = {
  readonly url: string;
  readonly seams: Stage;
  readonly service: CounterService;
  readonly running: Host;
  readonly lines: Record<string, unknown>[];
  /** Requests that wait in `/held/{id}` until they are released. */
  held(): number;
  release(): void;
  tokenOf(actor?: Claims, options?: Partial<SignOptions>): Promise<string>;
  call(path: string, sent?: Sent): Promise<Received>;
  idle(): Promise<void>;
  stop(): Promise<void>;
};
export type Claims = Partial<Actor> & Record<string, unknown>;
type Sent = {
  readonly method?: string;
  readonly body?: unknown;
  readonly raw?: string;
  readonly headers?: Record<string, string>;
  readonly actor?: Claims;
  readonly token?: string | undefined;
};
export type Received = {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: Record<string, unknown> & ProblemDetails;
};

export const inFlightMax = 3;

export const face = async (signIn: Issuer): Promise<Face> => {
  const lines: Record<string, unknown>[] = [];
  const log = {
    debug: () => {},
    info: (fields: object) => void lines.push(fields as Record<string, unknown>),
    warn: () => {},
    error: () => {},
  };
  const seams = stage({ homes: [songjiang], log });
  const service = counterService(seams.store, seams.wall);
  const running = host(service, seams);
  await seams.wall.until(() => running.isStarted());
  let release: () => void = () => {};
  let held = 0;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const server: Server = createServer(
    application({
      service: 'registry',
      homes: seams.homes,
      cityUrls: { [jiaxing]: 'https://jiaxing.example.org' },
      authenticate: oidcAuthentication({ issuer: signIn.url, audience: 'tongdui', wall: seams.wall }),
      host: running,
      readModel: seams.readModel,
      epoch: seams.store.epoch,
      clock: seams.clock,
      wall: seams.wall,
      log,
      metrics: metricsOf('registry'),
      limits: { inFlightMax },
      open: {
        '/openapi.json': () => ({ json: { openapi: '3.1.0' } }),
        '/development/status': async () => ({ json: await running.status() }),
      },
      routes: [
        ...counterRoutes(seams.store, seams.wall),
        ...operatorRoutes({
          service: 'registry',
          homes: seams.homes,
          host: running,
          reports: {
            figures: () => ({ pots: { p: 1 } }),
            invariants: () => ({ service: 'registry', invariants: { 2: { held: false, checked: 3, violations: ['one'] } } }),
          },
        }),
        clockRoute(seams.clock),
        {
          is: 'plain',
          method: 'GET',
          path: '/held/{id}',
          run: async ({ params }) => {
            held += 1;
            await released;
            return { json: params };
          },
        },
        {
          is: 'plain',
          method: 'GET',
          path: '/broken',
          run: () => {
            throw new Error('secret: password of the database');
          },
        },
      ],
    }),
  );
  const url = await listen(server);
  const tokenOf = (actor: Claims = reviewer, options: Partial<SignOptions> = {}) =>
    signIn.sign(actor, { nowMs: seams.wall.nowMs(), ...options });
  return {
    url,
    seams,
    service,
    running,
    lines,
    held: () => held,
    release,
    tokenOf,
    call: async (path, sent = {}) => received(await fetch(`${url}${path}`, await requestOf(sent, tokenOf))),
    idle: () => seams.wall.until(async () => (await running.status()).idle),
    stop: async () => {
      release();
      server.closeAllConnections();
      server.close();
      let stopped = false;
      void running.stop().then(() => {
        stopped = true;
      });
      await seams.wall.until(() => stopped);
    },
  };
};

const requestOf = async (
  { method = 'PUT', body, raw, headers = {}, actor, ...rest }: Sent,
  tokenOf: Face['tokenOf'],
): Promise<RequestInit> => {
  const token = 'token' in rest ? rest.token : await tokenOf(actor);
  const text = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  const type: Record<string, string> = text === undefined ? {} : { 'content-type': 'application/json' };
  const authorization: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return { method, headers: { ...type, ...authorization, ...headers }, ...(text === undefined ? {} : { body: text }) };
};

const received = async (response: Response): Promise<Received> => {
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json');
  return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : undefined };
};
