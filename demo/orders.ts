import { type Bps, type Fen, type Member, members } from '@tongdui/contracts';
import { subsidyMaximum } from '@tongdui/money';
import { cityOf } from './cities.ts';
import type { Application, Offering, Order, Places, Prefund } from './data.ts';
import type { Invention } from './invention.ts';
import { smallFaceFen } from './places.ts';
import { type Agreement, isFronted, type Rules, termsOf } from './rules.ts';
import { scheduleOf } from './schedule.ts';
import { type StoryName, stories, storyNames } from './stories.ts';

/** Of 544 orders so many tell each of the other stories; each is told at least once. */
const weights: Readonly<Record<Exclude<StoryName, 'plain'>, number>> = {
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

/** The orders with the prefunds they need, in the order in which they are proposed. */
export const inventOrders = (
  invention: Invention,
  rules: Rules,
  places: Places,
  count: number,
): { readonly orders: readonly Order[]; readonly prefunds: readonly Prefund[] } => {
  const market = marketOf(invention, rules, places);
  const told = storiesTold(count).map((story) => orderOf(invention, rules, market, story));
  const orders = withForeignInvoices(invention, told);
  return {
    orders: orders.toSorted((a, b) => a.proposeOn - b.proposeOn || (a.order < b.order ? -1 : 1)),
    prefunds: prefundsOf(invention, rules, orders),
  };
};

/** Sanctions first: their enterprises must have no other order. */
const storiesTold = (count: number): readonly StoryName[] => {
  const others = storyNames.flatMap((story) =>
    story === 'plain' ? [] : Array.from({ length: Math.max(1, Math.round((weights[story] * count) / 544)) }, () => story),
  );
  const plain = Array.from({ length: Math.max(1, count - others.length) }, () => 'plain' as const);
  return [...plain, ...others].sort((a, b) => Number(b === 'sanctioned') - Number(a === 'sanctioned'));
};

/** The pair whose prefund is too small at first: its payments wait in the queue until more is deposited. */
const isQueueing = (home: string, host: string) => home === '330500' && host === '340200';

type Voucher = { readonly application: Application; readonly home: Member; leftFen: number; orders: number; isSanctioned: boolean };
type Market = {
  /** Who can pay for an order of this story, and the offering it is about. */
  choose(story: StoryName): { readonly application: Application; readonly offering: Offering };
  spend(application: Application, subsidyFen: number): void;
};

const marketOf = ({ pick, random }: Invention, rules: Rules, { applications, offerings }: Places): Market => {
  const issued = applications.filter(({ story }) => story === 'issued');
  const vouchers = issued
    .filter(({ faceFen }) => faceFen > smallFaceFen)
    .map(
      (application): Voucher => ({
        application,
        home: cityOf(application.application),
        leftFen: application.faceFen,
        orders: 0,
        isSanctioned: false,
      }),
    );
  const byApplication = new Map(vouchers.map((voucher) => [voucher.application, voucher]));
  const sold = offerings.map((offering) => ({ offering, city: cityOf(offering.offering) }));
  const canBeFronted = (home: string, host: string) => isFronted(rules, home, host) && !isQueueing(home, host);
  const frontedHomes = new Set(members.filter((home) => members.some((host) => canBeFronted(home, host))));

  const canPay = ({ home, leftFen, application, isSanctioned }: Voucher, story: StoryName): boolean =>
    !isSanctioned && leftFen >= application.faceFen * 0.15 && (!stories[story].needsHostFronted || frontedHomes.has(home));
  const chooseVoucher = (story: StoryName): Application => {
    if (story === 'voucher-short') return pick(issued.filter(({ faceFen }) => faceFen === smallFaceFen));
    // The least used first, so that everybody has an order; a sanction falls on an enterprise that has none.
    let fewest = Number.POSITIVE_INFINITY;
    let able: Voucher[] = [];
    for (const voucher of vouchers) {
      if (voucher.orders > fewest || !canPay(voucher, story)) continue;
      if (voucher.orders < fewest) able = [];
      fewest = voucher.orders;
      able.push(voucher);
    }
    const chosen = pick(able);
    chosen.orders += 1;
    chosen.isSanctioned = story === 'sanctioned';
    return chosen.application;
  };
  const chooseOffering = (story: StoryName, home: string): Offering => {
    const isAbroad = random() < 0.75;
    const able = sold.filter(({ city }) => {
      if (stories[story].needsHostFronted) return canBeFronted(home, city);
      if (story !== 'plain' && isQueueing(home, city)) return false;
      return isAbroad ? city !== home : city === home;
    });
    return pick(able).offering;
  };
  return {
    choose: (story) => {
      const application = chooseVoucher(story);
      return { application, offering: chooseOffering(story, cityOf(application.application)) };
    },
    spend: (application, subsidyFen) => {
      const voucher = byApplication.get(application);
      if (voucher) voucher.leftFen -= subsidyFen;
    },
  };
};

const orderOf = (invention: Invention, rules: Rules, market: Market, story: StoryName): Order => {
  const { between, random, ulid, digits } = invention;
  const { application, offering } = market.choose(story);
  const home = cityOf(application.application);
  const { ratioBps, capPerOrderFen, ownShareFloorBps, stackingMaximumBps, noticeWorkingDays } = termsOf(rules, home);
  const ratio = (ratioBps[offering.category] ?? 0) as Bps;
  const aimFen = story === 'voucher-short' ? between(6_000, 12_000) * 100 : Math.round(application.faceFen * between(4, 10) * 0.01);
  const baseFen = (Math.ceil((aimFen * 10_000) / ratio / 10_000) * 10_000) as Fen;
  const subsidyFen = subsidyMaximum(baseFen, ratio, capPerOrderFen, ownShareFloorBps, stackingMaximumBps);
  market.spend(application, subsidyFen);
  return {
    order: `${home}-order-${ulid()}`,
    story,
    application: application.application,
    offering: offering.offering,
    baseFen,
    subsidyFen,
    actualBaseFen: random() < 0.3 ? Math.round((baseFen * between(88, 99)) / 100 / 100) * 100 : baseFen,
    ...scheduleOf(invention, story, noticeWorkingDays),
    invoice: `26${digits(18)}`,
  };
};

/** Who claims with somebody else's invoice does so after it was claimed, of an ordinary order; each one with another's. */
const withForeignInvoices = ({ pick }: Invention, orders: readonly Order[]): readonly Order[] => {
  const claimed = orders.filter(({ story }) => story === 'plain');
  const taken = new Set<string>();
  return orders.map((order) => {
    if (order.story !== 'duplicate-invoice') return order;
    const { invoice } = pick(
      claimed.filter(
        (earlier) =>
          cityOf(earlier.order) !== cityOf(order.order) && (earlier.claimOn ?? 0) < (order.claimOn ?? 0) && !taken.has(earlier.invoice),
      ),
    );
    taken.add(invoice);
    return { ...order, invoice };
  });
};

/** Each pair half as much again as all its payments, the queueing one a third of them first and the rest five weeks later. */
const prefundsOf = ({ ulid }: Invention, { agreements }: Rules, orders: readonly Order[]): readonly Prefund[] => {
  const deposit = ({ home, host }: Agreement, on: number, amountFen: number): Prefund => ({
    deposit: ulid(),
    debtor: home,
    creditor: host,
    on,
    amountFen,
  });
  return agreements
    .filter(({ route }) => route === 'host-fronted')
    .flatMap((agreement) => {
      const { home, host } = agreement;
      const payments = orders.filter(({ order, offering }) => cityOf(order) === home && cityOf(offering) === host);
      const paymentsFen = payments.reduce((sum, { subsidyFen }) => sum + subsidyFen, 0);
      const amountFen = Math.max(agreement.prefundFen, Math.ceil((paymentsFen * 1.5) / 1_000_000) * 1_000_000);
      const firstFen = Math.max(100_000, Math.ceil(paymentsFen / 3 / 100_000) * 100_000);
      return isQueueing(home, host)
        ? [deposit(agreement, 0, firstFen), deposit(agreement, 36, amountFen - firstFen)]
        : [deposit(agreement, 0, amountFen)];
    });
};
