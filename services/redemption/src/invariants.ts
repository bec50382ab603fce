import type { Fen, InvariantReport, LocalDate, RedemptionFigures } from '@tongdui/contracts';
import { sumFen, totalOf } from '@tongdui/money';
import type { Rows as AllRows } from '@tongdui/runtime/service';
import type { State as ClaimState } from './claim.state.ts';
import { type State as InvoiceState, liveFen } from './invoice.decider.ts';
import type { State as OrderState } from './order.state.ts';
import { referenceOf } from './payment.decider.ts';
import type { State as PaymentState } from './payment.state.ts';
import type { ClaimRow, Row, VoucherRow } from './redemption.views.ts';
import { mostOf, type PinnedTerms } from './terms.ts';

/** This service's part of the invariants, as an auditor asks for them, over every row it has. */

type Claim = Exclude<ClaimState, { is: 'none' }>;
type Payment = Extract<PaymentState, { is: 'payment' }>;
type Order = Exclude<OrderState, { is: 'none' }>;

type Rows = Pick<AllRows, 'list'>;

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
      '6': checked(ordersOf(rows).flatMap(subsidiesOf), ({ of, subsidyFen, baseFen, terms }) =>
        subsidyFen <= mostOf(baseFen, terms) ? undefined : `${of} is subsidised with ${subsidyFen} fen on ${baseFen}, above its policy`,
      ),
      '7': checked(claims.filter(isSpent), (claim) =>
        addsUp(claim) ? undefined : `${claim.claimId} does not add up to its invoice slice`,
      ),
      '8': checked(datesOf(rows), ({ of, dates }) => {
        const known = dates.filter((date) => date !== undefined);
        const inOrder = known.every((date, index) => index === 0 || (known[index - 1] ?? date) <= date);
        return inOrder ? undefined : `${of} has dates out of order: ${known.join(', ')}`;
      }),
      '9': checked(paymentsOf(rows), livePayment),
      '13': checked([...claims.filter(isSpent), ...paymentsOf(rows)], differentPeople),
    },
  };
};

type Subsidy = { readonly of: string; readonly subsidyFen: number; readonly baseFen: Fen; readonly terms: PinnedTerms };

/** All that an order is or is asked to be subsidised with, each on its own base; what its pots give together counts, whatever it is said to be. */
const subsidiesOf = (order: Order): Subsidy[] => {
  const of = order.orderId;
  if (order.is === 'accepted-by-lab' && order.pending) return [{ of, ...order.pending }];
  const contract = 'contract' in order ? order.contract : undefined;
  if (!contract) return [];
  const { terms, baseFen, amendment } = contract;
  const stackedFen = totalOf(contract.slices);
  const contracted = { of, subsidyFen: Math.max(contract.subsidyFen, stackedFen), baseFen, terms };
  const amended = amendment ? [{ of, ...amendment, terms }] : [];
  if (order.is !== 'accepting' && order.is !== 'accepted-by-enterprise') return [contracted, ...amended];
  const redeemedFen = order.is === 'accepting' ? order.subsidyFen : Math.max(order.subsidyFen, stackedFen);
  return [contracted, { of, subsidyFen: redeemedFen, baseFen: order.actualBaseFen, terms }];
};

/** Those that are known must not go back. */
type Dates = { readonly of: string; readonly dates: readonly (LocalDate | undefined)[] };

const datesOf = (rows: Rows): Dates[] => {
  const vouchers = vouchersOf(rows);
  const issuedOn = new Map<string, LocalDate>(vouchers.map((voucher) => [voucher.voucherId, voucher.issuedOn]));
  return [
    ...vouchers.flatMap(({ voucherId: of, holds, expiresOn }) =>
      holds.flatMap(([, hold]) => (hold === 'refused' ? [] : [{ of, dates: [hold.registeredOn, expiresOn] }])),
    ),
    ...ordersOf(rows).flatMap((order) => {
      const contract = 'contract' in order ? order.contract : undefined;
      if (!contract) return [];
      const { signedOn, serviceStartsOn, endsOn } = contract;
      const delivered = 'deliveredOn' in order ? order.deliveredOn : undefined;
      const accepted = 'acceptedOn' in order ? order.acceptedOn : undefined;
      return [
        { of: order.orderId, dates: [issuedOn.get(order.voucherId), signedOn, serviceStartsOn, endsOn] },
        { of: order.orderId, dates: [signedOn, delivered, accepted] },
      ];
    }),
    ...rows.list<ClaimRow>('claims').flatMap(({ state, submittedOn }) => {
      if (state.is === 'none') return [];
      const { claimId: of, signedOn, acceptedOn, submission } = state;
      return [
        { of, dates: [signedOn, acceptedOn, submittedOn] },
        { of, dates: [signedOn, submission?.invoice.issuedOn] },
      ];
    }),
  ];
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
