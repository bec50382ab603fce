import { enterpriseIdOf } from '@tongdui/contracts';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  account,
  applicant,
  applicationId,
  day,
  enterprise,
  fenOf,
  jiaxing,
  officer,
  ownedBy,
  policyId,
  potId,
  songjiang,
  terms,
  uscc,
} from './issuance.fixtures.ts';
import { scenario } from './issuance.scenario.fixtures.ts';
import { processOf, type World, world } from './issuance.stage.fixtures.ts';

let at: World;
let people: ReturnType<typeof scenario>;
beforeEach(() => {
  at = world();
  people = scenario(at);
});

describe('who may do what', () => {
  const elsewhere = (role: Parameters<typeof officer>[1]) => people.ask(officer('someone', role, jiaxing), `${role} elsewhere`);

  test('refuses: not-allowed, to everyone without the role at the city that decides', async () => {
    const { operations } = processOf(at, 'all');
    const id = applicationId(1);
    const refusal = { is: 'refused', reason: 'not-allowed' };
    const pot = { id: potId(1), owner: ownedBy(songjiang), fiscalYear: 2026, name: 'x', openTo: [songjiang] };
    const registered = { id: enterpriseIdOf(songjiang, enterprise), name: 'x', establishedOn: day('2020-01-01'), account };
    const answers = [
      operations.publishPolicy(elsewhere('policy-officer'), { id: policyId(1), effectiveFrom: day('2026-01-01'), terms }),
      operations.registerEnterprise(elsewhere('reviewer'), registered),
      operations.openPot(elsewhere('budget-officer'), pot),
      operations.appropriateToPot(elsewhere('budget-officer'), { id: potId(1), appropriationId: 'a', amountFen: fenOf(1) }),
      operations.draftApplication(elsewhere('reviewer'), { id, enterprise, requestedFen: fenOf(1), categories: [], purpose: 'x' }),
      operations.submitApplication(elsewhere('reviewer'), { id }),
      operations.checkApplication(elsewhere('reviewer'), { id }),
      operations.approveApplication(elsewhere('approver'), { id, faceFen: fenOf(1), funding: [] }),
      operations.approveApplicationAgain(elsewhere('approver'), { id }),
      operations.rejectApplication(elsewhere('approver'), { id, reason: 'x' }),
      operations.withdrawApplication(elsewhere('approver'), { id }),
    ];
    for (const answer of await Promise.all<unknown>(answers)) expect(answer).toMatchObject(refusal);
  });

  test('refuses: foreign-organisation, to an enterprise that acts for another', async () => {
    const process = processOf(at, 'all');
    const { operations } = process;
    await people.prepared(process);
    await people.apply(process, 1, 100);
    const other = people.ask(applicant(uscc(2)), 'other');
    const refusal = { is: 'refused', reason: 'foreign-organisation' };
    const draft = { id: applicationId(2), enterprise, requestedFen: fenOf(1), categories: [], purpose: 'x' };
    expect(await operations.draftApplication(other, draft)).toMatchObject(refusal);
    expect(await operations.submitApplication(other, { id: applicationId(1) })).toMatchObject(refusal);
    expect(await operations.withdrawApplication(other, { id: applicationId(1) })).toMatchObject(refusal);
  });

  test('refuses: owner-of-another-city, where another city keeps the book of the owner', async () => {
    const { operations } = processOf(at, 'all');
    const budget = people.ask(officer('budget-1', 'budget-officer'), 'pot');
    const pot = { id: potId(1), owner: ownedBy(jiaxing), fiscalYear: 2026, name: 'x', openTo: [songjiang] };
    expect(await operations.openPot(budget, pot)).toMatchObject({ is: 'refused', reason: 'owner-of-another-city' });
  });
});
