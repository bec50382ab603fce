import { inParallel } from '@tongdui/development/client';
import { actions } from './actions.ts';
import { cycleSteps } from './clearing.ts';
import type { Order } from './data.ts';
import { dateOfDay, dayOf, morningOf } from './days.ts';
import { deposit, together } from './setup.ts';
import type { Stage } from './stage.ts';
import { type ActionName, stories } from './stories.ts';

/** What happens on which day: first people with their orders, then the treasuries. */
export type Plan = ReadonlyMap<
  number,
  { readonly orders: readonly (readonly [Order, readonly ActionName[]])[]; readonly others: readonly Task[] }
>;
type Task = (stage: Stage) => Promise<unknown>;

export const planOf = (stage: Pick<Stage, 'data' | 'orderOf'>): Plan => {
  const { data } = stage;
  const plan = new Map<number, { orders: [Order, ActionName[]][]; others: Task[] }>();
  const on = (day: number) => {
    const known = plan.get(day) ?? { orders: [], others: [] };
    plan.set(day, known);
    return known;
  };
  for (const order of data.orders) for (const [day, names] of daysOf(order)) on(day).orders.push([order, names]);
  for (const prefund of data.prefunds) if (prefund.on > 0) on(prefund.on).others.push((current) => deposit(current, [prefund]));
  // Who never claims loses the claim on the day after the last one; the clock has to go beyond the last of these days.
  const lapses = data.orders.flatMap((order) =>
    order.story === 'lapsed' ? [(order.acceptOn ?? 0) + stage.orderOf(order).terms.claimAfterAcceptanceDays + 1] : [],
  );
  if (lapses.length > 0) on(Math.max(...lapses));
  for (const [cycle, cutOffDay] of monthsUntil(Math.max(...plan.keys())))
    for (const { daysAfterCutOff, act } of cycleSteps) on(cutOffDay + daysAfterCutOff).others.push((current) => act(current, cycle));
  return new Map([...plan].sort(([a], [b]) => a - b));
};

/** The steps of an order, in the order of its story, by day. */
export const daysOf = (order: Order): ReadonlyMap<number, ActionName[]> => {
  const days = new Map<number, ActionName[]>();
  for (const [action, column] of stories[order.story].steps) {
    const day = order[column];
    if (day === undefined) throw new Error(`${order.order} is a story of ${order.story} and has no ${column}`);
    days.set(day, [...(days.get(day) ?? []), action]);
  }
  return days;
};

/** Months that end before this day, each with the day of its cut-off. */
const monthsUntil = (lastDay: number): (readonly [cycle: string, cutOffDay: number])[] => {
  const months: (readonly [string, number])[] = [];
  for (let first = '2026-03-01'; ; ) {
    const next = dateOfDay(dayOf(first) + 32)
      .slice(0, 8)
      .concat('01');
    if (dayOf(next) > lastDay) return months;
    months.push([first.slice(0, 7).replace('-', ''), dayOf(next)]);
    first = next;
  }
};

/** Goes from day to day, skipping those on which nothing happens; everything of one day happens at the same time. */
export const play = async (stage: Stage, plan: Plan, onDay: (done: number, day: number) => void): Promise<void> => {
  const { system } = stage;
  let done = 0;
  for (const [day, { orders, others }] of plan) {
    if (day > 0) await system.moveClock(morningOf(day));
    for (const task of others) await task(stage);
    await inParallel(orders, together, async ([order, names]) => {
      for (const name of names) await actions[name](stage, stage.orderOf(order), day);
    });
    await system.waitIdle();
    done += 1;
    onDay(done, day);
  }
};
