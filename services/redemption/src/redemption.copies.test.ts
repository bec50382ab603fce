import type { Rows } from '@tongdui/runtime/service';
import { describe, expect, test } from 'vitest';
import { copiesOf } from './redemption.copies.ts';
import { accountOf, enterprise, jiaxing, lab, onDay, policyId, policyTerms, songjiang, today, voucherId } from './redemption.fixtures.ts';

/** Rows as they would have been projected: whatever is in a table answers every filter. */
const rowsOf = (tables: Record<string, object[] | Record<string, object>>): Rows => ({
  get: <Body>(table: string, id: string) => (tables[table] as Record<string, Body> | undefined)?.[id],
  list: <Body>(table: string) => (tables[table] ?? []) as Body[],
});
const validity = { validFrom: onDay(-10), validUntil: onDay(10) };
const recognition = { home: songjiang, host: jiaxing, provider: lab, categories: ['testing'], ...validity };
const parties = { home: songjiang, host: jiaxing, enterprise, lab, category: 'testing', voucherId: voucherId() } as const;
const provider = (more: object) => ({
  'copy-providers': { [`${jiaxing}-${lab}`]: { status: 'admitted', categories: ['testing'], ...more } },
});
const found = (tables: Parameters<typeof rowsOf>[0], host = jiaxing) => copiesOf(rowsOf(tables)).findings({ ...parties, host }, today);

describe('the policy in force', () => {
  const policies = [1, 2, 3].map((version) => ({
    policyId: policyId(version),
    home: songjiang,
    version,
    effectiveFrom: onDay(version - 2),
    terms: policyTerms,
  }));
  test('is the latest version whose day has come', () => {
    const { policyInForce } = copiesOf(rowsOf({ 'copy-policies': policies }));
    expect([-2, -1, 0, 1, 9].map((days) => policyInForce(songjiang, onDay(days))?.version)).toEqual([undefined, 1, 2, 3, 3]);
  });
  test('and what it does not subsidise has no terms', () => {
    const { obstacle } = copiesOf(rowsOf({ 'copy-policies': policies }));
    expect(obstacle(enterprise, songjiang, lab, 'testing', today)).toBeUndefined();
    expect(obstacle(enterprise, songjiang, lab, 'design', today)).toBe('category-not-subsidised');
    expect(obstacle(enterprise, songjiang, lab, 'testing', onDay(-9))).toBe('no-policy-in-force');
  });
  test('is pinned with the route of the agreement in force; without one, or at home, the home pays', () => {
    const agreement = (version: number, route: string, days: number) => ({ version, route, effectiveFrom: onDay(days) });
    const agreements = [agreement(1, 'home-direct', -5), agreement(2, 'host-fronted', -1), agreement(3, 'home-direct', 5)];
    const tables = { 'copy-policies': policies, 'copy-agreements': agreements };
    expect(found(tables).terms).toMatchObject({ route: 'host-fronted', agreementVersion: 2, policyId: policyId(2) });
    expect(found({ 'copy-policies': policies }).terms).toMatchObject({ route: 'home-direct', agreementVersion: 0 });
    expect(found(tables, songjiang).terms).toMatchObject({ route: 'home-direct', agreementVersion: 0 });
  });
});

describe('the lab', () => {
  test.each([
    ['admitted for the category', provider({}), true],
    ['admitted until today', provider({ admittedUntil: today }), true],
    ['admitted until yesterday', provider({ admittedUntil: onDay(-1) }), false],
    ['suspended', provider({ status: 'suspended' }), false],
    ['admitted for another category', provider({ categories: ['design'] }), false],
    ['unknown', {}, false],
  ] as const)('%s', (_, tables, admitted) => expect(found(tables).labAdmitted).toBe(admitted));
  test.each([
    ['recognised', recognition, true],
    ['recognised for another category', { ...recognition, categories: ['design'] }, false],
    ['recognised elsewhere', { ...recognition, host: songjiang }, false],
    ['recognised no longer', { ...recognition, validUntil: onDay(-1) }, false],
    ['not recognised yet', { ...recognition, validFrom: onDay(1) }, false],
  ])('%s', (_, row, recognised) => expect(found({ 'copy-recognitions': [row] }).labRecognised).toBe(recognised));
  test('of the home itself needs no recognition', () => expect(found({}, songjiang).labRecognised).toBe(true));
});

test('a sanction counts while it is imposed and valid', () => {
  const sanctioned = (more: object) => found({ 'copy-sanctions': [{ status: 'imposed', ...validity, ...more }] }).sanctioned;
  expect(sanctioned({})).toBe(true);
  expect([{ status: 'lifted' }, { validUntil: onDay(-1) }, { validFrom: onDay(1) }].map(sanctioned)).toEqual([false, false, false]);
});

describe('risks', () => {
  const risks = (tables: Parameters<typeof rowsOf>[0]) =>
    copiesOf(rowsOf({ 'copy-recognitions': [recognition], ...tables })).risks(parties, today);
  const account = (serial: number) => ({ [`${songjiang}-${enterprise}`]: { account: accountOf(serial) } });
  test('accounts that are not known here are not shared', () => expect(risks({})).toEqual([]));
  test('one bank account for both', () => {
    expect(risks({ 'copy-enterprises': account(1), ...provider({ account: accountOf(1) }) })).toEqual(['shared-bank-account']);
    expect(risks({ 'copy-enterprises': account(1), ...provider({ account: accountOf(2) }) })).toEqual([]);
  });
  test('the lab is suspended, or no recognition of it is left', () => {
    expect(risks(provider({ status: 'suspended', account: accountOf(2) }))).toEqual(['provider-suspended']);
    expect(risks({ 'copy-recognitions': [{ ...recognition, validUntil: onDay(-1) }] })).toEqual(['recognition-ended']);
    expect(risks({ 'copy-recognitions': [{ ...recognition, categories: ['design'] }] })).toEqual(['recognition-ended']);
  });
  test('the admission of the lab has ended, for this category or as a whole', () => {
    const admission = (more: object) => risks(provider({ account: accountOf(2), ...more }));
    expect(admission({ admittedUntil: onDay(-1) })).toEqual(['admission-ended']);
    expect(admission({ categories: ['design'] })).toEqual(['admission-ended']);
    expect(admission({ admittedUntil: today })).toEqual([]);
    expect(admission({ status: 'suspended', admittedUntil: onDay(-1) })).toEqual(['provider-suspended']);
  });
});

test('a lab is paid at its host, an enterprise at its home', () => {
  const { account } = copiesOf(
    rowsOf({ 'copy-enterprises': { [`${songjiang}-${enterprise}`]: { account: accountOf(1) } }, ...provider({ account: accountOf(2) }) }),
  );
  expect(account({ kind: 'enterprise', uscc: enterprise }, songjiang, jiaxing)).toEqual(accountOf(1));
  expect(account({ kind: 'lab', uscc: lab }, songjiang, jiaxing)).toEqual(accountOf(2));
});
