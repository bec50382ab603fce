import type { Category, Member } from '@tongdui/contracts';
import { inventionOf } from './invention.ts';
import { inventOrders } from './orders.ts';
import { inventPlaces } from './places.ts';
import { loadRules, type Rules } from './rules.ts';
import type { StoryName } from './stories.ts';

/**
 * What the demo is fed with: organisations, vouchers and orders follow from the cities' rules, the number of orders and a seed. The same
 * arguments give the same data, to the last digit.
 */

type Account = { readonly cnaps: string; readonly account: string };
export type Pot = {
  readonly pot: string;
  readonly owner: string;
  readonly name: string;
  readonly openTo: Member[];
  readonly appropriation: string;
  readonly amountFen: number;
};
export type Provider = Account & { readonly provider: string; readonly name: string; readonly categories: Category[] };
export type Offering = {
  readonly offering: string;
  readonly provider: string;
  readonly category: Category;
  readonly name: string;
  readonly tariffFen: number;
};
export type Recognition = { readonly recognition: string; readonly provider: string; readonly categories: Category[] };
export type Enterprise = Account & { readonly enterprise: string; readonly name: string; readonly establishedOn: string };
export type Application = {
  readonly application: string;
  readonly enterprise: string;
  readonly story: 'issued' | 'too-young' | 'allowance-short';
  readonly faceFen: number;
  readonly funding: { readonly potId: string; readonly bps: number }[];
  readonly category: Category;
};
/** Days are counted from the first day of the demo, day 0. */
export type Prefund = {
  readonly deposit: string;
  readonly debtor: Member;
  readonly creditor: Member;
  readonly on: number;
  readonly amountFen: number;
};
/** The days on which something happens in an order's story; `laterOn` is when the turn of the story is, `finallyOn` when it is over. */
export type DayColumn =
  | 'proposeOn'
  | 'labOn'
  | 'contractOn'
  | 'deliverOn'
  | 'acceptOn'
  | 'claimOn'
  | 'reviewOn'
  | 'payOn'
  | 'laterOn'
  | 'finallyOn';
export type Schedule = Readonly<Partial<Record<DayColumn, number>>>;
export type Order = Schedule & {
  readonly order: string;
  readonly story: StoryName;
  readonly application: string;
  readonly offering: string;
  readonly baseFen: number;
  /** What the contract says; what is paid follows from the actual base. */
  readonly subsidyFen: number;
  readonly actualBaseFen: number;
  readonly proposeOn: number;
  readonly invoice: string;
};

export type Places = {
  readonly pots: readonly Pot[];
  readonly providers: readonly Provider[];
  readonly offerings: readonly Offering[];
  readonly recognitions: readonly Recognition[];
  readonly enterprises: readonly Enterprise[];
  readonly applications: readonly Application[];
};
export type Data = Rules & Places & { readonly orders: readonly Order[]; readonly prefunds: readonly Prefund[] };

export type Extent = { readonly orders: number; readonly seed: number };
export const wholeDemo: Extent = { orders: 5_040, seed: 20_260_302 };
/** Enough for every story; at most what the bank tells an auditor of. */
export const ordersAllowed = { least: 60, most: 9_000 };

export const inventData = ({ orders, seed }: Extent = wholeDemo): Data => {
  const rules = loadRules();
  const invention = inventionOf(seed);
  const places = inventPlaces(invention, rules, orders);
  return { ...rules, ...places, ...inventOrders(invention, rules, places, orders) };
};
