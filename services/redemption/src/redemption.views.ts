import type { ClaimView, Fen, InvoiceView, LocalDate, OrderView, PaymentView, Slices, VoucherView } from '@tongdui/contracts';
import type { JsonObject } from '@tongdui/event-store';
import { sumFen, totalOf } from '@tongdui/money';
import { claimIdOf } from './claim.opening.ts';
import type { State as ClaimState } from './claim.state.ts';
import type { State as EvidenceState } from './evidence.decider.ts';
import type { State as InvoiceState } from './invoice.decider.ts';
import type { State as OrderState } from './order.state.ts';
import type { State as PaymentState } from './payment.state.ts';
import type { HoldState, State as VoucherState } from './voucher.state.ts';

export type VoucherRow = {
  readonly state: Omit<Exclude<VoucherState, { is: 'none' }>, 'holds'> & {
    readonly holds: readonly (readonly [string, HoldState | 'refused'])[];
  };
};
export type Row<State> = { readonly state: State };
export type ClaimRow = Row<ClaimState> & { readonly submittedOn?: LocalDate };

export const statusOf = (state: Exclude<VoucherState, { is: 'none' }>): VoucherView['status'] =>
  state.status === 'active' && totalOf(state.available) === 0 ? 'exhausted' : state.status;

/** The views; undefined where there is nothing to show. */
export const voucherView = (body: JsonObject): VoucherView | undefined => {
  const state = body.state as unknown as VoucherState;
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
  const state = body.state as unknown as OrderState;
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
  const state = body.state as unknown as EvidenceState;
  if (state.is === 'none') return undefined;
  const { is: _, ...described } = state;
  return { id: `${state.home}-evidence-${state.sha256}`, ...described };
};

export const invoiceView = (body: JsonObject): InvoiceView | undefined => {
  const { invoice: known, redFen, slices } = body.state as unknown as InvoiceState;
  if (!known) return undefined;
  const { digest, ...stated } = known;
  return { id: digest, ...stated, redFen, slices: slices.map((slice) => ({ ...slice })) };
};

export const claimView = (body: JsonObject): ClaimView | undefined => {
  const state = body.state as unknown as ClaimState;
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
    objections: state.objections.map(({ id, ruling }) => ({ id, ruling })),
    ...(state.payBy ? { payBy: state.payBy } : {}),
    ...(state.endReason === undefined ? {} : { endReason: state.endReason }),
  };
};

export const paymentView = (body: JsonObject): PaymentView | undefined => {
  const state = body.state as unknown as PaymentState;
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
