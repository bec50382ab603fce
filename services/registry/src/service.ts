import { handle } from '@tongdui/decider/handle';
import type { Deps, Service } from '@tongdui/runtime';
import { offering } from './offering.decider.ts';
import { provider } from './provider.decider.ts';
import { publish } from './publication.ts';
import { recognition } from './recognition.decider.ts';
import { type Handlers, operations } from './registry.operations.ts';
import { projections } from './registry.projection.ts';
import { sanction } from './sanction.decider.ts';

/** The registry: it decides alone, consumes nothing and answers no other service; the others keep copies of what it publishes. */
export const registry = ({ store, wall }: Pick<Deps, 'store' | 'wall'>) => {
  const handlers: Handlers = {
    provider: handle(store, provider, { wall }),
    offering: handle(store, offering, { wall }),
    recognition: handle(store, recognition, { wall }),
    sanction: handle(store, sanction, { wall }),
  };
  const service: Service = {
    name: 'registry',
    publish,
    projections,
    hears: [],
    copies: [],
    effects: () => [],
    work: () => ({}),
    perform: async (work) => {
      throw new Error(`the registry opens no work, yet there is ${work.kind}`);
    },
    asks: async () => ({ is: 'no', reason: 'ask-unknown' }),
    handlers,
  };
  return { ...service, operations: operations(handlers) };
};
