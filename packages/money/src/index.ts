import type { Bps, Fen, Slice, Slices } from '@tongdui/contracts';

/** Arithmetic of public money: integer fen, products in BigInt because fen × fen exceeds 2^53. */

/** Brands a computed amount; a negative or unsafe one is a bug. */
export const fen = (value: number): Fen => {
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`not an amount of fen: ${value}`);
  return value as Fen;
};

export const sumFen = (amounts: Iterable<number>): Fen => {
  let sum = 0;
  for (const amount of amounts) sum += amount;
  return fen(sum);
};

export const totalOf = (slices: Slices): Fen => sumFen(slices.map((slice) => slice.amountFen));

/** ⌊amount × bps / 10 000⌋ */
export const shareDown = (amountFen: Fen, bps: Bps): Fen => fen(Number((BigInt(amountFen) * BigInt(bps)) / 10_000n));

/** ⌈amount × bps / 10 000⌉ */
export const shareUp = (amountFen: Fen, bps: Bps): Fen => fen(Number((BigInt(amountFen) * BigInt(bps) + 9_999n) / 10_000n));

const whole = 10_000 as Bps;

/**
 * The most a policy subsidises on one order, out of however many pots:
 * min(⌊ratio × base⌋, order cap, base − ⌈own-share floor × base⌉, ⌊stacking maximum × base⌋).
 */
export const subsidyMaximum = (baseFen: Fen, ratioBps: Bps, capFen: Fen, ownShareFloorBps: Bps, stackingMaximumBps = whole): Fen =>
  fen(Math.min(shareDown(baseFen, ratioBps), capFen, baseFen - shareUp(baseFen, ownShareFloorBps), shareDown(baseFen, stackingMaximumBps)));

/**
 * Largest remainder: whole parts proportional to the weights that sum to the total; ties go to the earlier part. No part exceeds its
 * weight when the total does not exceed their sum.
 */
export const split = (totalFen: Fen, weights: readonly number[]): Fen[] => {
  const total = BigInt(totalFen);
  const sum = weights.reduce((all, weight) => all + BigInt(weight), 0n);
  if (sum === 0n) {
    if (total === 0n) return weights.map(() => fen(0));
    throw new Error('nothing to split over');
  }
  const products = weights.map((weight) => total * BigInt(weight));
  const parts = products.map((product) => product / sum);
  let left = Number(total - parts.reduce((all, part) => all + part, 0n));
  const byRemainder = products
    .map((product, index) => ({ index, remainder: product % sum }))
    .sort((a, b) => (a.remainder === b.remainder ? a.index - b.index : a.remainder > b.remainder ? -1 : 1));
  for (const { index } of byRemainder) {
    if (left === 0) break;
    parts[index] = (parts[index] as bigint) + 1n;
    left -= 1;
  }
  return parts.map((part) => fen(Number(part)));
};

/** Splits an amount over what is left per pot in the bucket it comes from; pots that give nothing are left out. */
export const splitOver = (amountFen: Fen, left: Slices): Slice[] => {
  const available = totalOf(left);
  if (amountFen > available) throw new Error(`cannot take ${amountFen} out of ${available}`);
  const parts = split(
    amountFen,
    left.map((slice) => slice.amountFen),
  );
  return left.map((slice, index) => ({ ...slice, amountFen: parts[index] as Fen })).filter((slice) => slice.amountFen > 0);
};

/** What remains per pot; pots with nothing left are kept, so the stated order of pots never changes. */
export const minus = (from: Slices, taken: Slices): Slice[] => {
  const byPot = new Map(taken.map((slice) => [slice.potId as string, slice.amountFen as number]));
  return from.map((slice) => ({ ...slice, amountFen: fen(slice.amountFen - (byPot.get(slice.potId) ?? 0)) }));
};

export const plus = (to: Slices, added: Slices): Slice[] => {
  const byPot = new Map(added.map((slice) => [slice.potId as string, slice.amountFen as number]));
  const known = to.map((slice) => ({ ...slice, amountFen: fen(slice.amountFen + (byPot.get(slice.potId) ?? 0)) }));
  const pots = new Set(to.map((slice) => slice.potId as string));
  return [...known, ...added.filter((slice) => !pots.has(slice.potId))];
};

export const nothingOf = (slices: Slices): Slice[] => slices.map((slice) => ({ ...slice, amountFen: fen(0) }));
export const positive = (slices: Slices): Slice[] => slices.filter((slice) => slice.amountFen > 0);
