import { hash } from 'node:crypto';
import { type Actor, Home, Role, Uscc } from '@tongdui/contracts';
import { createRemoteJWKSet, errors, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { z } from 'zod';
import { FailureError, failure } from './problems.ts';
import type { WallClock } from './seams.ts';

/** Who sends a request. Rejects with a `FailureError`: 401 without a valid token, 503 when the keys of the issuer cannot be had. */
export type Authenticate = (authorization: string | undefined) => Promise<Actor> | Actor;

export type OidcOptions = {
  readonly issuer: string;
  readonly audience: string;
  readonly wall: WallClock;
  /** Verified tokens that are remembered. */
  readonly rememberedMax?: number;
};

/** Verifying ES256 costs more than the rest of a request, so a verified token is remembered, by its hash, for a while. */
const rememberedMs = 5 * 60_000;
const tokenBytesMax = 8_192;

const Claims = z.object({
  sub: z.string().min(1).max(200),
  city: Home,
  org: Uscc.optional(),
  roles: z.array(Role).max(20),
  exp: z.number(),
});

export const oidcAuthentication = (options: OidcOptions): Authenticate => {
  const { issuer, audience, wall, rememberedMax = 10_000 } = options;
  const remembered = new Map<string, { readonly actor: Actor; readonly untilMs: number }>();
  const keys = keysOf(issuer);

  const verify = async (token: string): Promise<{ actor: Actor; untilMs: number }> => {
    const key = await keys();
    const nowMs = wall.nowMs();
    const { payload } = await jwtVerify(token, key, {
      issuer,
      audience,
      algorithms: ['ES256'],
      requiredClaims: ['sub', 'exp'],
      currentDate: new Date(nowMs),
    });
    const claims = Claims.safeParse(payload);
    if (!claims.success) throw new errors.JWTInvalid('the claims of this token do not say who acts');
    const { sub, city, org, roles, exp } = claims.data;
    return { actor: { sub, city, roles, ...(org === undefined ? {} : { org }) }, untilMs: Math.min(nowMs + rememberedMs, exp * 1_000) };
  };

  const remember = (digest: string, verified: { actor: Actor; untilMs: number }) => {
    remembered.delete(digest);
    remembered.set(digest, verified);
    if (remembered.size > rememberedMax) remembered.delete(remembered.keys().next().value as string);
  };

  return (authorization) => {
    const token = authorization?.startsWith('Bearer ') ? authorization.slice(7) : undefined;
    if (!token || token.length > tokenBytesMax) throw new FailureError(unauthenticated(false));
    const digest = hash('sha256', token, 'base64');
    const known = remembered.get(digest);
    if (known && known.untilMs > wall.nowMs()) return known.actor;
    return verify(token).then(
      (verified) => {
        remember(digest, verified);
        return verified.actor;
      },
      (error: unknown) => {
        throw new FailureError(isTokenFault(error) ? unauthenticated(true) : failure('unreachable'));
      },
    );
  };
};

const unauthenticated = (presented: boolean) =>
  failure('unauthenticated', {
    headers: { 'www-authenticate': presented ? 'Bearer realm="tongdui", error="invalid_token"' : 'Bearer realm="tongdui"' },
  });

/** The key set named by the issuer's discovery document; asked for again when the first try failed. */
const keysOf = (issuer: string): (() => Promise<JWTVerifyGetKey>) => {
  let found: Promise<JWTVerifyGetKey> | undefined;
  const discover = async (): Promise<JWTVerifyGetKey> => {
    const response = await fetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, {
      signal: AbortSignal.timeout(5_000),
      redirect: 'error',
    });
    const document = z.object({ issuer: z.string(), jwks_uri: z.url() }).parse(await response.json());
    if (document.issuer !== issuer) throw new Error(`the discovery document is of ${document.issuer}, not of ${issuer}`);
    return createRemoteJWKSet(new URL(document.jwks_uri), { timeoutDuration: 5_000, cacheMaxAge: 10 * 60_000 });
  };
  return () => {
    found ??= discover().catch((error: unknown) => {
      found = undefined;
      throw error;
    });
    return found;
  };
};

const keyFaults = new Set(['ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID', 'ERR_JOSE_GENERIC']);

/** Everything jose says about the token itself; what it says about fetching keys, and network errors, is not the caller's fault. */
const isTokenFault = (error: unknown): boolean => error instanceof errors.JOSEError && !keyFaults.has(error.code);
