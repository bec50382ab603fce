import { setTimeout as delay } from 'node:timers/promises';
import {
  bookHomeOf,
  type CommandRoute,
  corridorHome,
  type Home,
  homeOf,
  type Party,
  ProblemDetails,
  type ServiceName,
} from '@tongdui/contracts';
import type { z } from 'zod';
import { type Attempt, Desk } from './desk.ts';
import type { System } from './system/handle.ts';
import { type Answer, Wire } from './wire.ts';

/** What a service answered. A problem is a value: `code` is its reason, or `unreachable` when there was no answer at all (status 0). */
export type Reply<Body = unknown> =
  | { readonly ok: true; readonly status: number; readonly body: Body }
  | { readonly ok: false; readonly status: number; readonly code: string; readonly body: unknown };

/** A command that was sent, with its final answer. */
export type Sent = {
  readonly service: ServiceName;
  readonly path: string;
  readonly body: unknown;
  readonly person: string;
  readonly reply: Reply;
  readonly durationMs: number;
};

export type ClientOptions = {
  /** Told of every command once it has its final answer. */
  readonly onCommand?: (sent: Sent) => void;
  /** Whose commands go out in batches: officers act on lists. Nobody's by default. */
  readonly actsOnLists?: (person: string) => boolean;
};

export type PutOptions = {
  /** False: a 202 is an answer like any other. Default: the same command is repeated until it is decided, for two minutes at most. */
  readonly untilDecided?: boolean;
};

export type Client = {
  /** Sends a command to the process that serves the home in its path. */
  put(service: ServiceName, path: string, body: unknown, person: string, options?: PutOptions): Promise<Reply>;
  /** The same by its route, typed. */
  run<Params extends z.ZodRawShape, Body extends z.ZodType>(
    route: CommandRoute<Params, Body>,
    params: { readonly [Name in keyof Params]: string },
    body: z.input<Body>,
    person: string,
    options?: PutOptions,
  ): Promise<Reply>;
  /** One resource, or what else a path answers. */
  get<Body = unknown>(service: ServiceName, path: string, person: string): Promise<Reply<Body>>;
  /** The answers of every process of a service to the same question. */
  everywhere<Body = unknown>(service: ServiceName, path: string, person: string): Promise<readonly Body[]>;
  /** Every row this person may read, of every process of the service, page after page. Throws when a page cannot be had. */
  list<Row = unknown>(
    service: ServiceName,
    noun: string,
    person: string,
    filter?: Readonly<Record<string, string>>,
  ): Promise<readonly Row[]>;
  /** Closes the connections kept open. */
  close(): void;
};

/** A small HTTP client over a running system: people by name, the right process by the path, retries where they are safe. */
export const client = (system: Pick<System, 'url' | 'token' | 'sets'>, options: ClientOptions = {}): Client => {
  const tokenOf = tokensOf(system);
  const wires = new Map<string, Wire>();
  const wireTo = (base: string): Wire => known(wires, base, () => new Wire(base));
  const desks = new Map<string, Desk>();
  const deskAt = (base: string, person: string): Desk =>
    known(desks, `${base} ${person}`, () => new Desk((path, body) => sendPut(base, path, person, body)));

  const sendPut = (base: string, path: string, person: string, body: unknown) =>
    attempted(async () => wireTo(base).put(path, await tokenOf(person), body));
  const sendGet = (base: string, path: string, person: string) => attempted(async () => wireTo(base).get(path, await tokenOf(person)));

  const put: Client['put'] = async (service, path, body, person, { untilDecided = true } = {}) => {
    const base = system.url(service, homeOfPath(path));
    const startedMs = performance.now();
    const send = options.actsOnLists?.(person) ? () => deskAt(base, person).put(path, body) : () => sendPut(base, path, person, body);
    const reply = await decided(send, untilDecided);
    options.onCommand?.({ service, path, body, person, reply, durationMs: performance.now() - startedMs });
    return reply;
  };
  const get = async <Body>(base: string, path: string, person: string) =>
    (await decided(() => sendGet(base, path, person), false)) as Reply<Body>;
  const basesOf = (service: ServiceName) => [
    ...new Set(system.sets.flatMap(({ cities }) => cities.map((home) => system.url(service, home)))),
  ];
  const needed = async <Body>(base: string, path: string, person: string): Promise<Body> => {
    const reply = await get<Body>(base, path, person);
    if (!reply.ok) throw new Error(`GET ${path} as ${person} was answered ${reply.status} ${reply.code}`);
    return reply.body;
  };

  return {
    put,
    run: (route, params, body, person, putOptions) =>
      put(route.service, pathOf(route.path, params as Readonly<Record<string, string>>), body, person, putOptions),
    get: (service, path, person) => get(system.url(service, homeOfPath(path)), path, person),
    everywhere: (service, path, person) => Promise.all(basesOf(service).map((base) => needed<never>(base, path, person))),
    list: async <Row>(service: ServiceName, noun: string, person: string, filter: Readonly<Record<string, string>> = {}) => {
      const rows: Row[] = [];
      for (const base of basesOf(service)) {
        let next: string | undefined = `/${noun}?${new URLSearchParams({ limit: '200', ...filter })}`;
        while (next !== undefined) {
          const page: { readonly items: readonly Row[]; readonly next?: string } = await needed(base, next, person);
          rows.push(...page.items);
          next = page.next;
        }
      }
      return rows;
    },
    close: () => {
      for (const wire of wires.values()) wire.close();
    },
  };
};

