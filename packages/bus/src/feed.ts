import type { CloudEvent, Home, Producer, ServiceName } from '@tongdui/contracts';
import type { EventStore } from '@tongdui/event-store';
import { batchBytesMax, messageEventsMax, publishedStreamOf } from './published.ts';
import { type Subscription, type Transport, Unreachable } from './transport.ts';

/** A piece of what a producer has published, in sequence order without gaps, and the sequence of its newest event (0: none). */
export type FeedPage = { readonly events: readonly CloudEvent[]; readonly head: number };

/** Answers `{from, max}` out of the published streams of these homes: the repair path of every consumer. */
export const answerFeeds = (store: EventStore, transport: Transport, service: ServiceName, homes: readonly Home[]): Subscription => {
  const subscriptions = homes.map((home) =>
    transport.respond({ home, service, verb: 'feed' }, (payload) =>
      pageOf(store, { service, home }, payload as { from?: unknown; max?: unknown } | null),
    ),
  );
  return {
    close: async () => {
      await Promise.all(subscriptions.map((subscription) => subscription.close()));
    },
  };
};

const pageOf = async (store: EventStore, producer: Producer, asked: { from?: unknown; max?: unknown } | null): Promise<FeedPage> => {
  const from = Number(asked?.from);
  const max = Math.min(Number(asked?.max ?? messageEventsMax), messageEventsMax);
  if (!Number.isSafeInteger(from) || from < 1 || !Number.isSafeInteger(max) || max < 1)
    throw new Error('a feed is asked for {from, max}, both at least 1');
  const stream = publishedStreamOf(producer);
  const facts = await store.read(stream, { from: from - 1, max });
  const reachesEnd = facts.length > 0 && facts.length < max;
  const head = reachesEnd ? from - 1 + facts.length : ((await store.readLast(stream))?.revision ?? -1) + 1;
  return { events: withinBytes(facts.map((fact) => fact.data as unknown as CloudEvent)), head };
};

const withinBytes = (events: readonly CloudEvent[]): readonly CloudEvent[] => {
  let bytes = 0;
  const end = events.findIndex((event, index) => {
    bytes += Buffer.byteLength(JSON.stringify(event));
    return bytes > batchBytesMax && index > 0;
  });
  return end === -1 ? events : events.slice(0, end);
};

/** Rejects with `Unreachable` when the producer does not answer, or answers nonsense. */
export const readFeed = async (transport: Transport, producer: Producer, from: number, max = messageEventsMax): Promise<FeedPage> => {
  const address = { home: producer.home, service: producer.service, verb: 'feed' } as const;
  const answer = (await transport.request(address, { from, max }, feedTimeoutMs)) as Partial<FeedPage> | null;
  if (!answer || !Array.isArray(answer.events) || !Number.isSafeInteger(answer.head))
    throw new Unreachable('the feed answered something else than a page');
  return answer as FeedPage;
};

const feedTimeoutMs = 5_000;
