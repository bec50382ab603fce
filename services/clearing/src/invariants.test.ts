import type { CycleView, DrawView, ObligationView, PairView, SegmentView } from '@tongdui/contracts';
import { describe, expect, test } from 'vitest';
import { confirmBy, declareBy, fenOf, hangzhou, jiaxing, march, obligationIdOf, songjiang } from './clearing.fixtures.ts';
import { figuresOf, invariantsOf } from './invariants.ts';
import { netted } from './netting.ts';

/** A corridor in which Jiaxing owed Songjiang 40 in March, netted, and 7 since; 5 are in flight and 99 wait. */
const rowsOf = () => {
  const id = `${jiaxing}-${songjiang}`;
  const obligation = (n: number, amount: number, status: string, cycle?: string) => ({
    id: obligationIdOf(n),
    pair: id,
    kind: 'host-fronted',
    amountFen: fenOf(amount),
    status,
    ...(cycle ? { cycle } : {}),
  });
  const gross = [{ debtor: jiaxing, creditor: songjiang, amountFen: fenOf(40) }];
  const { nets, transfers } = netted(march, [songjiang, hangzhou, jiaxing], gross);
  return {
    pairs: [
      {
        id,
        prefundFen: 100,
        drawnFen: 47,
        inFlightFen: 5,
        headroomFen: 48,
        queued: 1,
        queuedFen: 99,
        unnettedFen: 7,
        unsettledFen: 47,
        disputedFen: 0,
        runningTotalFen: 47,
      },
    ] as unknown as PairView[],
    obligations: [obligation(1, 40, 'netted', march), obligation(2, 7, 'accrued')] as unknown as ObligationView[],
    segments: [
      {
        id: `${id}-${march}`,
        pair: id,
        cycle: march,
        status: 'netted',
        obligations: 1,
        totalFen: 40,
        confirmedFen: 40,
        disputedFen: 0,
        declareBy,
        confirmBy,
      },
    ] as unknown as SegmentView[],
    draws: [
      { id: 'a', pair: id, amountFen: 5, status: 'granted' },
      { id: 'b', pair: id, amountFen: 99, status: 'queued' },
      { id: 'c', pair: id, amountFen: 40, status: 'used' },
    ] as unknown as DrawView[],
    cycles: [{ id: march, status: 'netted', gross, nets, transfers }] as unknown as CycleView[],
  };
};
type Rows = ReturnType<typeof rowsOf>;
const listOf = (rows: Rows) => ({ list: <Body>(table: string) => rows[table as keyof Rows] as unknown as Body[] });
const broken = (rows: Rows) =>
  Object.entries(invariantsOf(listOf(rows)).invariants).flatMap(([number, { held }]) => (held ? [] : [`invariant-${number}`]));
const first = (rows: Rows, table: keyof Rows) => rows[table][0] as unknown as Record<string, unknown>;

describe('invariants', () => {
  test('hold for a corridor in order, and its figures are those of the pairs', () => {
    expect(broken(rowsOf())).toEqual([]);
    expect(figuresOf(listOf(rowsOf())).pairs).toEqual({
      '330400-310117': { unnettedFen: 7, unsettledFen: 47, prefundFen: 100, drawnFen: 47, inFlightFen: 5, queued: 1 },
    });
  });
  test.each<[string, keyof Rows, string, unknown, string[]]>([
    ['a fraction of a fen', 'obligations', 'amountFen', 39.5, ['invariant-1', 'invariant-10']],
    ['a negative amount', 'segments', 'disputedFen', -1, ['invariant-1']],
    ['an obligation too much in the total', 'pairs', 'runningTotalFen', 48, ['invariant-10']],
    ['a total not netted that differs', 'pairs', 'unnettedFen', 8, ['invariant-10']],
    ['a total not settled that differs', 'pairs', 'unsettledFen', 7, ['invariant-10']],
    ['a disputed total that differs', 'pairs', 'disputedFen', 7, ['invariant-10']],
    ['an obligation in a cycle that its pair did not close', 'obligations', 'cycle', '202604', ['invariant-10']],
    ['a closed segment that differs from what was confirmed', 'segments', 'confirmedFen', 41, ['invariant-10', 'invariant-12']],
    ['nets that do not follow from the gross', 'cycles', 'nets', [{ party: songjiang, netFen: 0 }], ['invariant-10']],
    ['transfers that do not follow from the nets', 'cycles', 'transfers', [], ['invariant-10']],
    ['a closed cycle whose gross was edited', 'cycles', 'gross', [], ['invariant-10', 'invariant-12']],
    ['an overdrawn prefund', 'pairs', 'headroomFen', -1, ['invariant-11']],
    ['headroom that does not follow', 'pairs', 'headroomFen', 49, ['invariant-11']],
    ['draws in flight that differ', 'pairs', 'inFlightFen', 6, ['invariant-11']],
    ['a queue that differs', 'pairs', 'queuedFen', 98, ['invariant-11']],
  ])('tell %s', (_, table, field, value, violated) => {
    const rows = rowsOf();
    first(rows, table)[field] = value;
    expect(broken(rows)).toEqual(violated);
  });
  test('say at most twenty violations each', () => {
    const rows = rowsOf();
    const many = Array.from({ length: 30 }, (_, n) => ({ ...rows.pairs[0]!, id: `p${n}` as PairView['id'], headroomFen: -1 }));
    expect(invariantsOf(listOf({ ...rows, pairs: many })).invariants['11']?.violations).toHaveLength(20);
  });
});
