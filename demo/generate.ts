import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { addDays, addWorkingDays } from '@tongdui/calendar';
import {
  type Bps,
  type Category,
  categories,
  corridorData,
  type Fen,
  type LocalDate,
  type Member,
  members,
  usccCheckCharacter,
} from '@tongdui/contracts';
import { subsidyMaximum } from '@tongdui/money';
import { ulid } from 'ulid';
import type { Agreement, Policy } from './data.ts';
import { firstDay } from './days.ts';
import { type StoryName, stories, storyNames } from './stories.ts';

/**
 * Writes the generated part of the demo's data. Policies and agreements are written by hand; everything else follows from them and the
 * seed, so the same arguments give the same files, byte for byte:
 *
 *   node demo/generate.ts [--orders 544] [--seed 20260302] [--out demo/data]
 */

const { values: options } = parseArgs({
  options: { orders: { type: 'string', default: '544' }, seed: { type: 'string', default: '20260302' }, out: { type: 'string' } },
});
const ownData = fileURLToPath(new URL('./data', import.meta.url));
const out = options.out ?? ownData;
const ordersWanted = Number(options.orders);

/** mulberry32: small, seeded, good enough to scatter names and amounts. */
const random = (() => {
  let state = Number(options.seed) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
})();
const upTo = (max: number): number => Math.floor(random() * (max + 1));
const between = (low: number, high: number): number => low + upTo(high - low);
const pick = <Item>(items: readonly Item[]): Item => {
  const item = items[upTo(items.length - 1)];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
};
const newUlid = (() => {
  let moment = Date.parse('2026-02-01T00:00:00Z');
  return () => {
    moment += 1_000;
    return ulid(moment, random);
  };
})();

const policies = JSON.parse(readFileSync(`${ownData}/policies.json`, 'utf8')) as Policy[];
const agreements = JSON.parse(readFileSync(`${ownData}/agreements.json`, 'utf8')) as Agreement[];
const termsOf = (home: Member) => {
  const policy = policies.find(({ id }) => id.startsWith(home));
  if (!policy) throw new Error(`${home} has no policy`);
  return policy.terms;
};
const cityName = (city: Member): string => corridorData.members.find(({ code }) => code === city)?.zh.replace('上海', '') ?? city;
const isFronted = (home: Member, host: Member): boolean =>
  home !== host &&
  termsOf(home).payeeMode === 'lab-redeemed' &&
  agreements.some((agreement) => agreement.home === home && agreement.host === host && agreement.route === 'host-fronted');

const alphabet = '0123456789ABCDEFGHJKLMNPQRTUWXY';
const usedCodes = new Set<string>();
const usccIn = (city: Member, kind: '91' | '12'): string => {
  const first17 = `${kind}${city}MA${Array.from({ length: 7 }, () => pick([...alphabet])).join('')}`;
  if (usedCodes.has(first17)) return usccIn(city, kind);
  usedCodes.add(first17);
  return first17 + usccCheckCharacter(first17);
};
const digits = (count: number): string => Array.from({ length: count }, () => upTo(9)).join('');
const cnapsIn = (city: Member): string => `${between(102, 105)}${city.slice(0, 4)}${digits(5)}`;

const words = [...'云星河岚峰澜沐曜岩溪松竹青禾远望凌霄晨曦朗月清泉翠微沧海鸿鹄紫苑'];
const invented = new Set<string>();
/** Every name says that it is an example, so that nobody looks for the company. */
const inventedName = (city: Member, kinds: readonly string[]): string => {
  const name = `${cityName(city)}${pick(words)}${pick(words)}示例${pick(kinds)}`;
  if (invented.has(name)) return inventedName(city, kinds);
  invented.add(name);
  return name;
};
const enterpriseKinds = ['科技有限公司', '智能装备有限公司', '新材料有限公司', '生物科技有限公司', '光电有限公司', '软件有限公司'];
const labKinds = ['检测中心', '工程研究院', '分析测试实验室', '设计研究所', '技术转移中心', '知识产权服务中心'];
const services: Readonly<Record<Category, string>> = {
  'instrument-sharing': '大型仪器共享机时',
  testing: '材料与可靠性检测',
  'commissioned-rd': '委托研究开发',
  'technology-transfer': '技术成果转移',
  design: '工业设计',
  'ip-service': '专利导航与布局',
};

const startDate = firstDay as LocalDate;
/** The day itself, or the Monday after it. */
const workingDay = (day: number): number => {
  const weekday = new Date(`${addDays(startDate, day)}T00:00:00Z`).getUTCDay();
  return weekday === 6 ? day + 2 : weekday === 0 ? day + 1 : day;
};
const dayOfDate = (date: string): number => Math.round((Date.parse(date) - Date.parse(startDate)) / 86_400_000);
const afterNotice = (reviewOn: number, noticeWorkingDays: number): number =>
  workingDay(dayOfDate(addWorkingDays(addDays(startDate, reviewOn), noticeWorkingDays)) + 1);

