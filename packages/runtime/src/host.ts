import {
  answerAsks,
  type Consumer,
  type ConsumerStatus,
  type HaltedLine,
  type Relay,
  type RelayedTo,
  type RelayStatus,
  relay,
} from '@tongdui/bus';
import { type Home, type Instant, type Producer, type ServiceName, sourceOf } from '@tongdui/contracts';
import type { JsonObject, Position } from '@tongdui/event-store';
import { followedOf, follower, prefixesOf } from './follower.ts';
import { backOffMs, type HostSeams, messageOf } from './host.seams.ts';
import { inbox, type SkippedEvent } from './inbox.ts';
import type { Service } from './service.ts';
import { workRunner } from './work-runner.ts';

/** A running service without HTTP: what a process and simulation have in common. */
export type Host = {
  /** Every fact stored at the start is in the rows, events are consumed, work is performed. */
  readonly started: Promise<void>;
  isStarted(): boolean;
  /** True as soon as the rows hold the fact at this position, false when the time is over. */
  waitFor(position: Position, timeoutMs: number): Promise<boolean>;
  /** Position of the newest own fact of the served homes: no command was answered with a later one. */
  head(): Promise<Position>;
  status(): Promise<HostStatus>;
  lines(): { readonly halted: readonly HaltedLine[]; readonly skipped: readonly SkippedEvent[] };
  redrive(producer: Producer): Promise<void>;
  skip(producer: Producer, reason: string, by: string): Promise<void>;
  /**
   * Stops timers and consuming, lets what is under way finish (≤ 20 s; requests too, where given), flushes the relay. Leaves store,
   * transport and read model open.
   */
  stop(requestsUnderWay?: Promise<unknown>): Promise<void>;
};

export type HostStatus = {
  readonly service: ServiceName;
  readonly homes: readonly Home[];
  readonly now: Instant;
  /** Nothing is due and nothing is under way: every fact is in the rows and relayed, every event heard of is consumed, no work is due. */
  readonly idle: boolean;
  readonly epoch: string;
  /** Positions in this service's own store. */
  readonly head: Position;
  readonly followed: Position;
  readonly relayed: Position;
  /** Home → sequence of its newest published event. */
  readonly published: Readonly<Record<string, number>>;
  /** `/<service>/<home>` → sequence of the next event wanted. */
  readonly consumed: Readonly<Record<string, number>>;
  readonly work: readonly { readonly kind: string; readonly pending: number; readonly dueNow: number }[];
  readonly performing: number;
  readonly halted: readonly HaltedLine[];
};

const stopPatienceMs = 20_000;
const flushPatienceMs = 5_000;

export const host = (service: Service, seams: HostSeams): Host => {
  const { transport, homes, readModel } = seams;
  refuseMixedTables(service);
  const stopping = new AbortController();
  const runner = workRunner(service, seams);
  const follows = follower(service, seams, (work) => runner.changed(work));
  const relays = relayOf(service, seams);
  const asks = answerAsks(transport, service.name, homes, (ask) => service.asks(ask as JsonObject));
  let consumes: Consumer | undefined;
  let isStarted = false;

  const start = async () => {
    await follows.caughtUp;
    if (stopping.signal.aborted) return;
    runner.start();
    consumes = await subscribed(service, seams, stopping.signal);
    isStarted = consumes !== undefined;
    // Whoever starts anew, this process included, hears at once how much there is to read.
    for (const [home, head] of relays.status().heads) if (head > 0) transport.announce({ service: service.name, home }, head);
  };
  const started = start();

  const line = (): Consumer => {
    if (!consumes) throw new Error('the consumer has not started yet');
    return consumes;
  };

  const stop = async (requests: Promise<unknown> | undefined) => {
    stopping.abort();
    const underWay = Promise.all([runner.stop(), consumes?.close(), asks.close(), requests]);
    if (!(await endsWithin(stopPatienceMs, underWay, seams)))
      seams.log.warn({ service: service.name }, 'work under way did not end in time; it is done again after the start');
    await flush(service, seams, relays);
    await relays.close();
    await follows.stop();
  };
  let stopped: Promise<void> | undefined;

  return {
    started,
    isStarted: () => isStarted,
    waitFor: follows.waitFor,
    head: () => headOf(service, seams),
    status: () =>
      statusOf({ service, seams, isStarted, relayed: relays.status(), consumed: consumes?.status(), performing: runner.running() }),
    lines: () => ({ halted: consumes?.status().halted ?? [], skipped: readModel.notes<SkippedEvent>('skipped').map(({ note }) => note) }),
    redrive: (producer) => line().redrive(producer),
    skip: (producer, reason, by) => line().skip(producer, reason, by),
    stop: (requests) => {
      stopped ??= stop(requests);
      return stopped;
    },
  };
};

