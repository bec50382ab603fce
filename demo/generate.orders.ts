import type { Bps, Fen, Member } from '@tongdui/contracts';
import { members } from '@tongdui/contracts';
import { subsidyMaximum } from '@tongdui/money';
import type { Agreement } from './data.ts';
import {
  afterNotice,
  agreements,
  between,
  digits,
  isFronted,
  newUlid,
  ordersWanted,
  pick,
  random,
  scale,
  termsOf,
  upTo,
  workingDay,
} from './generate.invention.ts';
import { applications, offerings } from './generate.places.ts';
import { type StoryName, stories, storyNames } from './stories.ts';

// Orders: so many of each story, scattered over the month, each with an enterprise that can still pay for it.
const weights: Readonly<Partial<Record<StoryName, number>>> = {
  declined: 10,
  cancelled: 8,
  'lab-silent': 6,
  'never-registered': 6,
  'never-delivered': 5,
  'voucher-short': 6,
  'above-policy': 8,
  amended: 6,
  'silent-enterprise': 5,
  'sent-back': 8,
  'duplicate-invoice': 5,
  'cut-in-review': 10,
  'held-dismissed': 5,
  sanctioned: 5,
  rejected: 8,
  'rejected-payable': 4,
  lapsed: 6,
  'objected-dismissed': 8,
  'objected-upheld': 6,
  'payment-failed-then-paid': 8,
  'bank-no-answer': 3,
  'bank-unknown-then-paid': 6,
  'bank-unknown-then-failed': 6,
  'returned-then-paid': 6,
  'clawed-back-recovered': 6,
  'written-off': 4,
  'disputed-debtor-wins': 4,
  'disputed-creditor-wins': 4,
  'red-letter-unpaid': 4,
  'red-letter-paid': 4,
};
const specials = storyNames.flatMap((story) => Array.from({ length: Math.round((weights[story] ?? 0) * scale) }, () => story));
const wanted: StoryName[] = [...specials, ...Array.from({ length: ordersWanted - specials.length }, () => 'plain' as const)];

/** The pair whose prefund is too small at first: its payments wait in the queue until more is deposited. */
const queueing = { home: '330500', host: '340200' };
const isQueueing = (home: string, host: string) => home === queueing.home && host === queueing.host;

type Schedule = Partial<
  Record<
    'proposeOn' | 'labOn' | 'contractOn' | 'deliverOn' | 'acceptOn' | 'claimOn' | 'reviewOn' | 'payOn' | 'laterOn' | 'finallyOn',
    number
  >
>;

/** The ordinary course of an order, and what its story makes of it. */
const scheduleOf = (story: StoryName, noticeWorkingDays: number): Schedule => {
  const proposeOn = workingDay(stories[story].dispute ? upTo(8) : story === 'bank-no-answer' ? 7 : upTo(28));
  const calm = story === 'bank-no-answer';
  const after = (day: number, low: number, high: number) => workingDay(day + (calm ? low : between(low, high)));
  const labOn = after(proposeOn, 0, 1);
  const contractOn = after(labOn, 0, 2);
  const deliverOn = after(contractOn, 1, 4);
  const acceptOn = story === 'silent-enterprise' ? workingDay(deliverOn + 12) : after(deliverOn, 0, 2);
  const claimOn = after(acceptOn, 1, 3);
  const turned = (from: number): Schedule => ({ laterOn: after(from, 2, 4), finallyOn: after(from + 5, 2, 4) });
  const early = { proposeOn, labOn, contractOn };
  switch (story) {
    case 'never-delivered':
      return { ...early, laterOn: workingDay(contractOn + 43) };
    case 'voucher-short':
      return { ...early, laterOn: after(contractOn, 1, 2) };
    case 'sent-back':
    case 'held-dismissed':
    case 'duplicate-invoice': {
      const { laterOn = 0, finallyOn = 0 } = turned(claimOn);
      const reviewOn = after(finallyOn, 1, 2);
      return { ...early, deliverOn, acceptOn, claimOn, laterOn, finallyOn, reviewOn, payOn: afterNotice(reviewOn, noticeWorkingDays) };
    }
    default: {
      const reviewOn = after(claimOn, 1, 2);
      const payOn = afterNotice(reviewOn, noticeWorkingDays);
      const whole = { ...early, deliverOn, acceptOn, claimOn, reviewOn, payOn };
      if (story === 'objected-dismissed' || story === 'objected-upheld')
        return { ...whole, laterOn: workingDay(reviewOn + 1), finallyOn: workingDay(reviewOn + 3), payOn: workingDay(payOn + 1) };
      if (story === 'red-letter-unpaid') return { ...whole, laterOn: workingDay(reviewOn + 2) };
      if (story === 'rejected' || story === 'sanctioned') return { ...whole, ...turned(reviewOn) };
      return { ...whole, ...turned(payOn) };
    }
  }
};

