import type { Observe as BusObserve, Transport } from '@tongdui/bus';
import type { Home } from '@tongdui/contracts';
import type { EventStore } from '@tongdui/event-store';
import type { ReadModel } from './read-model.ts';
import type { BusinessClock, CrashPoint, Log, WallClock } from './seams.ts';

/** What a running service touches of the world: real adapters in a process, memory and virtual time in simulation. */
export type HostSeams = {
  readonly store: EventStore;
  readonly transport: Transport;
  /** The homes served here. */
  readonly homes: readonly Home[];
  readonly readModel: ReadModel;
  readonly clock: BusinessClock;
  readonly wall: WallClock;
  readonly log: Log;
  readonly crash: CrashPoint;
  /** Tells processes apart that serve the same homes of the same service. */
  readonly replica?: string;
  readonly measure?: (measure: HostMeasure) => void;
};

/** What metrics are made of, beside what the bus tells. */
export type HostMeasure =
  | Parameters<BusObserve>[0]
  | { readonly is: 'followed'; readonly facts: number }
  | { readonly is: 'work-performed'; readonly kind: string; readonly durationMs: number }
  | { readonly is: 'work-failed'; readonly kind: string };

/** Doubles from the first delay up to the longest; `attempt` counts from 1. */
export const backOffMs = (attempt: number, firstMs: number, longestMs: number): number =>
  Math.min(longestMs, firstMs * 2 ** Math.min(Math.max(attempt, 1) - 1, 30));

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
