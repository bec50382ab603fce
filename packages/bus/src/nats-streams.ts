import { type CloudEvent, type Home, type Producer, sourceOf } from '@tongdui/contracts';
import {
  AckPolicy,
  DeliverPolicy,
  DiscardPolicy,
  type JetStreamManager,
  type NatsConnection,
  NatsError,
  nanos,
  RetentionPolicy,
  StorageType,
} from 'nats';
import type { Address } from './transport.ts';

/** Where things are called what on the server. A prefix lets several systems share one server. */
export type Names = ReturnType<typeof namesOf>;
export const namesOf = (prefix: string) => {
  if (!/^[A-Za-z0-9_-]*$/.test(prefix)) throw new Error(`a NATS prefix has letters, digits, - and _ only, not ${prefix}`);
  const root = prefix ? `${prefix}.g60` : 'g60';
  return {
    stream: (home: Home): string => `${prefix ? `${prefix}-` : ''}G60-${home}`,
    /** Exactly one token for the service: requests and announcements have one more and are not stored. */
    streamSubjects: (home: Home): string => `${root}.${home}.*`,
    events: (producer: Producer): string => `${root}.${producer.home}.${producer.service}`,
    head: (producer: Producer): string => `${root}.${producer.home}.${producer.service}.head`,
    anyHead: `${root}.*.*.head`,
    request: (address: Address): string => `${root}.${address.home}.${address.service}.${address.verb}`,
    consumer: (name: string): string => name.replace(/[^A-Za-z0-9_-]/g, '_'),
    producerOfHead: (subject: string): Producer => {
      const [home, service] = subject.slice(root.length + 1).split('.');
      return { home, service } as Producer;
    },
  };
};

/** Streams are bounded: the feed has what they had to drop. */
export type StreamBounds = { readonly maxBytes: number; readonly maxAgeMs: number };

export const ensureStream = async (connection: NatsConnection, names: Names, home: Home, bounds: StreamBounds): Promise<void> => {
  const manager = await managerOf(connection);
  await tolerateExisting(() =>
    manager.streams.add({
      name: names.stream(home),
      subjects: [names.streamSubjects(home)],
      storage: StorageType.File,
      retention: RetentionPolicy.Limits,
      discard: DiscardPolicy.Old,
      max_bytes: bounds.maxBytes,
      max_age: nanos(bounds.maxAgeMs),
      num_replicas: 1,
    }),
  );
};

export const ackWaitMs = 30_000;

export const ensureConsumer = async (connection: NatsConnection, names: Names, name: string, home: Home): Promise<void> => {
  const manager = await managerOf(connection);
  await tolerateExisting(() =>
    manager.consumers.add(names.stream(home), {
      durable_name: names.consumer(name),
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.All,
      ack_wait: nanos(ackWaitMs),
      max_ack_pending: 512,
    }),
  );
};

const managerOf = (connection: NatsConnection): Promise<JetStreamManager> =>
  connection.jetstreamManager({ checkAPI: false, timeout: 5_000 });

/** What exists with other settings is left as it is: an operator may have set other bounds or replicas. */
const tolerateExisting = async (create: () => Promise<unknown>): Promise<void> => {
  try {
    await create();
  } catch (error) {
    const code = error instanceof NatsError ? error.api_error?.err_code : undefined;
    if (code !== streamNameInUse && code !== consumerNameInUse && code !== consumerExists) throw error;
  }
};
const streamNameInUse = 10_058;
const consumerNameInUse = 10_013;
const consumerExists = 10_105;

const encoder = new TextEncoder();
const decoder = new TextDecoder();
export const contentType = 'application/cloudevents-batch+json';

export const encode = (value: unknown): Uint8Array => encoder.encode(JSON.stringify(value ?? null));
export const decode = (data: Uint8Array): unknown => (data.length === 0 ? null : (JSON.parse(decoder.decode(data)) as unknown));

export const decodeBatch = (data: Uint8Array): readonly CloudEvent[] => {
  const batch = decode(data);
  if (!Array.isArray(batch)) throw new Error('a message is not a batch of events');
  return batch as CloudEvent[];
};

export const describe = (address: Address): string => `${sourceOf(address)}/${address.verb}`;
