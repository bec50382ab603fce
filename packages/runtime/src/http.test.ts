import { createServer, type Server } from 'node:http';
import type { Actor, Home, ProblemDetails } from '@tongdui/contracts';
import { ProblemDetails as ProblemSchema } from '@tongdui/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { oidcAuthentication } from './auth.ts';
import { type Host, host } from './host.ts';
import { application } from './http.ts';
import { type Issuer, issuer, listen, type SignOptions } from './issuer.fixture.ts';
import { clockRoute, operatorRoutes } from './operator-routes.ts';
import { metricsOf } from './metrics.ts';
import {
  counterId,
  counterRoutes,
  type CounterService,
  counterService,
  enterprise,
  jiaxing,
  otherOrganisation,
  reviewer,
  songjiang,
  type Stage,
  stage,
} from './testing.ts';

let signIn: Issuer;
let server: Server;
let url: string;
let seams: Stage;
let service: CounterService;
let running: Host;
let release: () => void;
let held = 0;
const lines: Record<string, unknown>[] = [];

beforeAll(async () => {
  signIn = await issuer();
});
afterAll(() => signIn.stop());

beforeEach(async () => {
  lines.length = 0;
  const log = { debug: () => {}, info: (fields: object) => void lines.push(fields as never), warn: () => {}, error: () => {} };
  seams = stage({ homes: [songjiang], log });
  service = counterService(seams.store, seams.wall);
  running = host(service, seams);
  await seams.wall.until(() => running.isStarted());
  held = 0;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const app = application({
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
    limits: { inFlightMax: 3 },
    open: { '/openapi.json': () => ({ openapi: '3.1.0' }), '/development/status': () => running.status() },
    routes: [
      ...counterRoutes(seams.store, seams.wall),
      ...operatorRoutes({ host: running, tieOuts: () => [{ name: 'sums-agree', holds: true }] }),
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
  });
  server = createServer(app);
  url = await listen(server);
  return async () => {
    release();
    server.closeAllConnections();
    server.close();
    const stopped = running.stop();
    seams.wall.advance(30_000);
    await stopped;
  };
});

const tokenOf = (actor: Partial<Actor> & Record<string, unknown> = reviewer, options: Partial<SignOptions> = {}) =>
  signIn.sign(actor, { nowMs: seams.wall.nowMs(), ...options });

type Sent = {
  method?: string;
  body?: unknown;
  raw?: string;
  headers?: Record<string, string>;
  actor?: Partial<Actor> & Record<string, unknown>;
  token?: string | undefined;
};
const call = async (path: string, { method = 'PUT', body, raw, headers = {}, actor, ...rest }: Sent = {}) => {
  const token = 'token' in rest ? rest.token : await tokenOf(actor);
  const text = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      ...(text === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...(text === undefined ? {} : { body: text }),
  });
  const answer = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json');
  return {
    status: response.status,
    headers: response.headers,
    text: answer,
    json: (isJson ? JSON.parse(answer) : undefined) as Record<string, unknown> & ProblemDetails,
  };
};

const one = counterId(songjiang, 1);
const addition = (number: number) => `/counters/${one}/additions/01J${String(number).padStart(23, '0')}`;
const nothingRecorded = async () => expect(await seams.store.head()).toBe('');

