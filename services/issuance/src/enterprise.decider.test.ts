import { given } from '@tongdui/decider/testing';
import { describe, expect, test } from 'vitest';
import { type Command, enterprise, type Fact } from './enterprise.decider.ts';
import { account, at, day, songjiang, uscc } from './issuance.fixtures.ts';

const wanted = { uscc: uscc(1), home: songjiang, name: '松江新材料公司', establishedOn: day('2026-03-02'), account };
const register: Command = { type: 'RegisterEnterprise', enterprise: wanted, by: 'reviewer', at };
const registered: Fact = { type: 'EnterpriseRegistered', enterprise: wanted, by: 'reviewer', at };

describe('an enterprise', () => {
  test('is registered from the day it was established', () => {
    expect(given(enterprise).when(register)).toEqual({ accepted: true, facts: [registered] });
  });
  test.each<[string, Fact[], Command]>([
    ['enterprise-exists', [registered], register],
    ['enterprise-not-established-yet', [], { ...register, enterprise: { ...wanted, establishedOn: day('2026-03-03') } }],
  ])('refuses: %s', (reason, past, command) => {
    expect(given(enterprise, ...past).when(command)).toEqual({ accepted: false, reason });
  });
});
