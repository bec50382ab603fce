import { addDays, dateOf } from '@tongdui/calendar';
import { given, history } from '@tongdui/decider/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { at, day, later, policyId, songjiang, terms } from './issuance.fixtures.ts';
import { type Command, type Fact, inForce, policy } from './policy.decider.ts';

const by = 'policy-officer';
const publish = (number: number, effectiveFrom: string, on = at): Command => ({
  type: 'PublishPolicy',
  policyId: policyId(number),
  home: songjiang,
  effectiveFrom: day(effectiveFrom),
  terms,
  by,
  at: on,
});
const published = (number: number, effectiveFrom: string, version = number): Fact => ({
  type: 'PolicyPublished',
  version: { policyId: policyId(number), home: songjiang, version, effectiveFrom: day(effectiveFrom), terms },
  by,
  at,
});

describe('policy versions of a city', () => {
  test.each<[string, Fact[], Command, Fact]>([
    ['the first may take effect at once, or have been in effect before', [], publish(1, '2026-01-01'), published(1, '2026-01-01')],
    [
      'the next takes effect the day after its publication',
      [published(1, '2026-01-01')],
      publish(2, '2026-03-03'),
      published(2, '2026-03-03'),
    ],
  ])('%s', (_, past, command, fact) => {
    expect(given(policy, ...past).when(command)).toEqual({ accepted: true, facts: [fact] });
  });

  test.each<[string, Fact[], Command]>([
    ['policy-exists', [published(1, '2026-01-01')], publish(1, '2026-05-01')],
    ['policy-takes-effect-too-early', [published(1, '2026-01-01')], publish(2, '2026-03-02')],
    ['policy-not-after-the-previous', [published(1, '2026-01-01'), published(2, '2026-04-01')], publish(3, '2026-04-01')],
  ])('refuses: %s', (reason, past, command) => {
    expect(given(policy, ...past).when(command)).toEqual({ accepted: false, reason });
  });

  test('the version in force is the latest that has taken effect', () => {
    const { state } = given(policy, published(1, '2026-01-01'), published(2, '2026-04-01'));
    expect(['2025-12-31', '2026-01-01', '2026-03-31', '2026-04-01'].map((on) => inForce(state, day(on))?.version)).toEqual([
      undefined,
      1,
      1,
      2,
    ]);
  });

  test('what was in force on a day never changes once that day has begun, and versions are numbered without gaps', () => {
    const tries = fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: -3, max: 10 })), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(tries, (steps) => {
        let today = 0;
        let facts: readonly Fact[] = [];
        for (const [index, [pause, ahead]] of steps.entries()) {
          today += pause;
          const now = later(today);
          const before = given(policy, ...facts).state;
          facts = history(policy, [publish(index + 1, addDays(dateOf(now), ahead), now)], facts).facts;
          const after = given(policy, ...facts).state;
          if (before.versions.length > 0) expect(inForce(after, dateOf(now))).toEqual(inForce(before, dateOf(now)));
        }
        expect(given(policy, ...facts).state.versions.map(({ version }) => version)).toEqual(facts.map((_, index) => index + 1));
      }),
    );
  });
});