describe('a command', () => {
  test('is 201 first, 200 when it is repeated, 409 with another body under the same id', async () => {
    const first = await call(`/counters/${one}`, { body: { enterprise } });
    expect(first.status).toBe(201);
    expect(first.json).toEqual({ id: one, status: 'done', revision: 0, after: expect.any(String) });
    expect(first.headers.get('location')).toBe(`/counters/${one}`);
    expect(first.headers.get('etag')).toBe('"0"');
    expect((await call(`/counters/${one}`, { raw: `{ "enterprise" : "${enterprise}" }` })).status).toBe(200);
    expect((await call(`/counters/${one}/`, { body: { enterprise } })).status).toBe(200);
    const other = await call(`/counters/${one}`, { body: {} });
    expect([other.status, other.json.code]).toEqual([409, 'id-reused']);
    expect((await seams.store.readLast(`registry.${songjiang}.${one.slice(7)}`))?.revision).toBe(0);
  });

  test('answers each reason with its own problem, in both languages, and no secrets', async () => {
    const unknown = await call(addition(1), { body: { amount: 1 } });
    expect(unknown.status).toBe(404);
    expect(unknown.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(ProblemSchema.parse(unknown.json)).toMatchObject({
      type: 'urn:tongdui:problem:counter-unknown',
      code: 'counter-unknown',
      zh: '没有该计数器',
      en: 'No such counter',
      instance: addition(1),
    });
    expect(unknown.json.traceId).toMatch(/^[0-9a-f]{32}$/);
    const broken = await call('/broken', { method: 'GET' });
    expect([broken.status, broken.json.code, broken.text.includes('secret')]).toEqual([500, 'internal', false]);
  });

  test('with If-Match is decided only on the revision that was read', async () => {
    await call(`/counters/${one}`, { body: {} });
    expect((await call(addition(1), { body: { amount: 1 }, headers: { 'if-match': '"0"' } })).status).toBe(201);
    const stale = await call(addition(2), { body: { amount: 1 }, headers: { 'if-match': '"0"' } });
    expect([stale.status, stale.json.code]).toEqual([412, 'stale-revision']);
    expect((await call(addition(2), { body: { amount: 1 }, headers: { 'if-match': '"1"' } })).status).toBe(201);
  });

  test('leaves one log line with ids and reason, without its body', async () => {
    await call(addition(7), { body: { amount: 4_242 } });
    const line = lines.find((each) => each['method'] === 'PUT');
    expect(line).toMatchObject({
      method: 'PUT',
      path: addition(7),
      status: 404,
      reason: 'counter-unknown',
      traceId: expect.any(String),
      durationMs: expect.any(Number),
    });
    expect(JSON.stringify(lines)).not.toMatch(/4242|r-1|Bearer/);
  });
});

describe('bad input is refused with its own problem, and nothing is recorded', () => {
  const path = `/counters/${one}`;
  const cases: [code: string, status: number, sent: () => Promise<Awaited<ReturnType<typeof call>>>][] = [
    ['malformed-json', 400, () => call(path, { raw: '{"enterprise":' })],
    ['body-too-large', 413, () => call(path, { body: { remark: 'x'.repeat(65 * 1024) } })],
    ['unsupported-media-type', 415, () => call(path, { raw: '{}', headers: { 'content-type': 'text/plain' } })],
    ['unsupported-media-type', 415, () => call(path, { raw: '{}', headers: { 'content-encoding': 'gzip' } })],
    ['unsupported-media-type', 415, () => call(path)],
    ['invalid-request', 422, () => call(path, { body: { enterprise: '123' } })],
    ['invalid-request', 422, () => call(path, { body: { surprise: 1 } })],
    ['invalid-request', 422, () => call(path, { raw: '"text"' })],
    ['invalid-request', 422, () => call(path, { raw: '{"remark":"\\ud800"}' })],
    ['invalid-request', 422, () => call('/counters/310117-counter-1', { body: {} })],
    ['invalid-request', 422, () => call(addition(1), { body: { amount: 1.5 } })],
    ['bad-request', 400, () => call(path, { body: {}, headers: { 'if-match': 'W/"1"' } })],
    ['bad-request', 400, () => call(path, { body: {}, headers: { 'if-match': '*' } })],
    ['not-allowed', 403, () => call(path, { body: {}, actor: { ...reviewer, roles: ['auditor'] } })],
    ['misdirected', 421, () => call(`/counters/${counterId(jiaxing, 1)}`, { body: {} })],
    ['not-found', 404, () => call('/nothing/here', { body: {} })],
    ['bad-request', 400, () => call('/counters/%E0%A4%A', { body: {} })],
    ['method-not-allowed', 405, () => call(path, { method: 'DELETE' })],
    ['method-not-allowed', 405, () => call('/counters', { body: {} })],
    ['method-not-allowed', 405, () => call(addition(1), { method: 'GET' })],
  ];
  test.each(cases)('%s %i', async (code, status, sent) => {
    const answer = await sent();
    expect([answer.status, answer.json.code]).toEqual([status, code]);
    ProblemSchema.parse(answer.json);
    await nothingRecorded();
  });

  test('422 names every place that is wrong', async () => {
    const { json } = await call(path, { body: { enterprise: '1', surprise: 1 } });
    expect(new Set(json.issues?.map((issue) => issue.path))).toEqual(new Set(['body.enterprise', 'body']));
  });

  test('421 says where the other city decides, 405 what is possible', async () => {
    const other = await call(`/counters/${counterId(jiaxing, 1)}`, { body: {} });
    expect(other.headers.get('location')).toBe(`https://jiaxing.example.org/counters/${counterId(jiaxing, 1)}`);
    expect((await call(path, { method: 'DELETE' })).headers.get('allow')).toBe('GET, HEAD, PUT');
  });
});

describe('a token', () => {
  const path = `/counters/${one}`;
  const cases: [what: string, token: () => Promise<string | undefined> | string | undefined][] = [
    ['missing', () => undefined],
    ['no token at all', () => 'abc'],
    ['forged', () => tokenOf(reviewer, { key: 'forged' })],
    ['signed with the public key as a secret', () => tokenOf(reviewer, { key: 'symmetric' })],
    ['unsigned', async () => `${btoa('{"alg":"none"}')}.${(await tokenOf()).split('.')[1]}.`],
    ['expired', () => tokenOf(reviewer, { lifeSeconds: -1 })],
    ['for another audience', () => tokenOf(reviewer, { audience: 'another' })],
    ['of another issuer', () => tokenOf(reviewer, { issuer: 'https://elsewhere.example.org' })],
    ['of a city that is no member', () => tokenOf({ ...reviewer, city: '110000' as Home })],
    ['with a role nobody knows', () => tokenOf({ ...reviewer, roles: ['emperor'] as never })],
    ['too long', () => 'x'.repeat(9_000)],
  ];
  test.each(cases)('that is %s is refused', async (_, token) => {
    const answer = await call(path, { body: {}, token: await token() });
    expect([answer.status, answer.json.code]).toEqual([401, 'unauthenticated']);
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer realm="tongdui"/);
    await nothingRecorded();
  });

  test('is verified once and remembered until it expires, at most five minutes', async () => {
    const token = await tokenOf(reviewer, { lifeSeconds: 100 });
    expect((await call(path, { body: {}, token })).status).toBe(201);
    seams.wall.advance(99_000);
    expect((await call(path, { body: {}, token })).status).toBe(200);
    seams.wall.advance(2_000);
    expect((await call(path, { body: {}, token })).status).toBe(401);
    expect(signIn.keysAsked()).toBeLessThan(60);
  });

  test('cannot be judged while the keys are out of reach: 503, not 401', async () => {
    const authenticate = oidcAuthentication({ issuer: 'http://127.0.0.1:9', audience: 'tongdui', wall: seams.wall });
    await expect(authenticate(`Bearer ${await tokenOf()}`)).rejects.toMatchObject({ failure: { code: 'unreachable' } });
  });
});

