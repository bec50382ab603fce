import { type Actor, corridorHome, Home, Instant, type InvariantReport, type Producer, ServiceName } from '@tongdui/contracts';
import { z } from 'zod';
import { type AdjustableClock, ClockWouldGoBack } from './clock.ts';
import type { PlainEndpoint } from './endpoint.ts';
import type { Host } from './host.ts';
import { FailureError, failure, invalid } from './problems.ts';

/** What a service says of itself to an auditor; the shapes are the contract's. */
export type Reports = {
  /** Its part of the invariants. */
  readonly invariants?: () => InvariantReport;
  /** Figures that must agree with those of other services. */
  readonly figures?: () => unknown;
};

const overseers = ['auditor', 'joint-office', 'operator', 'treasurer'] as const;

/** What auditors and operators use, the same for every service. */
export const operatorRoutes = (options: {
  readonly service: ServiceName;
  /** The served homes. */
  readonly homes: readonly Home[];
  readonly host: Host;
  readonly reports: Reports;
}): PlainEndpoint[] => {
  const { service, homes, host, reports } = options;
  const route = (method: 'GET' | 'PUT', path: string, roles: readonly string[], run: PlainEndpoint['run']): PlainEndpoint => ({
    is: 'plain',
    method,
    path,
    roles,
    run: (call) => {
      if (!overseesAll(call.actor, homes)) throw new FailureError(failure('not-allowed'));
      return run(call);
    },
  });
  return [
    // An event left out means that figures here and at its producer no longer agree, until someone corrects it.
    route('GET', '/tie-outs', overseers, () => ({ json: { service, figures: reports.figures?.() ?? {}, skipped: host.lines().skipped } })),
    route('GET', '/invariants', overseers, () => ({ json: reports.invariants?.() ?? { service, invariants: {} } })),
    route('GET', '/lines', ['operator'], () => ({ json: host.lines() })),
    route('PUT', '/lines/{producer}/redrive', ['operator'], async ({ params }) => {
      const producer = haltedProducer(host, params.producer);
      await host.redrive(producer);
      return { json: { producer } };
    }),
    route('PUT', '/lines/{producer}/skip', ['operator'], async ({ params, body, actor }) => {
      const { reason } = parsed(SkipBody, body);
      const producer = haltedProducer(host, params.producer);
      await host.skip(producer, reason, actor.sub);
      return { json: { producer, reason } };
    }),
  ];
};

/** Figures and lines are of the whole process: for G60's people, and for a city's own where the process serves that city alone. */
const overseesAll = ({ city }: Actor, homes: readonly Home[]): boolean => city === corridorHome || homes.every((home) => home === city);

/** Moves business time. Registered in development only. */
export const clockRoute = (clock: AdjustableClock): PlainEndpoint => ({
  is: 'plain',
  method: 'PUT',
  path: '/development/clock',
  roles: ['operator'],
  run: ({ body }) => {
    const { now } = parsed(ClockBody, body);
    try {
      clock.moveTo(now);
    } catch (error) {
      if (error instanceof ClockWouldGoBack) throw new FailureError(failure('clock-would-go-back', { detail: error.message }));
      throw error;
    }
    return { json: { now: clock.now() } };
  },
});

const SkipBody = z.strictObject({ reason: z.string().trim().min(1).max(500) });
const ClockBody = z.strictObject({ now: Instant });

const parsed = <Schema extends z.ZodType>(schema: Schema, body: unknown): z.infer<Schema> => {
  const result = schema.safeParse(body);
  if (!result.success) throw new FailureError(invalid('body', result.error));
  return result.data;
};

/** `redemption-310117`, when its line is halted. */
const haltedProducer = (host: Host, text = ''): Producer => {
  const [service, home] = text.split('-');
  const producer = z.object({ service: ServiceName, home: Home }).safeParse({ service, home });
  if (!producer.success) throw new FailureError(failure('not-found'));
  const { halted } = host.lines();
  if (!halted.some((line) => line.producer.service === producer.data.service && line.producer.home === producer.data.home))
    throw new FailureError(failure('line-not-halted'));
  return producer.data;
};
