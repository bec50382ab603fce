import { z } from 'zod';
import { type Actor, type Home, homeOf, type Role, type ServiceName } from '../vocabulary.ts';

/**
 * A command of the HTTP API: `PUT` to a resource whose id the client chose. 201 the first time, 200 on the retry, 202 while other
 * streams still have to answer (coordinated commands only), 409 for the same id with another body.
 */
export type CommandRoute<Params extends z.ZodRawShape = z.ZodRawShape, Body extends z.ZodType = z.ZodType> = {
  readonly service: ServiceName;
  /** camelCase, unique in the service; the operation's name. */
  readonly operation: string;
  /** OpenAPI form: `/orders/{id}/contracts/{n}`. */
  readonly path: string;
  readonly params: z.ZodObject<Params>;
  readonly body: Body;
  /** Who may: any one of these roles. At which city is said in `summary` and checked by the operation. */
  readonly roles: readonly Role[];
  readonly summary: { readonly en: string; readonly zh: string };
  /** Several streams decide; the answer may be 202. */
  readonly coordinated: boolean;
  /** Whose decision it is: the home of the process that must answer. */
  readonly home: (params: z.infer<z.ZodObject<Params>>, body: z.infer<Body>, actor: Actor) => Home;
};

/** A kind of resource that can be read: one (`GET /orders/{id}`) and as a list (`GET /orders`). */
export type NounRoute = {
  readonly service: ServiceName;
  /** Plural, the name of the path and of the table: `orders`. */
  readonly noun: string;
  readonly id: z.ZodType<string>;
  readonly view: z.ZodObject;
  readonly summary: { readonly en: string; readonly zh: string };
  readonly home: (id: string) => Home;
};

export const commandsOf =
  (service: ServiceName) =>
  <Params extends z.ZodRawShape, Body extends z.ZodType>(route: {
    operation: string;
    path: string;
    params: Params;
    body: Body;
    roles: readonly Role[];
    en: string;
    zh: string;
    coordinated?: boolean;
    home?: CommandRoute<Params, Body>['home'];
  }): CommandRoute<Params, Body> => ({
    service,
    operation: route.operation,
    path: route.path,
    params: z.strictObject(route.params) as unknown as z.ZodObject<Params>,
    body: route.body,
    roles: route.roles,
    summary: { en: route.en, zh: route.zh },
    coordinated: route.coordinated ?? false,
    home: route.home ?? ((params) => homeOf((params as { id: string }).id)),
  });

export const nounsOf =
  (service: ServiceName) =>
  (
    noun: string,
    id: z.ZodType<string>,
    view: z.ZodObject,
    summary: { en: string; zh: string },
    home: NounRoute['home'] = homeOf,
  ): NounRoute => ({ service, noun, id, view, summary, home });

/** An empty body, for commands that say everything by their path. */
export const Nothing = z.strictObject({});

/** Number of an attempt, from 1: `/contracts/{n}`. In a path it is text. */
export const AttemptNumber = z
  .string()
  .regex(/^[1-9]\d{0,2}$/)
  .transform(Number)
  .meta({ id: 'AttemptNumber', description: 'Number of the attempt, 1 to 999', override: { type: 'string', pattern: '^[1-9]\\d{0,2}$' } });

/** What every command answers when it is accepted. `after` makes a query wait until it sees this command. */
export const CommandAnswer = z
  .strictObject({ id: z.string(), status: z.enum(['done', 'pending']), revision: z.int().min(0), after: z.string() })
  .meta({ id: 'CommandAnswer' });
export type CommandAnswer = z.infer<typeof CommandAnswer>;

/** RFC 9457 problem. `code` is the reason in kebab-case, `type` is `urn:tongdui:problem:<code>`. */
export const ProblemDetails = z
  .strictObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string().optional(),
    instance: z.string(),
    code: z.string(),
    traceId: z.string(),
    zh: z.string(),
    en: z.string(),
    issues: z.array(z.strictObject({ path: z.string(), message: z.string() })).optional(),
    /** 421: where the home that decides this is served. */
    location: z.string().optional(),
  })
  .meta({ id: 'ProblemDetails' });
export type ProblemDetails = z.infer<typeof ProblemDetails>;
