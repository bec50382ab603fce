import { homes } from '@tongdui/contracts';
import { expect, test } from 'vitest';
import { ConfigurationError, configuration } from './config.ts';

const least = {
  PORT: '8080',
  DATA_DIR: '/var/lib/tongdui',
  NATS_URL: 'nats://127.0.0.1:4222',
  OIDC_ISSUER: 'https://id.example.org',
  OIDC_AUDIENCE: 'tongdui',
};
const of = (more: Record<string, string> = {}) => configuration({ ...least, ...more }, 'issuance');

test('the least that must be said, and the defaults', () => {
  expect(of()).toEqual({
    production: false,
    homes,
    host: '127.0.0.1',
    port: 8080,
    dataDirectory: '/var/lib/tongdui',
    natsUrl: 'nats://127.0.0.1:4222',
    oidc: { issuer: 'https://id.example.org', audience: 'tongdui' },
    cityUrls: {},
    clock: { is: 'wall' },
    logLevel: 'info',
  });
});

test('everything that can be said', () => {
  const config = of({
    CITIES: 'G60, 310117',
    CITY_URLS: '{"330400":"https://jiaxing.example.org/"}',
    CLOCK: 'adjustable',
    CLOCK_INITIAL: '2026-05-01T00:00:00.000Z',
    EVENTSTOREDB_URL: 'esdb://127.0.0.1:2113?tls=false',
    NATS_URL: 'nats://one:4222,nats://two:4222',
    BUS_PREFIX: '',
  });
  expect(config.homes).toEqual(['310117', 'G60']);
  expect(config.cityUrls).toEqual({ '330400': 'https://jiaxing.example.org' });
  expect(config.clock).toEqual({ is: 'adjustable', file: '/var/lib/tongdui/issuance.clock.json', initial: '2026-05-01T00:00:00.000Z' });
  expect(config.busPrefix).toBeUndefined();
});

test.each([
  [{ PORT: '' }, 'PORT is missing: it must be a port number'],
  [{ PORT: 'http' }, 'PORT must be a port number'],
  [{ PORT: '70000' }, 'PORT must be a port number'],
  [{ CITIES: '310117,999999' }, 'CITIES must list homes'],
  [{ NATS_URL: 'http://x' }, 'NATS_URL must be a URL like nats://127.0.0.1:4222'],
  [{ OIDC_ISSUER: '' }, 'OIDC_ISSUER is missing: it must be a URL like https://id.example.org'],
  [{ EVENTSTOREDB_URL: 'http://x' }, 'EVENTSTOREDB_URL must be a URL like esdb://'],
  [{ CITY_URLS: '{"999999":"https://x"}' }, 'CITY_URLS must be JSON'],
  [{ CITY_URLS: '[' }, 'CITY_URLS must be JSON'],
  [{ CLOCK: 'sundial' }, 'CLOCK must be wall or adjustable'],
  [{ LOG_LEVEL: 'loud' }, 'LOG_LEVEL must be one of'],
  [{ NODE_ENV: 'production', CLOCK: 'adjustable' }, 'CLOCK=adjustable is for development only'],
  [{ NODE_ENV: 'production', CRASH_AT: 'follower.before-commit' }, 'CRASH_AT is for development only'],
])('%j is refused in one clear line', (more, message) => {
  const refused = () => of(more as Record<string, string>);
  expect(refused).toThrow(ConfigurationError);
  expect(refused).toThrow(`issuance cannot start: ${message}`);
  expect(refused).not.toThrow(/\n/);
});
