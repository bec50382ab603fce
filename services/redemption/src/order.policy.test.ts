import type { Fen } from '@tongdui/contracts';
import { given, history } from '@tongdui/decider/testing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { reportOn, rowsOf } from './invariants.fixtures.ts';
import { type Command, order } from './order.decider.ts';
import {
  at,
  bpsOf,
  digest,
  enterprise,
  fenOf,
  jiaxing,
  lab,
  offeringId,
  onDay,
  orderId,
  pinned,
  policyId,
  policyTerms,
  reasonOf,
  slices,
  songjiang,
  today,
  typesOf,
  voucherId,
} from './redemption.fixtures.ts';
import { followedAll } from './redemption.history.fixtures.ts';
import { type PinnedTerms, pinTerms } from './terms.ts';

/** What an order is subsidised with never exceeds the policy it was registered under, at its contract, its amendments and its acceptance. */

const accepted: Command[] = [
  {
    type: 'ProposeOrder',
    orderId: orderId(),
    home: songjiang,
    host: jiaxing,
    enterprise,
    lab,
    voucherId: voucherId(),
    offeringId: offeringId(),
    category: 'testing',
    validDays: 30,
    at,
  },
  { type: 'AcceptByLab', at },
];
const contract = (terms: PinnedTerms, baseFen: Fen, subsidyFen: Fen): Command => ({
  type: 'SubmitContract',
  contract: 1,
  contractNumber: 'HT-1',
  signedOn: today,
  serviceStartsOn: today,
  endsOn: onDay(60),
  baseFen,
  subsidyFen,
  contractDigest: digest(7),
  findings: { policyInForce: true, terms, sanctioned: false, labAdmitted: true, labRecognised: true },
  at,
});
const register = (subsidyFen: Fen): Command => ({ type: 'RegisterContract', contract: 1, slices: slices(subsidyFen), at });
const amend = (baseFen: Fen, subsidyFen: Fen): Command => ({ type: 'AmendContract', amendment: 1, baseFen, subsidyFen, at });
const apply = (subsidyFen: Fen): Command => ({ type: 'ApplyAmendment', amendment: 1, slices: slices(subsidyFen), at });
const deliver: Command = { type: 'Deliver', deliveredOn: today, deliverableDigest: digest(8), at };
const accept = (actualBaseFen: Fen): Command => ({ type: 'AcceptDelivery', acceptedOn: today, actualBaseFen, at });

const submitted = (terms: PinnedTerms, baseFen: number, subsidyFen: number) =>
  given(order, ...history(order, accepted).facts).when(contract(terms, fenOf(baseFen), fenOf(subsidyFen)));

test('a policy may stack less than its ratio: the contract is refused above it, not at it', () => {
  const terms = pinned({ stackingMaximumBps: bpsOf(4_000) });
  expect(reasonOf(submitted(terms, 10_000, 4_001))).toBe('subsidy-above-policy');
  expect(typesOf(submitted(terms, 10_000, 4_000))).toEqual(['ContractSubmitted']);
});

test('an order keeps the stacking maximum of the policy in force when it was registered', () => {
  const policy = { ...policyTerms, stackingMaximumBps: bpsOf(4_000) };
  expect(pinTerms(policyId(), policy, 'testing', { route: 'host-fronted', version: 1 })).toMatchObject({ stackingMaximumBps: 4_000 });
});

test('nor may an amendment or an acceptance stack more', () => {
  const terms = pinned({ stackingMaximumBps: bpsOf(4_000) });
  const registered = history(order, [...accepted, contract(terms, fenOf(10_000), fenOf(4_000)), register(fenOf(4_000))]).facts;
  expect(reasonOf(given(order, ...registered).when(amend(fenOf(9_000), fenOf(3_601))))).toBe('subsidy-above-policy');
  expect(typesOf(given(order, ...registered).when(amend(fenOf(9_000), fenOf(3_600))))).toEqual(['ContractAmended']);
  expect(history(order, [deliver, accept(fenOf(9_000))], registered).facts.at(-1)).toMatchObject({ subsidyFen: 3_600 });
});

/** In the policy's own words, with no arithmetic of ours. */
const exceeds = ({ ratioBps, ownShareFloorBps, stackingMaximumBps, capPerOrderFen }: PinnedTerms, baseFen: number, subsidyFen: number) =>
  subsidyFen > capPerOrderFen ||
  subsidyFen * 10_000 > baseFen * Math.min(ratioBps, stackingMaximumBps) ||
  (baseFen - subsidyFen) * 10_000 < baseFen * ownShareFloorBps;

const bps = fc.integer({ min: 1, max: 10_000 }).map(bpsOf);
const anyTerms = fc
  .record({
    ratioBps: bps,
    ownShareFloorBps: fc.integer({ min: 0, max: 9_999 }).map(bpsOf),
    stackingMaximumBps: bps,
    capPerOrderFen: fc.integer({ min: 1, max: 100_000 }).map(fenOf),
  })
  .map(pinned);
const anyBase = fc.integer({ min: 1, max: 100_000 }).map(fenOf);
/** A little about the most that these terms allow, by trying: whoever asks knows the policy. */
const about = (terms: PinnedTerms, baseFen: number, more: number): Fen => {
  const least = Math.min(
    terms.capPerOrderFen,
    (baseFen * terms.ratioBps) / 10_000,
    (baseFen * terms.stackingMaximumBps) / 10_000,
    (baseFen * (10_000 - terms.ownShareFloorBps)) / 10_000,
  );
  return fenOf(Math.max(1, Math.floor(least) + more));
};
const anyMore = fc.integer({ min: -3, max: 3 });

test('no contract, amendment or acceptance exceeds the policy, whatever its terms and the prices', () => {
  const reached = { ContractSubmitted: 0, ContractAmended: 0, DeliveryAccepted: 0 };
  fc.assert(
    fc.property(anyTerms, anyBase, anyBase, anyBase, anyMore, anyMore, fc.boolean(), (terms, base, lower, actual, more, less, amends) => {
      const subsidyFen = about(terms, base, more);
      const lowerFen = about(terms, lower, less);
      const amendment = amends ? [amend(lower, lowerFen), apply(lowerFen)] : [];
      const commands = [...accepted, contract(terms, base, subsidyFen), register(subsidyFen), ...amendment, deliver, accept(actual)];
      const { facts } = history(order, commands);
      for (const fact of facts) {
        if (fact.type !== 'ContractSubmitted' && fact.type !== 'ContractAmended' && fact.type !== 'DeliveryAccepted') continue;
        const baseFen = fact.type === 'DeliveryAccepted' ? fact.actualBaseFen : fact.baseFen;
        reached[fact.type] += 1;
        expect([fact.type, exceeds(terms, baseFen, fact.subsidyFen)]).toEqual([fact.type, false]);
      }
      for (let steps = 0; steps <= facts.length; steps += 1) {
        const tables = rowsOf(followedAll(orderId(), facts.slice(0, steps)));
        expect(reportOn(tables)['6']?.violations).toEqual([]);
      }
    }),
    { numRuns: 500 },
  );
  expect(Object.values(reached).every((times) => times > 0)).toBe(true);
});
