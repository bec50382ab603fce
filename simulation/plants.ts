import type { ServiceName } from '@tongdui/contracts';
import type { EventStore } from '@tongdui/event-store';
import type { Deps } from '@tongdui/runtime';
import type { Built, Disk } from './process.ts';

/** A bug that a test puts between the product and its seams, to see that a simulation finds it. */
export type Plant = {
  readonly name: string;
  readonly store?: (store: EventStore, at: { readonly service: ServiceName; readonly disk: Disk; readonly lives: number }) => EventStore;
  readonly service?: (service: Built, deps: Pick<Deps, 'clock' | 'rows'>) => Built;
  /** Changes rules of the product; the answer changes them back. */
  readonly rules?: () => () => void;
};
