import type { Bps, Fen, Slice } from '@tongdui/contracts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fen, minus, nothingOf, plus, positive, shareDown, split, splitOver, subsidyMaximum, sumFen, totalOf } from './index.ts';

const weights = fc
  .array(fc.integer({ min: 0, max: 10_000 }), { minLength: 1, maxLength: 6 })
  .filter((list) => list.some((weight) => weight > 0));
const slices = (amounts: readonly number[]): Slice[] =>
  amounts.map((amountFen, index) => ({
    potId: `310117-pot-${index}` as Slice['potId'],
    owner: '310117' as Slice['owner'],
    fiscalYear: 2026,
    amountFen: fen(amountFen),
  }));

test('a split sums to its total, and each part is its share rounded down or up', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10 ** 13 }), weights, (total, list) => {
      const parts = split(fen(total), list);
      expect(sumFen(parts)).toBe(total);
      const sum = list.reduce((all, weight) => all + weight, 0);
      for (const [index, part] of parts.entries()) {
        const floor = Number((BigInt(total) * BigInt(list[index] as number)) / BigInt(sum));
        expect(part === floor || part === floor + 1).toBe(true);
      }
    }),
  );
});

test('ties go to the earlier pot in the stated order', () => {
  expect(split(fen(1), [5_000, 5_000])).toEqual([1, 0]);
  expect(split(fen(5), [1, 1, 1])).toEqual([2, 2, 1]);
});

test('taking by what is left never overdraws a pot and empties all pots together', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 1_000 }), { minLength: 1, maxLength: 5 }),
      fc.array(fc.integer({ min: 1, max: 700 }), { maxLength: 12 }),
      (amounts, takes) => {
        let left = slices(amounts);
        let taken = nothingOf(left);
        for (const wish of takes) {
          const amount = fen(Math.min(wish, totalOf(left)));
          if (amount === 0) continue;
          const part = splitOver(amount, left);
          expect(totalOf(part)).toBe(amount);
          left = minus(left, part);
          taken = plus(taken, part);
        }
        expect(plus(left, taken)).toEqual(slices(amounts));
        if (totalOf(left) === 0) expect(positive(left)).toEqual([]);
      },
    ),
  );
});

test('products beyond 2^53 stay exact', () => {
  expect(shareDown(fen(9_999_999_999_999), 9_999 as Bps)).toBe(9_998_999_999_999);
});

test('the subsidy keeps to ratio, cap, own share and the stacking maximum', () => {
  const maximum = (base: number, ratio: number, cap: number, floor: number, stacking?: number) =>
    subsidyMaximum(fen(base), ratio as Bps, fen(cap), floor as Bps, stacking as Bps | undefined);
  expect(maximum(10_000_000, 5_000, 15_000_000, 3_000)).toBe(5_000_000);
  expect(maximum(10_000_000, 5_000, 4_000_000, 3_000)).toBe(4_000_000);
  expect(maximum(10_000_000, 9_000, 15_000_000, 3_000)).toBe(7_000_000);
  expect(maximum(3, 5_000, 100 as Fen, 3_000)).toBe(1);
  expect(maximum(10_000_000, 5_000, 15_000_000, 3_000, 4_500)).toBe(4_500_000);
  expect(maximum(3, 10_000, 100, 0, 9_999)).toBe(2);
  expect(maximum(10_000_000, 5_000, 15_000_000, 3_000, 10_000)).toBe(5_000_000);
});

test('whatever a policy says, no limit of it is exceeded, and never the whole', () => {
  const bps = fc.integer({ min: 0, max: 10_000 });
  const amount = fc.integer({ min: 0, max: 10 ** 13 });
  fc.assert(
    fc.property(amount, amount, bps, bps, bps, (base, cap, ratio, floor, stacking) => {
      const maximum = subsidyMaximum(fen(base), ratio as Bps, fen(cap), floor as Bps, stacking as Bps);
      const within = (most: bigint) => BigInt(maximum) * 10_000n <= most;
      expect(maximum).toBeLessThanOrEqual(Math.min(base, cap));
      for (const share of [ratio, stacking, 10_000 - floor]) expect(within(BigInt(base) * BigInt(share))).toBe(true);
    }),
  );
});

test('a negative amount is a bug, not a number', () => {
  expect(() => fen(-1)).toThrow();
  expect(() => minus(slices([1]), slices([2]))).toThrow();
  expect(() => splitOver(fen(3), slices([1, 1]))).toThrow();
});