describe('reading', () => {
  const list = (query: string, actor: Partial<Actor> & Record<string, unknown> = reviewer) =>
    call(`/counters${query}`, { method: 'GET', actor });
  const idsOf = (answer: Awaited<ReturnType<typeof call>>) => (answer.json['items'] as { id: string }[]).map((item) => item.id);

  test('sees one’s own command with its token, and says 503 when it cannot yet', async () => {
    const { json } = await call(`/counters/${one}`, { body: {} });
    const read = await call(`/counters/${one}?after=${json['after']}`, { method: 'GET' });
    expect([read.status, read.json.status]).toEqual([200, 'open']);
    await running.stop();
    const later = await call(addition(1), { body: { amount: 1 } });
    const behind = call(`/counters?after=${later.json['after']}`, { method: 'GET' });
    let answered: Awaited<typeof behind> | undefined;
    void behind.then((answer) => {
      answered = answer;
    });
    await seams.wall.until(() => answered !== undefined);
    expect([answered?.status, answered?.json.code, answered?.headers.get('retry-after')]).toEqual([503, 'read-model-behind', '1']);
  });

  test.each([
    ['of another service', { service: 'ledger', epoch: 'first', position: '' }],
    ['of another store', { service: 'registry', epoch: 'second', position: '' }],
    ['with more in it', { service: 'registry', epoch: 'first', position: '', more: 1 }],
    ['that is no token', 'nonsense'],
    ['of a future that no command has reached', { service: 'registry', epoch: 'first', position: '9'.repeat(16) }],
  ])('refuses a token %s', async (_, token) => {
    const asked = list(`?after=${Buffer.from(JSON.stringify(token)).toString('base64url')}`);
    let answer: Awaited<typeof asked> | undefined;
    void asked.then((got) => {
      answer = got;
    });
    await seams.wall.until(() => answer !== undefined);
    expect([answer?.status, answer?.json.code]).toEqual([400, 'bad-request']);
  });

  test('pages keep their filters and stay whole while rows arrive', async () => {
    for (const number of [2, 4, 6, 8, 10])
      await service.run(counterId(songjiang, number), { type: 'Open', enterprise: number === 10 ? 'other' : enterprise });
    await seams.wall.until(async () => (await running.status()).idle);
    const first = await list(`?limit=2&enterprise=${enterprise}&status=open`);
    expect(idsOf(first)).toEqual([2, 4].map((number) => counterId(songjiang, number)));
    for (const number of [1, 5, 7]) await service.run(counterId(songjiang, number), { type: 'Open', enterprise });
    await seams.wall.until(async () => (await running.status()).idle);
    const second = await list((first.json['next'] as string).replace('/counters', ''));
    expect(idsOf(second)).toEqual([5, 6].map((number) => counterId(songjiang, number)));
    const third = await list((second.json['next'] as string).replace('/counters', ''));
    expect(idsOf(third)).toEqual([7, 8].map((number) => counterId(songjiang, number)));
    expect(third.json['next']).toBeUndefined();
  });

  test.each(['?limit=0', '?limit=201', '?limit=x', '?unknown=1', '?format=xml', '?status=a&status=b'])('refuses %s', async (query) => {
    expect((await list(query)).status).toBe(422);
  });
  test('refuses a cursor it has not given', async () => {
    expect((await list('?cursor=%00')).status).toBe(400);
  });

  test('shows one’s own organisation and city only; the rest does not exist', async () => {
    await service.run(one, { type: 'Open', enterprise });
    await service.run(counterId(songjiang, 2), { type: 'Open' });
    await seams.wall.until(async () => (await running.status()).idle);
    const seen = async (actor: Partial<Actor> & Record<string, unknown>) => [
      idsOf(await list('', actor)).length,
      (await call(`/counters/${one}`, { method: 'GET', actor })).status,
    ];
    expect(await seen({ ...reviewer })).toEqual([2, 200]);
    expect(await seen({ sub: 'e', city: songjiang, org: enterprise, roles: ['enterprise'] })).toEqual([1, 200]);
    expect(await seen({ sub: 'e', city: songjiang, org: otherOrganisation, roles: ['enterprise'] })).toEqual([0, 404]);
    expect(await seen({ sub: 'e', city: songjiang, roles: ['enterprise'] })).toEqual([0, 404]);
    expect(await seen({ sub: 'r', city: jiaxing, roles: ['reviewer'] })).toEqual([0, 404]);
    expect(await seen({ sub: 'a', city: jiaxing, roles: ['auditor'] })).toEqual([0, 404]);
    expect(await seen({ sub: 'a', city: 'G60' as Home, roles: ['auditor'] })).toEqual([2, 200]);
    expect(await seen({ sub: 't', city: 'G60' as Home, roles: ['treasurer'] })).toEqual([0, 404]);
  });

  test('exports CSV without formulas', async () => {
    await service.run(one, { type: 'Open', enterprise });
    await service.run(one, { type: 'Add', amount: 3, by: '=HYPERLINK("http://x")' });
    await seams.wall.until(async () => (await running.status()).idle);
    const { text, headers } = await list('?format=csv');
    expect(headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(text).toBe(`id,home,status,total,enterprise,note\r\n${one},${songjiang},open,3,${enterprise},"by =HYPERLINK(""http://x"")"\r\n`);
  });
});

test('more requests at once than the limit are told to come again', async () => {
  const waiting = [1, 2, 3].map((id) => call(`/held/${id}`, { method: 'GET' }));
  await seams.wall.until(() => held === 3);
  const refused = await call('/counters', { method: 'GET' });
  expect([refused.status, refused.json.code, refused.headers.get('retry-after')]).toEqual([503, 'overloaded', '1']);
  expect((await fetch(`${url}/livez`)).status).toBe(200);
  release();
  expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([200, 200, 200]);
  expect((await call('/counters', { method: 'GET' })).status).toBe(200);
});

test('a batch answers each of its commands as the command alone would be', async () => {
  const items = [
    { path: `/counters/${one}`, body: {} },
    { path: addition(1), body: { amount: 7 } },
    { path: addition(1), body: { amount: 8 } },
    { path: addition(2), body: { amount: 0 } },
    { path: `/counters/${counterId(jiaxing, 1)}`, body: {} },
    { path: '/batches/another', body: {} },
  ];
  const answer = await call('/batches/b1', { body: { items } });
  expect((answer.json['items'] as { status: number }[]).map(({ status }) => status)).toEqual([201, 201, 409, 422, 421, 404]);
  const again = await call('/batches/b1', { body: { items } });
  expect((again.json['items'] as { status: number }[]).map(({ status }) => status)).toEqual([200, 200, 409, 422, 421, 404]);
  expect((await call('/batches/b2', { body: { items: Array.from({ length: 101 }, () => items[0]) } })).status).toBe(422);
});

test('operators see lines and figures and move the clock; others may not', async () => {
  const operator: Actor = { sub: 'o', city: 'G60' as Home, roles: ['operator'] };
  expect((await call('/tie-outs', { method: 'GET', actor: operator })).json).toEqual({ items: [{ name: 'sums-agree', holds: true }] });
  expect((await call('/invariants', { method: 'GET' })).json.code).toBe('not-allowed');
  expect((await call('/lines', { method: 'GET', actor: operator })).json).toEqual({ halted: [], skipped: [] });
  expect((await call('/lines/registry-310117/redrive', { actor: operator, body: {} })).json.code).toBe('line-not-halted');
  expect((await call('/lines/nobody/skip', { actor: operator, body: { reason: 'x' } })).json.code).toBe('not-found');
  const now = '2026-03-02T00:00:00.000Z';
  expect((await call('/development/clock', { actor: operator, body: { now } })).json).toEqual({ now });
  expect((await call('/development/clock', { actor: operator, body: { now: '2026-03-01T00:00:00.000Z' } })).json.code).toBe(
    'clock-would-go-back',
  );
  expect((await call('/development/clock', { body: { now } })).json.code).toBe('not-allowed');
  expect((await call('/development/status', { method: 'GET', token: undefined })).json).toMatchObject({ service: 'registry', now });
  expect((await call('/openapi.json', { method: 'GET', token: undefined })).json).toEqual({ openapi: '3.1.0' });
  expect((await fetch(`${url}/metrics`)).headers.get('content-type')).toContain('text/plain');
  expect(await (await fetch(`${url}/readyz`)).text()).toBe('ok\n');
});
