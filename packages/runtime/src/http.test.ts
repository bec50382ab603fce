import { type Home, ProblemDetails as ProblemSchema } from '@tongdui/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { oidcAuthentication } from './auth.ts';
import { type Claims, type Face, face, inFlightMax, type Received } from './face.fixture.ts';
import { type Issuer, issuer } from './issuer.fixture.ts';
import { counterId, enterprise, jiaxing, reviewer, songjiang } from './testing.ts';

let signIn: Issuer;
let at: Face;
beforeAll(async () => {
  signIn = await issuer();
});
afterAll(() => signIn.stop());
beforeEach(async () => {
  at = await face(signIn);
  return () => at.stop();
});
const call: Face['call'] = (...sent) => at.call(...sent);
const tokenOf: Face['tokenOf'] = (...wanted) => at.tokenOf(...wanted);
const one = counterId(songjiang, 1);
const addition = (number: number) => `/counters/${one}/additions/01J${String(number).padStart(23, '0')}`;
const nothingRecorded = async () => expect(await at.seams.store.head()).toBe('');

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
    expect((await at.seams.store.readLast(`registry.${songjiang}.${one.slice(7)}`))?.revision).toBe(0);
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
    const line = at.lines.find((each) => each.method === 'PUT');
    expect(line).toMatchObject({
      method: 'PUT',
      path: addition(7),
      status: 404,
      reason: 'counter-unknown',
      traceId: expect.any(String),
      durationMs: expect.any(Number),
    });
    expect(JSON.stringify(at.lines)).not.toMatch(/4242|r-1|Bearer/);
  });
});

describe('bad input is refused with its own problem, and nothing is recorded', () => {
  const path = `/counters/${one}`;
  const cases: [code: string, status: number, sent: () => Promise<Received>][] = [
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
    for (const readOnly of ['/tie-outs', '/openapi.json', '/livez'])
      expect((await call(readOnly, { body: {} })).headers.get('allow')).toBe('GET, HEAD');
    expect((await call('/lines/issuance-310117/skip', { method: 'GET' })).headers.get('allow')).toBe('PUT');
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
    at.seams.wall.advance(99_000);
    expect((await call(path, { body: {}, token })).status).toBe(200);
    at.seams.wall.advance(2_000);
    expect((await call(path, { body: {}, token })).status).toBe(401);
    expect(signIn.keysAsked()).toBeLessThan(60);
  });

  test('cannot be judged while the keys are out of reach: 503, not 401', async () => {
    const authenticate = oidcAuthentication({ issuer: 'http://127.0.0.1:9', audience: 'tongdui', wall: at.seams.wall });
    await expect(authenticate(`Bearer ${await tokenOf()}`)).rejects.toMatchObject({ failure: { code: 'unreachable' } });
  });
});

test('more requests at once than the limit are told to come again', async () => {
  const waiting = [1, 2, 3].map((id) => call(`/held/${id}`, { method: 'GET' }));
  await at.seams.wall.until(() => at.held() === inFlightMax);
  const refused = await call('/counters', { method: 'GET' });
  expect([refused.status, refused.json.code, refused.headers.get('retry-after')]).toEqual([503, 'overloaded', '1']);
  expect((await fetch(`${at.url}/livez`)).status).toBe(200);
  at.release();
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
  expect((answer.json.items as { status: number }[]).map(({ status }) => status)).toEqual([201, 201, 409, 422, 421, 404]);
  const again = await call('/batches/b1', { body: { items } });
  expect((again.json.items as { status: number }[]).map(({ status }) => status)).toEqual([200, 200, 409, 422, 421, 404]);
  expect((await call('/batches/b2', { body: { items: Array.from({ length: 101 }, () => items[0]) } })).status).toBe(422);
});

test('operators see lines and figures and move the clock; others may not', async () => {
  const operator: Claims = { sub: 'o', city: 'G60' as Home, roles: ['operator'] };
  const report = { service: 'registry', invariants: { 2: { held: false, checked: 3, violations: ['one'] } } };
  const figures = { service: 'registry', figures: { pots: { p: 1 } }, skipped: [] };
  expect((await call('/tie-outs', { method: 'GET', actor: operator })).json).toEqual(figures);
  expect((await call('/invariants', { method: 'GET', actor: operator })).json).toEqual(report);
  expect((await call('/invariants', { method: 'GET' })).json.code).toBe('not-allowed');
  const ofOneCity: Claims = { ...operator, city: '330400' as Home };
  for (const path of ['/invariants', '/tie-outs', '/lines'])
    expect((await call(path, { method: 'GET', actor: ofOneCity })).json.code).toBe('not-allowed');
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
  expect((await fetch(`${at.url}/metrics`)).headers.get('content-type')).toContain('text/plain');
  expect(await (await fetch(`${at.url}/readyz`)).text()).toBe('ok\n');
});
