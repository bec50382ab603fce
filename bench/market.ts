import { randomBytes } from 'node:crypto';
import { type Home, type ServiceName, type Uscc, usccCheckCharacter } from '@tongdui/contracts';
import { type Client, client, inParallel } from '@tongdui/development/client';
import type { System } from '@tongdui/development/system';
import { ulid } from 'ulid';

/** Everything that stands before the first order: policies, agreements, labs, pots, enterprises and their vouchers. Not measured. */

type Lab = { readonly uscc: Uscc; readonly host: string; readonly offeringId: string };
export type Place = {
  readonly home: string;
  readonly host: string;
  readonly payeeMode: 'lab-redeemed' | 'enterprise-refunded';
  readonly route: 'host-fronted' | 'home-direct';
  readonly lab: Lab;
  readonly funding: readonly { readonly potId: string; readonly bps: number }[];
};
/** A voucher is good for this many orders of the size the benchmark places. */
export type Voucher = { readonly id: string; readonly enterprise: Uscc; readonly place: Place };
export type Market = readonly Place[];

export const ordersPerVoucher = 4;
export const baseFen = 200_001;
export const subsidyFen = 100_000;
export const boss = ({ place, enterprise }: Pick<Voucher, 'place' | 'enterprise'>): string => `enterprise.${place.home}.${enterprise}`;
export const labPerson = ({ lab, host }: Place): string => `lab.${host}.${lab.uscc}`;

const [songjiang, jiaxing, hangzhou, suzhou, zhejiang] = ['310117', '330400', '330100', '320500', '330000'] as const;
const plentyFen = 100_000_000_000;

/** Each payee mode on each route, every voucher paid by two owners. */
const combinations: readonly Omit<Place, 'lab' | 'funding'>[] = [
  { home: jiaxing, host: hangzhou, payeeMode: 'lab-redeemed', route: 'host-fronted' },
  { home: jiaxing, host: songjiang, payeeMode: 'lab-redeemed', route: 'home-direct' },
  { home: hangzhou, host: jiaxing, payeeMode: 'enterprise-refunded', route: 'host-fronted' },
  { home: hangzhou, host: suzhou, payeeMode: 'enterprise-refunded', route: 'home-direct' },
];

const terms = {
  ratioBps: { testing: 5_000 },
  capPerEnterpriseYearFen: 20_000_000,
  capPerGroupYearFen: 40_000_000,
  capPerOrderFen: 10_000_000,
  ownShareFloorBps: 3_000,
  secondApprovalAboveFen: 100_000_000,
  stackingMaximumBps: 10_000,
  validityDays: 365,
  enterpriseMinimumAgeMonths: 12,
  relatedPartyShareholdingBps: 2_500,
  groupCapAcrossCities: false,
  applicationDecisionWorkingDays: 10,
  proposalValidDays: 60,
  registrationAfterServiceStartDays: 60,
  deliveryReminderDays: 60,
  cancelAfterContractEndDays: 30,
  finalAfterContractEndDays: 180,
  claimAfterAcceptanceDays: 90,
  annualClaimCutOff: '11-30',
  corrections: 1,
  correctionWorkingDays: 10,
  reviewWorkingDays: 60,
  holdWorkingDays: 15,
  noticeWorkingDays: 0,
  paymentWorkingDays: 60,
  coordinatorDeadlineMinutes: 1_440,
  verification: { everything: 'default' },
};
const cycleTerms = { declarationDayOfMonth: 20, confirmationWorkingDays: 10, transferWorkingDays: 15, disputeDays: 60 };
const account = (uscc: string) => ({
  cnaps: '102331002345',
  number: `62${uscc.replace(/\D/g, '').padStart(14, '0')}`.slice(0, 19),
  name: `Bench ${uscc}`,
});

let organisations = randomBytes(3).readUIntBE(0, 3) % 1_000_000;
const newUscc = (division: string): Uscc => {
  organisations += 1;
  const first17 = `91${division}MA${String(organisations).padStart(7, '0')}`;
  return `${first17}${usccCheckCharacter(first17)}` as Uscc;
};

export const openMarket = async (system: System): Promise<Market> => {
  const api = client(system);
  const must = mustOf(api);
  try {
    await Promise.all(
      combinations
        .filter((place, index) => combinations.findIndex(({ home }) => home === place.home) === index)
        .map(({ home, payeeMode }) =>
          must('issuance', `/policies/${home}-policy-${ulid()}`, `policy-officer.${home}`, {
            effectiveFrom: '2026-01-01',
            terms: { ...terms, payeeMode },
          }),
        ),
    );
    await must('clearing', '/cycles/202603', 'joint-office-1.G60', { terms: cycleTerms });
    const places = await Promise.all(combinations.map((combination) => openPlace(must, combination)));
    await system.waitIdle();
    return places;
  } finally {
    api.close();
  }
};

type Must = (service: ServiceName, path: string, person: string, body: unknown) => Promise<void>;

