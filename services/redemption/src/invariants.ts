import type { InvariantReport, RedemptionFigures } from '@tongdui/contracts';
import { sumFen, totalOf } from '@tongdui/money';
import type { Rows } from '@tongdui/runtime/service';
import type { State as ClaimState } from './claim.state.ts';
import { type State as InvoiceState, liveFen } from './invoice.decider.ts';
import type { State as OrderState } from './order.state.ts';
import { referenceOf } from './payment.decider.ts';
import type { State as PaymentState } from './payment.state.ts';
import type { Row, VoucherRow } from './redemption.views.ts';

/** This service's part of the invariants, as an auditor asks for them, over every row it has. */

type Claim = Exclude<ClaimState, { is: 'none' }>;
type Payment = Extract<PaymentState, { is: 'payment' }>;
type Order = Exclude<OrderState, { is: 'none' }>;

const existing = <State>(rows: Rows, table: string, keep: (state: State) => boolean): State[] =>
  rows.list<Row<State>>(table).flatMap(({ state }) => (keep(state) ? [state] : []));
const vouchersOf = (rows: Rows) => existing<VoucherRow['state']>(rows, 'vouchers', (state) => state.is === 'voucher');
const claimsOf = (rows: Rows) => existing<ClaimState>(rows, 'claims', (state) => state.is === 'claim') as Claim[];
const paymentsOf = (rows: Rows) => existing<PaymentState>(rows, 'payments', (state) => state.is === 'payment') as Payment[];
const ordersOf = (rows: Rows) => existing<OrderState>(rows, 'orders', (state) => state.is !== 'none') as Order[];

export const invariantsOf = (rows: Rows): InvariantReport => {
  const claims = claimsOf(rows);
  return {
    service: 'redemption',
    invariants: {
      '2': checked(vouchersOf(rows), (voucher) => {
        const buckets = [voucher.available, voucher.reserved, voucher.redeemed, voucher.closed];
        const perPot = voucher.slices.every(
          ({ potId, amountFen }) =>
            sumFen(buckets.flatMap((bucket) => bucket.filter((slice) => slice.potId === potId).map((slice) => slice.amountFen))) ===
            amountFen,
        );
        return perPot && totalOf(voucher.slices) === voucher.faceFen ? undefined : `${voucher.voucherId} does not add up to its face`;
      }),
      '5': checked(
        existing<InvoiceState>(rows, 'invoices', (state) => state.invoice !== undefined),
        (invoice) =>
          liveFen(invoice) + invoice.redFen <= (invoice.invoice?.totalFen ?? 0)
            ? undefined
            : `${invoice.invoice?.digest} has more slices than money`,
      ),
      '6': checked(ordersOf(rows), (order) => {
        const contract = 'contract' in order ? order.contract : undefined;
        return !contract || contract.subsidyFen <= contract.baseFen ? undefined : `${order.orderId} is subsidised above its base`;
      }),
      '7': checked(claims.filter(isSpent), (claim) =>
        addsUp(claim) ? undefined : `${claim.claimId} does not add up to its invoice slice`,
      ),
      '8': checked(claims, (claim) => {
        const inOrder = claim.signedOn <= claim.acceptedOn && (!claim.submission || claim.signedOn <= claim.submission.invoice.issuedOn);
        return inOrder ? undefined : `${claim.claimId} has dates out of order`;
      }),
      '9': checked(paymentsOf(rows), livePayment),
      '13': checked([...claims.filter(isSpent), ...paymentsOf(rows)], differentPeople),
    },
  };
};

/** A payment's stream holds one try at a time; what its row says of that try must agree. */
const livePayment = ({ paymentId, status, instruction, paidOn, reference }: Payment): string | undefined => {
  if ((status === 'paid' || status === 'recovered') && !paidOn) return `${paymentId} is paid without a date`;
  return reference !== undefined && reference !== referenceOf(paymentId, instruction)
    ? `${paymentId} pays under the reference of another try`
    : undefined;
};

/** Submitter, checker, reviewer, approver, and the payer once there is one. */
const differentPeople = (handled: Claim | Payment): string | undefined => {
  const { people } = handled;
  const hands = [
    people.submittedBy,
    people.checkedBy,
    people.reviewedBy,
    people.approvedBy,
    ...('by' in handled && handled.by ? [handled.by] : []),
  ];
  return new Set(hands).size === hands.length ? undefined : `${handled.claimId} was handled by the same person twice`;
};

const addsUp = (claim: Claim): boolean => {
  const { submission } = claim;
  if (!submission) return false;
  const { sliceFen } = submission.invoice;
  return claim.terms.payeeMode === 'lab-redeemed'
    ? totalOf(claim.left) + submission.selfPaidFen === sliceFen
    : submission.selfPaidFen >= sliceFen;
};

const violationsMax = 20;
const checked = <Item>(items: readonly Item[], violation: (item: Item) => string | undefined) => {
  const violations = items.flatMap((item) => violation(item) ?? []);
  return { held: violations.length === 0, checked: items.length, violations: violations.slice(0, violationsMax) };
};

const spentStatuses = new Set(['payable', 'instructed', 'unknown', 'failed', 'paid', 'clawback-due', 'written-off']);
const isSpent = (claim: Claim) => spentStatuses.has(claim.status);
const owedStatuses = new Set(['payable', 'instructed', 'unknown', 'failed']);
const overWithout = new Set(['rejected', 'lapsed']);

export const figuresOf = (rows: Rows): RedemptionFigures => {
  const pots: RedemptionFigures['pots'] = {};
  const payableFen: RedemptionFigures['payableFen'] = {};
  const claims: RedemptionFigures['claims'] = {};
  const refused: RedemptionFigures['refused'] = {};
  const pot = (potId: string) =>
    (pots[potId] ??= { availableFen: 0, reservedFen: 0, redeemedFen: 0, awaitingFen: 0, spentFen: 0, recoveredFen: 0 });
  const count = (counts: Record<string, number>, key: string) => (counts[key] = (counts[key] ?? 0) + 1);
  for (const voucher of vouchersOf(rows)) {
    for (const { potId, amountFen } of voucher.available) pot(potId).availableFen += amountFen;
    for (const { potId, amountFen } of voucher.reserved) pot(potId).reservedFen += amountFen;
    for (const { potId, amountFen } of voucher.redeemed) pot(potId).redeemedFen += amountFen;
  }
  for (const claim of claimsOf(rows)) {
    count(claims, claim.status);
    if (overWithout.has(claim.status)) count(refused, claim.endReason ?? claim.status);
    for (const { reason } of claim.attempts) if (reason) count(refused, reason);
    for (const { potId, owner, amountFen } of claim.left) {
      if (owedStatuses.has(claim.status)) payableFen[owner] = (payableFen[owner] ?? 0) + amountFen;
      if (claim.status === 'recovered') pot(potId).recoveredFen += amountFen;
      else if (isSpent(claim)) pot(potId).spentFen += amountFen;
      else if (!overWithout.has(claim.status)) pot(potId).awaitingFen += amountFen;
    }
  }
  for (const order of ordersOf(rows)) {
    for (const { reason } of order.attempts) if (reason) count(refused, reason);
    if (order.is === 'declined' || order.is === 'cancelled' || order.is === 'expired')
      count(refused, order.is === 'expired' ? order.reason : `order-${order.is}`);
  }
  return { pots, payableFen, claims, refused };
};
