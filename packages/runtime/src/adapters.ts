import { mkdir } from 'node:fs/promises';
import { natsTransport, type Transport } from '@tongdui/bus';
import { type EventStore, sqliteEventStore } from '@tongdui/event-store';
import { type Configuration, ConfigurationError } from './config.ts';
import type { Log } from './seams.ts';

/** SQLite in the data directory, or EventStoreDB where its URL is given. */
export const openStore = async (config: Configuration, service: string): Promise<EventStore> => {
  await mkdir(config.dataDirectory, { recursive: true });
  if (config.eventStoreDbUrl !== undefined) throw new ConfigurationError('EVENTSTOREDB_URL is set, but this build has no adapter for it');
  return sqliteEventStore({ file: `${config.dataDirectory}/${service}.facts.db` });
};

export const openTransport = (config: Configuration, service: string, log: Log): Transport =>
  natsTransport({ url: config.natsUrl, name: service, prefix: config.busPrefix, log });
