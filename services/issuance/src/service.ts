import type { Deps, Service } from '@tongdui/runtime';
import { handlersOf } from './handlers.ts';
import { operations } from './issuance.operations.ts';
import { effects, work } from './issuance.process.ts';
import { copies, projections } from './issuance.projection.ts';
import { asks, performer } from './issue.coordination.ts';
import { publish } from './publication.ts';

/** Issuance: policies, enterprises, pots, allowances and the applications that become vouchers. */
export const issuance = (deps: Pick<Deps, 'store' | 'wall' | 'rows' | 'ask' | 'crash' | 'clock' | 'signal'>) => {
  const handlers = handlersOf(deps);
  const service: Service = {
    name: 'issuance',
    publish,
    projections,
    hears: ['registry', 'redemption', 'clearing'],
    copies,
    effects,
    work,
    perform: performer(handlers, deps),
    asks: asks(handlers),
    handlers,
  };
  return { ...service, operations: operations(handlers, deps.rows) };
};
