import { ask as askOverBus, type Transport, Unreachable } from '@tongdui/bus';
import type { Home, ServiceName } from '@tongdui/contracts';
import type { PartAnswer } from '@tongdui/decider';
import type { JsonObject } from '@tongdui/event-store';

/** Puts a decision to the service of a home. Rejects with `Unreachable` when it does not answer in time, which is never a refusal. */
export type Ask = (home: Home, service: ServiceName, ask: JsonObject) => Promise<PartAnswer>;

export const askTimeoutMs = 2_000;

/** The same function when the service and the home are here, request/reply over the bus when not. */
export const asker =
  (options: {
    readonly transport: Transport;
    readonly service: ServiceName;
    readonly servedHomes: readonly Home[];
    /** The service's own decisions. Called late, because the service is built with the asker in hand. */
    readonly asks: (ask: JsonObject) => Promise<PartAnswer>;
    readonly timeoutMs?: number;
  }): Ask =>
  async (home, service, ask) => {
    if (service === options.service && options.servedHomes.includes(home)) return options.asks(ask);
    return askOverBus(options.transport, { home, service }, ask, { timeoutMs: options.timeoutMs ?? askTimeoutMs, parse: partAnswer });
  };

const partAnswer = (answer: unknown): PartAnswer => {
  const { is, reason } = (answer ?? {}) as { is?: unknown; reason?: unknown };
  if (is === 'yes' || is === 'queued' || (is === 'no' && typeof reason === 'string')) return answer as PartAnswer;
  throw new Unreachable('the answer is none of yes, no and queued');
};
