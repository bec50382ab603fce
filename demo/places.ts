import { type Category, categories, corridorData, type Member, members } from '@tongdui/contracts';
import { cityName } from './cities.ts';
import type { Application, Enterprise, Offering, Places, Pot, Provider, Recognition } from './data.ts';
import type { Invention } from './invention.ts';
import { type Rules, termsOf } from './rules.ts';

/** Everybody who is there before the first order: pots, labs with what they sell, enterprises with their applications. */
export const inventPlaces = (invention: Invention, rules: Rules, orders: number): Places => {
  const perCity = enterprisesPerCity(orders);
  const providers = labs(invention);
  const pots = potsFor(invention, perCity);
  const enterprises = enterprisesOf(invention, perCity);
  return {
    pots,
    providers,
    offerings: offeringsOf(invention, providers),
    recognitions: recognitionsOf(invention, providers),
    enterprises,
    applications: enterprises.map(({ enterprise }, index) => applicationOf(invention, rules, pots, { enterprise, index, perCity })),
  };
};

/** Eight orders for each voucher, and some enterprises whose stories have fewer. */
const enterprisesPerCity = (orders: number): number => Math.max(6, Math.ceil(orders / 8 / members.length) + 5);

/** What the labs of a city are, in turn. */
const labKinds: readonly { readonly kind: string; readonly sells: Category[] }[] = [
  { kind: '检测中心', sells: ['testing', 'instrument-sharing', 'commissioned-rd'] },
  { kind: '工程研究院', sells: ['testing', 'instrument-sharing', 'commissioned-rd'] },
  { kind: '分析测试实验室', sells: ['testing', 'instrument-sharing', 'commissioned-rd'] },
  { kind: '设计研究所', sells: ['design', 'testing'] },
  { kind: '技术转移中心', sells: ['technology-transfer', 'commissioned-rd'] },
  { kind: '知识产权服务中心', sells: ['ip-service', 'design'] },
  { kind: '检测中心', sells: ['testing', 'instrument-sharing', 'commissioned-rd'] },
];
const enterpriseKinds = ['科技有限公司', '智能装备有限公司', '新材料有限公司', '生物科技有限公司', '光电有限公司', '软件有限公司'];
const services: Readonly<Record<Category, string>> = {
  'instrument-sharing': '大型仪器共享机时',
  testing: '材料与可靠性检测',
  'commissioned-rd': '委托研究开发',
  'technology-transfer': '技术成果转移',
  design: '工业设计',
  'ip-service': '专利导航与布局',
};

type Lab = Provider & { readonly city: Member };

const labs = ({ uscc, name, account }: Invention): readonly Lab[] =>
  members.flatMap((city) =>
    labKinds.map(({ kind, sells }, index) => ({
      provider: `${city}-provider-${uscc(city, index % 2 === 0 ? '91' : '12')}`,
      name: name(city, [kind]),
      categories: sells,
      ...account(city, '62'),
      city,
    })),
  );

const offeringsOf = ({ ulid, between }: Invention, providers: readonly Lab[]): readonly Offering[] =>
  providers.flatMap(({ provider, categories: sells, city }) =>
    sells.slice(0, 2).map((category) => ({
      offering: `${city}-offering-${ulid()}`,
      provider,
      category,
      name: services[category],
      tariffFen: between(20, 300) * 10_000,
    })),
  );

/** Everybody recognises the labs of everybody else, for what they were admitted for. */
const recognitionsOf = ({ ulid }: Invention, providers: readonly Lab[]): readonly Recognition[] =>
  members.flatMap((home) =>
    providers
      .filter(({ city }) => city !== home)
      .map(({ provider, categories: sells }) => ({ recognition: `${home}-recognition-${ulid()}`, provider, categories: sells })),
  );

