import { type CycleView, clearingCommands, issuanceCommands, type LocalDate, registryCommands } from '@tongdui/contracts';
import { inParallel } from '@tongdui/development/client';
import { cityOf, usccOf } from './cities.ts';
import type { Application, Prefund } from './data.ts';
import { termsOf } from './rules.ts';
import { jointOffice, officer, type Stage, treasurerOf } from './stage.ts';

/** How much may be under way at the same time: enough for an officer's list to fill, while the client bounds the connections. */
export const together = 500;

export const setUpSteps = ['policies', 'agreements', 'pots', 'labs', 'recognitions', 'enterprises'] as const;
export type SetUpStep = (typeof setUpSteps)[number];

/** Loads what nine cities need before anybody can apply, through the public interfaces, by the people whose office it is. */
export const setUp = async (stage: Stage, today: LocalDate, done: (step: SetUpStep) => void = () => {}): Promise<void> => {
  const year = Number(today.slice(0, 4));
  await publishPolicies(stage, `${year}-01-01`);
  done('policies');
  await publishAgreements(stage, `${year}-01-01`, today);
  done('agreements');
  await openPots(stage, year);
  done('pots');
  await admitLabs(stage, `${year + 2}-12-31`);
  done('labs');
  await recogniseLabs(stage, `${year}-01-01`, `${year + 2}-12-31`);
  done('recognitions');
  await registerEnterprises(stage);
  done('enterprises');
};

/** The first version of a city's policy is in force at once. */
const publishPolicies = ({ data, act }: Stage, effectiveFrom: string) =>
  inParallel(data.policies, together, ({ id, terms }) =>
    act(issuanceCommands.publishPolicy, { id }, { effectiveFrom, terms }, officer('policy-officer', cityOf(id))),
  );

/** The corridor's own rules, the same defaults as in the cities' policies. */
const cycleTerms = { declarationDayOfMonth: 20, confirmationWorkingDays: 10, transferWorkingDays: 15, disputeDays: 60 };

const publishAgreements = async (stage: Stage, effectiveFrom: string, today: string) => {
  const { api, data, act } = stage;
  await inParallel(data.agreements, together, ({ home, host, version, ...agreed }) =>
    act(clearingCommands.publishAgreement, { agreement: `${home}-${host}`, n: String(version) }, { effectiveFrom, ...agreed }, jointOffice),
  );
  await deposit(
    stage,
    data.prefunds.filter(({ on }) => on === 0),
  );
  const opened = await api.list<CycleView>('clearing', 'cycles', jointOffice);
  if (opened.length === 0)
    await act(clearingCommands.openCycle, { cycle: today.slice(0, 7).replace('-', '') }, { terms: cycleTerms }, jointOffice);
};

export const deposit = ({ act }: Stage, prefunds: readonly Prefund[]) =>
  inParallel(prefunds, together, ({ deposit: id, debtor, creditor, amountFen }) =>
    act(clearingCommands.depositPrefund, { pair: `${debtor}-${creditor}`, id }, { amountFen }, treasurerOf(creditor)),
  );

const openPots = ({ data, act }: Stage, fiscalYear: number) =>
  inParallel(data.pots, together, async ({ pot: id, owner, name, openTo, appropriation, amountFen }) => {
    const budgetOfficer = officer('budget-officer', cityOf(id));
    await act(issuanceCommands.openPot, { id }, { owner, fiscalYear, name, openTo }, budgetOfficer);
    await act(issuanceCommands.appropriateToPot, { id, appropriationId: appropriation }, { amountFen }, budgetOfficer);
  });

const admitLabs = async ({ data, act }: Stage, admittedUntil: string) => {
  const personOf = (provider: string) => officer('lab', `${cityOf(provider)}.${usccOf(provider)}`);
  await inParallel(data.providers, together, async ({ provider: id, name, categories, cnaps, account: number }) => {
    await act(registryCommands.registerProvider, { id }, { name, account: { cnaps, number, name } }, personOf(id));
    await act(
      registryCommands.admitProvider,
      { id, n: '1' },
      { categories, admittedUntil, accreditation: 'CMA（演示）' },
      officer('reviewer-1', cityOf(id)),
    );
  });
  await inParallel(data.offerings, together, ({ offering: id, provider, category, name, tariffFen }) =>
    act(registryCommands.publishOffering, { id }, { provider: usccOf(provider), category, name, tariffFen }, personOf(provider)),
  );
};

const recogniseLabs = ({ data, act }: Stage, validFrom: string, validUntil: string) =>
  inParallel(data.recognitions, together, ({ recognition: id, provider, categories }) =>
    act(
      registryCommands.recogniseProvider,
      { id },
      { host: cityOf(provider), provider: usccOf(provider), categories, validFrom, validUntil },
      officer('approver-1', cityOf(id)),
    ),
  );

const registerEnterprises = ({ data, act }: Stage) =>
  inParallel(data.enterprises, together, ({ enterprise: id, name, establishedOn, cnaps, account: number }) =>
    act(
      issuanceCommands.registerEnterprise,
      { id },
      { name, establishedOn, account: { cnaps, number, name } },
      officer('reviewer-1', cityOf(id)),
    ),
  );

/** From draft to voucher, or to the refusal that its story wants. */
export const apply = async (stage: Stage, application: Application): Promise<void> => {
  const { act } = stage;
  const { application: id, enterprise, story, faceFen, funding, category } = application;
  const home = cityOf(id);
  const applicant = officer('enterprise', `${home}.${usccOf(enterprise)}`);
  const [reviewer, approver] = [officer('reviewer-1', home), officer('approver-1', home)];
  const body = { enterprise: usccOf(enterprise), requestedFen: faceFen, categories: [category], purpose: '新产品研发所需的科技服务' };
  await act(issuanceCommands.draftApplication, { id }, body, applicant);
  await act(issuanceCommands.submitApplication, { id }, {}, applicant);
  if (story === 'too-young') {
    await act(issuanceCommands.checkApplication, { id }, {}, reviewer, { refusedFor: 'enterprise-too-young' });
    await act(issuanceCommands.rejectApplication, { id }, { reason: '企业成立未满规定期限' }, reviewer);
    return;
  }
  await act(issuanceCommands.checkApplication, { id }, {}, reviewer);
  const needsSecond = faceFen > termsOf(stage.data, home).secondApprovalAboveFen;
  const refused = story === 'allowance-short' ? { refusedFor: 'allowance-short' } : {};
  await act(issuanceCommands.approveApplication, { id }, { faceFen, funding }, approver, needsSecond ? {} : refused);
  if (needsSecond) await act(issuanceCommands.approveApplicationAgain, { id }, {}, officer('approver-2', home), refused);
};
