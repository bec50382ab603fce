import { decodeJwt, decodeProtectedHeader, generateKeyPair, importJWK, type JWTPayload, SignJWT } from 'jose';

/** Tokens that somebody might try, made from a good one: what they say, and the text of the Authorization header. */

export const badTokens = [
  'that is not there',
  'of another scheme',
  'that is no token',
  'signed by another key',
  'with alg none',
  'signed with the public key as a secret',
  'with other claims under the old signature',
  'without a signature',
  'for another audience',
  'of another issuer',
  'expired an hour ago',
  'that never expires',
  'that does not say who acts',
  'with a role that there is not',
] as const;
export type BadToken = (typeof badTokens)[number];

/** Where a token is wrong in its claims alone, it carries the real signature of the identity provider. */
export const badToken = async (kind: BadToken, good: string, providerKey: object, issuer: string): Promise<string> => {
  const [head = '', body = '', signature = ''] = good.split('.');
  const claims = decodeJwt(good);
  const bearer = (token: string) => `Bearer ${token}`;
  const signed = async (change: JWTPayload, key?: Awaited<ReturnType<typeof importJWK>>) => {
    const by = key ?? (await importJWK(providerKey, 'ES256'));
    const { kid } = decodeProtectedHeader(good);
    const header = { alg: 'ES256', typ: 'at+jwt', ...(kid === undefined ? {} : { kid }) };
    return bearer(await new SignJWT({ ...claims, ...change }).setProtectedHeader(header).sign(by));
  };
  switch (kind) {
    case 'that is not there':
      return '';
    case 'of another scheme':
      return `Basic ${base64('operator:operator')}`;
    case 'that is no token':
      return bearer('one.two.three');
    case 'signed by another key':
      return signed({}, (await generateKeyPair('ES256')).privateKey);
    case 'with alg none':
      return bearer(`${base64(JSON.stringify({ alg: 'none', typ: 'at+jwt' }))}.${body}.`);
    case 'signed with the public key as a secret':
      return bearer(await new SignJWT(claims).setProtectedHeader({ alg: 'HS256', typ: 'at+jwt' }).sign(await publicKeyText(issuer)));
    case 'with other claims under the old signature':
      return bearer(`${head}.${base64(JSON.stringify({ ...claims, roles: ['operator', 'approver', 'lab'] }))}.${signature}`);
    case 'without a signature':
      return bearer(`${head}.${body}.`);
    case 'for another audience':
      return signed({ aud: 'somebody-else' });
    case 'of another issuer':
      return signed({ iss: 'http://127.0.0.1:1' });
    case 'expired an hour ago':
      return signed({ exp: Math.floor(Date.now() / 1_000) - 3_600 });
    case 'that never expires':
      return signed({ exp: undefined });
    case 'that does not say who acts':
      return signed({ sub: undefined });
    case 'with a role that there is not':
      return signed({ roles: ['emperor'] });
  }
};

const base64 = (text: string): string => Buffer.from(text).toString('base64url');

const publicKeyText = async (issuer: string): Promise<Uint8Array> => {
  const discovered = (await (await fetch(`${issuer}/.well-known/openid-configuration`)).json()) as { jwks_uri: string };
  return new TextEncoder().encode(await (await fetch(discovered.jwks_uri)).text());
};

/** A token of the identity provider that is good for one second. */
export const shortLivedToken = async (issuer: string, person: string): Promise<string> => {
  const response = await fetch(`${issuer}/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'urn:tongdui:development-grant',
      client_id: 'tongdui-scripts',
      person,
      expires_in: '1',
    }),
  });
  return ((await response.json()) as { access_token: string }).access_token;
};
