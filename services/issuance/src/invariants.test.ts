import type { AllowanceView, ApplicationView, PotView } from '@tongdui/contracts';
import { describe, expect, test } from 'vitest';
import { invariantsOf } from './invariants.ts';
import { applicationId, fenOf, ownedBy, potId, songjiang } from './issuance.fixtures.ts';

type Tables = { pots?: Partial<PotView>[]; allowances?: Partial<AllowanceView>[]; applications?: Partial<ApplicationView>[] };
const rowsWith = (tables: Tables) => ({ list: <Body>(table: string) => (tables[table as keyof Tables] ?? []) as Body[] });
const pot = { id: potId(1), appropriatedFen: fenOf(100), grantedFen: fenOf(100), availableFen: fenOf(0) };
const slice = { potId: potId(1), owner: ownedBy(songjiang), fiscalYear: 2026, amountFen: fenOf(10) };
const application = { id: applicationId(1), submittedBy: 'a', checkedBy: 'b', approvedBy: 'c', faceFen: fenOf(10), slices: [slice] };

describe('what an auditor can run', () => {
  test('holds over rows that keep the rules', () => {
    const { invariants } = invariantsOf(
      rowsWith({ pots: [pot], allowances: [{ usedFen: fenOf(5), capFen: fenOf(5) }], applications: [application] }),
    );
    expect(Object.entries(invariants).map(([number, { held, checked }]) => [number, held, checked])).toEqual([
      ['1', true, 3],
      ['3', true, 1],
      ['4', true, 1],
      ['13', true, 1],
    ]);
  });

  test.each<[string, string, Tables]>([
    ['invariant-1', 'half a fen', { pots: [{ ...pot, grantedFen: 0.5 as PotView['grantedFen'] }] }],
    ['invariant-1', 'slices that are not the face', { applications: [{ ...application, faceFen: fenOf(11) }] }],
    ['invariant-3', 'more granted than appropriated', { pots: [{ ...pot, grantedFen: fenOf(101) }] }],
    ['invariant-3', 'less than nothing granted', { pots: [{ ...pot, grantedFen: fenOf(-1) }] }],
    ['invariant-4', 'more used than the cap', { allowances: [{ usedFen: fenOf(6), capFen: fenOf(5) }] }],
    ['invariant-13', 'one person twice', { applications: [{ ...application, approvedBy: 'b' }] }],
    ['invariant-13', 'one approver twice', { applications: [{ ...application, secondApprovedBy: 'c' }] }],
  ])('%s finds %s', (name, _, tables) => {
    const report = invariantsOf(rowsWith(tables)).invariants[name.slice('invariant-'.length)];
    expect(report).toMatchObject({ held: false, violations: [expect.any(String)] });
  });
});
