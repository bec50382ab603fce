import { ulid } from 'ulid';
import type { City, Lab, Story } from './story.ts';
import { cycleTerms, hangzhou, jiaxing, songjiang, suzhou, zhejiang } from './story.ts';

/** Four pairs of cities, one for each payee mode on each route, with all that vouchers there need. */

type Combination = {
  readonly home: string;
  readonly host: string;
  readonly payeeMode: City['payeeMode'];
  readonly agreed: 'host-fronted' | 'home-direct';
};
type Funding = readonly { readonly potId: string; readonly bps: number }[];
export type Place = Combination & { readonly lab: Lab; readonly funding: Funding };

const combinations: readonly [Combination, Combination, Combination, Combination] = [
  { home: jiaxing, host: hangzhou, payeeMode: 'lab-redeemed', agreed: 'host-fronted' },
  { home: jiaxing, host: songjiang, payeeMode: 'lab-redeemed', agreed: 'home-direct' },
  { home: hangzhou, host: jiaxing, payeeMode: 'enterprise-refunded', agreed: 'host-fronted' },
  { home: hangzhou, host: suzhou, payeeMode: 'enterprise-refunded', agreed: 'home-direct' },
];

export type Market = readonly [fronted: Place, direct: Place, refundedFronted: Place, refundedDirect: Place];

const plentyFen = 100_000_000_000;

/** Policies, agreements, prefunds, labs, and two pots of two owners for each pair. */
export const openMarket = async (tell: Story): Promise<Market> => {
  await Promise.all([
    tell.enactPolicy({ code: jiaxing, payeeMode: 'lab-redeemed' }),
    tell.enactPolicy({ code: hangzhou, payeeMode: 'enterprise-refunded' }),
    tell.must('clearing', 'G60', '/cycles/202603', 'joint-office-1.G60', { terms: cycleTerms }),
  ]);
  const [fronted, direct, refundedFronted, refundedDirect] = combinations;
  return Promise.all([
    openPlace(tell, fronted),
    openPlace(tell, direct),
    openPlace(tell, refundedFronted),
    openPlace(tell, refundedDirect),
  ]);
};

const openPlace = async (tell: Story, combination: Combination): Promise<Place> => {
  const { home, host, agreed } = combination;
  await tell.must('clearing', 'G60', `/agreements/${home}-${host}/versions/1`, 'joint-office-1.G60', {
    route: agreed,
    prefundFen: plentyFen,
    effectiveFrom: '2026-01-01',
    legalBasis: 'Test agreement',
    verification: 'default',
  });
  if (agreed === 'host-fronted')
    await tell.must('clearing', host, `/pairs/${home}-${host}/deposits/${ulid()}`, `treasurer.${host}`, { amountFen: plentyFen });
  const lab = await tell.openLab(host, [home]);
  const own = await tell.openPot(home, home, [home], plentyFen);
  const province = await tell.openPot(hangzhou, zhejiang, [home], plentyFen);
  const funding = [
    { potId: own, bps: 6_000 },
    { potId: province, bps: 4_000 },
  ];
  return { ...combination, lab, funding };
};
