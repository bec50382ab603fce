import { type Category, categories, corridorData, type Member, members } from '@tongdui/contracts';
import {
  between,
  cityName,
  cnapsIn,
  digits,
  enterpriseKinds,
  inventedName,
  labKinds,
  newUlid,
  ordersWanted,
  pick,
  random,
  scale,
  services,
  termsOf,
  usccIn,
} from './generate.invention.ts';

// Labs, what they sell, and who recognises them: everybody, for what they were admitted for.
export const providers = members.flatMap((city) =>
  Array.from({ length: 7 }, (_, index) => {
    const kind = labKinds[index % labKinds.length] ?? '检测中心';
    const own =
      index === 4
        ? ['technology-transfer', 'commissioned-rd']
        : index === 5
          ? ['ip-service', 'design']
          : index === 3
            ? ['design', 'testing']
            : ['testing', 'instrument-sharing', 'commissioned-rd'];
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
export const offerings = providers.flatMap(({ provider, categories: own, city }) =>
  own.slice(0, 2).map((category) => ({
    offering: `${city}-offering-${newUlid()}`,
    provider,
    category,
    name: services[category],
    tariffFen: between(20, 300) * 10_000,
    city,
  })),
);
export const recognitions = members.flatMap((home) =>
  providers
    .filter(({ city }) => city !== home)
    .map(({ provider, categories: own }) => ({ recognition: `${home}-recognition-${newUlid()}`, provider, categories: own.join('|') })),
);

// Pots: each city's own, one of each province for its members, and two that members open to a neighbour.
const yuan = (amount: number): number => Math.round(amount * scale) * 100;
const pot = (home: string, owner: string, name: string, openTo: readonly string[], amountYuan: number) => ({
  pot: `${home}-pot-${newUlid()}`,
  owner,
  name,
  openTo: openTo.join('|'),
  appropriation: newUlid(),
  amountFen: yuan(amountYuan),
});
export const ownPots = members.map((city) => pot(city, city, `${cityName(city)}科技创新券专项资金`, [city], 8_000_000));
export const provincePots = corridorData.provinces.map(({ code, zh, bookHome }) =>
  pot(
    bookHome,
    code,
    `${zh}科技创新券省级专项`,
    corridorData.members.filter(({ province }) => province === code).map((member) => member.code),
    3_000_000,
  ),
);
export const sharedPots = [
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
export const enterprises = members.flatMap((home) =>
  Array.from({ length: perCity }, (_, index) => ({
    enterprise: `${home}-enterprise-${usccIn(home, '91')}`,
    name: inventedName(home, enterpriseKinds),
    establishedOn:
      index === 0
        ? '2025-11-18'
        : `${between(2008, 2023)}-${String(between(1, 12)).padStart(2, '0')}-${String(between(1, 28)).padStart(2, '0')}`,
    cnaps: cnapsIn(home),
    account: `60${digits(15)}`,
    home,
  })),
);
const shortFaceFen = 200_000;
export const applications = enterprises.map(({ enterprise, home }, index) => {
  const { capPerEnterpriseYearFen: capFen } = termsOf(home);
  const place = index % perCity;
  const story = place === 0 ? 'too-young' : place === 1 && index < perCity * 3 ? 'allowance-short' : 'issued';
  // The last enterprise of every city holds a voucher too small for any contract.
  const isSmall = place === perCity - 1;
  const faceFen =
    story === 'allowance-short' ? capFen + 100_000 : isSmall ? shortFaceFen : Math.min(pick([6, 8, 10, 10, 12, 15]) * 1_000_000, capFen);
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