/** Runs at most `limit` at a time, in the order of the items; the results are in that order too. */
export const inParallel = async <Item, Result>(
  items: readonly Item[],
  limit: number,
  run: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> => {
  const results: Result[] = new Array(items.length);
  const queue = items.entries();
  const worker = async () => {
    for (const [index, item] of queue) results[index] = await run(item);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  return results;
};

const pathOf = (template: string, params: Readonly<Record<string, string>>): string =>
  template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));

/** The home that decides what a path names: written into its id, or known by the kind of resource. */
export const homeOfPath = (path: string): Home => {
  const [, noun = '', id = ''] = path.split(/[/?]/);
  switch (noun) {
    case 'agreements':
    case 'cycles':
    case 'invoices':
      return corridorHome;
    case 'pairs':
    case 'obligations':
    case 'segments':
      return bookHomeOf(id.slice(7, 13) as Party);
    case 'books':
      return bookHomeOf(id as Party);
    default:
      return homeOf(id);
  }
};

const known = <Value>(values: Map<string, Value>, key: string, make: () => Value): Value => {
  const value = values.get(key) ?? make();
  values.set(key, value);
  return value;
};

/** One question per person, however many ask at once; the system itself renews what has expired. */
const tokensOf = (system: Pick<System, 'token'>) => {
  const asked = new Map<string, Promise<string>>();
  return (person: string): Promise<string> => known(asked, person, () => system.token(person).finally(() => asked.delete(person)));
};

/** How long the same is asked again before a silence or a business counts as the answer. */
const patienceMs = 120_000;

/** A busy service is asked again when it says so, a silent one too; a command under way, until it is decided. The same command again is always safe. */
const decided = async (send: () => Promise<Attempt>, untilDecided: boolean): Promise<Reply> => {
  const deadline = performance.now() + patienceMs;
  for (let pauseMs = 50; ; pauseMs = Math.min(pauseMs * 2, 1_000)) {
    const { retryAfterMs, ...reply } = await send();
    const busy = reply.status === 503 && retryAfterMs !== undefined;
    const underWay = untilDecided && reply.status === 202;
    const silent = reply.status === 0;
    if ((!busy && !silent && !underWay) || performance.now() > deadline) return reply;
    await delay(busy ? retryAfterMs : pauseMs);
  }
};

/** A sign-in that cannot be had is a silence too: it comes back like any other part of the system. */
const attempted = async (send: () => Promise<Answer>): Promise<Attempt> => {
  try {
    return attemptOf(await send());
  } catch (error) {
    return { ok: false, status: 0, code: 'unreachable', body: (error as Error).message };
  }
};

const attemptOf = ({ status, head, text }: Answer): Attempt => {
  if (status === 0) return { ok: false, status, code: 'unreachable', body: text };
  const body = parsed(text);
  const seconds = /\r\nretry-after: (\d+)/i.exec(head)?.[1];
  const retry = seconds === undefined ? {} : { retryAfterMs: Number(seconds) * 1_000 };
  if (status >= 200 && status < 300) return { ok: true, status, body, ...retry };
  const problem = ProblemDetails.safeParse(body);
  return { ok: false, status, code: problem.success ? problem.data.code : `http-${status}`, body, ...retry };
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};
