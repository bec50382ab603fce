import { history } from '@tongdui/decider/testing';
import type { JsonObject } from '@tongdui/event-store';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { claim } from './claim.decider.ts';
import { awaitClaim, refuseSlice, submit, toPayable } from './claim.history.fixtures.ts';
import { type Days, failing, ordinary, reportOn, rowsOf, storyOn, type Tables } from './invariants.fixtures.ts';
import { claimId, later, onDay, slices } from './redemption.fixtures.ts';
import { followedAll } from './redemption.history.fixtures.ts';

const told = rowsOf(storyOn(ordinary));

/** The same rows with one thing changed in the first of a table, by its path. */
const broken = (tables: Tables, table: string, path: readonly (string | number)[], value: unknown): Tables => {
  const copy = structuredClone(tables) as Record<string, JsonObject[]>;
  let at = copy[table]?.[0] as unknown as Record<string | number, unknown>;
  for (const name of path.slice(0, -1)) at = at[name] as typeof at;
  const last = path.at(-1) as string | number;
  expect(at[last]).not.toEqual(value);
  at[last] = value;
  return copy;
};

describe('an auditor asks whether the invariants hold', () => {
  test('over a story that was told as it should be they do, and there was something to check', () => {
    expect(failing(told)).toEqual([]);
    const { '6': subsidies, '8': dates } = reportOn(told);
    expect([subsidies?.checked, dates?.checked]).toEqual([2, 5]);
    expect(told.claims?.[0]).toMatchObject({ submittedOn: onDay(ordinary.submittedAt), state: { status: 'submitted' } });
    expect(told.orders?.[0]).toMatchObject({ state: { is: 'accepted-by-enterprise' } });
    const held = { status: 'reserved', registeredOn: onDay(ordinary.registered) };
    expect(told.vouchers?.[0]).toMatchObject({ state: { holds: [[expect.any(String), held]] } });
  });

  const terms = ['state', 'contract', 'terms'];
  const hold = ['state', 'holds', 0, 1];
  test.each<[number: string, what: string, table: string, path: (string | number)[], value: unknown]>([
    ['2', 'a face that is not its buckets', 'vouchers', ['state', 'faceFen'], 1],
    ['6', 'a subsidy above the ratio', 'orders', [...terms, 'ratioBps'], 4_999],
    ['6', 'a subsidy above the cap of an order', 'orders', [...terms, 'capPerOrderFen'], 4_999_999],
    ['6', 'a subsidy that leaves less than the own share', 'orders', [...terms, 'ownShareFloorBps'], 5_001],
    ['6', 'a subsidy above what may be stacked', 'orders', [...terms, 'stackingMaximumBps'], 4_999],
    ['6', 'a contract above its base', 'orders', ['state', 'contract', 'subsidyFen'], 10_000_001],
    ['6', 'pots that together give more than was said', 'orders', ['state', 'contract', 'slices'], slices(5_000_001)],
    ['6', 'a contract registered on too small a base', 'orders', ['state', 'contract', 'baseFen'], 9_999_998],
    ['6', 'a delivery accepted on too small a base', 'orders', ['state', 'actualBaseFen'], 9_999_998],
    ['6', 'a subsidy fixed above the policy', 'orders', ['state', 'subsidyFen'], 5_000_001],
    ['8', 'a contract signed before its voucher was issued', 'vouchers', ['state', 'issuedOn'], onDay(ordinary.signed + 1)],
    ['8', 'a service that starts before it is agreed', 'orders', ['state', 'contract', 'serviceStartsOn'], onDay(ordinary.signed - 1)],
    ['8', 'a service that ends before it starts', 'orders', ['state', 'contract', 'endsOn'], onDay(ordinary.starts - 1)],
    ['8', 'a delivery before the contract', 'orders', ['state', 'deliveredOn'], onDay(ordinary.signed - 1)],
    ['8', 'an acceptance before the delivery', 'orders', ['state', 'acceptedOn'], onDay(ordinary.delivered - 1)],
    ['8', 'a contract registered after its voucher expired', 'vouchers', [...hold, 'registeredOn'], onDay(ordinary.expires + 1)],
    ['8', 'a claim of what was accepted before the contract', 'claims', ['state', 'acceptedOn'], onDay(ordinary.signed - 1)],
    ['8', 'a claim before the acceptance', 'claims', ['submittedOn'], onDay(ordinary.accepted - 1)],
    ['8', 'an invoice before the contract', 'claims', ['state', 'submission', 'invoice', 'issuedOn'], onDay(ordinary.signed - 1)],
  ])('%s finds %s, and no other number does', (number, _, table, path, value) => {
    const tables = broken(told, table, path, value);
    expect(failing(tables)).toEqual([number]);
    expect(reportOn(tables)[number]?.violations.length).toBeGreaterThan(0);
  });

  test('6 looks at an amendment that is still to be applied, and at a contract that is still to be registered', () => {
    const above = { amendment: 1, baseFen: 2, subsidyFen: 2 };
    expect(failing(broken(told, 'orders', ['state', 'contract', 'amendment'], above))).toEqual([]);
    const asRegistered = broken(told, 'orders', ['state', 'is'], 'contract-registered');
    expect(failing(asRegistered)).toEqual([]);
    expect(failing(broken(asRegistered, 'orders', ['state', 'contract', 'amendment'], above))).toEqual(['6']);
    const { contract } = (told.orders?.[0]?.state ?? {}) as { contract?: JsonObject };
    const asPending = broken(broken(told, 'orders', ['state', 'is'], 'accepted-by-lab'), 'orders', ['state', 'pending'], contract);
    expect(failing(asPending)).toEqual([]);
    expect(failing(broken(asPending, 'orders', ['state', 'pending', 'subsidyFen'], 5_000_001))).toEqual(['6']);
  });

  test('a claim counts as made when it was first submitted, whatever became of that', () => {
    const commands = [awaitClaim(), submit({ at: later(3) }), refuseSlice(1, later(3)), submit({ n: 2, at: later(5) })];
    const rows = rowsOf(followedAll(claimId(), history(claim, commands).facts));
    expect(rows.claims).toMatchObject([{ submittedOn: onDay(3), state: { status: 'submitting', submission: { n: 2 } } }]);
  });

  test('7 and 13 look at what is payable', () => {
    const payable = rowsOf(followedAll(claimId(), history(claim, toPayable).facts));
    expect(failing(payable)).toEqual([]);
    expect(failing(broken(payable, 'claims', ['state', 'submission', 'selfPaidFen'], 1))).toEqual(['7']);
    expect(failing(broken(payable, 'claims', ['state', 'people', 'approvedBy'], 'checker'))).toEqual(['13']);
  });
});

