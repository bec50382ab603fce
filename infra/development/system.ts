import { runCommandLine } from './system/command-line.ts';

/** The whole of Tongdui on this machine: as a library for the demo and the end-to-end tests, and as the command behind `make start` and `make stop`. */
export type { ManagedProcess } from './system/child.ts';
export { DataDirectoryRefusal } from './system/data-directory.ts';
export type { NatsControl, System } from './system/handle.ts';
export type { ServiceStatus, Statuses } from './system/idle.ts';
export { PortsRefusal, portOf, type ServiceSet } from './system/layout.ts';
export { type SystemOptions, startSystem } from './system/start.ts';

if (import.meta.main) process.exit(await runCommandLine(process.argv.slice(2)));
