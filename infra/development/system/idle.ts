import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';

/** What `GET /development/status` of a service says, as far as it is needed to know that nothing is left to do. */
export const ServiceStatus = z.looseObject({
  service: z.string(),
  homes: z.array(z.string()),
  idle: z.boolean(),
  /** Newest sequence published, by home. */
  published: z.record(z.string(), z.number()),
  /** Sequence wanted next, by `/<service>/<home>` of the producer. */
  consumed: z.record(z.string(), z.number()),
  /** Lines that wait for an operator. */
  halted: z.array(z.unknown()),
});
export type ServiceStatus = z.infer<typeof ServiceStatus>;

/** A status by the name of its process. */
export type Statuses = ReadonlyMap<string, ServiceStatus>;

/**
 * Resolves when nothing is left to do anywhere: everyone idle and everything published consumed, seen twice with nothing published in between.
 * Once is not enough: an event may be on its way between two services that both had nothing to do when they were asked.
 */
export const waitIdle = async (read: () => Promise<Statuses>, timeoutMs: number): Promise<void> => {
  const deadline = Date.now() + timeoutMs;
  let previous: Heads | undefined;
  let reasons: readonly string[] = [];
  for (let pauseMs = shortestPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    const statuses = await read().catch((error: Error) => error);
    reasons = statuses instanceof Error ? [statuses.message] : unfinished(statuses);
    const heads = statuses instanceof Error || reasons.length > 0 ? undefined : headsOf(statuses);
    if (heads && previous && isDeepStrictEqual(heads, previous)) return;
    previous = heads;
    if (Date.now() > deadline)
      throw new Error(`the system is not idle after ${timeoutMs / 1000} s: ${reasons.slice(0, 10).join('; ') || 'its heads keep moving'}`);
    await delay(heads ? shortestPauseMs : pauseMs);
  }
};
/** What is over in a moment is seen at once, and what takes long is not asked all the time. */
const shortestPauseMs = 10;
const longestPauseMs = 80;

/** Why the system is not idle, one sentence for each reason; none when it is. */
export const unfinished = (statuses: Statuses): readonly string[] => {
  const busy = [...statuses].filter(([, status]) => !status.idle).map(([name]) => `${name} is not idle`);
  const published = publishedBy(statuses);
  const behind = [...statuses].flatMap(([name, status]) =>
    Object.entries(status.consumed).flatMap(([producer, next]) => {
      const head = published.get(producer) ?? 0;
      return next - 1 < head ? [`${name} has ${next - 1} of ${head} events of ${producer}`] : [];
    }),
  );
  const halted = [...statuses]
    .filter(([, status]) => status.halted.length > 0)
    .map(([name, status]) => `${name} has ${status.halted.length} halted lines`);
  // A halted line is a reason only where it keeps events from being consumed.
  return busy.length + behind.length === 0 ? [] : [...busy, ...behind, ...halted];
};

type Heads = ReadonlyMap<string, { readonly published: Readonly<Record<string, number>>; readonly head: unknown }>;

const headsOf = (statuses: Statuses): Heads =>
  new Map([...statuses].map(([name, status]) => [name, { published: status.published, head: status.head }]));

/** Newest sequence of every producer, `/<service>/<home>`; replicas of a service may know it at different times. */
const publishedBy = (statuses: Statuses): ReadonlyMap<string, number> => {
  const heads = new Map<string, number>();
  for (const { published, service } of statuses.values())
    for (const [home, head] of Object.entries(published)) {
      const producer = `/${service}/${home}`;
      heads.set(producer, Math.max(head, heads.get(producer) ?? 0));
    }
  return heads;
};