const mustOf =
  (api: Client): Must =>
  async (service, path, person, body) => {
    const reply = await api.put(service, path, body, person);
    if (!reply.ok || reply.status === 202) throw new Error(`${path} by ${person}: ${reply.status} ${JSON.stringify(reply.body)}`);
  };

const openPlace = async (must: Must, combination: Omit<Place, 'lab' | 'funding'>): Promise<Place> => {
  const { home, host, route } = combination;
  await must('clearing', `/agreements/${home}-${host}/versions/1`, 'joint-office-1.G60', {
    route,
    prefundFen: plentyFen,
    effectiveFrom: '2026-01-01',
    legalBasis: 'Benchmark',
    verification: 'default',
  });
  if (route === 'host-fronted')
    await must('clearing', `/pairs/${home}-${host}/deposits/${ulid()}`, `treasurer.${host}`, { amountFen: plentyFen });
  const lab = await openLab(must, host, home);
  const own = await openPot(must, home, home, home);
  const province = await openPot(must, hangzhou, zhejiang, home);
  const funding = [
    { potId: own, bps: 6_000 },
    { potId: province, bps: 4_000 },
  ];
  return { ...combination, lab, funding };
};

const openLab = async (must: Must, host: string, home: string): Promise<Lab> => {
  const uscc = newUscc(host);
  const person = `lab.${host}.${uscc}`;
  await must('registry', `/providers/${host}-provider-${uscc}`, person, { name: 'Bench lab', account: account(uscc) });
  await must('registry', `/providers/${host}-provider-${uscc}/admissions/1`, `reviewer-1.${host}`, {
    categories: ['testing'],
    admittedUntil: '2028-12-31',
  });
  const offeringId = `${host}-offering-${ulid()}`;
  await must('registry', `/offerings/${offeringId}`, person, { provider: uscc, category: 'testing', name: 'Material test' });
  await must('registry', `/recognitions/${home}-recognition-${ulid()}`, `approver-1.${home}`, {
    host,
    provider: uscc,
    categories: ['testing'],
    validFrom: '2026-01-01',
    validUntil: '2028-12-31',
  });
  return { uscc, host, offeringId };
};

const openPot = async (must: Must, administeredBy: string, owner: string, openTo: string): Promise<string> => {
  const potId = `${administeredBy}-pot-${ulid()}`;
  const officer = `budget-officer.${administeredBy}`;
  await must('issuance', `/pots/${potId}`, officer, { owner, fiscalYear: 2026, name: 'Bench pot', openTo: [openTo] });
  await must('issuance', `/pots/${potId}/appropriations/${ulid()}`, officer, { amountFen: plentyFen });
  return potId;
};

/** Enterprises nobody knew, each with a voucher, shared out evenly over the places. */
export const issueVouchers = async (system: System, market: Market, count: number): Promise<readonly Voucher[]> => {
  const api = client(system);
  let next = 0;
  try {
    const vouchers = await inParallel(Array.from({ length: count }), 48, () => {
      next += 1;
      return issueVoucher(api, market[next % market.length] as Place);
    });
    await system.waitIdle();
    return vouchers;
  } finally {
    api.close();
  }
};

const issueVoucher = async (api: Client, place: Place): Promise<Voucher> => {
  const enterprise = await newEnterprise(api, place);
  const { voucherId, approve } = await applyForVoucher(api, place, enterprise);
  await approve();
  return { id: voucherId, enterprise, place };
};

export const newEnterprise = async (api: Client, { home }: Place): Promise<Uscc> => {
  const enterprise = newUscc(home);
  await mustOf(api)('issuance', `/enterprises/${home}-enterprise-${enterprise}`, `reviewer-1.${home}`, {
    name: 'Bench enterprise',
    establishedOn: '2020-01-01',
    account: account(enterprise),
  });
  return enterprise;
};

/** Up to the approval, which is left to the caller. */
export const applyForVoucher = async (
  api: Client,
  place: Place,
  enterprise: Uscc,
): Promise<{ readonly voucherId: string; approve(): Promise<void> }> => {
  const { home, funding } = place;
  const must = mustOf(api);
  const id = `${home}-application-${ulid()}`;
  const at = `/applications/${id}`;
  const faceFen = subsidyFen * ordersPerVoucher + 7;
  const person = boss({ place, enterprise });
  await must('issuance', at, person, { enterprise, requestedFen: faceFen, categories: ['testing'], purpose: 'Bench' });
  await must('issuance', `${at}/submission`, person, {});
  await must('issuance', `${at}/check`, `reviewer-1.${home}`, {});
  return {
    voucherId: id.replace('-application-', '-voucher-'),
    approve: () => must('issuance', `${at}/approval`, `approver-1.${home}`, { faceFen, funding }),
  };
};

export const urlOf = (system: System, service: ServiceName): string => system.url(service, 'G60' as Home);
