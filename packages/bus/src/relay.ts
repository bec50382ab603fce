import type { CloudEvent, Home, Producer, ServiceName } from '@tongdui/contracts';
import { beginning, type EventStore, type Position, type StoredFact } from '@tongdui/event-store';
import { answerFeeds } from './feed.ts';
import type { PublishedEventDraft } from './published.ts';
import { type RelayLine, relayLine } from './relay-line.ts';
import { backOffMs, type Log, messageOf, type Observe, silent, type Wall } from './seams.ts';
import type { Transport } from './transport.ts';

export type RelayOptions = {
  readonly store: EventStore;
  readonly transport: Transport;
  readonly service: ServiceName;
  readonly homes: readonly Home[];
  /** What a fact means to others, in order; nothing for a private fact. Pure: the same fact must always mean the same events. */
  readonly publish: (fact: StoredFact) => readonly PublishedEventDraft[];
  readonly cursor?: RelayCursor;
  readonly wall: Wall;
  readonly log?: Log;
  readonly observe?: Observe;
};

/** Remembers how far all homes were relayed, to save rescanning homes that publish nothing. Losing it costs time only. */
export type RelayCursor = { load(): RelayedTo | undefined; save(relayed: RelayedTo): void };
export type RelayedTo = { readonly epoch: string; readonly homes: readonly Home[]; readonly position: Position };

export type Relay = {
  status(): RelayStatus;
  /** Finishes the append and the messages under way, then stops. What is left is relayed after the next start. */
  close(): Promise<void>;
};
export type RelayStatus = {
  /** Every fact up to here has its events in the published streams. */
  readonly relayed: Position;
  /** Sequence of the newest published event of each home; 0 before the first. */
  readonly heads: ReadonlyMap<Home, number>;
  /** Nothing waits, and the store had nothing more when it was last asked. */
  readonly idle: boolean;
};

/** Turns the facts of these homes into published events, each exactly once and in order, whatever stops in between. */
export const relay = (options: RelayOptions): Relay => {
  const { store, transport, service, homes, wall, log = silent, observe = () => {} } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const sender = messageSender(transport, log, observe);
  const lines = new Map(
    homes.map((home) => {
      const producer: Producer = { service, home };
      const sent = (batch: readonly CloudEvent[]) => sender.send(producer, batch);
      return [home, relayLine({ store, producer, publish: options.publish, sent, wall, log, observe, signal })];
    }),
  );
  const progress = progressOf(options);
  const feeds = answerFeeds(store, transport, service, homes);
  const following = follow(options, lines, progress, signal);
  const announcing = announce(options, lines, signal);

  return {
    status: () => ({
      relayed: progress.relayed(),
      heads: new Map([...lines].map(([home, line]) => [home, line.head()])),
      idle: progress.idle(),
    }),
    close: async () => {
      stopping.abort();
      await Promise.all([following, announcing, ...[...lines.values()].map((line) => line.finish())]);
      await sender.finish();
      await feeds.close();
      progress.save();
    },
  };
};

