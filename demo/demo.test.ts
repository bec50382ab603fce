import { readFileSync } from 'node:fs';
import { Uscc } from '@tongdui/contracts';
import { describe, expect, test } from 'vitest';
import { cityOf, usccOf } from './cities.ts';
import { inventData, ordersAllowed, wholeDemo } from './data.ts';
import { dateOfDay } from './days.ts';
import { daysOf } from './play.ts';
import { termsOf } from './rules.ts';
import { type Story, stories, storyNames } from './stories.ts';

const data = inventData();
const unique = (ids: readonly string[]) => expect(new Set(ids).size).toBe(ids.length);

describe('the data of the demo', () => {
  test('is as large as promised', () => {
    expect(data.policies).toHaveLength(9);
    expect(data.providers.length).toBeGreaterThanOrEqual(60);
    expect(data.enterprises.length).toBeGreaterThanOrEqual(600);
    expect(data.orders).toHaveLength(wholeDemo.orders);
    expect(data.orders.length).toBeGreaterThanOrEqual(5_000);
  });

  test('is what the README says of it', () => {
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
    expect(readme).toContain(`${data.orders.length.toString().replace('5', '5 ')} orders of ${data.enterprises.length} enterprises`);
    expect(readme).toContain(`${data.enterprises.length} 家企业`);
    expect(readme).toContain(`(${ordersAllowed.least} to ${ordersAllowed.most / 1_000} 000)`);
  });

  test('is the same for the same seed, and another for another', () => {
    expect(inventData()).toEqual(data);
    const other = inventData({ ...wholeDemo, seed: 7 });
    expect(other.orders[0]?.order).not.toBe(data.orders[0]?.order);
  });

  test('proposes its orders on every working day of two months', () => {
    const days = new Set(data.orders.map(({ proposeOn }) => dateOfDay(proposeOn)));
    expect(new Set([...days].map((day) => day.slice(0, 7)))).toEqual(new Set(['2026-03', '2026-04']));
    expect(days.size).toBeGreaterThanOrEqual(44);
  });

  test.each([ordersAllowed.least, 544])('tells every story in a demo of %i orders too', (orders) => {
    const small = inventData({ ...wholeDemo, orders });
    expect(small.orders).toHaveLength(orders);
    expect(new Set(small.orders.map(({ story }) => story))).toEqual(new Set(storyNames));
  });

  test('names organisations by valid codes, each once, and says that they are invented', () => {
    const organisations = [...data.enterprises.map(({ enterprise }) => enterprise), ...data.providers.map(({ provider }) => provider)];
    for (const id of organisations) expect(Uscc.safeParse(usccOf(id)).success).toBe(true);
    unique(organisations.map(usccOf));
    for (const { name } of [...data.enterprises, ...data.providers]) expect(name).toContain('示例');
  });

  test('refers only to what is there', () => {
    const pots = new Map(data.pots.map((pot) => [pot.pot as string, pot]));
    const enterprises = new Set(data.enterprises.map(({ enterprise }) => enterprise));
    const providers = new Map(data.providers.map((provider) => [provider.provider as string, provider]));
    const applications = new Map(data.applications.map((application) => [application.application as string, application]));
    const offerings = new Map(data.offerings.map((offering) => [offering.offering as string, offering]));
    for (const { provider, category } of data.offerings) expect(providers.get(provider)?.categories).toContain(category);
    for (const { provider } of data.recognitions) expect(providers.has(provider)).toBe(true);
    for (const { application, enterprise, funding } of data.applications) {
      expect(enterprises.has(enterprise)).toBe(true);
      expect(funding.reduce((sum, { bps }) => sum + bps, 0)).toBe(10_000);
      for (const { potId } of funding) expect(pots.get(potId)?.openTo).toContain(cityOf(application));
    }
    for (const { order, application, offering } of data.orders) {
      expect(applications.get(application)?.story).toBe('issued');
      expect(cityOf(application)).toBe(cityOf(order));
      const sold = offerings.get(offering);
      const recognised = data.recognitions.some(
        ({ recognition, provider }) => cityOf(recognition) === cityOf(order) && provider === sold?.provider,
      );
      expect(cityOf(offering) === cityOf(order) || recognised).toBe(true);
    }
  });

  test('uses every id and every invoice once, but for those that claim a foreign one', () => {
    unique(data.orders.map(({ order }) => order));
    unique(data.applications.map(({ application }) => application));
    unique(data.orders.filter(({ story }) => story !== 'duplicate-invoice').map(({ invoice }) => invoice));
    const ordinary = new Map(data.orders.filter(({ story }) => story === 'plain').map((order) => [order.invoice, order]));
    for (const { story, invoice, claimOn = 0 } of data.orders)
      if (story === 'duplicate-invoice') expect(ordinary.get(invoice)?.claimOn).toBeLessThan(claimOn);
  });

  test('covers both payee modes on both routes', () => {
    const combinations = data.orders.map(({ order, offering }) => {
      const [home, host] = [cityOf(order), cityOf(offering)];
      const route = data.agreements.find((agreement) => agreement.home === home && agreement.host === host)?.route ?? 'home-direct';
      return `${termsOf(data, home).payeeMode} × ${route}`;
    });
    expect([...new Set(combinations)].sort()).toEqual([
      'enterprise-refunded × home-direct',
      'enterprise-refunded × host-fronted',
      'lab-redeemed × home-direct',
      'lab-redeemed × host-fronted',
    ]);
  });

  test('has vouchers that a province, and ones that another member helps to pay', () => {
    const owners = data.applications.flatMap(({ application, funding }) =>
      funding.map(({ potId }) => [cityOf(application) as string, data.pots.find(({ pot }) => pot === potId)?.owner as string] as const),
    );
    expect(owners.some(([, owner]) => owner.endsWith('0000'))).toBe(true);
    expect(owners.some(([home, owner]) => owner !== home && !owner.endsWith('0000'))).toBe(true);
  });

  test('keeps the two parts of a prefund that is short at first', () => {
    expect(data.prefunds.filter(({ on }) => on > 0)).toHaveLength(1);
  });
});

