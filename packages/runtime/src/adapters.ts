import { mkdir } from 'node:fs/promises';
import { natsTransport, type Transport } from '@tongdui/bus';
import { type EventStore, eventStoreDbEventStore, sqliteEventStore } from '@tongdui/event-store';
import type { Configuration } from './config.ts';
import type { Log } from './seams.ts';

/** SQLite in the data directory, or EventStoreDB where its URL is given. */
export const openStore = async (config: Configuration, service: string): Promise<EventStore> => {
  await mkdir(config.dataDirectory, { recursive: true });
  if (config.eventStoreDbUrl !== undefined)
    return eventStoreDbEventStore({ connectionString: config.eventStoreDbUrl, prefix: config.streamPrefix });
  return sqliteEventStore({ file: `${config.dataDirectory}/${service}.facts.db` });
};

export const openTransport = (config: Configuration, service: string, log: Log): Transport =>
  natsTransport({ url: config.natsUrl, name: service, prefix: config.busPrefix, log });
