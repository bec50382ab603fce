import { given, history } from '@tongdui/decider/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { allowance, type Command, type Fact, type Reason } from './allowance.decider.ts';
import { applicationId, at, enterprise, fenOf, songjiang } from './issuance.fixtures.ts';

const holder = { home: songjiang, enterprise, year: 2026 };
const take = (number: number, amount: number, cap = 100): Command => ({
  type: 'TakeAllowance',
  holder,
  applicationId: applicationId(number),
  amountFen: fenOf(amount),
  capFen: fenOf(cap),
  at,
});
const release = (number: number): Command => ({ type: 'ReleaseAllowance', holder, applicationId: applicationId(number), at });
const giveBack = (id: string, amount: number): Command => ({
  type: 'GiveBackAllowance',
  holder,
  returnId: id,
  amountFen: fenOf(amount),
  at,
});
const taken = (number: number, amount: number, cap = 100): Fact => ({
  type: 'AllowanceTaken',
  holder,
  applicationId: applicationId(number),
  amountFen: fenOf(amount),
  capFen: fenOf(cap),
  at,
});
const released = (number: number, amount: number): Fact => ({
  type: 'AllowanceReleased',
  holder,
  applicationId: applicationId(number),
  amountFen: fenOf(amount),
  at,
});
const givenBack = (id: string, amount: number): Fact => ({
  type: 'AllowanceGivenBack',
  holder,
  returnId: id,
  amountFen: fenOf(amount),
  at,
});

describe('an allowance', () => {
  test.each<[string, Fact[], Command, Fact[]]>([
    ['is taken up to the cap', [taken(1, 60)], take(2, 40), [taken(2, 40)]],
    ['is taken once for one application', [taken(1, 100)], take(1, 100), []],
    ['follows the cap of the policy that asks', [taken(1, 100)], take(2, 50, 150), [taken(2, 50, 150)]],
    ['is released', [taken(1, 60)], release(1), [released(1, 60)]],
    ['leaves a tombstone for an application that it does not know', [], release(1), [released(1, 0)]],
    ['is released once', [taken(1, 60), released(1, 60)], release(1), []],
    ['is given back', [taken(1, 60)], giveBack('e', 60), [givenBack('e', 60)]],
    ['is given back once for one event', [taken(1, 60), givenBack('e', 30)], giveBack('e', 30), []],
    ['can be taken again when it was given back', [taken(1, 100), givenBack('e', 40)], take(2, 40), [taken(2, 40)]],
    ['can be taken again when it was released', [taken(1, 100), released(1, 100)], take(2, 100), [taken(2, 100)]],
  ])('%s', (_, past, command, facts) => {
    expect(given(allowance, ...past).when(command)).toEqual({ accepted: true, facts });
  });

  test.each<[Reason, Fact[], Command]>([
    ['take-released', [released(1, 0)], take(1, 1)],
    ['take-differs', [taken(1, 60)], take(1, 40)],
    ['allowance-short', [taken(1, 60)], take(2, 41)],
    ['allowance-short', [taken(1, 60)], take(2, 1, 50)],
    ['more-given-back-than-taken', [taken(1, 60)], giveBack('e', 61)],
    ['more-given-back-than-taken', [taken(1, 60), givenBack('e', 1)], release(1)],
  ])('refuses: %s', (reason, past, command) => {
    expect(given(allowance, ...past).when(command)).toEqual({ accepted: false, reason });
  });

  const anyCommand = fc.oneof(
    fc
      .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 120 }), fc.constantFrom(80, 100, 150))
      .map(([number, amount, cap]) => take(number, amount, cap)),
    fc.integer({ min: 1, max: 6 }).map(release),
    fc.tuple(fc.constantFrom('e', 'f', 'g'), fc.integer({ min: 1, max: 120 })).map(([id, amount]) => giveBack(id, amount)),
  );

  test('is never exceeded by a voucher and never negative, and a repeated command records nothing', () => {
    fc.assert(
      fc.property(fc.array(anyCommand, { maxLength: 40 }), (commands) => {
        let facts: readonly Fact[] = [];
        let usedFen = 0;
        for (const command of commands) {
          const before = facts.length;
          facts = history(allowance, [command], facts).facts;
          for (const fact of facts.slice(before)) {
            usedFen += fact.type === 'AllowanceTaken' ? fact.amountFen : -fact.amountFen;
            if (fact.type === 'AllowanceTaken') expect(usedFen).toBeLessThanOrEqual(fact.capFen);
            expect(given(allowance, ...facts).when(command)).toEqual({ accepted: true, facts: [] });
          }
          expect(usedFen).toBeGreaterThanOrEqual(0);
          expect(given(allowance, ...facts).state.usedFen).toBe(usedFen);
        }
      }),
    );
  });
});
