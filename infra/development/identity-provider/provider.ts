import { randomBytes } from 'node:crypto';
import type { JWK } from 'jose';
import Provider, { type Configuration, errors, interactionPolicy, type KoaContextWithOIDC, type ResourceServer } from 'oidc-provider';
import { findPerson, type Person } from './people.ts';
import { signingAlgorithm } from './signing-key.ts';

const audience = 'tongdui';
/** Public client of scripts, tests and the demo; may use the development grant and nothing else. */
const scriptsClient = 'tongdui-scripts';
/** Public client of a portal on this machine; signs in with the authorization code flow and PKCE. */
const portalClient = 'tongdui-portal';
const developmentGrant = 'urn:tongdui:development-grant';

const tokenLifetimeSeconds = 3600;
const apiResource = 'urn:tongdui:api';
const scope = 'openid';
const api: ResourceServer = {
  scope,
  audience,
  accessTokenTTL: tokenLifetimeSeconds,
  accessTokenFormat: 'jwt',
  jwt: { sign: { alg: signingAlgorithm } },
};

/** An OIDC provider that takes a person's word for who they are. */
export const createProvider = (issuer: string, key: JWK): Provider => {
  const provider = new Provider(issuer, configuration(key));
  provider.registerGrantType<DevelopmentGrantParameters>(developmentGrant, answerDevelopmentGrant, ['person', 'expires_in']);
  return provider;
};

type DevelopmentGrantParameters = { person?: string; expires_in?: string };

type GrantContext = KoaContextWithOIDC & {
  oidc: { provider: Provider; client: NonNullable<KoaContextWithOIDC['oidc']['client']>; params: DevelopmentGrantParameters };
};

/** `POST /token` with `person=<sub>` and optionally `expires_in` of 1 to 3600 seconds, so that a test can see a token expire. */
const answerDevelopmentGrant = async (context: GrantContext): Promise<void> => {
  const { client, params, provider } = context.oidc;
  const person = findPerson(params.person ?? '');
  if (!person) throw new errors.CustomOIDCProviderError('invalid_grant', `there is no person ${params.person ?? ''}; see GET /people`);
  const expiresIn = params.expires_in === undefined ? tokenLifetimeSeconds : Number(params.expires_in);
  if (!Number.isInteger(expiresIn) || expiresIn < 1 || expiresIn > tokenLifetimeSeconds)
    throw new errors.InvalidRequest(`expires_in is a whole number of seconds from 1 to ${tokenLifetimeSeconds}`);
  const token = new provider.AccessToken({
    accountId: person.sub,
    client,
    resourceServer: { ...api, scopes: new Set([scope]), identifier: () => apiResource },
    grantId: developmentGrant,
    gty: developmentGrant,
    expiresIn,
  });
  context.body = { access_token: await token.save(), token_type: 'Bearer', expires_in: expiresIn };
};

const configuration = (key: JWK): Configuration => ({
  jwks: { keys: [key as NonNullable<Configuration['jwks']>['keys'][number]] },
  clients: [
    {
      client_id: scriptsClient,
      token_endpoint_auth_method: 'none',
      grant_types: [developmentGrant],
      response_types: [],
      redirect_uris: [],
      id_token_signed_response_alg: signingAlgorithm,
    },
    {
      client_id: portalClient,
      // A native client may come back to any port of the loopback address (RFC 8252, section 7.3).
      application_type: 'native',
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code'],
      response_types: ['code'],
      redirect_uris: ['http://127.0.0.1/callback'],
      id_token_signed_response_alg: signingAlgorithm,
    },
  ],
  enabledJWA: { idTokenSigningAlgValues: [signingAlgorithm] },
  claims: { openid: ['sub', 'city', 'org', 'roles', 'name'] },
  conformIdTokenClaims: false,
  scopes: [scope],
  cookies: { keys: [randomBytes(32).toString('base64url')] },
  ttl: {
    AccessToken: tokenLifetimeSeconds,
    AuthorizationCode: 60,
    IdToken: tokenLifetimeSeconds,
    Interaction: 3600,
    Session: 86_400,
    Grant: 86_400,
  },
  findAccount: (_context, sub) => {
    const person = findPerson(sub);
    return person && { accountId: sub, claims: () => ({ ...claimsOf(person), sub, name: person.name.zh }) };
  },
  extraTokenClaims: (_context, token) => {
    const person = 'accountId' in token ? findPerson(token.accountId) : undefined;
    return person && claimsOf(person);
  },
  loadExistingGrant: grantEverything,
  interactions: { policy: withoutConsent(), url: (_context, interaction) => `/interaction/${interaction.uid}` },
  features: {
    devInteractions: { enabled: false },
    userinfo: { enabled: false },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => apiResource,
      useGrantedResource: () => true,
      getResourceServerInfo: (_context, resource) => {
        if (resource !== apiResource) throw new errors.InvalidTarget();
        return api;
      },
    },
  },
});

const claimsOf = (person: Person) => ({ city: person.city, ...(person.org ? { org: person.org } : {}), roles: person.roles });

/** Nobody is asked for consent: the only applications here are Tongdui's own. */
const withoutConsent = () => {
  const policy = interactionPolicy.base();
  policy.remove('consent');
  return policy;
};

const grantEverything = async (context: KoaContextWithOIDC) => {
  const { client, session, provider } = context.oidc;
  if (!client || !session?.accountId) return undefined;
  const grant = new provider.Grant({ accountId: session.accountId, clientId: client.clientId });
  grant.addOIDCScope(scope);
  grant.addResourceScope(apiResource, scope);
  await grant.save();
  return grant;
};
