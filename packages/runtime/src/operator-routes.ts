import { Home, Instant, type InvariantReport, type Producer, ServiceName } from '@tongdui/contracts';
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
export const operatorRoutes = ({ service, host, reports }: { service: ServiceName; host: Host; reports: Reports }): PlainEndpoint[] => {
  return [
    {
      is: 'plain',
      method: 'GET',
      path: '/tie-outs',
      roles: overseers,
      // An event left out means that figures here and at its producer no longer agree, until someone corrects it.
      run: () => ({ json: { service, figures: reports.figures?.() ?? {}, skipped: host.lines().skipped } }),
    },
    {
      is: 'plain',
      method: 'GET',
      path: '/invariants',
      roles: overseers,
      run: () => ({ json: reports.invariants?.() ?? { service, invariants: {} } }),
    },
    { is: 'plain', method: 'GET', path: '/lines', roles: ['operator'], run: () => ({ json: host.lines() }) },
    {
      is: 'plain',
      method: 'PUT',
      path: '/lines/{producer}/redrive',
      roles: ['operator'],
      run: async ({ params }) => {
        const producer = haltedProducer(host, params.producer);
        await host.redrive(producer);
        return { json: { producer } };
      },
    },
    {
      is: 'plain',
      method: 'PUT',
      path: '/lines/{producer}/skip',
      roles: ['operator'],
      run: async ({ params, body, actor }) => {
        const { reason } = parsed(SkipBody, body);
        const producer = haltedProducer(host, params.producer);
        await host.skip(producer, reason, actor.sub);
        return { json: { producer, reason } };
      },
    },
  ];
};

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
