import {
  type ClaimView,
  corridorHome,
  type Fen,
  type Home,
  type InvoiceView,
  type OrderView,
  type PaymentView,
  type Slices,
  type VoucherView,
} from '@tongdui/contracts';
import { type Decider, PersistentMap } from '@tongdui/decider';
import type { JsonObject } from '@tongdui/event-store';
import { sumFen, totalOf } from '@tongdui/money';
import type { FactProjection, FollowedFact, RowIndex } from '@tongdui/runtime/service';
import { claimIdOf } from './claim.opening.ts';
import { claim } from './claim.decider.ts';
import type { State as ClaimState } from './claim.state.ts';
import { evidence, type State as EvidenceState } from './evidence.decider.ts';
import { invoice, type State as InvoiceState } from './invoice.decider.ts';
import { order, type State as OrderState } from './order.decider.ts';
import { payment, type State as PaymentState } from './payment.decider.ts';
import { idOf } from './redemption.facts.ts';
import { type HoldState, voucher, type State as VoucherState } from './voucher.decider.ts';

/**
 * A row keeps the state its decider would have, evolved by the decider's own rules; what people see is a view of it, made when it is read. So a
 * list can never disagree with the rules.
 */
const rowsOf = <State>(
  noun: string,
  table: string,
  { initial, evolve }: Pick<Decider<never, State, never, never>, 'initial' | 'evolve'>,
  index: (state: State) => RowIndex | undefined,
  { pack, unpack }: Packing<State> = plain as Packing<State>,
): FactProjection => ({
  table,
  noun,
  rowId: table === 'invoices' ? ({ key }) => key : idOf,
  project: (before, followed: FollowedFact) => {
    const state = evolve(before ? unpack(before['state'] as JsonObject) : initial, followed.fact as never);
    // A tombstone of something that never came to be is nothing to show, but must be remembered for what follows.
    return { revision: followed.revision, state: pack(state) };
  },
  index: (body) => index(unpack(body['state'] as JsonObject)) ?? { home: corridorHome, status: 'nothing' },
});

type Packing<State> = { readonly pack: (state: State) => JsonObject; readonly unpack: (packed: JsonObject) => State };
const plain: Packing<unknown> = { pack: (state) => state as JsonObject, unpack: (packed) => packed };

/** States with a map are kept with its entries as a list. */
const packedMap = <State, Field extends keyof State>(field: Field): Packing<State> => ({
  pack: (state) => ({ ...(state as object), [field]: [...(state[field] as PersistentMap<string, JsonObject>).entries()] }),
  unpack: (packed) => ({ ...packed, [field]: PersistentMap(packed[field as string] as [string, JsonObject][]) }) as State,
});

const home = (city: string): Home => city as Home;

export const projections: readonly FactProjection[] = [
  rowsOf<VoucherState>(
    'voucher',
    'vouchers',
    voucher,
    (state) => (state.is === 'none' ? undefined : { home: home(state.home), status: statusOf(state), enterprise: state.enterprise }),
    packedMap('holds'),
  ),
  rowsOf<OrderState>('order', 'orders', order, (state) =>
    state.is === 'none'
      ? undefined
      : { home: home(state.home), host: state.host, status: state.is, enterprise: state.enterprise, lab: state.lab },
  ),
  rowsOf<EvidenceState>('evidence', 'evidence', evidence, (state) =>
    state.is === 'none' ? undefined : { home: home(state.home), enterprise: state.organisation, lab: state.organisation },
  ),
  rowsOf<InvoiceState>(
    'invoice',
    'invoices',
    invoice,
    ({ invoice: known }) => known && { home: corridorHome, enterprise: known.buyer, lab: known.seller },
    packedMap('refused'),
  ),
  rowsOf<ClaimState>('claim', 'claims', claim, (state) =>
    state.is === 'none'
      ? undefined
      : { home: home(state.home), host: state.host, status: state.status, enterprise: state.enterprise, lab: state.lab },
  ),
  rowsOf<PaymentState>('payment', 'payments', payment, (state) =>
    state.is === 'payment'
      ? {
          home: home(state.payer),
          host: state.home,
          status: state.status,
          enterprise: state.enterprise,
          ...(state.payee.kind === 'lab' ? { lab: state.payee.uscc } : {}),
        }
      : undefined,
  ),
];

export type VoucherRow = {
  readonly state: Exclude<VoucherState, { is: 'none' }> & { readonly holds: readonly (readonly [string, HoldState | 'refused'])[] };
};
export type Row<State> = { readonly state: State };

const statusOf = (state: Exclude<VoucherState, { is: 'none' }>): VoucherView['status'] =>
  state.status === 'active' && totalOf(state.available) === 0 ? 'exhausted' : state.status;