describe('on whatever days people act, and whatever days they write', () => {
  const around = fc.integer({ min: -3, max: 12 });
  const gap = fc.integer({ min: 0, max: 6 });
  /** Every step is taken no earlier than the one before; what is written on paper may be any day around it. */
  const anyDays: fc.Arbitrary<Days> = fc
    .record({
      issued: around,
      expires: around,
      signed: around,
      starts: around,
      ends: around,
      delivered: around,
      accepted: around,
      invoiced: around,
      steps: fc.tuple(gap, gap, gap, gap),
    })
    .map(({ steps: [registered, toDelivery, toAcceptance, toClaim], ...written }) => ({
      ...written,
      registered,
      deliveredAt: registered + toDelivery,
      acceptedAt: registered + toDelivery + toAcceptance,
      submittedAt: registered + toDelivery + toAcceptance + toClaim,
    }));
  /** Days that are in order but for one or two: a story that comes far before somebody writes a wrong day. */
  const almostOrdinary: fc.Arbitrary<Days> = fc
    .tuple(fc.constantFrom<keyof Days>('issued', 'expires', 'signed', 'starts', 'ends', 'delivered', 'accepted', 'invoiced'), around)
    .map(([name, day]) => ({ ...ordinary, [name]: day }));

  test('no history has dates out of order', () => {
    let claimed = 0;
    fc.assert(
      fc.property(fc.oneof(anyDays, almostOrdinary), (days) => {
        const tables = rowsOf(storyOn(days));
        expect(reportOn(tables)['8']?.violations).toEqual([]);
        if (tables.claims?.some((row) => row.submittedOn !== undefined)) claimed += 1;
      }),
      { numRuns: 600 },
    );
    expect(claimed).toBeGreaterThan(0);
  });
});
