import { homes as corridorHomes, Home, Instant } from '@tongdui/contracts';
import { z } from 'zod';

/** What a process is told by its environment. */
export type Configuration = {
  readonly production: boolean;
  readonly homes: readonly Home[];
  readonly host: string;
  readonly port: number;
  readonly dataDirectory: string;
  readonly natsUrl: string;
  /** First token of every subject and stream name at the broker, so that several systems can share one. */
  readonly busPrefix?: string;
  readonly eventStoreDbUrl?: string;
  readonly streamPrefix?: string;
  readonly oidc: { readonly issuer: string; readonly audience: string };
  readonly cityUrls: Readonly<Record<string, string>>;
  readonly clock: { readonly is: 'wall' } | { readonly is: 'adjustable'; readonly file: string; readonly initial: Instant };
  readonly crashAt?: string;
  /** Tells processes apart that serve the same homes of the same service. */
  readonly replica?: string;
  readonly logLevel: LogLevel;
  readonly otlpEndpoint?: string;
};
type LogLevel = (typeof logLevels)[number];

/** The one clear line with which a process refuses to start. */
export class ConfigurationError extends Error {
  override name = 'ConfigurationError';
}

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'silent'] as const;
const url = (protocols: RegExp, like: string) => z.url({ protocol: protocols, error: `must be a URL like ${like}` });

const Environment = z.object({
  NODE_ENV: z.string().optional(),
  CITIES: z
    .string()
    .default(corridorHomes.join(','))
    .transform((text) => text.split(',').map((home) => home.trim()))
    .pipe(
      z
        .array(
          z.enum(corridorHomes as unknown as [string, ...string[]], {
            error: `must list homes out of ${corridorHomes.join(', ')}, separated by commas`,
          }),
        )
        .min(1),
    ),
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: z.coerce.number({ error: 'must be a port number' }).int().min(0).max(65_535),
  DATA_DIR: z.string({ error: 'must name the directory of the databases' }).min(1),
  NATS_URL: z
    .string({ error: 'must be a URL like nats://127.0.0.1:4222' })
    .refine(
      (text) => text.split(',').every((one) => url(/^(nats|tls)$/, '').safeParse(one).success),
      'must be a URL like nats://127.0.0.1:4222, or several separated by commas',
    ),
  BUS_PREFIX: z
    .string()
    .regex(/^[a-z0-9-]{1,32}$/, 'must be 1 to 32 of a-z, 0-9 and -')
    .optional(),
  EVENTSTOREDB_URL: url(/^(esdb|kurrentdb)(\+discover)?$/, 'esdb://127.0.0.1:2113?tls=false').optional(),
  STREAM_PREFIX: z
    .string()
    .regex(/^[a-z0-9-]{1,32}$/, 'must be 1 to 32 of a-z, 0-9 and -')
    .optional(),
  OIDC_ISSUER: url(/^https?$/, 'https://id.example.org'),
  OIDC_AUDIENCE: z.string({ error: 'must be the audience of the tokens, e.g. tongdui' }).min(1),
  CITY_URLS: z.string().default('{}').transform(parseCityUrls),
  CLOCK: z.enum(['wall', 'adjustable'], { error: 'must be wall or adjustable' }).default('wall'),
  CLOCK_FILE: z.string().min(1).optional(),
  CLOCK_INITIAL: Instant.default('2026-01-01T00:00:00.000Z' as Instant),
  CRASH_AT: z
    .string()
    .regex(/^[a-z0-9.-]+(:[1-9]\d*)?$/, 'must be the name of a crash point, or name:3 for its third time')
    .optional(),
  REPLICA: z
    .string()
    .regex(/^[a-z0-9-]{1,32}$/, 'must be 1 to 32 of a-z, 0-9 and -')
    .optional(),
  LOG_LEVEL: z.enum(logLevels, { error: `must be one of ${logLevels.join(', ')}` }).default('info'),
  OTEL_EXPORTER_OTLP_ENDPOINT: url(/^https?$/, 'http://127.0.0.1:4318').optional(),
});

/** Reads the environment; throws one `ConfigurationError` that names every variable that is wrong and what it must be. */
export const configuration = (environment: Readonly<Record<string, string | undefined>>, service: string): Configuration => {
  // An empty variable is what compose files make of one that is not set.
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = Environment.safeParse(given);
  if (!parsed.success) {
    const complaints = parsed.error.issues.map(
      ({ path, message }) => `${String(path[0])} ${given[String(path[0])] === undefined ? 'is missing: it ' : ''}${message}`,
    );
    throw new ConfigurationError(`${service} cannot start: ${[...new Set(complaints)].join('; ')}`);
  }
  const env = parsed.data;
  const production = env.NODE_ENV === 'production';
  const refused =
    production && [env.CLOCK === 'adjustable' && 'CLOCK=adjustable', env.CRASH_AT !== undefined && 'CRASH_AT'].filter(Boolean);
  if (refused && refused.length > 0)
    throw new ConfigurationError(
      `${service} cannot start: ${refused.join(' and ')} is for development only; unset it, or NODE_ENV=production`,
    );
  return {
    production,
    homes: corridorHomes.filter((home) => env.CITIES.includes(home)),
    host: env.HOST,
    port: env.PORT,
    dataDirectory: env.DATA_DIR,
    natsUrl: env.NATS_URL,
    ...(env.BUS_PREFIX === undefined ? {} : { busPrefix: env.BUS_PREFIX }),
    ...(env.EVENTSTOREDB_URL === undefined ? {} : { eventStoreDbUrl: env.EVENTSTOREDB_URL }),
    ...(env.STREAM_PREFIX === undefined ? {} : { streamPrefix: env.STREAM_PREFIX }),
    oidc: { issuer: env.OIDC_ISSUER, audience: env.OIDC_AUDIENCE },
    cityUrls: env.CITY_URLS,
    clock:
      env.CLOCK === 'wall'
        ? { is: 'wall' }
        : { is: 'adjustable', file: env.CLOCK_FILE ?? `${env.DATA_DIR}/${service}.clock.json`, initial: env.CLOCK_INITIAL },
    ...(env.CRASH_AT === undefined ? {} : { crashAt: env.CRASH_AT }),
    ...(env.REPLICA === undefined ? {} : { replica: env.REPLICA }),
    logLevel: env.LOG_LEVEL,
    ...(env.OTEL_EXPORTER_OTLP_ENDPOINT === undefined ? {} : { otlpEndpoint: env.OTEL_EXPORTER_OTLP_ENDPOINT }),
  };
};

function parseCityUrls(text: string, context: z.RefinementCtx): Record<string, string> {
  const urls = z.partialRecord(Home, url(/^https?$/, 'https://songjiang.example.org')).safeParse(jsonOf(text));
  if (urls.success) return Object.fromEntries(Object.entries(urls.data).map(([home, base]) => [home, String(base).replace(/\/+$/, '')]));
  context.addIssue({ code: 'custom', message: 'must be JSON of home to base URL, like {"310117":"https://songjiang.example.org"}' });
  return z.NEVER;
}

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