type Cells = Readonly<Record<string, string | number | undefined>>;
const write = (name: string, rows: readonly Cells[]): void => {
  const columns = Object.keys(rows[0] ?? {});
  const lines = rows.map((row) => columns.map((column) => row[column] ?? '').join(','));
  writeFileSync(`${out}/${name}.csv`, `${[columns.join(','), ...lines].join('\n')}\n`);
};

// Labs, what they sell, and who recognises them: everybody, for what they were admitted for.
const providers = members.flatMap((city) =>
  Array.from({ length: 7 }, (_, index) => {
    const kind = labKinds[index % labKinds.length] ?? '检测中心';
    const own = index === 4 ? ['technology-transfer', 'commissioned-rd'] : index === 5 ? ['ip-service', 'design'] : index === 3 ? ['design', 'testing'] : ['testing', 'instrument-sharing', 'commissioned-rd'];
    return {
      provider: `${city}-provider-${usccIn(city, index % 2 === 0 ? '91' : '12')}`,
      name: inventedName(city, [kind]),
      categories: own as Category[],
      cnaps: cnapsIn(city),
      account: `62${digits(15)}`,
      city,
    };
  }),
);
const offerings = providers.flatMap(({ provider, categories: own, city }) =>
  own.slice(0, 2).map((category) => ({
    offering: `${city}-offering-${newUlid()}`,
    provider,
    category,
    name: services[category],
    tariffFen: between(20, 300) * 10_000,
    city,
  })),
);
const recognitions = members.flatMap((home) =>
  providers
    .filter(({ city }) => city !== home)
    .map(({ provider, categories: own }) => ({ recognition: `${home}-recognition-${newUlid()}`, provider, categories: own.join('|') })),
);

// Pots: each city's own, one of each province for its members, and two that members open to a neighbour.
const scale = Math.max(1, ordersWanted / 544);
const yuan = (amount: number): number => Math.round(amount * scale) * 100;
const pot = (home: string, owner: string, name: string, openTo: readonly string[], amountYuan: number) => ({
  pot: `${home}-pot-${newUlid()}`,
  owner,
  name,
  openTo: openTo.join('|'),
  appropriation: newUlid(),
  amountFen: yuan(amountYuan),
});
const ownPots = members.map((city) => pot(city, city, `${cityName(city)}科技创新券专项资金`, [city], 8_000_000));
const provincePots = corridorData.provinces.map(({ code, zh, bookHome }) =>
  pot(
    bookHome,
    code,
    `${zh}科技创新券省级专项`,
    corridorData.members.filter(({ province }) => province === code).map((member) => member.code),
    3_000_000,
  ),
);
const sharedPots = [
  pot('310117', '310117', '松江嘉兴协同创新资金', ['310117', '330400'], 1_500_000),
  pot('320500', '320500', '苏湖共建创新资金', ['320500', '330500'], 1_500_000),
  pot('340100', '340100', '合芜宣一体化创新资金', ['340100', '340200', '341800'], 1_500_000),
];

const fundingOf = (home: Member): string => {
  const own = ownPots.find(({ owner }) => owner === home)?.pot ?? '';
  const province = provincePots.find(({ openTo }) => openTo.split('|').includes(home))?.pot ?? '';
  const shared = sharedPots.find(({ owner, openTo }) => owner !== home && openTo.split('|').includes(home))?.pot;
  const kind = random();
  if (shared !== undefined && kind < 0.2) return `${own}:6000|${shared}:4000`;
  if (shared !== undefined && kind < 0.3) return `${own}:5000|${province}:3000|${shared}:2000`;
  return kind < 0.6 ? `${own}:7000|${province}:3000` : `${own}:10000`;
};

