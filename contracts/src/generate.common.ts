import { z } from 'zod';
import type { Json, Schemas } from './generate.schemas.ts';
import { CommandAnswer, ProblemDetails, type Role } from './index.ts';

/** What every service answers beside its own: batches, probes, checks, halted lines, and the problems of any operation. */
const overseers: readonly Role[] = ['auditor', 'joint-office', 'operator', 'treasurer'];

export const commonOf = (schemas: Schemas): [path: string, method: 'get' | 'put', operation: Json][] => {
  const checks = z.strictObject({
    items: z.array(z.strictObject({ name: z.string(), holds: z.boolean(), details: z.record(z.string(), z.unknown()).optional() })),
  });
  const producer = {
    name: 'producer',
    in: 'path',
    required: true,
    schema: { type: 'string', pattern: '^[a-z]+-(\\d{6}|G60)$', examples: ['redemption-310117'] },
  };
  const probe = (operationId: string, en: string, zh: string): Json => ({
    operationId,
    tags: ['operation'],
    security: [],
    ...described({ en, zh }, undefined),
    responses: { 200: { description: 'Yes', content: text }, 503: { description: 'No, and why', content: text } },
  });
  const answering = (operationId: string, en: string, zh: string, allowed: readonly Role[], answer: Json, body?: z.ZodType): Json => ({
    operationId,
    tags: ['operation'],
    ...described({ en, zh }, allowed),
    ...(operationId.endsWith('Line') ? { parameters: [producer] } : {}),
    ...(body ? { requestBody: { required: true, content: { 'application/json': { schema: schemas.use(body) } } } } : {}),
    responses: {
      200: { description: 'The answer', content: { 'application/json': { schema: answer } } },
      ...problems(401, 403, ...(body ? [404, 409, 415, 422] : []), 503),
    },
  });
  const anything = { type: 'object' };
  return [
    ['/livez', 'get', probe('isAlive', 'Does the process run?', '进程存活')],
    ['/readyz', 'get', probe('isReady', 'Can it take requests: is its store writable, are its rows up to date?', '可否接收请求')],
    ['/startupz', 'get', probe('hasStarted', 'Has it read what it had stored?', '启动是否完成')],
    [
      '/metrics',
      'get',
      {
        ...probe('metrics', 'Figures for Prometheus', '监控指标'),
        responses: { 200: { description: 'Prometheus text format', content: text } },
      },
    ],
    [
      '/openapi.json',
      'get',
      {
        ...probe('openapi', 'This document', '本文档'),
        responses: { 200: { description: 'OpenAPI 3.1', content: { 'application/json': { schema: anything } } } },
      },
    ],
    [
      '/tie-outs',
      'get',
      answering('tieOuts', 'Figures that must agree with those of other services', '跨服务勾稽', overseers, schemas.use(checks)),
    ],
    ['/invariants', 'get', answering('invariants', "This service's part of the invariants", '不变量核验', overseers, schemas.use(checks))],
    ['/lines', 'get', answering('lines', 'Lines of events that are halted, and events left out', '停滞的事件线路', ['operator'], anything)],
    [
      '/lines/{producer}/redrive',
      'put',
      answering('redriveLine', 'Try a halted line again', '重试停滞线路', ['operator'], anything, z.strictObject({})),
    ],
    [
      '/lines/{producer}/skip',
      'put',
      answering(
        'skipLine',
        'Leave out the event a line halted at, for good',
        '跳过导致停滞的事件',
        ['operator'],
        anything,
        z.strictObject({ reason: z.string().min(1).max(500) }),
      ),
    ],
  ];
};

const text = { 'text/plain': { schema: { type: 'string' } } };

export const batchOf = (schemas: Schemas): Json => {
  const body = z.strictObject({
    items: z
      .array(z.strictObject({ path: z.string(), body: z.unknown() }))
      .min(1)
      .max(100),
  });
  const answer = z.strictObject({
    id: z.string(),
    items: z.array(
      z.union([
        z.strictObject({ path: z.string(), status: z.int(), answer: CommandAnswer }),
        z.strictObject({ path: z.string(), status: z.int(), problem: ProblemDetails }),
      ]),
    ),
  });
  return {
    operationId: 'runBatch',
    tags: ['operation'],
    ...described({ en: 'Up to 100 commands of one person, each with its own answer', zh: '批量办理（至多100项，逐项答复）' }, undefined),
    parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string', minLength: 1, maxLength: 100 } }],
    requestBody: { required: true, content: { 'application/json': { schema: schemas.use(body) } } },
    responses: {
      200: { description: 'The answers, in the order of the items', content: { 'application/json': { schema: schemas.use(answer) } } },
      ...problems(400, 401, 413, 415, 422, 503),
    },
  };
};

export const described = (summary: { readonly en: string; readonly zh: string }, allowed: readonly Role[] | undefined) => ({
  summary: summary.en,
  'x-summary-zh': summary.zh,
  ...(allowed ? { description: `${summary.zh}\n\nRoles: ${allowed.join(', ')}`, 'x-roles': [...allowed] } : { description: summary.zh }),
});

export const statuses: Readonly<Record<number, [name: string, en: string]>> = {
  400: ['NotUnderstood', 'Not JSON, or a header or query parameter that cannot be used'],
  401: ['Unauthenticated', 'No valid token'],
  403: ['NotAllowed', 'The role or the organisation does not allow this'],
  404: ['NotFound', 'Unknown, or not to be seen by the caller'],
  409: ['Refused', 'The state does not allow this, or the id was used with another body; its code says which'],
  412: ['Stale', 'It has changed since the caller read it (If-Match)'],
  413: ['TooLarge', 'The body is too large'],
  415: ['NotJson', 'The body is not application/json'],
  421: ['Misdirected', 'Another city decides this: see Location'],
  422: ['Invalid', 'The request does not have the required form, or says something that cannot be; issues name the places'],
  503: ['TryAgain', 'Busy, not reachable or behind: try again after Retry-After'],
  507: ['Full', 'There is no room left to store this'],
};

export const problems = (...codes: readonly number[]): Json =>
  Object.fromEntries([...codes].sort((a, b) => a - b).map((code) => [code, { $ref: `#/components/responses/${statuses[code]![0]}` }]));
