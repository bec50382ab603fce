import type { Handler } from '@tongdui/decider/handle';
import type * as claim from './claim.decider.ts';
import type * as claimFacts from './claim.facts.ts';
import type * as claimState from './claim.state.ts';
import type * as evidence from './evidence.decider.ts';
import type * as invoice from './invoice.decider.ts';
import type * as order from './order.decider.ts';
import type * as orderState from './order.state.ts';
import type * as payment from './payment.decider.ts';
import type * as paymentState from './payment.state.ts';
import type * as voucher from './voucher.decider.ts';
import type * as voucherState from './voucher.state.ts';

/** By the noun of their streams. */
export type Handlers = {
  readonly voucher: Handler<voucher.Command, voucherState.State, voucherState.Fact, voucher.Reason>;
  readonly order: Handler<order.Command, orderState.State, orderState.Fact, order.Reason>;
  readonly evidence: Handler<evidence.Command, evidence.State, evidence.Fact, evidence.Reason>;
  readonly invoice: Handler<invoice.Command, invoice.State, invoice.Fact, invoice.Reason>;
  readonly claim: Handler<claim.Command, claimState.State, claimFacts.Fact, claim.Reason>;
  readonly payment: Handler<payment.Command, paymentState.State, paymentState.Fact, payment.Reason>;
};