const headOf = (service: Service, { store, homes }: HostSeams): Promise<Position> => store.head(prefixesOf(service.name, homes));

const relayOf = (service: Service, { store, transport, homes, readModel, wall, log, measure }: HostSeams): Relay =>
  relay({
    store,
    transport,
    service: service.name,
    homes,
    publish: (stored) => {
      const followed = followedOf(stored);
      return followed ? service.publish(followed).map((draft) => ({ ...draft, type: `g60.${service.name}.${draft.type}.v1` })) : [];
    },
    cursor: {
      load: () => readModel.notes<RelayedTo>('relayed')[0]?.note,
      save: (relayed) => readModel.transact((draft) => draft.note('relayed', 'cursor', relayed)),
    },
    wall,
    log,
    ...(measure ? { observe: measure } : {}),
  });

/** The broker may come later than this process; until then facts are recorded and nothing is lost. */
const subscribed = async (service: Service, seams: HostSeams, signal: AbortSignal): Promise<Consumer | undefined> => {
  for (let attempt = 1; !signal.aborted; attempt += 1) {
    try {
      return await inbox(service, seams);
    } catch (error) {
      seams.log.warn({ service: service.name, attempt, reason: messageOf(error) }, 'the broker cannot be reached yet; trying again');
      await seams.wall.sleep(backOffMs(attempt, 200, 10_000), signal);
    }
  }
  return undefined;
};

type Observed = {
  readonly service: Service;
  readonly seams: HostSeams;
  readonly isStarted: boolean;
  readonly relayed: RelayStatus;
  readonly consumed: ConsumerStatus | undefined;
  readonly performing: number;
};

const statusOf = async ({ service, seams, isStarted, relayed, consumed, performing }: Observed): Promise<HostStatus> => {
  const { readModel, clock, homes, store } = seams;
  const head = await headOf(service, seams);
  const followed = readModel.followed();
  const work = readModel.countWork(clock.now());
  const everythingFollowed = followed === head && relayed.idle && relayed.relayed === head;
  const isOwnHeard = ([home, sequence]: readonly [Home, number]) => {
    const next = consumed?.next.get(sourceOf({ service: service.name, home }));
    return next === undefined || next > sequence;
  };
  const everythingConsumed = consumed?.idle === true && [...relayed.heads].every(isOwnHeard);
  const nothingDue = performing === 0 && work.every(({ dueNow }) => dueNow === 0);
  return {
    service: service.name,
    homes,
    now: clock.now(),
    idle: isStarted && everythingFollowed && everythingConsumed && nothingDue,
    epoch: store.epoch,
    head,
    followed,
    relayed: relayed.relayed,
    published: Object.fromEntries(relayed.heads),
    consumed: Object.fromEntries(consumed?.next ?? []),
    work,
    performing,
    halted: consumed?.halted ?? [],
  };
};

/** What was decided just now still reaches the others; what does not is relayed after the next start. */
const flush = async (service: Service, seams: HostSeams, relays: Relay): Promise<void> => {
  const stepMs = 20;
  for (let waitedMs = 0; waitedMs < flushPatienceMs; waitedMs += stepMs) {
    const head = await headOf(service, seams).catch(() => undefined);
    if (head === undefined || relays.status().relayed >= head) return;
    await seams.wall.sleep(stepMs);
  }
};

const endsWithin = async (timeoutMs: number, work: Promise<unknown>, { wall, log }: HostSeams): Promise<boolean> => {
  const ended = new AbortController();
  const end = () => ended.abort();
  work.then(end, (error: unknown) => {
    log.error({ error: messageOf(error) }, 'stopping failed');
    end();
  });
  await wall.sleep(timeoutMs, ended.signal);
  return ended.signal.aborted;
};

const refuseMixedTables = (service: Service) => {
  const ofFacts = new Set(service.projections.map(({ table }) => table));
  const mixed = service.copies.find(({ table }) => ofFacts.has(table));
  if (mixed)
    throw new Error(
      `table ${mixed.table} of ${service.name} is fed by facts and by events; a rebuilt read model could not repeat their order`,
    );
};
