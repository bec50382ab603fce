import type { PolicyTerms, Uscc } from '@tongdui/contracts';
import { usccCheckCharacter } from '@tongdui/contracts';
import { type Call, call, official, ofOrganisation, ulids } from './calls.ts';
import type { Random } from './random.ts';

/** The cast of one history, and what its cities prepare before anyone can apply. */

const hangzhou = '330100';
const zhejiang = '330000';

type Enterprise = { readonly uscc: Uscc; readonly home: string };
export type Lab = { readonly uscc: Uscc; readonly host: string; readonly offering: string };
export type Pot = { readonly id: string; readonly owner: string; readonly openTo: readonly string[] };
export type Town = {
  readonly cities: readonly string[];
  readonly enterprises: readonly Enterprise[];
  readonly labs: readonly Lab[];
  readonly pots: readonly Pot[];
  /** In steps: everything of one step may happen at the same time. */
  /** Of which vouchers are issued before anything goes wrong. */
  readonly applications: readonly string[];
  readonly preparation: readonly (readonly Call[])[];
  readonly termsOf: (home: string, change?: Partial<PolicyTerms>) => PolicyTerms;
};

const cycleTerms = { declarationDayOfMonth: 5, confirmationWorkingDays: 3, transferWorkingDays: 3, disputeDays: 10 };

const terms = {
  ratioBps: { testing: 5_000, 'instrument-sharing': 3_333 },
  capPerEnterpriseYearFen: 90_000,
  capPerGroupYearFen: 900_000,
  capPerOrderFen: 30_000,
  ownShareFloorBps: 3_000,
  secondApprovalAboveFen: 45_000,
  stackingMaximumBps: 10_000,
  validityDays: 45,
  enterpriseMinimumAgeMonths: 12,
  relatedPartyShareholdingBps: 2_500,
  groupCapAcrossCities: false,
  applicationDecisionWorkingDays: 10,
  proposalValidDays: 8,
  registrationAfterServiceStartDays: 14,
  deliveryReminderDays: 2,
  cancelAfterContractEndDays: 1,
  finalAfterContractEndDays: 6,
  claimAfterAcceptanceDays: 15,
  annualClaimCutOff: '11-30',
  corrections: 1,
  correctionWorkingDays: 3,
  reviewWorkingDays: 15,
  holdWorkingDays: 2,
  noticeWorkingDays: 0,
  paymentWorkingDays: 15,
  coordinatorDeadlineMinutes: 10,
  verification: { everything: 'default' },
};

const account = (uscc: string) => ({
  cnaps: '102331002345',
  number: `62${uscc.replace(/\D/g, '').padStart(14, '0')}`.slice(0, 19),
  name: `Account of ${uscc}`,
});

const usccOf = (division: string, number: number): Uscc => {
  const first17 = `91${division}MA${String(number).padStart(7, '0')}`;
  return `${first17}${usccCheckCharacter(first17)}` as Uscc;
};

export const town = (random: Random): Town => {
  const newId = ulids(1);
  const cities = random.chance(0.5) ? ['330400', hangzhou, '310117'] : ['330400', hangzhou, '310117', '320500'];
  const modes = new Map(cities.map((city) => [city, random.chance(0.7) ? 'lab-redeemed' : 'enterprise-refunded'] as const));
  modes.set('330400', 'lab-redeemed');
  const noticeDays = random.below(2);
  const termsOf: Town['termsOf'] = (home, change = {}) =>
    ({ ...terms, noticeWorkingDays: noticeDays, payeeMode: modes.get(home) ?? 'lab-redeemed', ...change }) as unknown as PolicyTerms;
  const enterprises = cities.flatMap((home, at) =>
    [0, 1].slice(random.below(2)).map((n) => ({ home, uscc: usccOf(home, 10 * at + n + 1) })),
  );
  const labs = cities.map((host, at) => ({ host, uscc: usccOf(host, 500 + at), offering: `${host}-offering-${newId()}` }));
  const own = cities.map((city) => ({ id: `${city}-pot-${newId()}`, owner: city, openTo: [city] }));
  const shared = { id: `${hangzhou}-pot-${newId()}`, owner: zhejiang, openTo: cities };
  const lent = { id: `310117-pot-${newId()}`, owner: '310117', openTo: cities };
  const pots = [...own, shared, lent];
  const budgets = pots.map((pot) =>
    call('issuance', 'openPot')(
      pot.id.slice(0, 6),
      `/pots/${pot.id}`,
      official('budget-officer', pot.id.slice(0, 6)),
      { id: pot.id },
      { owner: pot.owner, fiscalYear: 2026, name: 'Pot', openTo: pot.openTo },
    ),
  );
  const policies = cities.map((city) => {
    const id = `${city}-policy-${newId()}`;
    return call('issuance', 'publishPolicy')(
      city,
      `/policies/${id}`,
      official('policy-officer', city),
      { id },
      { effectiveFrom: '2026-01-01', terms: termsOf(city) },
    );
  });
  const pairs = cities.flatMap((home) => cities.filter((host) => host !== home).map((host) => [home, host] as const));
  const agreed = pairs
    .filter(() => random.chance(0.8))
    .map(([home, host]) => agreement(home, host, 1, random.chance(0.75) ? 'host-fronted' : 'home-direct'));
  const prefunds = pairs.map(([home, host]) => deposit(home, host, newId(), 10_000 + random.below(40_000)));
  const first = enterprises.map(({ home, uscc }, at) => ({
    id: `${home}-application-${newId()}`,
    home,
    uscc,
    faceFen: random.between(20_001, 44_999),
    funding: [own[at % own.length]?.openTo[0] === home ? (own[at % own.length] as Pot) : shared, lent],
    bps: random.between(1_000, 9_000),
  }));
  return {
    cities,
    enterprises,
    labs,
    pots,
    termsOf,
    preparation: [
      [
        ...policies,
        ...budgets,
        ...agreed,
        call('clearing', 'openCycle')('G60', '/cycles/202603', official('joint-office', 'G60'), { cycle: '202603' }, { terms: cycleTerms }),
        ...enterprises.map(enrolled),
        ...labs.map(registered),
      ],
      [
        ...prefunds,
        ...pots.map((pot) => appropriation(pot, newId(), 120_000 + random.below(200_000))),
        ...labs.map((lab) => admission(lab, 1)),
      ],
      [
        ...labs.map((lab) =>
          call('registry', 'publishOffering')(
            lab.host,
            `/offerings/${lab.offering}`,
            ofOrganisation('lab', lab.host, lab.uscc),
            { id: lab.offering },
            { provider: lab.uscc, category: random.chance(0.7) ? 'testing' : 'instrument-sharing', name: 'Test' },
          ),
        ),
        ...labs.flatMap((lab) => cities.filter((home) => home !== lab.host).map((home) => recognition(home, lab, newId()))),
      ],
      ...['draftApplication', 'submitApplication', 'checkApplication', 'approveApplication'].map((operation) =>
        first.map((one) => firstApplication(one, operation)),
      ),
    ],
    applications: first.map(({ id }) => id),
  };
};

