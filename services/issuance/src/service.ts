import { handle } from '@tongdui/decider/handle';
import type { Deps, Service } from '@tongdui/runtime';
import { allowance } from './allowance.decider.ts';
import { application } from './application.decider.ts';
import { enterprise } from './enterprise.decider.ts';
import { type Handlers, operations } from './issuance.operations.ts';
import { effects, work } from './issuance.process.ts';
import { copies, projections } from './issuance.projection.ts';
import { asks, performer } from './issue.coordination.ts';
import { policy } from './policy.decider.ts';
import { pot } from './pot.decider.ts';
import { publish } from './publication.ts';

/** Issuance: policies, enterprises, pots, allowances and the applications that become vouchers. */
export const issuance = (deps: Pick<Deps, 'store' | 'wall' | 'rows' | 'ask' | 'crash' | 'clock' | 'signal'>) => {
  const { store, wall, rows } = deps;
  const handlers: Handlers = {
    policy: handle(store, policy, { wall }),
    enterprise: handle(store, enterprise, { wall }),
    pot: handle(store, pot, { wall }),
    allowance: handle(store, allowance, { wall }),
    application: handle(store, application, { wall }),
  };
  const service: Service = {
    name: 'issuance',
    publish,
    projections,
    copies,
    effects,
    work,
    perform: performer(handlers, deps),
    asks: asks(handlers),
    handlers,
  };
  return { ...service, operations: operations(handlers, rows) };
};