const sanctionedNow = new Set<string>();
const chooseApplication = (story: StoryName) => {
  if (story === 'voucher-short') return pick(applications.filter(({ isSmall, story: how }) => isSmall && how === 'issued'));
  const able = applications.filter(
    ({ usable, left, faceFen, enterprise, home }) =>
      usable &&
      left >= faceFen * 0.35 &&
      !sanctionedNow.has(enterprise) &&
      (!stories[story].needsHostFronted || members.some((host) => isFronted(home, host) && !isQueueing(home, host))),
  );
  // The least used first, so that everybody has an order; a sanction falls on an enterprise that has none.
  const fewest = Math.min(...able.map(({ used }) => used));
  return pick(able.filter(({ used }) => used === fewest));
};

const chooseOffering = (story: StoryName, home: Member) => {
  const abroad = random() < 0.75;
  const able = offerings.filter(({ city }) => {
    if (stories[story].needsHostFronted) return isFronted(home, city) && !isQueueing(home, city);
    if (story !== 'plain' && isQueueing(home, city)) return false;
    return abroad ? city !== home : city === home;
  });
  return pick(able);
};

/** Only the days on which something happens. */
const daysUsed = (story: StoryName, schedule: Schedule): Schedule => {
  const used = new Set<string>(stories[story].steps.map(([, on]) => on));
  return Object.fromEntries(Object.entries(schedule).filter(([column]) => used.has(column)));
};

/** Sanctions first: their enterprises must have no other order. */
const inOrder = [...wanted].sort((a, b) => Number(b === 'sanctioned') - Number(a === 'sanctioned'));
export const orders = inOrder.map((story) => {
  const application = chooseApplication(story);
  const { home, faceFen } = application;
  const offering = chooseOffering(story, home);
  const { ratioBps, capPerOrderFen, ownShareFloorBps, stackingMaximumBps, noticeWorkingDays } = termsOf(home);
  const ratio = (ratioBps[offering.category] ?? 0) as Bps;
  const aimFen = story === 'voucher-short' ? between(6_000, 12_000) * 100 : Math.round(faceFen * between(8, 26) * 0.01);
  const baseFen = (Math.ceil((aimFen * 10_000) / ratio / 10_000) * 10_000) as Fen;
  const subsidyFen = subsidyMaximum(baseFen, ratio, capPerOrderFen, ownShareFloorBps, stackingMaximumBps);
  application.left -= subsidyFen;
  application.used += 1;
  if (story === 'sanctioned') sanctionedNow.add(application.enterprise);
  const actualBaseFen = random() < 0.3 ? Math.round((baseFen * between(88, 99)) / 100 / 100) * 100 : baseFen;
  const schedule = daysUsed(story, scheduleOf(story, noticeWorkingDays));
  return {
    order: `${home}-order-${newUlid()}`,
    story,
    application: application.application,
    offering: offering.offering,
    baseFen,
    subsidyFen,
    actualBaseFen,
    ...schedule,
    invoice: `26${digits(18)}`,
    home,
    host: offering.city,
  };
});

// Who claims with somebody else's invoice does so after it was claimed, of an ordinary order.
const claimed = orders.filter(({ story }) => story === 'plain');
for (const order of orders)
  if (order.story === 'duplicate-invoice') {
    const earlier = claimed.filter(({ claimOn = 0, home }) => home !== order.home && claimOn < (order.claimOn ?? 0));
    order.invoice = pick(earlier.length > 0 ? earlier : claimed).invoice;
  }

const frontedFen = (home: Member, host: Member): number =>
  orders.reduce((sum, order) => sum + (order.home === home && order.host === host ? order.subsidyFen : 0), 0);
const deposit = (agreement: Agreement, on: number, amountFen: number) => ({
  deposit: newUlid(),
  debtor: agreement.home,
  creditor: agreement.host,
  on,
  amountFen,
});
export const prefunds = agreements
  .filter(({ route }) => route === 'host-fronted')
  .flatMap((agreement) => {
    const { home, host } = agreement;
    const amountFen = Math.max(agreement.prefundFen, Math.ceil((frontedFen(home, host) * 1.5) / 1_000_000) * 1_000_000);
    // A third of what its payments need, and the rest five weeks later.
    const firstFen = Math.ceil(frontedFen(home, host) / 3 / 100_000) * 100_000;
    return isQueueing(home, host)
      ? [deposit(agreement, 0, firstFen), deposit(agreement, 36, amountFen - firstFen)]
      : [deposit(agreement, 0, amountFen)];
  });
