import { handle } from '@tongdui/decider/handle';
import type { Deps, Service } from '@tongdui/runtime';
import { agreement } from './agreement.decider.ts';
import { asksOf, performer } from './clearing.perform.ts';
import { effects, work } from './clearing.process.ts';
import { type AgreementHandler, type CycleHandler, corridorOperations } from './corridor.operations.ts';
import { corridorProjections } from './corridor.projection.ts';
import { cycle } from './cycle.decider.ts';
import { pair } from './pair.decider.ts';
import { type PairHandler, pairOperations } from './pair.operations.ts';
import { pairProjections } from './pair.projection.ts';
import { publish } from './publication.ts';

/** Clearing: prefunds, obligations and the monthly cycle between the cities. */
export const clearing = (deps: Pick<Deps, 'store' | 'wall' | 'clock' | 'rows' | 'ask' | 'crash'> & Partial<Pick<Deps, 'signal'>>) => {
  const { store, wall, rows } = deps;
  const handlers: { readonly agreement: AgreementHandler; readonly cycle: CycleHandler; readonly pair: PairHandler } = {
    agreement: handle(store, agreement, { wall }),
    cycle: handle(store, cycle, { wall }),
    pair: handle(store, pair, { wall }),
  };
  const service: Service = {
    name: 'clearing',
    publish,
    projections: [...pairProjections, ...corridorProjections],
    hears: ['redemption', 'clearing'],
    copies: [],
    effects,
    work,
    perform: performer(handlers, deps),
    asks: asksOf(handlers),
    handlers,
  };
  return { ...service, operations: { ...pairOperations(handlers.pair), ...corridorOperations(handlers, rows) } };
};

export type Operations = ReturnType<typeof clearing>['operations'];
