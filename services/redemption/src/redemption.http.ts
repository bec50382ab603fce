import { redemptionCommands as commands, redemptionNouns as nouns } from '@tongdui/contracts';
import type { JsonObject } from '@tongdui/event-store';
import { commandRoute, type Endpoint, FailureError, failure, nounRoutes } from '@tongdui/runtime';
import type { claimOperations } from './claim.operations.ts';
import type { orderOperations } from './order.operations.ts';
import type { paymentOperations } from './payment.operations.ts';
import { claimProblems, orderProblems, paymentProblems, voucherProblems } from './redemption.problems.ts';
import { claimView, evidenceView, invoiceView, orderView, paymentView, voucherView } from './redemption.views.ts';
import type { voucherOperations } from './voucher.operations.ts';

export type Operations = ReturnType<typeof voucherOperations> &
  ReturnType<typeof orderOperations> &
  ReturnType<typeof claimOperations> &
  ReturnType<typeof paymentOperations>;

/** Every route and the operation behind it, in the order of the story. */
export const routes = (operations: Operations): Endpoint[] => [
  commandRoute(commands.freezeVoucher, operations.freezeVoucher, voucherProblems),
  commandRoute(commands.unfreezeVoucher, operations.unfreezeVoucher, voucherProblems),
  commandRoute(commands.revokeVoucher, operations.revokeVoucher, voucherProblems),

  commandRoute(commands.proposeOrder, operations.proposeOrder, orderProblems),
  commandRoute(commands.acceptOrder, operations.acceptOrder, orderProblems),
  commandRoute(commands.declineOrder, operations.declineOrder, orderProblems),
  commandRoute(commands.submitContract, operations.submitContract, orderProblems),
  commandRoute(commands.amendContract, operations.amendContract, orderProblems),
  commandRoute(commands.deliver, operations.deliver, orderProblems),
  commandRoute(commands.acceptDelivery, operations.acceptDelivery, orderProblems),
  commandRoute(commands.decideDelivery, operations.decideDelivery, orderProblems),
  commandRoute(commands.cancelOrder, operations.cancelOrder, orderProblems),

  commandRoute(commands.registerEvidence, operations.registerEvidence, claimProblems),
  commandRoute(commands.submitClaim, operations.submitClaim, claimProblems),
  commandRoute(commands.checkClaim, operations.checkClaim, claimProblems),
  commandRoute(commands.sendBackClaim, operations.sendBackClaim, claimProblems),
  commandRoute(commands.holdClaim, operations.holdClaim, claimProblems),
  commandRoute(commands.releaseHold, operations.releaseHold, claimProblems),
  commandRoute(commands.reviewClaim, operations.reviewClaim, claimProblems),
  commandRoute(commands.openNotice, operations.openNotice, claimProblems),
  commandRoute(commands.raiseObjection, operations.raiseObjection, claimProblems),
  commandRoute(commands.ruleObjection, operations.ruleObjection, claimProblems),
  commandRoute(commands.rejectClaim, operations.rejectClaim, claimProblems),
  commandRoute(commands.clawBack, operations.clawBack, claimProblems),
  commandRoute(commands.writeOffClawback, operations.writeOffClawback, claimProblems),
  commandRoute(commands.redLetterInvoice, operations.redLetterInvoice, claimProblems),

  commandRoute(commands.instructPayment, operations.instructPayment, paymentProblems),
  commandRoute(commands.enterStatementLine, operations.enterStatementLine, paymentProblems),
  commandRoute(commands.returnPayment, operations.returnPayment, paymentProblems),
  commandRoute(commands.recoverPayment, operations.recoverPayment, paymentProblems),

  nounRoutes(nouns.vouchers, { show: shown(voucherView) }),
  nounRoutes(nouns.orders, { show: shown(orderView) }),
  nounRoutes(nouns.evidence, { show: shown(evidenceView) }),
  nounRoutes(nouns.invoices, { show: shown(invoiceView) }),
  nounRoutes(nouns.claims, { show: shown(claimView) }),
  nounRoutes(nouns.payments, { show: shown(paymentView) }),
];

const shown =
  (view: (body: JsonObject) => object | undefined) =>
  (body: JsonObject): JsonObject => {
    const seen = view(body);
    if (!seen) throw new FailureError(failure('not-found'));
    return seen as JsonObject;
  };
