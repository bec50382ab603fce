import type { Decision } from '@tongdui/decider';
import { given, history } from '@tongdui/decider/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { applicationId, at, fenOf, hangzhou, jiaxing, ownedBy, potId, songjiang } from './issuance.fixtures.ts';
import { availableFen, type Command, type Fact, type Pot, pot, type Reason } from './pot.decider.ts';

const by = 'budget-officer';
const opened: Pot = {
  potId: potId(1),
  home: songjiang,
  owner: ownedBy(songjiang),
  fiscalYear: 2026,
  name: '2026 年创新券',
  openTo: [songjiang, jiaxing],
};
const open: Command = { type: 'OpenPot', pot: opened, by, at };
const appropriate = (id: string, amount: number): Command => ({
  type: 'AppropriateToPot',
  appropriationId: id,
  amountFen: fenOf(amount),
  by,
  at,
});
const commit = (number: number, amount: number, more: Partial<Extract<Command, { type: 'CommitPot' }>> = {}): Command => ({
  type: 'CommitPot',
  applicationId: applicationId(number),
  forHome: songjiang,
  year: 2026,
  amountFen: fenOf(amount),
  at,
  ...more,
});
const release = (number: number): Command => ({ type: 'ReleasePot', applicationId: applicationId(number), at });
const giveBack = (id: string, amount: number): Command => ({ type: 'ReturnToPot', returnId: id, amountFen: fenOf(amount), at });

const potOpened: Fact = { type: 'PotOpened', pot: opened, by, at };
const appropriated = (id: string, amount: number): Fact => ({
  type: 'PotAppropriated',
  pot: opened,
  appropriationId: id,
  amountFen: fenOf(amount),
  by,
  at,
});
const committed = (number: number, amount: number): Fact => ({
  type: 'PotCommitted',
  applicationId: applicationId(number),
  amountFen: fenOf(amount),
  at,
});
const released = (number: number, amount: number): Fact => ({
  type: 'PotReleased',
  applicationId: applicationId(number),
  amountFen: fenOf(amount),
  at,
});
const returned = (id: string, amount: number): Fact => ({ type: 'PotReturned', returnId: id, amountFen: fenOf(amount), at });
const funded = [potOpened, appropriated('a', 100)];

describe('a pot', () => {
  test.each<[string, Fact[], Command, Fact[]]>([
    ['is opened', [], open, [potOpened]],
    ['is opened although a release came first', [released(1, 0)], open, [potOpened]],
    ['takes an appropriation', [potOpened], appropriate('a', 100), [appropriated('a', 100)]],
    ['holds at most ¥100 billion', funded, appropriate('b', 10 ** 13 - 100), [appropriated('b', 10 ** 13 - 100)]],
    ['takes one appropriation once', funded, appropriate('a', 100), []],
    ['commits its last fen', funded, commit(1, 100), [committed(1, 100)]],
    ['commits for every home that it is open to', funded, commit(1, 100, { forHome: jiaxing }), [committed(1, 100)]],
    ['commits once for one application, even when nothing is left', [...funded, committed(1, 100)], commit(1, 100), []],
    ['releases a commitment', [...funded, committed(1, 60)], release(1), [released(1, 60)]],
    ['leaves a tombstone for an application that it does not know', funded, release(1), [released(1, 0)]],
    ['leaves a tombstone before it is opened', [], release(1), [released(1, 0)]],
    ['releases once', [...funded, committed(1, 60), released(1, 60)], release(1), []],
    ['takes back what a voucher did not use', [...funded, committed(1, 60)], giveBack('e', 60), [returned('e', 60)]],
    ['takes back once for one event', [...funded, committed(1, 60), returned('e', 60)], giveBack('e', 60), []],
    ['commits again what came back', [...funded, committed(1, 100), returned('e', 40)], commit(2, 40), [committed(2, 40)]],
    ['commits again what was released', [...funded, committed(1, 100), released(1, 100)], commit(2, 100), [committed(2, 100)]],
  ])('%s', (_, past, command, facts) => {
    expect(given(pot, ...past).when(command)).toEqual({ accepted: true, facts });
  });

  test.each<[Reason, Fact[], Command]>([
    ['pot-exists', [potOpened], open],
    ['pot-unknown', [], appropriate('a', 1)],
    ['pot-unknown', [], commit(1, 1)],
    ['pot-unknown', [], giveBack('e', 1)],
    ['appropriation-reused', funded, appropriate('a', 101)],
    ['appropriation-too-large', funded, appropriate('b', 10 ** 13)],
    ['commitment-released', [...funded, released(1, 0)], commit(1, 1)],
    ['commitment-released', [released(1, 0), ...funded], commit(1, 1)],
    ['commitment-released', [...funded, committed(1, 60), released(1, 60)], commit(1, 60)],
    ['commitment-differs', [...funded, committed(1, 60)], commit(1, 40)],
    ['pot-not-open-to-city', funded, commit(1, 1, { forHome: hangzhou })],
    ['pot-of-another-year', funded, commit(1, 1, { year: 2027 })],
    ['pot-short', funded, commit(1, 101)],
    ['pot-short', [...funded, committed(1, 60)], commit(2, 41)],
    ['more-returned-than-committed', [...funded, committed(1, 60)], giveBack('e', 61)],
    ['more-returned-than-committed', [...funded, committed(1, 60), returned('e', 1)], release(1)],
  ])('refuses: %s', (reason, past, command) => {
    expect(given(pot, ...past).when(command)).toEqual({ accepted: false, reason });
  });

  const anyCommand = fc.oneof(
    fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.integer({ min: 1, max: 100 })).map(([id, amount]) => appropriate(id, amount)),
    fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 120 })).map(([number, amount]) => commit(number, amount)),
    fc.integer({ min: 1, max: 6 }).map(release),
    fc.tuple(fc.constantFrom('e', 'f', 'g'), fc.integer({ min: 1, max: 120 })).map(([id, amount]) => giveBack(id, amount)),
    fc.constant(open),
  );

  test('never commits more than was appropriated and came back, whatever the order', () => {
    fc.assert(
      fc.property(fc.array(anyCommand, { maxLength: 40 }), (commands) => {
        let facts: readonly Fact[] = [];
        for (const command of commands) {
          facts = history(pot, [command], facts).facts;
          const granted = sumOf(facts, 'PotCommitted') - sumOf(facts, 'PotReleased') - sumOf(facts, 'PotReturned');
          const appropriatedFen = sumOf(facts, 'PotAppropriated');
          expect(granted).toBeGreaterThanOrEqual(0);
          expect(granted).toBeLessThanOrEqual(appropriatedFen);
          const { state } = given(pot, ...facts);
          if (state.is === 'open') expect(availableFen(state)).toBe(appropriatedFen - granted);
        }
      }),
    );
  });

  test('answers a repeated command as it did before and records nothing', () => {
    fc.assert(
      fc.property(fc.array(anyCommand, { maxLength: 40 }), (commands) => {
        let facts: readonly Fact[] = [];
        for (const command of commands.filter(({ type }) => type !== 'OpenPot')) {
          const ran = history(pot, [command], facts.length > 0 ? facts : [potOpened]);
          facts = ran.facts;
          const first = ran.decisions.at(-1) as Decision<Fact, Reason>;
          if (first.accepted) expect(given(pot, ...facts).when(command)).toEqual({ accepted: true, facts: [] });
        }
      }),
    );
  });
});

const sumOf = (facts: readonly Fact[], type: Fact['type']): number =>
  facts.reduce((sum, fact) => sum + (fact.type === type && 'amountFen' in fact ? fact.amountFen : 0), 0);
