import type { LocalDate } from '@tongdui/contracts';
import { history } from '@tongdui/decider/testing';
import type { JsonObject } from '@tongdui/event-store';
import type { FollowedFact } from '@tongdui/runtime/service';
import { claim } from './claim.decider.ts';
import { awaitClaim, claimInvoice, submit, take } from './claim.history.fixtures.ts';
import { invariantsOf } from './invariants.ts';
import { order } from './order.decider.ts';
import type { Fact as OrderFact } from './order.state.ts';
import {
  baseFen,
  claimId,
  digest,
  enterprise,
  fenOf,
  jiaxing,
  lab,
  later,
  offeringId,
  onDay,
  orderId,
  pinned,
  policyId,
  slices,
  songjiang,
  subsidyFen,
  voucherId,
} from './redemption.fixtures.ts';
import { followedAll } from './redemption.history.fixtures.ts';
import { projections } from './redemption.projection.ts';
import { voucher } from './voucher.decider.ts';

/** The rows that an auditor's query reads, as the projections make them of a story; and the numbers that do not hold over them. */

export type Tables = Readonly<Record<string, readonly JsonObject[]>>;

export const rowsOf = (facts: readonly FollowedFact[]): Tables => {
  const tables: Record<string, Record<string, JsonObject>> = {};
  for (const followed of facts)
    for (const { table, noun, rowId, project } of projections) {
      const id = noun === followed.noun ? rowId(followed) : undefined;
      if (id === undefined) continue;
      const row = project(tables[table]?.[id], followed);
      if (row) tables[table] = { ...tables[table], [id]: row };
    }
  return Object.fromEntries(Object.entries(tables).map(([table, rows]) => [table, Object.values(rows)]));
};

export const reportOn = (tables: Tables) =>
  invariantsOf({ list: <Body>(table: string) => [...(tables[table] ?? [])] as Body[] }).invariants;
export const failing = (tables: Tables): string[] =>
  Object.entries(reportOn(tables)).flatMap(([number, { held }]) => (held ? [] : [number]));

/** Days after the first: when each step is taken, and what people write on their papers. */
export type Days = Readonly<
  Record<
    | 'issued'
    | 'expires'
    | 'signed'
    | 'starts'
    | 'ends'
    | 'registered'
    | 'delivered'
    | 'deliveredAt'
    | 'accepted'
    | 'acceptedAt'
    | 'invoiced'
    | 'submittedAt',
    number
  >
>;
export const ordinary: Days = {
  issued: 0,
  expires: 100,
  signed: 1,
  starts: 2,
  ends: 60,
  registered: 3,
  delivered: 10,
  deliveredAt: 11,
  accepted: 12,
  acceptedAt: 13,
  invoiced: 14,
  submittedAt: 15,
};

const onDays = (days: Days): Record<keyof Days, LocalDate> =>
  Object.fromEntries(Object.entries(days).map(([name, day]) => [name, onDay(day)])) as Record<keyof Days, LocalDate>;

const voucherOn = (days: Days) => {
  const on = onDays(days);
  return history(voucher, [
    {
      type: 'OpenVoucher',
      voucherId: voucherId(),
      home: songjiang,
      enterprise,
      policyId: policyId(),
      faceFen: fenOf(9_000_001),
      issuedOn: on.issued,
      expiresOn: on.expires,
      slices: slices(9_000_001),
      at: later(days.issued),
    },
    {
      type: 'ReserveAmount',
      orderId: orderId(),
      contract: 1,
      host: jiaxing,
      enterprise,
      amountFen: subsidyFen,
      signedOn: on.signed,
      registeredOn: on.registered,
      at: later(days.registered),
    },
  ]).facts;
};

/** A voucher, its order and its claim, on any days: what a noun refuses does not happen, and what would follow it does not either. */
export const storyOn = (days: Days): readonly FollowedFact[] => {
  const on = onDays(days);
  const registeredAt = later(days.registered);
  const contract = {
    contractNumber: 'HT-1',
    signedOn: on.signed,
    serviceStartsOn: on.starts,
    endsOn: on.ends,
    baseFen,
    subsidyFen,
    contractDigest: digest(7),
  };
  const parties = { home: songjiang, host: jiaxing, enterprise, voucherId: voucherId() };
  const ofVoucher = voucherOn(days);
  const reserved = ofVoucher.some((fact) => fact.type === 'AmountReserved');
  const findings = { policyInForce: true, terms: pinned(), sanctioned: false, labAdmitted: true, labRecognised: true };
  const { facts: ofOrder } = history(order, [
    {
      type: 'ProposeOrder',
      orderId: orderId(),
      ...parties,
      lab,
      offeringId: offeringId(),
      category: 'testing',
      validDays: 90,
      at: later(0),
    },
    { type: 'AcceptByLab', at: later(0) },
    { type: 'SubmitContract', contract: 1, ...contract, findings, at: registeredAt },
    reserved
      ? { type: 'RegisterContract', contract: 1, slices: slices(subsidyFen), at: registeredAt }
      : { type: 'RefuseContract', contract: 1, reason: 'voucher-expired', at: registeredAt },
    { type: 'Deliver', deliveredOn: on.delivered, deliverableDigest: digest(8), at: later(days.deliveredAt) },
    { type: 'AcceptDelivery', acceptedOn: on.accepted, actualBaseFen: baseFen, at: later(days.acceptedAt) },
    { type: 'FixSubsidy', slices: slices(subsidyFen), at: later(days.acceptedAt) },
  ]);
  const fixed = ofOrder.find((fact): fact is Extract<OrderFact, { type: 'SubsidyFixed' }> => fact.type === 'SubsidyFixed');
  const opening = { signedOn: on.signed, acceptedOn: on.accepted, claimBy: onDay(days.accepted + 90), at: later(days.acceptedAt) };
  const submitted = submit({ invoice: { ...claimInvoice, issuedOn: on.invoiced }, at: later(days.submittedAt) });
  const { facts: ofClaim } = history(claim, fixed ? [awaitClaim({}, opening), submitted, take()] : []);
  return [...followedAll(voucherId(), ofVoucher), ...followedAll(orderId(), ofOrder), ...followedAll(claimId(), ofClaim)];
};