// Enterprises and their vouchers; two enterprises of each city are for stories that end before a voucher is issued.
const perCity = Math.max(26, Math.ceil((ordersWanted / 2.4 + 18) / members.length));
const enterprises = members.flatMap((home) =>
  Array.from({ length: perCity }, (_, index) => ({
    enterprise: `${home}-enterprise-${usccIn(home, '91')}`,
    name: inventedName(home, enterpriseKinds),
    establishedOn: index === 0 ? '2025-11-18' : `${between(2008, 2023)}-${String(between(1, 12)).padStart(2, '0')}-${String(between(1, 28)).padStart(2, '0')}`,
    cnaps: cnapsIn(home),
    account: `60${digits(15)}`,
    home,
  })),
);
const shortFaceFen = 200_000;
const applications = enterprises.map(({ enterprise, home }, index) => {
  const { capPerEnterpriseYearFen: capFen } = termsOf(home);
  const place = index % perCity;
  const story = place === 0 ? 'too-young' : place === 1 && index < perCity * 3 ? 'allowance-short' : 'issued';
  // The last enterprise of every city holds a voucher too small for any contract.
  const isSmall = place === perCity - 1;
  const faceFen = story === 'allowance-short' ? capFen + 100_000 : isSmall ? shortFaceFen : Math.min(pick([6, 8, 10, 10, 12, 15]) * 1_000_000, capFen);
  return {
    application: `${home}-application-${newUlid()}`,
    enterprise,
    story,
    requestedFen: faceFen,
    faceFen,
    funding: isSmall ? fundingOf(home).replace(/:.*/, ':10000') : fundingOf(home),
    category: pick(categories),
    purpose: '新产品研发所需的科技服务',
    home,
    left: faceFen,
    usable: story === 'issued' && !isSmall,
    isSmall,
    used: 0,
  };
});

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

type Schedule = Partial<Record<'proposeOn' | 'labOn' | 'contractOn' | 'deliverOn' | 'acceptOn' | 'claimOn' | 'reviewOn' | 'payOn' | 'laterOn' | 'finallyOn', number>>;

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
const orders = inOrder.map((story) => {
  const application = chooseApplication(story);
  const { home, faceFen } = application;
  const offering = chooseOffering(story, home);
  const { ratioBps, capPerOrderFen, ownShareFloorBps, noticeWorkingDays } = termsOf(home);
  const ratio = (ratioBps[offering.category] ?? 0) as Bps;
  const aimFen = story === 'voucher-short' ? between(6_000, 12_000) * 100 : Math.round(faceFen * between(8, 26) * 0.01);
  const baseFen = (Math.ceil((aimFen * 10_000) / ratio / 10_000) * 10_000) as Fen;
  const subsidyFen = subsidyMaximum(baseFen, ratio, capPerOrderFen, ownShareFloorBps);
  application.left -= subsidyFen;
  application.used += 1;
  if (story === 'sanctioned') sanctionedNow.add(application.enterprise);
  const actualBaseFen = random() < 0.3 ? Math.round((baseFen * between(88, 99)) / 100 / 100) * 100 : baseFen;
  const schedule = daysUsed(story, scheduleOf(story, noticeWorkingDays));
  return { order: `${home}-order-${newUlid()}`, story, application: application.application, offering: offering.offering, baseFen, subsidyFen, actualBaseFen, ...schedule, invoice: `26${digits(18)}`, home, host: offering.city };
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
const prefunds = agreements
  .filter(({ route }) => route === 'host-fronted')
  .flatMap((agreement) => {
    const { home, host } = agreement;
    const amountFen = Math.max(agreement.prefundFen, Math.ceil((frontedFen(home, host) * 1.5) / 1_000_000) * 1_000_000);
    // A third of what its payments need, and the rest five weeks later.
    const firstFen = Math.ceil(frontedFen(home, host) / 3 / 100_000) * 100_000;
    return isQueueing(home, host) ? [deposit(agreement, 0, firstFen), deposit(agreement, 36, amountFen - firstFen)] : [deposit(agreement, 0, amountFen)];
  });

mkdirSync(out, { recursive: true });
if (out !== ownData)
  for (const name of ['policies', 'agreements']) writeFileSync(`${out}/${name}.json`, readFileSync(`${ownData}/${name}.json`));
write('prefunds', prefunds);
write('pots', [...ownPots, ...provincePots, ...sharedPots]);
write('providers', providers.map(({ city: _, categories: own, provider, name, ...rest }) => ({ provider, name, categories: own.join('|'), ...rest })));
write('offerings', offerings.map(({ city: _, ...row }) => row));
write('recognitions', recognitions);
write('enterprises', enterprises.map(({ home: _, ...row }) => row));
write('applications', applications.map(({ home: _, left: __, usable: ___, isSmall: ____, used: _____, ...row }) => row));
write(
  'orders',
  orders
    .sort((a, b) => (a.proposeOn ?? 0) - (b.proposeOn ?? 0) || (a.order < b.order ? -1 : 1))
    .map(({ order, story, application, offering, baseFen, subsidyFen, actualBaseFen, proposeOn, labOn, contractOn, deliverOn, acceptOn, claimOn, reviewOn, payOn, laterOn, finallyOn, invoice }) => ({
      order, story, application, offering, baseFen, subsidyFen, actualBaseFen, proposeOn, labOn, contractOn, deliverOn, acceptOn, claimOn, reviewOn, payOn, laterOn, finallyOn, invoice,
    })),
);