const follow = async (
  options: RelayOptions,
  lines: ReadonlyMap<Home, RelayLine>,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> => {
  const { store, service, homes, wall, log = silent } = options;
  for (const line of lines.values()) await line.open();
  if (signal.aborted) return;
  progress.start(lines);
  const prefixes = homes.map((home) => `${service}.${home}.`);
  for (let attempt = 1; !signal.aborted; attempt += 1) {
    try {
      for await (const followed of store.follow({ prefixes, after: progress.taken(), signal })) {
        attempt = 0;
        if (followed.is === 'caught-up') progress.caughtUp();
        else await hand(followed.facts, lines, progress);
        if (signal.aborted) return;
      }
    } catch (error) {
      if (!signal.aborted) log.error({ service, error: messageOf(error) }, 'the relay cannot follow its store and tries again');
    }
    await wall.sleep(backOffMs(attempt, 200, 10_000), signal);
  }
};

/** Facts of one home stay in order; homes do not wait for each other until one lags far behind. */
const hand = async (facts: readonly StoredFact[], lines: ReadonlyMap<Home, RelayLine>, progress: Progress): Promise<void> => {
  const byHome = Map.groupBy(facts, (fact) => fact.stream.split('.', 2)[1] as Home);
  const served = [...byHome].flatMap(([home, factsOfHome]) => {
    const line = lines.get(home);
    return line ? [{ line, factsOfHome }] : [];
  });
  const done = progress.take(facts.at(-1)?.position ?? progress.taken(), served.length);
  for (const { line, factsOfHome } of served) line.take(factsOfHome, done);
  await Promise.all(served.map(({ line }) => line.room()));
};

const announce = async (
  { transport, service, wall }: RelayOptions,
  lines: ReadonlyMap<Home, RelayLine>,
  signal: AbortSignal,
): Promise<void> => {
  while (!signal.aborted) {
    for (const [home, line] of lines) if (line.head() > 0) transport.announce({ service, home }, line.head());
    const opened = [...lines.values()].every((line) => line.opened());
    await wall.sleep(opened ? 5_000 : 200, signal);
  }
};

type Progress = ReturnType<typeof progressOf>;

/** Knows up to where every home is done although homes finish in any order. */
const progressOf = ({ store, cursor, homes, wall }: RelayOptions) => {
  const underWay: { readonly position: Position; open: number }[] = [];
  let relayed = beginning;
  let taken = beginning;
  let allYielded = false;
  let saved = beginning;
  let savedAtMs = 0;

  const save = (): void => {
    if (!cursor || relayed === saved) return;
    saved = relayed;
    savedAtMs = wall.nowMs();
    cursor.save({ epoch: store.epoch, homes, position: relayed });
  };
  const settle = (): void => {
    while (underWay[0]?.open === 0) relayed = underWay.shift()?.position ?? relayed;
    if (wall.nowMs() - savedAtMs >= 1_000) save();
  };
  return {
    save,
    start: (lines: ReadonlyMap<Home, RelayLine>): void => {
      const hint = cursor?.load();
      const hinted = (home: Home): Position => (hint?.epoch === store.epoch && hint.homes.includes(home) ? hint.position : beginning);
      const starts = [...lines].map(([home, line]) => line.startFrom(hinted(home)));
      relayed = taken = saved = starts.toSorted()[0] ?? beginning;
    },
    /** Returns what each of the `open` homes calls once when it is done with its part. */
    take: (position: Position, open: number): (() => void) => {
      const part = { position, open };
      underWay.push(part);
      taken = position;
      allYielded = false;
      if (open === 0) settle();
      return () => {
        part.open -= 1;
        settle();
      };
    },
    caughtUp: (): void => {
      allYielded = true;
      settle();
    },
    relayed: (): Position => relayed,
    taken: (): Position => taken,
    idle: (): boolean => allYielded && underWay.length === 0,
  };
};

const messagesUnderWayMax = 64;

/** Messages are a courtesy: the feed repairs each that is lost, so a slow or absent broker must not hold the relay up. */
const messageSender = (transport: Transport, log: Log, observe: Observe) => {
  const underWay = new Set<Promise<void>>();
  const failed = (producer: Producer, batch: readonly CloudEvent[], reason: string): void => {
    observe({ is: 'publish-failed', producer, events: batch.length });
    log.warn({ ...producer, events: batch.length, reason }, 'published events were stored but not sent; consumers will read the feed');
  };
  return {
    send: (producer: Producer, batch: readonly CloudEvent[]): void => {
      if (underWay.size >= messagesUnderWayMax) {
        failed(producer, batch, 'too many messages under way');
        return;
      }
      const message: Promise<void> = transport
        .publish(producer, batch)
        .catch((error: unknown) => failed(producer, batch, messageOf(error)))
        .finally(() => underWay.delete(message));
      underWay.add(message);
    },
    finish: async (): Promise<void> => {
      await Promise.all(underWay);
    },
  };
};
