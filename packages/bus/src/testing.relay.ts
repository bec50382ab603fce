import { createHash } from 'node:crypto';
import { type CloudEvent, envelope } from '@tongdui/contracts';
import type { EventStore } from '@tongdui/event-store';
import canonicalize from 'canonicalize';
import { expect } from 'vitest';
import { z } from 'zod';
import { memoryHub } from './memory-transport.ts';
import { type Relay, type RelayedTo, type RelayOptions, relay } from './relay.ts';
import { countingFrom1, home, type ManualWall, publishTested, sequencesOf } from './testing.ts';
import type { Transport } from './transport.ts';

const running: Relay[] = [];
export const closeRelays = async (): Promise<void> => {
  await Promise.all(running.splice(0).map((each) => each.close()));
};

export const startRelay = (store: EventStore, wall: ManualWall, options: Partial<RelayOptions> = {}): Relay => {
  const transport = options.transport ?? memoryHub().connect('relay');
  const started = relay({ store, service: 'redemption', homes: [home], publish: publishTested, wall, ...options, transport });
  running.push(started);
  return started;
};

export const published = `redemption.${home}.published`;
export const thing = (id: number, at = home): string => `redemption.${at}.thing-${id}`;
export const eventsIn = async (store: EventStore): Promise<CloudEvent[]> =>
  (await store.read(published)).map((fact) => fact.data as unknown as CloudEvent);
export const textsOf = (events: readonly CloudEvent[]): unknown[] => events.map((event) => event.data.text);

/** Written against the contract, not with the code under test. */
export const expectGaplessChain = (events: readonly CloudEvent[]): void => {
  expect(sequencesOf(events)).toEqual(countingFrom1(events.length));
  for (const [index, event] of events.entries()) {
    const { data, ...rest } = event;
    expect(z.safeParse(envelope, rest).error).toBeUndefined();
    expect(data).toBeTypeOf('object');
    const previous = events[index - 1];
    const hash = previous && createHash('sha256').update(canonicalize(previous)!, 'utf8').digest('base64url');
    expect(event.previoushash).toBe(hash);
  }
  expect(new Set(events.map((event) => event.id)).size).toBe(events.length);
};

export const memoryCursor = (saved?: RelayedTo) => {
  let kept = saved;
  return {
    load: () => kept,
    save: (relayed: RelayedTo) => {
      kept = relayed;
    },
  };
};

/** A transport whose messages go where the test says. */
export const sendingTo = (publish: Transport['publish']): Transport => {
  const transport = memoryHub().connect('relay');
  transport.publish = publish;
  return transport;
};