/** The views; undefined where there is nothing to show. */
export const voucherView = (body: JsonObject): VoucherView | undefined => {
  const state = body['state'] as unknown as VoucherState;
  if (state.is === 'none') return undefined;
  const { available, reserved, redeemed, closed } = state;
  const expired: Slices = state.status === 'expired' ? closed : [];
  const revoked: Slices = state.status === 'revoked' ? closed : [];
  const inPot = (slices: Slices, potId: string): Fen =>
    sumFen(slices.filter((slice) => slice.potId === potId).map((slice) => slice.amountFen));
  return {
    id: state.voucherId,
    home: state.home,
    enterprise: state.enterprise,
    policyId: state.policyId,
    status: statusOf(state),
    frozen: state.frozen,
    faceFen: state.faceFen,
    availableFen: totalOf(available),
    reservedFen: totalOf(reserved),
    redeemedFen: totalOf(redeemed),
    expiredFen: totalOf(expired),
    revokedFen: totalOf(revoked),
    issuedOn: state.issuedOn,
    expiresOn: state.expiresOn,
    pots: state.slices.map(({ potId, owner, fiscalYear }) => ({
      potId,
      owner,
      fiscalYear,
      availableFen: inPot(available, potId),
      reservedFen: inPot(reserved, potId),
      redeemedFen: inPot(redeemed, potId),
      expiredFen: inPot(expired, potId),
      revokedFen: inPot(revoked, potId),
    })),
  };
};

export const orderView = (body: JsonObject): OrderView | undefined => {
  const state = body['state'] as unknown as OrderState;
  if (state.is === 'none') return undefined;
  const contract = 'contract' in state ? state.contract : undefined;
  const { is } = state;
  return {
    id: state.orderId,
    home: state.home,
    host: state.host,
    enterprise: state.enterprise,
    lab: state.lab,
    voucherId: state.voucherId,
    offeringId: state.offeringId,
    category: state.category,
    status: is === 'accepting' ? 'delivered' : is === 'accepted-by-enterprise' ? 'claimed' : is,
    proposedAt: state.proposedAt,
    contracts: state.attempts.map(({ contract: n, status, reason }) => ({ n, status, ...(reason === undefined ? {} : { reason }) })),
    ...(contract
      ? {
          contract: {
            n: contract.contract,
            contractNumber: contract.contractNumber,
            signedOn: contract.signedOn,
            serviceStartsOn: contract.serviceStartsOn,
            endsOn: contract.endsOn,
            baseFen: contract.baseFen,
            subsidyFen: contract.subsidyFen,
            policyId: contract.terms.policyId,
            payeeMode: contract.terms.payeeMode,
            route: contract.terms.route,
            agreementVersion: contract.terms.agreementVersion,
            slices: [...contract.slices],
          },
        }
      : {}),
    ...('deliveredOn' in state ? { deliveredOn: state.deliveredOn } : {}),
    reminded: state.is === 'delivered' && state.reminded,
    ...('acceptedOn' in state ? { acceptedOn: state.acceptedOn } : {}),
    ...(is === 'accepted-by-enterprise' ? { claimId: claimIdOf(state.orderId) } : {}),
    ...('reason' in state ? { endReason: state.reason } : {}),
  };
};

export const evidenceView = (body: JsonObject): JsonObject | undefined => {
  const state = body['state'] as unknown as EvidenceState;
  if (state.is === 'none') return undefined;
  const { is: _, ...described } = state;
  return { id: `${state.home}-evidence-${state.sha256}`, ...described };
};

export const invoiceView = (body: JsonObject): InvoiceView | undefined => {
  const { invoice: known, redFen, slices } = body['state'] as unknown as InvoiceState;
  if (!known) return undefined;
  const { digest, ...stated } = known;
  return { id: digest, ...stated, redFen, slices: slices.map((slice) => ({ ...slice })) };
};

export const claimView = (body: JsonObject): ClaimView | undefined => {
  const state = body['state'] as unknown as ClaimState;
  if (state.is === 'none') return undefined;
  const { submission } = state;
  return {
    id: state.claimId,
    orderId: state.orderId,
    voucherId: state.voucherId,
    home: state.home,
    host: state.host,
    enterprise: state.enterprise,
    lab: state.lab,
    payee: state.payee,
    payer: state.payer,
    payeeMode: state.terms.payeeMode,
    route: state.terms.route,
    status: state.status,
    subsidyFen: totalOf(state.left),
    redeemedFen: totalOf(state.slices),
    slices: [...state.left],
    claimBy: state.claimBy,
    submissions: state.attempts.map(({ n, status, reason }) => ({ n, status, ...(reason === undefined ? {} : { reason }) })),
    ...(submission
      ? {
          invoice: {
            digest: submission.invoice.digest,
            number: submission.invoice.number,
            sliceFen: submission.invoice.sliceFen,
            totalFen: submission.invoice.totalFen,
          },
          selfPaidFen: submission.selfPaidFen,
        }
      : {}),
    people: state.people,
    holdReasons: [...(state.hold?.reasons ?? [])],
    ...(state.notice ? { noticeUntil: state.notice.until } : {}),
    objections: state.objections.map((objection) => ({ ...objection })),
    ...(state.payBy ? { payBy: state.payBy } : {}),
    ...(state.endReason === undefined ? {} : { endReason: state.endReason }),
  };
};

export const paymentView = (body: JsonObject): PaymentView | undefined => {
  const state = body['state'] as unknown as PaymentState;
  if (state.is !== 'payment') return undefined;
  return {
    id: state.paymentId,
    claimId: state.claimId,
    home: state.home,
    host: state.host,
    payer: state.payer,
    payee: state.payee,
    route: state.route,
    amountFen: state.amountFen,
    enterprise: state.enterprise,
    ...(state.payee.kind === 'lab' ? { lab: state.payee.uscc } : {}),
    status: state.status,
    instruction: state.instruction,
    ...(state.reference ? { reference: state.reference } : {}),
    payBy: state.payBy,
    clawbackDue: state.clawbackDue,
    ...(state.reason === undefined ? {} : { reason: state.reason }),
  };
};
