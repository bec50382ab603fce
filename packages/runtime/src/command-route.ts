import { hash } from 'node:crypto';
import type { Actor, CommandAnswer, CommandRoute, Home } from '@tongdui/contracts';
import type { Answer, CommonReason, Request } from '@tongdui/decider/operation';
import { uuidv5 } from '@tongdui/decider/uuid';
import canonicalize from 'canonicalize';
import type { z } from 'zod';
import type { AfterTokens } from './after.ts';
import { type Failure, failure, failureOf, invalid, type Problem } from './problems.ts';
import type { BusinessClock } from './seams.ts';

/** A command as it came in, by HTTP or inside a batch. */
export type CommandCall = {
  readonly actor: Actor;
  readonly params: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly ifMatch?: string;
};

export type CommandReply =
  | { readonly is: 'answered'; readonly status: 200 | 201 | 202; readonly answer: CommandAnswer; readonly location: string }
  | { readonly is: 'failed'; readonly failure: Failure };

/** What a route needs to know of its process. */
export type CommandContext = {
  readonly homes: readonly Home[];
  /** Home → base URL of the process that serves it, without a slash at the end. */
  readonly cityUrls: Readonly<Record<string, string>>;
  readonly clock: BusinessClock;
  readonly tokens: AfterTokens;
};

export type CommandEndpoint = {
  readonly is: 'command';
  readonly path: string;
  readonly operation: string;
  /** Every code this route can answer beside the common ones. */
  readonly problems: Readonly<Record<string, Problem>>;
  run(call: CommandCall, context: CommandContext): Promise<CommandReply>;
};

/** Params and body as one: names in a path and in a body never collide in one route. */
export type Input<Params extends z.ZodRawShape, Body extends z.ZodType> = z.infer<z.ZodObject<Params>> & z.infer<Body>;

/** Puts an operation behind a route of the contract: parse, check whose decision it is and who asks, run, answer. */
export const commandRoute = <Params extends z.ZodRawShape, Body extends z.ZodType, Reason extends string>(
  route: CommandRoute<Params, Body>,
  operation: (request: Request, input: Input<Params, Body>) => Promise<Answer<Reason>>,
  problems: Readonly<Record<Exclude<Reason, CommonReason>, Problem>>,
): CommandEndpoint => ({
  is: 'command',
  path: route.path,
  operation: route.operation,
  problems,
  run: async (call, context) => {
    const prepared = prepare(route, call, context);
    if ('failure' in prepared) return { is: 'failed', failure: prepared.failure };
    const { request, input, path } = prepared;
    const answer = await operation(request, input);
    if (answer.is === 'refused') return { is: 'failed', failure: failureOf(answer.reason, problems) };
    return {
      is: 'answered',
      status: answer.is === 'pending' ? 202 : answer.created ? 201 : 200,
      answer: { id: answer.id, status: answer.is, revision: Math.max(0, answer.revision), after: context.tokens.encode(answer.position) },
      location: resourceOf(path),
    };
  },
});

const requestIds = '3c1c0c0e-6f0d-5d0a-9a7e-2f6f9c1d8b54';

type Prepared<Parsed> = { readonly failure: Failure } | { readonly request: Request; readonly input: Parsed; readonly path: string };

const prepare = <Params extends z.ZodRawShape, Body extends z.ZodType>(
  route: CommandRoute<Params, Body>,
  call: CommandCall,
  context: CommandContext,
): Prepared<Input<Params, Body>> => {
  const params = route.params.safeParse(call.params);
  if (!params.success) return { failure: invalid('path', params.error) };
  const body = route.body.safeParse(call.body);
  if (!body.success) return { failure: invalid('body', body.error) };
  const path = pathOf(route.path, call.params);
  const home = route.home(params.data, body.data, call.actor);
  if (!context.homes.includes(home)) return { failure: misdirected(context.cityUrls, home, path) };
  if (!route.roles.some((role) => call.actor.roles.includes(role))) return { failure: failure('not-allowed') };
  const expectedRevision = call.ifMatch === undefined ? undefined : revisionOf(call.ifMatch);
  if (Number.isNaN(expectedRevision))
    return { failure: failure('bad-request', { detail: 'If-Match must be one revision in quotes, like "12"' }) };
  const text = canonical(call.body);
  if (text === undefined)
    return { failure: failure('invalid-request', { issues: [{ path: 'body', message: 'the text holds half a character' }] }) };
  const key = `PUT ${path}`;
  const bodyHash = hash('sha256', text, 'hex');
  const request: Request = {
    actor: call.actor,
    key,
    hash: bodyHash,
    id: uuidv5(`${key} ${bodyHash}`, requestIds),
    at: context.clock.now(),
    ...(expectedRevision === undefined ? {} : { expectedRevision }),
  };
  const input = { ...(body.data as object), ...(params.data as object) } as Input<Params, Body>;
  return { request, input, path };
};

export const misdirected = (cityUrls: Readonly<Record<string, string>>, home: Home, path: string): Failure => {
  const url = cityUrls[home];
  return failure('misdirected', { detail: `${home} decides this`, ...(url === undefined ? {} : { location: `${url}${path}` }) });
};

/** The path as the client chose it, without query, trailing slash or needless escapes, so that a retry is recognised. */
const pathOf = (template: string, params: Readonly<Record<string, string>>): string =>
  template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));

/** `/orders/{id}/contracts/1` belongs to `/orders/{id}`, which is what can be read. */
const resourceOf = (path: string): string => path.split('/', 3).join('/');

const revisionOf = (ifMatch: string): number => (/^"\d{1,15}"$/.test(ifMatch) ? Number(ifMatch.slice(1, -1)) : Number.NaN);

const canonical = (body: unknown): string | undefined => {
  try {
    return canonicalize(body);
  } catch {
    return undefined;
  }
};
