import { addWorkingDays } from '@tongdui/calendar';
import type { Schedule } from './data.ts';
import { dateOfDay, dayOf } from './days.ts';
import type { Invention } from './invention.ts';
import { type StoryName, stories } from './stories.ts';

/** The last day on which an order is proposed: the end of the second month. */
const lastProposalOn = dayOf('2026-04-30');

/** Only the days on which something happens in this story. */
export const scheduleOf = (
  invention: Invention,
  story: StoryName,
  noticeWorkingDays: number,
): Schedule & { readonly proposeOn: number } => {
  const whole = courseOf(invention, story, noticeWorkingDays);
  const used = new Set<string>(stories[story].steps.map(([, on]) => on));
  return { ...Object.fromEntries(Object.entries(whole).filter(([column]) => used.has(column))), proposeOn: whole.proposeOn };
};

/** The ordinary course of an order, and what its story makes of it. Claims are reviewed twice a week, and paid twice a week. */
const courseOf = ({ between }: Invention, story: StoryName, noticeWorkingDays: number): Schedule & { readonly proposeOn: number } => {
  // What the bank does not answer is asked again while everybody waits, so it happens on one day.
  const isCalm = story === 'bank-no-answer';
  const after = (day: number, low: number, high: number) => workingDay(day + (isCalm ? low : between(low, high)));
  const paidAfter = (reviewOn: number) => paymentDay(workingDaysAfter(reviewOn, noticeWorkingDays) + 1);
  const turned = (from: number): Schedule => ({ laterOn: after(from, 2, 4), finallyOn: after(from + 5, 2, 4) });

  const proposeOn = workingDay(between(...proposalsOf(story)));
  const labOn = after(proposeOn, 0, 1);
  const contractOn = after(labOn, 0, 2);
  const early = { proposeOn, labOn, contractOn };
  if (story === 'never-delivered') return { ...early, laterOn: workingDay(contractOn + 43) };
  if (story === 'voucher-short') return { ...early, laterOn: after(contractOn, 1, 2) };

  const deliverOn = after(contractOn, 1, 4);
  const acceptOn = story === 'silent-enterprise' ? workingDay(deliverOn + 12) : after(deliverOn, 0, 2);
  const claimOn = after(acceptOn, 1, 3);
  const untilClaim = { ...early, deliverOn, acceptOn, claimOn };
  if (story === 'sent-back' || story === 'held-dismissed' || story === 'duplicate-invoice') {
    const turn = turned(claimOn);
    const reviewOn = reviewDay(after(turn.finallyOn ?? 0, 1, 2));
    return { ...untilClaim, ...turn, reviewOn, payOn: paidAfter(reviewOn) };
  }
  const reviewOn = reviewDay(after(claimOn, 1, 2));
  const payOn = paidAfter(reviewOn);
  const reviewed = { ...untilClaim, reviewOn, payOn };
  switch (story) {
    case 'objected-dismissed':
    case 'objected-upheld':
      return { ...reviewed, laterOn: workingDay(reviewOn + 1), finallyOn: workingDay(reviewOn + 3), payOn: paymentDay(payOn + 1) };
    case 'red-letter-unpaid':
      return { ...reviewed, laterOn: workingDay(reviewOn + 2) };
    case 'rejected':
    case 'sanctioned':
      return { ...reviewed, ...turned(reviewOn) };
    default:
      return { ...reviewed, ...turned(payOn) };
  }
};

/** First and last day for a proposal. What takes a quarter of a year, or six weeks, begins early; who wants another's invoice waits for it. */
const proposalsOf = (story: StoryName): readonly [number, number] => {
  switch (story) {
    case 'lapsed':
      return [0, 4];
    case 'never-delivered':
      return [0, 14];
    case 'bank-no-answer':
      return [7, 7];
    case 'duplicate-invoice':
      return [21, lastProposalOn];
    default:
      return [0, stories[story].dispute ? 40 : lastProposalOn];
  }
};

/** The first day is a Monday. */
const weekdayOf = (day: number): number => (day + 1) % 7;
const next = (day: number, weekdays: readonly number[]): number => (weekdays.includes(weekdayOf(day)) ? day : next(day + 1, weekdays));
const workingDay = (day: number): number => next(day, [1, 2, 3, 4, 5]);
const reviewDay = (day: number): number => next(day, [2, 4]);
const paymentDay = (day: number): number => next(day, [3, 5]);
const workingDaysAfter = (day: number, count: number): number => dayOf(addWorkingDays(dateOfDay(day), count));
