import type { ProblemDetails } from '@tongdui/contracts';
import type { CommonReason } from '@tongdui/decider/operation';
import type { ZodError } from 'zod';

/** What a refusal means to the caller: one status and one sentence in each language. */
export type Problem = { readonly status: number; readonly zh: string; readonly en: string };

/** A request that ends in a problem. A value, because most refusals are ordinary answers. */
export type Failure = {
  readonly code: string;
  readonly problem: Problem;
  readonly detail?: string;
  readonly issues?: readonly { readonly path: string; readonly message: string }[];
  /** 421: where the home is served. */
  readonly location?: string;
  readonly headers?: Readonly<Record<string, string>>;
};

/** A failure on its way up through code that has another answer to give. */
export class FailureError extends Error {
  override name = 'FailureError';
  readonly failure: Failure;
  constructor(failure: Failure) {
    super(failure.code);
    this.failure = failure;
  }
}

/** Problems that any route can answer, beside those of its own reasons: every reason that an operation can give beside its decider's, and what the runtime refuses. */
export const commonProblems = {
  'malformed-json': { status: 400, zh: '请求体不是有效的 JSON', en: 'The body is not valid JSON' },
  'bad-request': { status: 400, zh: '请求头或查询参数有误', en: 'A header or query parameter cannot be used' },
  unauthenticated: { status: 401, zh: '未登录，或登录凭证无效、已过期', en: 'No valid token: sign in again' },
  'not-allowed': { status: 403, zh: '您的角色无权执行此操作', en: 'Your role does not allow this' },
  'foreign-organisation': { status: 403, zh: '该事项属于其他单位', en: 'This belongs to another organisation' },
  'not-found': { status: 404, zh: '未找到', en: 'Not found' },
  'method-not-allowed': { status: 405, zh: '此地址不支持该方法', en: 'This address does not take this method' },
  'id-reused': { status: 409, zh: '同一编号已用于内容不同的请求', en: 'This id was used before with another body' },
  'clock-would-go-back': { status: 409, zh: '业务时间不能倒退', en: 'Business time cannot go back' },
  'line-not-halted': { status: 409, zh: '该线路没有停止', en: 'This line is not halted' },
  'stale-revision': { status: 412, zh: '内容已被更新，请刷新后重试', en: 'It has changed since you read it: read it again' },
  'body-too-large': { status: 413, zh: '请求体过大', en: 'The body is too large' },
  'unsupported-media-type': {
    status: 415,
    zh: '请求体须为 application/json（UTF-8，不压缩）',
    en: 'The body must be application/json, UTF-8, not compressed',
  },
  misdirected: { status: 421, zh: '该事项由其他城市办理', en: 'Another city decides this' },
  'invalid-request': { status: 422, zh: '请求内容不符合要求', en: 'The request does not have the required form' },
  contended: { status: 503, zh: '该事项正忙，请稍后重试', en: 'This is busy: try again' },
  'store-unavailable': { status: 503, zh: '存储暂不可用，请稍后重试', en: 'The store is not available: try again' },
  unreachable: { status: 503, zh: '所需的其他服务暂不可达，请稍后重试', en: 'A service that is needed cannot be reached: try again' },
  'read-model-behind': {
    status: 503,
    zh: '查询数据尚未更新到您的操作，请稍后重试',
    en: 'Queries have not caught up with your command: try again',
  },
  overloaded: { status: 503, zh: '系统繁忙，请稍后重试', en: 'Too many requests at once: try again' },
  'storage-full': { status: 507, zh: '存储空间不足', en: 'There is no room left to store this' },
  internal: { status: 500, zh: '系统内部错误', en: 'Unexpected error' },
} as const satisfies Readonly<Record<string, Problem>> & Readonly<Record<CommonReason, Problem>>;

export type CommonProblem = keyof typeof commonProblems;

const retryAfterSeconds = '1';

export const failure = (code: CommonProblem, extra: Omit<Failure, 'code' | 'problem'> = {}): Failure => {
  const problem: Problem = commonProblems[code];
  return problem.status === 503
    ? { code, problem, ...extra, headers: { 'retry-after': retryAfterSeconds, ...extra.headers } }
    : { code, problem, ...extra };
};

/** The failure for a reason of an operation: its own problems first, then the common ones. */
export const failureOf = (reason: string, problems: Readonly<Record<string, Problem>>): Failure => {
  if (Object.hasOwn(problems, reason)) return { code: reason, problem: problems[reason]! };
  if (Object.hasOwn(commonProblems, reason)) return failure(reason as CommonProblem);
  throw new Error(`no problem is declared for the reason ${reason}`);
};

export const invalid = (where: string, error: ZodError): Failure =>
  failure('invalid-request', {
    issues: error.issues.slice(0, 50).map((issue) => ({ path: [where, ...issue.path.map(String)].join('.'), message: issue.message })),
  });

export const problemType = (code: string): string => `urn:tongdui:problem:${code}`;

export const detailsOf = (failed: Failure, instance: string, traceId: string): ProblemDetails => ({
  type: problemType(failed.code),
  title: failed.problem.en,
  status: failed.problem.status,
  ...(failed.detail === undefined ? {} : { detail: failed.detail }),
  instance,
  code: failed.code,
  traceId,
  zh: failed.problem.zh,
  en: failed.problem.en,
  ...(failed.issues === undefined ? {} : { issues: [...failed.issues] }),
  ...(failed.location === undefined ? {} : { location: failed.location }),
});
