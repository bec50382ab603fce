import type { EventStoreDbOptions } from './eventstoredb/store.ts';
import type { EventStore } from './port.ts';

export type { EventStoreDbOptions } from './eventstoredb/store.ts';
export { type AppendFate, type MemoryEventStore, type MemoryFaults, type MemoryOptions, memoryEventStore } from './memory.ts';
export * from './port.ts';
export { type SqliteOptions, sqliteEventStore } from './sqlite/store.ts';

/**
 * The production store. Rejects with `StoreUnavailable` when no server answers within `openTimeoutMs`.
 * The client is loaded here and not before, because most processes start without it and it takes its time.
 */
export async function eventStoreDbEventStore(options: EventStoreDbOptions): Promise<EventStore> {
  const { openEventStoreDb } = await import('./eventstoredb/store.ts');
  return openEventStoreDb(options);
}
