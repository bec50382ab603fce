import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fundingOf } from './funding.ts';
import { bpsOf, fenOf, potId } from './issuance.fixtures.ts';

const funding = (...parts: readonly number[]) => parts.map((bps, index) => ({ potId: potId(index + 1), bps: bpsOf(bps) }));
const amounts = (faceFen: number, ...parts: readonly number[]) => {
  const split = fundingOf(fenOf(faceFen), funding(...parts));
  return typeof split === 'string' ? split : split.map(({ amountFen }) => amountFen);
};

describe('funding of a voucher', () => {
  test('splits the face by largest remainder, ties to the earlier pot', () => {
    expect(amounts(100, 10_000)).toEqual([100]);
    expect(amounts(101, 5_000, 5_000)).toEqual([51, 50]);
    expect(amounts(100, 3_333, 3_333, 3_334)).toEqual([33, 33, 34]);
  });

  test.each([
    ['funding-not-whole', amounts(100, 5_000, 4_999)],
    ['funding-not-whole', amounts(100, 5_000, 5_001)],
    ['pot-would-give-nothing', amounts(100, 10_000, 0)],
    ['pot-would-give-nothing', amounts(1, 5_000, 5_000)],
    ['pot-named-twice', fundingOf(fenOf(100), [...funding(5_000), ...funding(5_000)])],
  ])('refuses: %s', (reason, answer) => {
    expect(answer).toBe(reason);
  });

  test('gives every fen to some pot and something to every pot', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 ** 13 }), fc.array(fc.integer({ min: 1, max: 9_999 }), { maxLength: 6 }), (face, cuts) => {
        const edges = [0, ...new Set(cuts), 10_000].sort((a, b) => a - b);
        const split = amounts(face, ...edges.slice(1).map((edge, index) => edge - (edges[index] ?? 0)));
        if (split === 'pot-would-give-nothing') return;
        expect(split).not.toContain(0);
        expect((split as readonly number[]).reduce((sum, amount) => sum + amount, 0)).toBe(face);
      }),
    );
  });
});
