import { z } from 'zod';
import { batchOf, commonOf, described, problems, statuses } from './generate.common.ts';
import { type Json, type Schemas, schemasOf } from './generate.schemas.ts';
import {
  CommandAnswer,
  type CommandRoute,
  clearingCommands,
  clearingNouns,
  Home,
  issuanceCommands,
  issuanceNouns,
  ledgerCommands,
  ledgerNouns,
  ledgerQueries,
  type NounRoute,
  ProblemDetails,
  type QueryRoute,
  redemptionCommands,
  redemptionNouns,
  registryCommands,
  registryNouns,
  roles,
  type ServiceName,
} from './index.ts';

type Face = {
  readonly commands: Readonly<Record<string, object>>;
  readonly nouns: Readonly<Record<string, NounRoute>>;
  readonly queries: Readonly<Record<string, QueryRoute>>;
  readonly title: { readonly en: string; readonly zh: string };
};

export const faces: Readonly<Record<ServiceName, Face>> = {
  issuance: { commands: issuanceCommands, nouns: issuanceNouns, queries: {}, title: { en: 'Issuance', zh: '发券' } },
  registry: { commands: registryCommands, nouns: registryNouns, queries: {}, title: { en: 'Registry', zh: '机构库' } },
  redemption: { commands: redemptionCommands, nouns: redemptionNouns, queries: {}, title: { en: 'Redemption', zh: '用券与兑付' } },
  clearing: { commands: clearingCommands, nouns: clearingNouns, queries: {}, title: { en: 'Clearing', zh: '跨市清算' } },
  ledger: { commands: ledgerCommands, nouns: ledgerNouns, queries: ledgerQueries, title: { en: 'Ledger', zh: '账簿' } },
};

/** OpenAPI 3.1 of one service, made from the same route tables and schemas the service parses with. */
export const openapiOf = (service: ServiceName): Json => {
  const schemas = schemasOf();
  const face = faces[service];
  const commands = Object.values(face.commands) as CommandRoute[];
  const paths: Json = {};
  const add = (path: string, method: 'get' | 'put', operation: Json) => {
    paths[path] = { ...(paths[path] as Json | undefined), [method]: operation };
  };
  for (const noun of Object.values(face.nouns)) {
    add(`/${noun.noun}`, 'get', listOf(noun, schemas));
    add(`/${noun.noun}/{id}`, 'get', oneOf(noun, schemas));
  }
  for (const query of Object.values(face.queries)) add(query.path, 'get', questionOf(query, schemas));
  // A command and a resource may share a path under two names of one parameter; a path has one name.
  for (const command of commands) add(command.path, 'put', commandOf(command, schemas));
  if (commands.length > 0) add('/batches/{id}', 'put', batchOf(schemas));
  for (const [path, method, operation] of commonOf(schemas)) add(path, method, operation);
  const responses = responsesOf(schemas);
  const { document, components } = schemas.resolve({ paths: merged(paths), responses });
  return {
    openapi: '3.1.1',
    info: {
      title: `Tongdui ${face.title.en} · 通兑${face.title.zh}`,
      version: '1.0.0',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      description: introduction,
    },
    servers: [{ url: '/', description: 'The process that serves this document' }],
    security: [{ bearer: [] }],
    tags: tagsOf(face, commands),
    paths: document.paths,
    components: {
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: `OpenID Connect token with sub, city, roles (${roles.join(', ')}) and, for people of an organisation, org`,
        },
      },
      responses: document.responses,
      schemas: components,
    },
  };
};

const introduction = [
  'Every command is a PUT to a resource whose id the caller chose: 201 the first time, 200 on the retry, 409 for the same id with another body.',
  'A command that several streams decide may answer 202 with Location and Retry-After. Money is whole fen; times are UTC.',
  'Problems are RFC 9457 with code, zh and en; their type is urn:tongdui:problem:<code>.',
].join(' ');

const tagsOf = (face: Face, commands: readonly CommandRoute[]): Json[] => {
  const summaries = new Map(Object.values(face.nouns).map((noun) => [noun.noun, `${noun.summary.en} · ${noun.summary.zh}`]));
  const names = [...new Set([...summaries.keys(), ...commands.map(({ path }) => tagOf(path))])];
  return [
    ...names.map((name) => ({ name, description: summaries.get(name) ?? name })),
    { name: 'operation', description: 'Running the service · 运维' },
  ];
};

const tagOf = (path: string): string => path.split('/')[1] ?? '';

const commandOf = (route: CommandRoute, schemas: Schemas): Json => ({
  operationId: route.operation,
  tags: [tagOf(route.path)],
  ...described(route.summary, route.roles),
  parameters: [...pathParameters(route.path, route.params.shape, schemas), ifMatch],
  requestBody: { required: true, content: { 'application/json': { schema: schemas.use(route.body) } } },
  responses: {
    200: { $ref: '#/components/responses/Repeated' },
    201: { $ref: '#/components/responses/Done' },
    ...(route.coordinated ? { 202: { $ref: '#/components/responses/Pending' } } : {}),
    ...problems(400, 401, 403, 404, 409, 412, 413, 415, 421, 422, 503, 507),
  },
});

const oneOf = (noun: NounRoute, schemas: Schemas): Json => ({
  operationId: `get${pascal(noun.noun)}ById`,
  tags: [noun.noun],
  ...described({ en: `One of: ${noun.summary.en}`, zh: `${noun.summary.zh}（单条）` }, undefined),
  parameters: [{ name: 'id', in: 'path', required: true, schema: schemas.use(noun.id) }, after],
  responses: {
    200: { description: 'As it is now', headers: { ETag: etag }, content: { 'application/json': { schema: schemas.use(noun.view) } } },
    ...problems(400, 401, 404, 421, 503),
  },
});