type FirstApplication = Enterprise & {
  readonly id: string;
  readonly faceFen: number;
  readonly funding: readonly Pot[];
  readonly bps: number;
};
const firstApplication = ({ id, home, uscc, faceFen, funding, bps }: FirstApplication, operation: string): Call => {
  const path =
    { draftApplication: '', submitApplication: '/submission', checkApplication: '/check', approveApplication: '/approval' }[operation] ??
    '';
  const boss = ofOrganisation('enterprise', home, uscc);
  const actor = { checkApplication: official('reviewer', home), approveApplication: official('approver', home) }[operation] ?? boss;
  const body = {
    draftApplication: { enterprise: uscc, requestedFen: faceFen, categories: ['testing'], purpose: 'A test' },
    approveApplication: { faceFen, funding: funding.map((pot, at) => ({ potId: pot.id, bps: at === 0 ? bps : 10_000 - bps })) },
  }[operation];
  return call('issuance', operation)(home, `/applications/${id}${path}`, actor, { id }, body ?? {});
};

const enrolled = ({ home, uscc }: Enterprise): Call => {
  const id = `${home}-enterprise-${uscc}`;
  return call('issuance', 'registerEnterprise')(
    home,
    `/enterprises/${id}`,
    official('reviewer', home),
    { id },
    { name: 'Enterprise', establishedOn: '2020-01-01', account: account(uscc) },
  );
};
const registered = ({ host, uscc }: Lab): Call => {
  const id = `${host}-provider-${uscc}`;
  return call('registry', 'registerProvider')(
    host,
    `/providers/${id}`,
    ofOrganisation('lab', host, uscc),
    { id },
    { name: 'Lab', account: account(uscc) },
  );
};
const recognition = (home: string, lab: Lab, key: string): Call => {
  const id = `${home}-recognition-${key}`;
  const validity = { categories: ['testing', 'instrument-sharing'], validFrom: '2026-01-01', validUntil: '2028-12-31' };
  return call('registry', 'recogniseProvider')(
    home,
    `/recognitions/${id}`,
    official('approver', home),
    { id },
    { host: lab.host, provider: lab.uscc, ...validity },
  );
};

export const admission = ({ host, uscc }: Lab, n: number): Call => {
  const id = `${host}-provider-${uscc}`;
  return call('registry', 'admitProvider')(
    host,
    `/providers/${id}/admissions/${n}`,
    official('reviewer', host),
    { id },
    { categories: ['testing', 'instrument-sharing'], admittedUntil: '2028-12-31' },
  );
};
export const appropriation = ({ id }: Pot, key: string, amountFen: number): Call =>
  call('issuance', 'appropriateToPot')(
    id.slice(0, 6),
    `/pots/${id}/appropriations/${key}`,
    official('budget-officer', id.slice(0, 6)),
    { id, appropriationId: `${id}-${key}` },
    { amountFen },
  );
export const deposit = (home: string, host: string, key: string, amountFen: number): Call =>
  call('clearing', 'depositPrefund')(
    host,
    `/pairs/${home}-${host}/deposits/${key}`,
    official('treasurer', host),
    { pair: `${home}-${host}`, id: key },
    { amountFen },
  );
export const agreement = (home: string, host: string, n: number, route: string, effectiveFrom = '2026-01-01'): Call =>
  call('clearing', 'publishAgreement')(
    'G60',
    `/agreements/${home}-${host}/versions/${n}`,
    official('joint-office', 'G60'),
    { agreement: `${home}-${host}`, n },
    { route, prefundFen: 10_000, effectiveFrom, legalBasis: 'Agreement', verification: 'default' },
  );
