import { type Home, homes, type Instant, type ServiceName, serviceNames } from '@tongdui/contracts';
import { developmentHost } from '../development-only.ts';
import { freePorts, isTaken } from './ports.ts';

/** A set is one deployment of all five services for some homes: one set of everything, or nine of one city each. */
export type ServiceSet = { readonly name: string; readonly cities: readonly Home[] };

export const everywhere: readonly ServiceSet[] = [{ name: 'corridor', cities: homes }];

/** Ports that cannot be had; the message says in one line what to do. */
export class PortsRefusal extends Error {}

export type Layout = {
  readonly nats: number;
  readonly identityProvider: number;
  readonly bank: number;
  readonly services: readonly ServicePlace[];
};

export type ServicePlace = {
  readonly set: ServiceSet;
  readonly service: ServiceName;
  readonly port: number;
  /** Name of the process. */
  readonly name: string;
  readonly url: string;
};

/** `base` nats, +1 identity provider, +2 bank, +10 to +14 the services of the first set, +20 to +24 of the second. Without a base: any free ports. */
export const layOut = async (sets: readonly ServiceSet[], basePort: number | undefined): Promise<Layout> => {
  const names = new Set(sets.map(({ name }) => name));
  if (names.size !== sets.length) throw new Error('every set needs a name of its own');
  const count = 3 + sets.length * serviceNames.length;
  const ports = basePort === undefined ? await freePorts(count) : portsFrom(basePort, sets.length);
  const [nats, identityProvider, bank, ...rest] = ports as readonly [number, number, number, ...number[]];
  const services = sets.flatMap((set, setIndex) =>
    serviceNames.map((service, index) => {
      const port = rest[setIndex * serviceNames.length + index] ?? 0;
      return { set, service, port, name: `${set.name}/${service}`, url: urlAt(port) };
    }),
  );
  return { nats, identityProvider, bank, services };
};

/** Of what somebody has typed. */
export const portOf = (text: string): number => {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_000)
    throw new PortsRefusal(`${text} 不是 1 到 65000 之间的端口号 · ${text} is no port number from 1 to 65000`);
  return port;
};

export const urlAt = (port: number): string => `http://${developmentHost}:${port}`;

/** One line that names the first port somebody else listens on. */
export const refuseTakenPorts = async (layout: Layout, natsIsOurs: boolean): Promise<void> => {
  const wanted: readonly (readonly [string, number])[] = [
    ...(natsIsOurs ? [['nats', layout.nats] as const] : []),
    ['identity-provider', layout.identityProvider],
    ['bank', layout.bank],
    ...layout.services.map(({ name, port }) => [name, port] as const),
  ];
  for (const [name, port] of wanted)
    if (await isTaken(port))
      throw new PortsRefusal(
        `端口 ${port}（${name}）已被占用，请用 --port 或 TONGDUI_PORT 另选 · port ${port} (${name}) is taken; choose others with --port or TONGDUI_PORT`,
      );
};

const portsFrom = (base: number, sets: number): readonly number[] => [
  base,
  base + 1,
  base + 2,
  ...Array.from({ length: sets }, (_, set) => serviceNames.map((_service, index) => base + 10 + set * 10 + index)).flat(),
];

/** Where each home's resources of a service are; the first set that serves a home counts. */
const cityUrls = (layout: Layout, service: ServiceName): Readonly<Record<string, string>> => {
  const urls = new Map<string, string>();
  for (const place of layout.services)
    if (place.service === service) for (const home of place.set.cities) if (!urls.has(home)) urls.set(home, place.url);
  return Object.fromEntries(urls);
};

export type ServiceSurroundings = {
  readonly dataDirectory: string;
  readonly natsUrl: string;
  readonly busPrefix?: string | undefined;
  readonly issuer: string;
  readonly bankUrl: string;
  readonly clock: 'wall' | { readonly frozenAt: Instant };
  readonly eventStoreDbUrl?: string | undefined;
  readonly streamPrefix?: string | undefined;
};

/** Everything a service is told. Production tells it the same names by other means. */
export const serviceEnvironment = (place: ServicePlace, layout: Layout, around: ServiceSurroundings): Record<string, string> => ({
  NODE_ENV: 'development',
  CITIES: place.set.cities.join(','),
  HOST: developmentHost,
  PORT: String(place.port),
  DATA_DIR: around.dataDirectory,
  NATS_URL: around.natsUrl,
  OIDC_ISSUER: around.issuer,
  OIDC_AUDIENCE: 'tongdui',
  BANK_URL: around.bankUrl,
  CITY_URLS: JSON.stringify(cityUrls(layout, place.service)),
  LOG_LEVEL: process.env.LOG_LEVEL ?? 'info',
  ...(around.busPrefix ? { BUS_PREFIX: around.busPrefix } : {}),
  ...(around.eventStoreDbUrl ? { EVENTSTOREDB_URL: around.eventStoreDbUrl } : {}),
  ...(around.streamPrefix ? { STREAM_PREFIX: around.streamPrefix } : {}),
  ...(around.clock === 'wall'
    ? { CLOCK: 'wall' }
    : { CLOCK: 'adjustable', CLOCK_FILE: `${around.dataDirectory}/clock.json`, CLOCK_INITIAL: around.clock.frozenAt }),
});
