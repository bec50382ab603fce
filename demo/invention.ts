import { type Member, usccCheckCharacter } from '@tongdui/contracts';
import { ulid } from 'ulid';
import { cityName } from './cities.ts';

/** One seeded source of chance, and what is invented from it: the same seed asked in the same order answers the same. */
export type Invention = {
  /** From 0 up to but not including 1. */
  readonly random: () => number;
  /** Whole numbers, both ends included. */
  readonly between: (low: number, high: number) => number;
  readonly pick: <Item>(items: readonly Item[]) => Item;
  readonly ulid: () => string;
  readonly uscc: (city: Member, kind: '91' | '12') => string;
  readonly digits: (count: number) => string;
  readonly account: (city: Member, firstDigits: string) => { readonly cnaps: string; readonly account: string };
  /** Every name says that it is an example, so that nobody looks for the company. */
  readonly name: (city: Member, kinds: readonly string[]) => string;
};

export const inventionOf = (seed: number): Invention => {
  const random = mulberry32(seed);
  const between = (low: number, high: number) => low + Math.floor(random() * (high - low + 1));
  const pick = <Item>(items: readonly Item[]): Item => {
    const item = items[between(0, items.length - 1)];
    if (item === undefined) throw new Error('nothing to pick from');
    return item;
  };
  const digits = (count: number) => Array.from({ length: count }, () => between(0, 9)).join('');
  const used = new Set<string>();
  const once = (invent: () => string): string => {
    const text = invent();
    if (used.has(text)) return once(invent);
    used.add(text);
    return text;
  };
  let moment = Date.parse('2026-02-01T00:00:00Z');
  return {
    random,
    between,
    pick,
    digits,
    ulid: () => {
      moment += 1_000;
      return ulid(moment, random);
    },
    uscc: (city, kind) => {
      const first17 = once(() => `${kind}${city}MA${Array.from({ length: 7 }, () => pick(usccAlphabet)).join('')}`);
      return first17 + usccCheckCharacter(first17);
    },
    account: (city, firstDigits) => ({
      cnaps: `${between(102, 105)}${city.slice(0, 4)}${digits(5)}`,
      account: `${firstDigits}${digits(15)}`,
    }),
    name: (city, kinds) => once(() => `${cityName(city)}${pick(words)}${pick(words)}示例${pick(kinds)}`),
  };
};

/** Small, seeded, good enough to scatter names and amounts. */
const mulberry32 = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

const usccAlphabet = [...'0123456789ABCDEFGHJKLMNPQRTUWXY'];
const words = [...'云星河岚峰澜沐曜岩溪松竹青禾远望凌霄晨曦朗月清泉翠微沧海鸿鹄紫苑'];