describe('stories', () => {
  test('each one is told by some orders', () => {
    expect(new Set(data.orders.map(({ story }) => story))).toEqual(new Set(storyNames));
  });

  test('the days of every order are there, and in the order of its steps', () => {
    for (const order of data.orders) {
      const days = [...daysOf(order).keys()];
      expect(days).toEqual([...days].sort((a, b) => a - b));
    }
  });

  test('end as their name says', () => {
    const endsOf = ({ ends }: Story) => (ends.claim === undefined ? ends.order : `${ends.order}, ${ends.claim}`);
    expect(Object.fromEntries(Object.entries(stories).map(([name, story]) => [name, endsOf(story)]))).toEqual({
      plain: 'claimed, paid',
      declined: 'declined',
      cancelled: 'cancelled',
      'lab-silent': 'expired',
      'never-registered': 'expired',
      'never-delivered': 'cancelled',
      'voucher-short': 'cancelled',
      'above-policy': 'claimed, paid',
      amended: 'claimed, paid',
      'silent-enterprise': 'claimed, paid',
      'sent-back': 'claimed, paid',
      'duplicate-invoice': 'claimed, paid',
      'cut-in-review': 'claimed, paid',
      'held-dismissed': 'claimed, paid',
      sanctioned: 'claimed, rejected',
      rejected: 'claimed, rejected',
      'rejected-payable': 'claimed, rejected',
      lapsed: 'claimed, lapsed',
      'objected-dismissed': 'claimed, paid',
      'objected-upheld': 'claimed, rejected',
      'payment-failed-then-paid': 'claimed, paid',
      'bank-no-answer': 'claimed, paid',
      'bank-unknown-then-paid': 'claimed, paid',
      'bank-unknown-then-failed': 'claimed, paid',
      'returned-then-paid': 'claimed, paid',
      'clawed-back-recovered': 'claimed, recovered',
      'written-off': 'claimed, written-off',
      'disputed-debtor-wins': 'claimed, recovered',
      'disputed-creditor-wins': 'claimed, paid',
      'red-letter-unpaid': 'claimed, rejected',
      'red-letter-paid': 'claimed, recovered',
    });
  });

  test('only payments that a host city fronts are disputed', () => {
    for (const { story, order, offering } of data.orders) {
      if (!stories[story].needsHostFronted) continue;
      const [home, host] = [cityOf(order), cityOf(offering)];
      expect(termsOf(data, home).payeeMode).toBe('lab-redeemed');
      expect(data.agreements.some((agreement) => agreement.home === home && agreement.host === host)).toBe(true);
    }
  });
});
