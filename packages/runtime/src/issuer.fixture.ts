import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Actor } from '@tongdui/contracts';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

/** A sign-in service of a test: discovery, keys, and tokens of every kind. */
export type Issuer = {
  readonly url: string;
  /** Requests for keys so far. */
  keysAsked(): number;
  sign(actor: Partial<Actor> & Record<string, unknown>, options?: SignOptions): Promise<string>;
  stop(): Promise<void>;
};
export type SignOptions = {
  readonly nowMs: number;
  readonly audience?: string;
  readonly issuer?: string;
  readonly lifeSeconds?: number;
  readonly key?: 'right' | 'forged' | 'symmetric';
};

export const issuer = async (): Promise<Issuer> => {
  const right = await generateKeyPair('ES256');
  const forged = await generateKeyPair('ES256');
  const jwk = { ...(await exportJWK(right.publicKey)), kid: 'key-1', alg: 'ES256', use: 'sig' };
  let asked = 0;
  const server = createServer((req, res) => {
    res.setHeader('content-type', 'application/json');
    if (req.url === '/.well-known/openid-configuration') res.end(JSON.stringify({ issuer: url, jwks_uri: `${url}/keys` }));
    else {
      asked += 1;
      res.end(JSON.stringify({ keys: [jwk] }));
    }
  });
  const url = await listen(server);
  return {
    url,
    keysAsked: () => asked,
    sign: (
      { sub, ...claims },
      { nowMs, audience = 'tongdui', issuer: from = url, lifeSeconds = 600, key = 'right' } = { nowMs: Date.now() },
    ) => {
      const now = Math.floor(nowMs / 1_000);
      const token = new SignJWT(claims)
        .setProtectedHeader({ alg: key === 'symmetric' ? 'HS256' : 'ES256', kid: 'key-1' })
        .setSubject(sub ?? 'someone')
        .setIssuer(from)
        .setAudience(audience)
        .setIssuedAt(now)
        .setExpirationTime(now + lifeSeconds);
      // The classic forgery: the public key taken for a shared secret.
      if (key === 'symmetric') return token.sign(new TextEncoder().encode(JSON.stringify(jwk)));
      return token.sign(key === 'right' ? right.privateKey : forged.privateKey);
    },
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
};

export const listen = (server: Server): Promise<string> =>
  new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)));