const listOf = (noun: NounRoute, schemas: Schemas): Json => {
  const page = z.strictObject({ items: z.array(noun.view), next: z.string().optional() });
  return {
    operationId: `list${pascal(noun.noun)}`,
    tags: [noun.noun],
    ...described({ en: `List: ${noun.summary.en}`, zh: `${noun.summary.zh}（列表）` }, undefined),
    parameters: listParameters(schemas),
    responses: {
      200: {
        description: 'A page in the order of the ids, of what the caller may see. In next is the path of the page after it.',
        headers: { Link: { schema: { type: 'string' }, description: 'The next page, rel="next"' } },
        content: { 'application/json': { schema: schemas.use(page) }, 'text/csv': { schema: { type: 'string' } } },
      },
      ...problems(400, 401, 422, 503),
    },
  };
};

const questionOf = (query: QueryRoute, schemas: Schemas): Json => ({
  operationId: query.operation,
  tags: [tagOf(query.path)],
  ...described(query.summary, query.roles),
  parameters: [
    ...pathParameters(query.path, query.params.shape, schemas),
    ...Object.entries(query.query.shape).map(([name, schema]) => ({
      name,
      in: 'query',
      required: false,
      schema: schemas.use(unwrapped(schema as z.ZodType)),
    })),
  ],
  responses: {
    200: { description: 'As it is now', content: { 'application/json': { schema: schemas.use(query.answer) } } },
    ...problems(400, 401, 404, 421, 422, 503),
  },
});

const unwrapped = (schema: z.ZodType): z.ZodType => (schema instanceof z.ZodOptional ? (schema.unwrap() as z.ZodType) : schema);

const etag = { schema: { type: 'string' }, description: 'Revision, for If-Match' };
const after = {
  name: 'after',
  in: 'query',
  required: false,
  schema: { type: 'string' },
  description: 'What a command answered as after: wait until its effect can be read',
};
const ifMatch = {
  name: 'If-Match',
  in: 'header',
  required: false,
  schema: { type: 'string', pattern: '^"\\d{1,15}"$' },
  description: 'Revision that was seen last',
};

const listParameters = (schemas: Schemas): Json[] => {
  const parameter = (name: string, schema: Json, description: string) => ({ name, in: 'query', required: false, schema, description });
  return [
    parameter('limit', { type: 'integer', minimum: 1, maximum: 200, default: 50 }, 'Most items of a page'),
    parameter('cursor', { type: 'string', maxLength: 300 }, 'From next of the page before'),
    parameter('status', { type: 'string' }, 'Only of this status'),
    parameter('home', schemas.use(Home), 'Only of this home'),
    parameter('host', schemas.use(Home), 'Only of this host'),
    parameter('enterprise', { type: 'string' }, 'Only of this enterprise (USCC)'),
    parameter('lab', { type: 'string' }, 'Only of this lab (USCC)'),
    parameter('format', { type: 'string', enum: ['json', 'csv'], default: 'json' }, 'CSV for a spreadsheet'),
    after,
  ];
};

const pathParameters = (path: string, shape: Readonly<Record<string, unknown>>, schemas: Schemas): Json[] =>
  [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    schema: schemas.use(shape[name] as z.ZodType),
  }));

/** OpenAPI takes two templates that differ only in a parameter's name for one path: reading takes the name the command has. */
const merged = (paths: Json): Json => {
  const byShape = new Map<string, string>();
  const result: Json = {};
  for (const path of Object.keys(paths).sort()) {
    const shape = path.replace(/\{\w+\}/g, '{}');
    const known = byShape.get(shape);
    if (known === undefined) {
      byShape.set(shape, path);
      result[path] = paths[path];
    } else {
      const other = path.match(/\{(\w+)\}/)?.[1];
      const name = known.match(/\{(\w+)\}/)?.[1];
      const renamed = JSON.parse(JSON.stringify(paths[path]).replaceAll(`"name":"${other}"`, `"name":"${name}"`)) as Json;
      result[known] = { ...(result[known] as Json), ...renamed };
    }
  }
  return result;
};

const responsesOf = (schemas: Schemas): Json => {
  const answered = (description: string, headers: Json) => ({
    description,
    headers: { Location: { schema: { type: 'string' }, description: 'The resource' }, ETag: etag, ...headers },
    content: { 'application/json': { schema: schemas.use(CommandAnswer) } },
  });
  const retryAfter = { 'Retry-After': { schema: { type: 'integer' }, description: 'Seconds' } };
  return {
    Done: answered('Recorded now', {}),
    Repeated: answered('Recorded before: the same answer as then', {}),
    Pending: answered('Recorded; others still have to answer', retryAfter),
    ...Object.fromEntries(
      Object.entries(statuses).map(([code, [name, description]]) => [
        name,
        {
          description,
          ...(code === '503'
            ? { headers: retryAfter }
            : code === '421'
              ? { headers: { Location: { schema: { type: 'string' }, description: 'Where it is decided' } } }
              : {}),
          content: { 'application/problem+json': { schema: schemas.use(ProblemDetails) } },
        },
      ]),
    ),
  };
};

const pascal = (noun: string): string => noun.replace(/(^|-)(\w)/g, (_, _dash, letter: string) => letter.toUpperCase());
