import { describe, expect, test } from 'vitest';
import { serviceNames } from '../contracts/src/index.ts';
import { commonProblems, type Problem } from '../packages/runtime/src/problems.ts';
import { routes as clearing } from '../services/clearing/src/clearing.http.ts';
import { routes as issuance } from '../services/issuance/src/issuance.http.ts';
import { routes as ledger } from '../services/ledger/src/ledger.http.ts';
import { routes as redemption } from '../services/redemption/src/redemption.http.ts';
import { routes as registry } from '../services/registry/src/registry.http.ts';

/** That every reason has a problem is what the types say; here is what a caller may rely on beyond that. */

/** Routes name their operations and call none while they are put together. */
const uncalled = new Proxy({}, { get: () => () => expect.unreachable('no operation is called here') });
const routesOf = { clearing, issuance, ledger, redemption, registry } as unknown as Record<
  string,
  (operations: object) => readonly { readonly is: string; readonly path: string; readonly problems?: Readonly<Record<string, Problem>> }[]
>;

type Told = { readonly where: string; readonly code: string; readonly problem: Problem };
const toldBy = (service: string): Told[] => [
  ...Object.entries(commonProblems).map(([code, problem]) => ({ where: 'every route', code, problem })),
  ...(routesOf[service]?.(uncalled) ?? []).flatMap(({ path, problems = {} }) =>
    Object.entries(problems).map(([code, problem]) => ({ where: path, code, problem })),
  ),
];

describe.each(serviceNames.map((service) => ({ service })))('the problems of $service', ({ service }) => {
  const told = toldBy(service);

  test('carry one status for one code, whichever route answers', () => {
    const statuses = new Map<string, Set<number>>();
    for (const { code, problem } of told) statuses.set(code, new Set([...(statuses.get(code) ?? []), problem.status]));
    expect([...statuses].filter(([, those]) => those.size > 1).map(([code, those]) => `${code}: ${[...those].join(' and ')}`)).toEqual([]);
  });

  test('have codes in kebab-case and refuse with a status that says whose fault it is', () => {
    expect(told.map(({ code }) => code).filter((code) => !/^[a-z]+(-[a-z]+)*$/.test(code))).toEqual([]);
    const refusals = new Set([400, 401, 403, 404, 405, 409, 412, 413, 415, 421, 422, 500, 503, 507]);
    expect(told.filter(({ problem }) => !refusals.has(problem.status))).toEqual([]);
  });

  test('say in Chinese and in English what is wrong, each in its own script', () => {
    const wrong = told.filter(
      ({ problem: { zh, en } }) => !/\p{Script=Han}{2}/u.test(zh) || !/^[A-Z0-9].*[^.\s]$/.test(en) || /\p{Script=Han}/u.test(en),
    );
    expect(wrong).toEqual([]);
  });

  test('say different things for different codes', () => {
    for (const language of ['zh', 'en'] as const) {
      const codes = new Map<string, Set<string>>();
      for (const { code, problem } of told) codes.set(problem[language], new Set([...(codes.get(problem[language]) ?? []), code]));
      expect([...codes].filter(([, those]) => those.size > 1)).toEqual([]);
    }
  });
});
