import { randomUUID } from 'node:crypto';
import { context, propagation, type Span, SpanKind, trace } from '@opentelemetry/api';
import { StoreUnavailable } from '@tongdui/event-store';
import express, { type Request as HttpRequest, type Response } from 'express';
import type { Metrics } from './metrics.ts';
import type { Reply } from './noun-route.ts';
import { detailsOf, type Failure, FailureError, failure } from './problems.ts';
import type { Log, WallClock } from './seams.ts';

/** What is known of a request beside what express knows. */
export type Local = { traceId: string; startedMs: number; reason?: string; route: string; span: Span };
export const localOf = (res: Response): Local => res.locals.local as Local;

export type Exchange = { readonly req: HttpRequest; readonly res: Response };
type Middleware = (req: HttpRequest, res: Response, next: () => void) => void;

const tracer = trace.getTracer('@tongdui/runtime');

/** One span, one log line and one duration for each request: ids, reason and duration, never bodies or personal data. */
export const observed =
  ({
    service,
    wall,
    log,
    metrics,
  }: {
    readonly service: string;
    readonly wall: WallClock;
    readonly log: Log;
    readonly metrics?: Metrics;
  }): Middleware =>
  (req, res, next) => {
    const span = tracer.startSpan(req.method, { kind: SpanKind.SERVER }, propagation.extract(context.active(), req.headers));
    const { traceId, traceFlags } = span.spanContext();
    const local: Local = {
      traceId: traceFlags === 0 && /^0+$/.test(traceId) ? randomUUID().replaceAll('-', '') : traceId,
      startedMs: wall.nowMs(),
      route: 'unmatched',
      span,
    };
    // A mounted handler sees another path; the line shows the one that was asked for.
    const { method, path } = req;
    res.locals.local = local;
    res.on('close', () => {
      const { reason, route } = local;
      const durationMs = wall.nowMs() - local.startedMs;
      // 499 stands for a caller who went away before the answer.
      const status = res.writableFinished ? res.statusCode : 499;
      metrics?.request(`${method} ${route}`, status, durationMs);
      log.info({ method, path, status, durationMs, traceId: local.traceId, ...(reason === undefined ? {} : { reason }) }, 'request');
      span.updateName(`${method} ${route}`);
      span.setAttributes({
        'tongdui.service': service,
        'http.request.method': method,
        'http.route': route,
        'http.response.status_code': status,
      });
      span.end();
    });
    context.with(trace.setSpan(context.active(), span), next);
  };

type BodyReader = ReturnType<typeof express.json>;
const bodyReader = (limit: number): BodyReader => express.json({ limit, strict: false, inflate: false, type: 'application/json' });
export const commandBody = bodyReader(64 * 1024);
/** A hundred commands of ordinary size. */
export const batchBody = bodyReader(512 * 1024);

export const readBody = async ({ req, res }: Exchange, read: BodyReader): Promise<unknown> => {
  if (!req.is('application/json')) throw new FailureError(failure('unsupported-media-type'));
  await new Promise<void>((resolve, reject) => read(req, res, (error?: unknown) => (error ? reject(error) : resolve())));
  return req.body as unknown;
};

export const failureOfError = (error: unknown): Failure => {
  if (error instanceof FailureError) return error.failure;
  if (error instanceof StoreUnavailable) return failure('store-unavailable');
  // Refusals of the body reader and the router carry a 4xx status; their message may repeat what was sent, so it stays here.
  const { status, type } = (error ?? {}) as { status?: unknown; type?: unknown };
  if (type === 'entity.parse.failed') return failure('malformed-json');
  // The rest of the body is not waited for.
  if (status === 413) return failure('body-too-large', { headers: { connection: 'close' } });
  if (status === 415) return failure('unsupported-media-type');
  if (typeof status === 'number' && status >= 400 && status < 500) return failure('bad-request');
  return failure('internal');
};

export const sendFailure = ({ req, res }: Exchange, failed: Failure): void => {
  const local = localOf(res);
  local.reason = failed.code;
  if (res.headersSent) return void res.destroy();
  const headers = failed.location === undefined ? failed.headers : { location: failed.location, ...failed.headers };
  const text = JSON.stringify(detailsOf(failed, req.path, local.traceId));
  sendText(res, failed.problem.status, 'application/problem+json; charset=utf-8', text, headers);
};

export const send = (res: Response, reply: Reply): void => sendText(res, 200, reply.type, reply.text, reply.headers);

export const sendJson = (res: Response, status: number, body: unknown, headers?: Readonly<Record<string, string>>): void =>
  sendText(res, status, 'application/json; charset=utf-8', JSON.stringify(body), headers);

export const sendText = (res: Response, status: number, type: string, text: string, headers?: Readonly<Record<string, string>>): void => {
  // All at once: setting headers one by one costs more than the rest of the answer.
  res.writeHead(status, { ...sameForAll, ...headers, 'content-type': type, 'content-length': Buffer.byteLength(text) });
  res.end(text);
};

const sameForAll = {
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
} as const;
