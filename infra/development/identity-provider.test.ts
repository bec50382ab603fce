import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createRemoteJWKSet, decodeJwt, errors, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Child } from './system/child.ts';
import { programOf, startServer, temporaryDirectory } from './testing.ts';

const uscc = '91350100M000100Y43';
const data = temporaryDirectory();
let provider: { child: Child; url: string };

beforeAll(async () => {
  provider = await startServer('identity-provider', data.path);
});
afterAll(async () => {
  await provider.child.stop();
  data.remove();
});

const ask = (fields: Record<string, string>) =>
  fetch(`${provider.url}/token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'urn:tongdui:development-grant', client_id: 'tongdui-scripts', ...fields }),
  });
const tokenOf = async (fields: Record<string, string>): Promise<string> => {
  const answer = (await (await ask(fields)).json()) as { access_token: string };
  return answer.access_token;
};
const verify = (token: string, options: { currentDate?: Date } = {}) =>
  jwtVerify(token, createRemoteJWKSet(new URL(`${provider.url}/jwks`)), {
    issuer: provider.url,
    audience: 'tongdui',
    algorithms: ['ES256'],
    ...options,
  });

describe('the development grant', () => {
  test('a token says who acts, for which city, in which roles, for an hour', async () => {
    const { payload } = await verify(await tokenOf({ person: 'reviewer-2.310117' }));
    expect(payload).toMatchObject({ sub: 'reviewer-2.310117', city: '310117', roles: ['reviewer'] });
    expect(payload.org).toBeUndefined();
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(3600);
  });

  test('a person of an organisation carries its code', async () => {
    const { payload } = await verify(await tokenOf({ person: `lab.330400.${uscc}` }));
    expect(payload).toMatchObject({ sub: `lab.330400.${uscc}`, city: '330400', org: uscc, roles: ['lab'] });
  });

  test.each(['reviewer-9.310117', 'lab.330400.91350100M000100Y44', `lab.G60.${uscc}`, `payer.330400.${uscc}`, ''])(
    'there is no person %s',
    async (person) => {
      const response = await ask({ person });
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ error: 'invalid_grant' });
    },
  );

  test('a short-lived token is refused after its time', async () => {
    const token = await tokenOf({ person: 'payer.330400', expires_in: '2' });
    await verify(token);
    await expect(verify(token, { currentDate: new Date(Date.now() + 3000) })).rejects.toBeInstanceOf(errors.JWTExpired);
  });

  test.each(['0', '3601', '1.5', 'long'])('a lifetime of %s seconds is refused', async (expires_in) => {
    expect((await ask({ person: 'payer.330400', expires_in })).status).toBe(400);
  });

  test('the portal may not use it', async () => {
    expect((await ask({ person: 'payer.330400', client_id: 'tongdui-portal' })).status).toBe(400);
  });
});

test('everyone seeded is listed and gets a token: eleven seats in each city, five at G60', async () => {
  const { people } = (await (await fetch(`${provider.url}/people`)).json()) as { people: { sub: string; city: string; roles: string[] }[] };
  expect(people.filter(({ city }) => city === '341800').map(({ sub }) => sub)).toHaveLength(11);
  expect(people.filter(({ city }) => city === 'G60').map(({ sub }) => sub)).toEqual([
    'joint-office-1.G60',
    'joint-office-2.G60',
    'reviewer.G60',
    'auditor.G60',
    'operator.G60',
  ]);
  for (const { sub, city, roles } of people.filter(({ city }) => city === 'G60' || city === '310117'))
    expect(decodeJwt(await tokenOf({ person: sub }))).toMatchObject({ sub, city, roles });
});

test('a token outlives a restart of the provider', async () => {
  const token = await tokenOf({ person: 'auditor.G60' });
  await provider.child.restart();
  expect((await verify(token)).payload.sub).toBe('auditor.G60');
});

test('the portal signs a person in by choosing one on a page that says it is for development', async () => {
  const verifier = 'a-code-verifier-of-at-least-forty-three-characters';
  const cookies = new Map<string, string>();
  const visit = async (url: string, init: RequestInit = {}) => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(new URL(url, provider.url), { ...init, headers: { cookie }, redirect: 'manual' });
    for (const line of response.headers.getSetCookie()) {
      const [name = '', value = ''] = (line.split(';')[0] ?? '').split('=');
      cookies.set(name, value);
    }
    return response;
  };
  const next = (response: Response) => response.headers.get('location') ?? '';
  const redirect = 'http://127.0.0.1:7430/callback';
  const request = new URLSearchParams({
    client_id: 'tongdui-portal',
    response_type: 'code',
    scope: 'openid',
    redirect_uri: redirect,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  const page = next(await visit(`/auth?${request.toString()}`));
  expect(await (await visit(page)).text()).toContain('Development only: no password');
  const nobody = await visit(page, { method: 'POST', body: new URLSearchParams({ organisation: '<script>' }) });
  expect(nobody.status).toBe(400);
  expect(await nobody.text()).toContain('&lt;script&gt;');
  const resume = next(await visit(page, { method: 'POST', body: new URLSearchParams({ person: 'treasurer.340100', organisation: '' }) }));
  const back = new URL(next(await visit(resume)));
  expect(back.href.startsWith(redirect)).toBe(true);
  const answer = await visit('/token', {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: 'tongdui-portal',
      code: back.searchParams.get('code') ?? '',
      redirect_uri: redirect,
      code_verifier: verifier,
    }),
  });
  const tokens = (await answer.json()) as { access_token: string; id_token: string };
  expect((await verify(tokens.access_token)).payload).toMatchObject({ sub: 'treasurer.340100', city: '340100', roles: ['treasurer'] });
  expect(decodeJwt(tokens.id_token)).toMatchObject({ sub: 'treasurer.340100', city: '340100', name: '合肥 资金专员' });
});

test.each(['identity-provider', 'bank'] as const)('%s refuses production in one line', (name) => {
  const { status, stderr } = spawnSync(process.execPath, [programOf(name)], {
    env: { ...process.env, NODE_ENV: 'production' },
    encoding: 'utf8',
  });
  expect(status).toBe(1);
  expect(stderr).toMatch(/^the .* is for development only and does not start with NODE_ENV=production\n$/);
});