/** Each city's own, one of each province for its members, and three that members open to their neighbours. */
const potsFor = ({ ulid }: Invention, perCity: number): readonly Pot[] => {
  const pot = (home: string, owner: string, name: string, openTo: readonly string[], yuanPerEnterprise: number): Pot => ({
    pot: `${home}-pot-${ulid()}`,
    owner,
    name,
    openTo: openTo as Member[],
    appropriation: ulid(),
    amountFen: Math.ceil((yuanPerEnterprise * perCity) / 100_000) * 10_000_000,
  });
  return [
    ...members.map((city) => pot(city, city, `${cityName(city)}科技创新券专项资金`, [city], 200_000)),
    ...corridorData.provinces.map(({ code, zh, bookHome }) => {
      const cities = corridorData.members.filter(({ province }) => province === code).map((member) => member.code);
      return pot(bookHome, code, `${zh}科技创新券省级专项`, cities, 30_000 * cities.length);
    }),
    pot('310117', '310117', '松江嘉兴协同创新资金', ['310117', '330400'], 50_000),
    pot('320500', '320500', '苏湖共建创新资金', ['320500', '330500'], 50_000),
    pot('340100', '340100', '合芜宣一体化创新资金', ['340100', '340200', '341800'], 50_000),
  ];
};

const fundingOf = ({ random }: Invention, pots: readonly Pot[], home: Member): Application['funding'] => {
  const ownedBy = (wanted: (owner: string) => boolean): string =>
    pots.find(({ owner, openTo }) => wanted(owner) && openTo.includes(home))?.pot ?? '';
  const own = ownedBy((owner) => owner === home);
  const province = ownedBy((owner) => owner.endsWith('0000'));
  const shared = ownedBy((owner) => owner !== home && !owner.endsWith('0000'));
  const split = (...shares: readonly (readonly [string, number])[]) => shares.map(([potId, bps]) => ({ potId, bps }));
  const kind = random();
  if (shared !== '' && kind < 0.2) return split([own, 6_000], [shared, 4_000]);
  if (shared !== '' && kind < 0.3) return split([own, 5_000], [province, 3_000], [shared, 2_000]);
  return kind < 0.6 ? split([own, 7_000], [province, 3_000]) : split([own, 10_000]);
};

const enterprisesOf = ({ uscc, name, between, account }: Invention, perCity: number): readonly Enterprise[] =>
  members.flatMap((home) =>
    Array.from({ length: perCity }, (_, index) => ({
      enterprise: `${home}-enterprise-${uscc(home, '91')}`,
      name: name(home, enterpriseKinds),
      establishedOn:
        index === 0
          ? '2025-11-18'
          : `${between(2008, 2023)}-${String(between(1, 12)).padStart(2, '0')}-${String(between(1, 28)).padStart(2, '0')}`,
      ...account(home, '60'),
    })),
  );

/** Too small for any contract. */
export const smallFaceFen = 200_000;

/** The first enterprises of a city are for stories that end before a voucher is issued, the last one holds a voucher too small for any contract. */
const applicationOf = (
  invention: Invention,
  rules: Rules,
  pots: readonly Pot[],
  { enterprise, index, perCity }: { readonly enterprise: string; readonly index: number; readonly perCity: number },
): Application => {
  const home = enterprise.slice(0, 6) as Member;
  const { capPerEnterpriseYearFen: capFen } = termsOf(rules, home);
  const place = index % perCity;
  const story = place === 0 ? 'too-young' : place === 1 && index < perCity * 3 ? 'allowance-short' : 'issued';
  const ordinaryFen = Math.min(invention.pick([6, 8, 10, 10, 12, 15]) * 1_000_000, capFen);
  const faceFen = story === 'allowance-short' ? capFen + 100_000 : place === perCity - 1 ? smallFaceFen : ordinaryFen;
  return {
    application: `${home}-application-${invention.ulid()}`,
    enterprise,
    story,
    faceFen,
    funding: fundingOf(invention, pots, home),
    category: invention.pick(categories),
  };
};
