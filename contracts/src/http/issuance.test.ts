import { describe, expect, test } from 'vitest';
import { AllowanceId, EnterpriseId, issuanceCommands, ProviderId, registryCommands } from '../index.ts';

const ulid = '01J00000000000000000000001';
const uscc = '91350100M000100Y43';

describe('ids of organisations', () => {
  test('say the home and a valid unified social credit code', () => {
    expect(EnterpriseId.safeParse(`310117-enterprise-${uscc}`).success).toBe(true);
    expect(ProviderId.safeParse(`330400-provider-${uscc}`).success).toBe(true);
    expect(AllowanceId.safeParse(`310117-allowance-${uscc}-2026`).success).toBe(true);
  });
  test.each([
    ['a wrong check character', EnterpriseId, '310117-enterprise-91350100M000100Y44'],
    ['a city that is no member', EnterpriseId, `310000-enterprise-${uscc}`],
    ['the corridor', ProviderId, `G60-provider-${uscc}`],
    ['another noun', ProviderId, `310117-enterprise-${uscc}`],
  ])('refuse %s', (_, schema, id) => {
    expect(schema.safeParse(id).success).toBe(false);
  });
});

describe('who decides', () => {
  test.each([
    ['a policy is of a member city', issuanceCommands.publishPolicy.params, { id: `G60-policy-${ulid}` }],
    ['a pot is of a member city', issuanceCommands.openPot.params, { id: `G60-pot-${ulid}` }],
    ['an application is of a member city', issuanceCommands.draftApplication.params, { id: `G60-application-${ulid}` }],
    ['a recognition is of a member city', registryCommands.recogniseProvider.params, { id: `G60-recognition-${ulid}` }],
    ['an offering is of a member city', registryCommands.publishOffering.params, { id: `G60-offering-${ulid}` }],
    ['a sanction is of the corridor', registryCommands.imposeSanction.params, { id: `310117-sanction-${ulid}` }],
  ])('%s', (_, params, given) => {
    expect(params.safeParse(given).success).toBe(false);
    const home = given.id.startsWith('G60') ? '310117' : 'G60';
    expect(params.safeParse({ id: given.id.replace(/^[^-]+/, home) }).success).toBe(true);
  });
});

describe('bodies', () => {
  const pot = { owner: '310000', fiscalYear: 2026, name: '创新券', openTo: ['310117'] };
  test('a pot names an owner whose book somebody keeps, and each home once', () => {
    expect(issuanceCommands.openPot.body.safeParse(pot).success).toBe(true);
    expect(issuanceCommands.openPot.body.safeParse({ ...pot, owner: '440000' }).success).toBe(false);
    expect(issuanceCommands.openPot.body.safeParse({ ...pot, openTo: ['310117', '310117'] }).success).toBe(false);
    expect(issuanceCommands.openPot.body.safeParse({ ...pot, openTo: [] }).success).toBe(false);
  });
  test('money is whole fen, and what is unknown is refused', () => {
    const body = issuanceCommands.appropriateToPot.body;
    expect([1, 10 ** 13].map((amountFen) => body.safeParse({ amountFen }).success)).toEqual([true, true]);
    expect([0, -1, 0.5, 10 ** 13 + 1, '1'].map((amountFen) => body.safeParse({ amountFen }).success)).toEqual(Array(5).fill(false));
    expect(body.safeParse({ amountFen: 1, note: 'x' }).success).toBe(false);
  });
  test('categories of an admission are named once', () => {
    const body = registryCommands.admitProvider.body;
    const admitted = { categories: ['testing'], admittedUntil: '2026-12-31' };
    expect(body.safeParse(admitted).success).toBe(true);
    expect(body.safeParse({ ...admitted, categories: ['testing', 'testing'] }).success).toBe(false);
    expect(body.safeParse({ ...admitted, categories: [] }).success).toBe(false);
  });
});
