import type { Category } from '@tongdui/contracts';
import { given, history } from '@tongdui/decider/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Command, type Fact, provider, standingOf } from './provider.decider.ts';
import { account, at, day, host, lab } from './registry.fixtures.ts';

const by = 'someone';
const profile = { uscc: lab, host, name: '嘉兴检测中心', account };
const admission = { categories: ['testing'] as const, admittedUntil: day('2026-12-31') };
const register: Command = { type: 'RegisterProvider', profile, by, at };
const admit: Command = { type: 'AdmitProvider', admission, by, at };
const suspend: Command = { type: 'SuspendProvider', reason: '报告造假', by, at };
const registered: Fact = { type: 'ProviderRegistered', profile, by, at };
const admitted: Fact = { type: 'ProviderAdmitted', profile, admission, by, at };
const suspended: Fact = { type: 'ProviderSuspended', profile, admission, reason: '报告造假', by, at };

describe('a provider', () => {
  test.each<[string, Fact[], Command, Fact[]]>([
    ['registers itself', [], register, [registered]],
    ['is admitted', [registered], admit, [admitted]],
    ['is admitted anew', [registered, admitted], admit, [admitted]],
    ['is suspended', [registered, admitted], suspend, [suspended]],
    ['is admitted again, which lifts the suspension', [registered, admitted, suspended], admit, [admitted]],
    [
      'may be admitted for a single last day',
      [registered],
      { ...admit, admission: { ...admission, admittedUntil: day('2026-03-02') } },
      [{ ...admitted, admission: { ...admission, admittedUntil: day('2026-03-02') } }],
    ],
  ])('%s', (_, past, command, facts) => {
    expect(given(provider, ...past).when(command)).toEqual({ accepted: true, facts });
  });

  test.each<[string, Fact[], Command]>([
    ['provider-exists', [registered], register],
    ['provider-unknown', [], admit],
    ['provider-unknown', [], suspend],
    ['admission-over-before-it-begins', [registered], { ...admit, admission: { ...admission, admittedUntil: day('2026-03-01') } }],
    ['provider-not-admitted', [registered], suspend],
    ['provider-already-suspended', [registered, admitted, suspended], suspend],
  ])('refuses: %s', (reason, past, command) => {
    expect(given(provider, ...past).when(command)).toEqual({ accepted: false, reason });
  });

  test.each<[string, Fact[], Category, string]>([
    ['provider-unknown', [], 'testing', '2026-03-02'],
    ['provider-not-admitted', [registered], 'testing', '2026-03-02'],
    ['provider-suspended', [registered, admitted, suspended], 'testing', '2026-03-02'],
    ['provider-not-admitted', [registered, admitted], 'testing', '2027-01-01'],
    ['category-not-admitted', [registered, admitted], 'design', '2026-03-02'],
    ['admitted', [registered, admitted], 'testing', '2026-12-31'],
    ['admitted', [registered, admitted, suspended, admitted], 'testing', '2026-03-02'],
  ])('stands as %s', (standing, past, category, on) => {
    expect(standingOf(given(provider, ...past).state, category, day(on))).toBe(standing);
  });

  test('can sell only after an admission that no suspension followed, in any order of commands', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(register, admit, suspend), { maxLength: 20 }), (commands) => {
        const { facts, state } = history(provider, commands);
        const last = facts.findLast((fact) => fact.type !== 'ProviderRegistered');
        expect(standingOf(state, 'testing', day('2026-03-02')) === 'admitted').toBe(last?.type === 'ProviderAdmitted');
      }),
    );
  });
});
