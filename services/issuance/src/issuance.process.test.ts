import {
  type AllowanceId,
  amountRedeemed,
  amountReleased,
  amountReserved,
  amountRestored,
  type CloudEvent,
  clawbackDue,
  disputeDecided,
  type Home,
  type Instant,
  paymentPaid,
  paymentRecovered,
  paymentReturned,
  voucherClosed,
} from '@tongdui/contracts';
import { describe, expect, test } from 'vitest';
import {
  applicationId,
  at,
  bpsOf,
  day,
  enterprise,
  fenOf,
  jiaxing,
  ownedBy,
  policyId,
  potId,
  shanghai,
  songjiang,
} from './issuance.fixtures.ts';
import { effects, partsToAsk, partsToRelease, work } from './issuance.process.ts';
import type { Issue } from './issue.ts';

const slice = (pot: number, amount: number, year = 2026, home = songjiang) => ({
  potId: potId(pot, home),
  owner: home === songjiang ? ownedBy(songjiang) : shanghai,
  fiscalYear: year,
  amountFen: fenOf(amount),
});
const slices = [slice(1, 60), slice(2, 40, 2026, jiaxing)];
const eventOf = (definition: { readonly type: string }, data: Record<string, unknown>): CloudEvent =>
  ({
    id: 'event-1',
    type: definition.type,
    data: { home: songjiang, enterprise, occurredAt: at, slices, ...data },
  }) as unknown as CloudEvent;

const toPot = (pot: number, amount: number, home = songjiang) => ({
  stream: `issuance.${home}.${potId(pot, home).slice(7)}`,
  command: { type: 'ReturnToPot', returnId: 'event-1', amountFen: amount, at },
  step: `return/${potId(pot, home)}`,
});
const toAllowance = (amount: number, year = 2026) => ({
  stream: `issuance.${songjiang}.allowance-${enterprise}-${year}`,
  command: { type: 'GiveBackAllowance', holder: { home: songjiang, enterprise, year }, returnId: 'event-1', amountFen: amount, at },
  step: `give-back/${year}`,
});
const bothPots = [toPot(1, 60), toPot(2, 40, jiaxing)];

describe('what events give back', () => {
  test.each<[string, CloudEvent, unknown[]]>([
    ['a closed voucher: pots and allowance', eventOf(voucherClosed, {}), [...bothPots, toAllowance(100)]],
    [
      'released by a closed voucher: pots and allowance',
      eventOf(amountReleased, { returnsTo: 'available' }),
      [...bothPots, toAllowance(100)],
    ],
    ['released to an open voucher: nothing', eventOf(amountReleased, { returnsTo: 'committed' }), []],
    [
      'the unused difference of a closed voucher, not what was redeemed',
      eventOf(amountRedeemed, { returnsTo: 'available', released: [slice(1, 5)] }),
      [toPot(1, 5), toAllowance(5)],
    ],
    ['no difference: nothing', eventOf(amountRedeemed, { returnsTo: 'available', released: [] }), []],
    ['the unused difference of an open voucher: nothing', eventOf(amountRedeemed, { returnsTo: 'committed', released: [slice(1, 5)] }), []],
    [
      'restored to a closed voucher: pots and allowance',
      eventOf(amountRestored, { returnsTo: 'available' }),
      [...bothPots, toAllowance(100)],
    ],
    ['restored to an open voucher: nothing', eventOf(amountRestored, { returnsTo: 'committed' }), []],
    ['recovered money: pots only', eventOf(paymentRecovered, {}), bothPots],
    ['a dispute won by the debtor: pots only', eventOf(disputeDecided, { wonBy: 'debtor' }), bothPots],
    ['a dispute won by the creditor: nothing', eventOf(disputeDecided, { wonBy: 'creditor' }), []],
    ['a clawback that is due: nothing yet', eventOf(clawbackDue, {}), []],
    ['a payment that came back: nothing, it is paid again', eventOf(paymentReturned, {}), []],
    ['a reservation: nothing', eventOf(amountReserved, {}), []],
    ['a payment: nothing', eventOf(paymentPaid, {}), []],
    [
      'slices of two years: the allowance of each year that gets something',
      eventOf(voucherClosed, { slices: [slice(1, 60, 2025), slice(2, 40), slice(3, 0, 2024)] }),
      [toPot(1, 60), toPot(2, 40), toAllowance(60, 2025), toAllowance(40)],
    ],
  ])('%s', (_, event, expected) => {
    expect(effects(event)).toEqual(expected);
  });
});

const issue: Issue = {
  applicationId: applicationId(1),
  home: songjiang,
  enterprise,
  faceFen: fenOf(100),
  funding: [
    { potId: potId(1), bps: bpsOf(6_000), amountFen: fenOf(60) },
    { potId: potId(2, jiaxing), bps: bpsOf(4_000), amountFen: fenOf(40) },
  ],
  policyId: policyId(1),
  capFen: fenOf(1_000),
  year: 2026,
  issuedOn: day('2026-03-02'),
  expiresOn: day('2027-03-02'),
  dueAt: '2026-03-02T02:10:00.000Z' as Instant,
};

describe('an issue', () => {
  const followed = (fact: Record<string, unknown> & { type: string }, noun = 'application') => ({
    fact: fact as never,
    id: 'fact',
    stream: 'issuance.310117.application-1',
    home: '310117' as Home,
    noun,
    key: '1',
    revision: 3,
    position: '4',
  });
  const opened = (kind: string) => ({ id: `issuance.310117.application-1/${kind}`, kind, home: '310117', data: { issue, at } });

  test('is worked on from wanted to its outcome, and a refused one until it is released', () => {
    expect(work(followed({ type: 'IssueWanted', issue, at }))).toEqual({ opens: [opened('issue')] });
    expect(work(followed({ type: 'VoucherIssued', issue, at }))).toEqual({ closes: [opened('issue').id] });
    expect(work(followed({ type: 'IssueRefused', issue, at }))).toEqual({ closes: [opened('issue').id], opens: [opened('release-issue')] });
    expect(work(followed({ type: 'PartsReleased', at }))).toEqual({ closes: [opened('release-issue').id] });
    expect(work(followed({ type: 'ApplicationChecked', at }))).toEqual({});
    expect(work(followed({ type: 'PotReleased', at }, 'pot'))).toEqual({});
  });

  test('asks the allowance for the face and each pot, at its own home, for its part', () => {
    expect(partsToAsk(issue, at).map(({ home, ask }) => [home, ask.type, ask.amountFen, ask.potId])).toEqual([
      [songjiang, 'take-allowance', 100, undefined],
      [songjiang, 'commit-pot', 60, potId(1)],
      [jiaxing, 'commit-pot', 40, potId(2, jiaxing)],
    ]);
  });

  test('releases exactly the parts that it asked', () => {
    const named = (ask: Record<string, unknown>) => ask.potId ?? (`${songjiang}-allowance-${ask.enterprise}-${ask.year}` as AllowanceId);
    expect(partsToRelease(issue, at).map(({ home, ask }) => [home, named(ask)])).toEqual(
      partsToAsk(issue, at).map(({ home, ask }) => [home, named(ask)]),
    );
  });
});
