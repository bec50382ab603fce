import { Home, Instant, type InvariantReport, type Producer, ServiceName } from '@tongdui/contracts';
import { z } from 'zod';
import { type AdjustableClock, ClockWouldGoBack } from './clock.ts';
import type { PlainEndpoint } from './endpoint.ts';
import type { Host } from './host.ts';
import { FailureError, failure, invalid } from './problems.ts';

/** One figure that must agree with another, or one rule that must hold, as this service sees it. */
export type Check = {
  /** kebab-case, unique in the service. */
  readonly name: string;
  readonly holds: boolean;
  readonly details?: Readonly<Record<string, unknown>>;
};
/** What a service reports: checks, or the contract's own forms, which are shown as checks. */
export type Invariants = readonly Check[] | InvariantReport;
/** Figures are compared across services by whoever asks them all; alone they neither hold nor fail. */
export type TieOuts = readonly Check[] | Figures;
export type Figures = Readonly<Record<string, unknown>>;
type Awaitable<Value> = Value | Promise<Value>;

const overseers = ['auditor', 'joint-office', 'operator', 'treasurer'] as const;

/** What auditors and operators use, the same for every service. */
export const operatorRoutes = (options: {
  readonly host: Host;
  readonly tieOuts?: () => Awaitable<TieOuts>;
  readonly invariants?: () => Awaitable<Invariants>;
}): PlainEndpoint[] => {
  const { host } = options;
  return [
    {
      is: 'plain',
      method: 'GET',
      path: '/tie-outs',
      roles: overseers,
      run: async () => ({ json: { items: [...checksOfFigures((await options.tieOuts?.()) ?? []), ...skippedEvents(host)] } }),
    },
    {
      is: 'plain',
      method: 'GET',
      path: '/invariants',
      roles: overseers,
      run: async () => ({ json: { items: checksOfReport((await options.invariants?.()) ?? []) } }),
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

const isChecks = (given: Invariants | TieOuts): given is readonly Check[] => Array.isArray(given);

const checksOfFigures = (given: TieOuts): readonly Check[] =>
  isChecks(given) ? given : [{ name: 'figures', holds: true, details: given }];

const checksOfReport = (given: Invariants): readonly Check[] =>
  isChecks(given)
    ? given
    : Object.entries(given.invariants).map(([number, { held, ...details }]) => ({ name: `invariant-${number}`, holds: held, details }));

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

/** An event left out means that figures here and at its producer no longer agree, until someone corrects it. */
const skippedEvents = (host: Pick<Host, 'lines'>): Check[] =>
  host.lines().skipped.map(({ producer, ...details }) => ({
    name: `skipped-event-${producer.service}-${producer.home}-${details.sequence}`,
    holds: false,
    details,
  }));
