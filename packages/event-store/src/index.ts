export * from './port.ts';
export { type AppendFate, type MemoryEventStore, type MemoryFaults, type MemoryOptions, memoryEventStore } from './memory.ts';
export { type SqliteOptions, sqliteEventStore } from './sqlite/store.ts';
