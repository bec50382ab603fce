import { type Actor, type ApplicationView, allowanceIdOf, enterpriseIdOf, type Member, type Uscc } from '@tongdui/contracts';
import {
  account,
  applicant,
  applicationId,
  bpsOf,
  day,
  enterprise,
  fenOf,
  officer,
  ownedBy,
  policyId,
  potId,
  songjiang,
  terms,
} from './issuance.fixtures.ts';
import { type Process, requested, type World } from './issuance.stage.fixtures.ts';

/** What people do in the tests, in a world; each step is a request of its own. */
export const scenario = (at: World) => {
  const ask = (actor: Actor, key: string, hash?: string) => requested(at.clock, actor, key, hash);
  const statuses = (process: Process) => process.rows.list<ApplicationView>('applications').map(({ status }) => status);

  const publishPolicy = ({ operations }: Process, home: Member = songjiang) =>
    operations.publishPolicy(ask(officer('policy-1', 'policy-officer', home), `policy ${home}`), {
      id: policyId(1, home),
      effectiveFrom: day('2026-01-01'),
      terms,
    });
  const openPot = async ({ operations }: Process, number: number, amount: number, home: Member = songjiang, year = 2026) => {
    const budget = officer('budget-1', 'budget-officer', home);
    const id = potId(number, home);
    const pot = { id, owner: ownedBy(home), fiscalYear: year, name: '创新券资金', openTo: [songjiang] };
    await operations.openPot(ask(budget, `pot ${id}`), pot);
    return operations.appropriateToPot(ask(budget, `money ${id}`), { id, appropriationId: '01J', amountFen: fenOf(amount) });
  };
  const register = ({ operations }: Process, org: Uscc = enterprise) =>
    operations.registerEnterprise(ask(officer('checker-1', 'reviewer'), `enterprise ${org}`), {
      id: enterpriseIdOf(songjiang, org),
      name: '松江新材料公司',
      establishedOn: day('2020-01-01'),
      account,
    });
  const apply = async ({ operations }: Process, number: number, requestedFen: number, org: Uscc = enterprise) => {
    const id = applicationId(number);
    const draft = { id, enterprise: org, requestedFen: fenOf(requestedFen), categories: [], purpose: '检测' };
    await operations.draftApplication(ask(applicant(org), `draft ${id}`), draft);
    await operations.submitApplication(ask(applicant(org), `submit ${id}`), { id });
    return operations.checkApplication(ask(officer('checker-1', 'reviewer'), `check ${id}`), { id });
  };
  const approve = ({ operations }: Process, number: number, faceFen: number, funding = [{ potId: potId(1), bps: bpsOf(10_000) }]) =>
    at.wall.answer(
      operations.approveApplication(ask(officer('approver-1', 'approver'), `approve ${number}`), {
        id: applicationId(number),
        faceFen: fenOf(faceFen),
        funding,
      }),
    );
  const prepared = async (process: Process, potFen = 1_000_000) => {
    await publishPolicy(process);
    await register(process);
    await openPot(process, 1, potFen);
  };
  const usedBy = (process: Process, org: Uscc = enterprise) =>
    process.rows.get<{ usedFen: number }>('allowances', allowanceIdOf(songjiang, org, 2026))?.usedFen;
  const potOf = (process: Process, number = 1, home: Member = songjiang) => process.rows.get('pots', potId(number, home));

  return { ask, statuses, publishPolicy, openPot, register, apply, approve, prepared, usedBy, potOf };
};
