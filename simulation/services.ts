import type { ServiceName } from '@tongdui/contracts';
import type { Deps } from '@tongdui/runtime';
import { clearing } from '../services/clearing/src/service.ts';
import { issuance } from '../services/issuance/src/service.ts';
import { ledger } from '../services/ledger/src/service.ts';
import type { PaymentRail } from '../services/redemption/src/payment-rail.ts';
import { redemption } from '../services/redemption/src/service.ts';
import { registry } from '../services/registry/src/service.ts';
import type { Built } from './process.ts';

/** The product: the five services as their own `service.ts` builds them. */

type NeededDeps = Pick<Deps, 'store' | 'wall' | 'rows' | 'ask' | 'crash' | 'clock' | 'signal'>;

export const builders: Readonly<Record<ServiceName, (deps: NeededDeps, rail: PaymentRail) => Built>> = {
  issuance: (deps) => issuance(deps) as unknown as Built,
  registry: (deps) => registry(deps) as unknown as Built,
  redemption: (deps, rail) => redemption(deps, rail) as unknown as Built,
  clearing: (deps) => clearing(deps) as unknown as Built,
  ledger: (deps) => ({ ...ledger(deps), operations: {} }),
};
