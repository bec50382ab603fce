import { hash } from 'node:crypto';
import type { LocalDate, Member, Sha256 } from '@tongdui/contracts';
import { handle } from '@tongdui/decider/handle';
import type { Deps, Service } from '@tongdui/runtime';
import { claim } from './claim.decider.ts';
import { claimOperations } from './claim.operations.ts';
import { evidence } from './evidence.decider.ts';
import type { Handlers } from './handlers.ts';
import { invoice } from './invoice.decider.ts';
import { order } from './order.decider.ts';
import { orderOperations } from './order.operations.ts';
import { payment } from './payment.decider.ts';
import { paymentOperations } from './payment.operations.ts';
import type { PaymentRail } from './payment-rail.ts';
import { publish } from './publication.ts';
import { asks } from './redemption.asks.ts';
import { copies, copiesOf } from './redemption.copies.ts';
import { work } from './redemption.followup.ts';
import { effects } from './redemption.process.ts';
import { projections } from './redemption.projection.ts';
import { performer } from './redemption.work.ts';
import { voucher } from './voucher.decider.ts';
import { voucherOperations } from './voucher.operations.ts';

/** Redemption: vouchers' balances, orders, evidence, invoices, claims and their payments. */
export const redemption = (deps: Pick<Deps, 'store' | 'wall' | 'rows' | 'ask' | 'crash' | 'clock' | 'signal'>, rail: PaymentRail) => {
  const { store, wall, rows, crash } = deps;
  const handlers: Handlers = {
    voucher: handle(store, voucher, { wall }),
    order: handle(store, order, { wall }),
    evidence: handle(store, evidence, { wall }),
    invoice: handle(store, invoice, { wall }),
    claim: handle(store, claim, { wall }),
    payment: handle(store, payment, { wall }),
  };
  const known = copiesOf(rows);
  const service: Service = {
    name: 'redemption',
    publish,
    projections,
    hears: ['issuance', 'registry', 'redemption', 'clearing'],
    copies,
    effects,
    work,
    perform: performer({ ...deps, handlers, rail }),
    asks: asks(handlers, crash),
    handlers,
  };
  /** Until a city has published a policy nothing can be proposed, so the number of days then does not matter. */
  const proposalValidDays = (home: Member, on: LocalDate) => known.policyInForce(home, on)?.terms.proposalValidDays ?? 0;
  const operations = {
    ...voucherOperations(handlers),
    ...orderOperations(handlers, known, proposalValidDays),
    ...claimOperations(handlers, known, (text) => hash('sha256', text, 'hex') as Sha256),
    ...paymentOperations(handlers, known),
  };
  return { ...service, operations };
};
