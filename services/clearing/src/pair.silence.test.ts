import { addDays, dateOf, endOf } from '@tongdui/calendar';
import type { Instant } from '@tongdui/contracts';
import { history } from '@tongdui/decider/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { april, at, confirmBy, march, obligationIdOf } from './clearing.fixtures.ts';
import {
  accrue,
  after,
  confirm,
  declare,
  deposit,
  dispute,
  disputeUnanswered,
  fronted,
  net,
  reversal,
  rule,
  ruledFor,
  seal,
  sealed,
  settle,
  silence,
  types,
} from './pair.commands.fixtures.ts';
import { type Command, pair } from './pair.decider.ts';
import { headroomOf } from './pair.totals.ts';

const deadline = endOf(confirmBy);
const unconfirmed = silence(deadline);
const nothing = { accepted: true, facts: [] };
const unanswered = [...sealed, declare(40), unconfirmed];
const disputed = [...unanswered, disputeUnanswered(deadline)];
const dueAt = '2026-07-04T16:00:00.000Z' as Instant;

describe('silence of the debtor', () => {
  test.each<[string, Command[], Command, string, Instant]>([
    ['no confirmation at the deadline', [...sealed, declare(40)], unconfirmed, 'not-confirmed', dueAt],
    ['no confirmation, heard of by the netting', [...sealed, declare(40)], net(0), 'not-confirmed', '2026-06-01T16:00:00.000Z' as Instant],
    [
      'a confirmation that missed the netting',
      [...sealed, declare(40), confirm(40)],
      net(0),
      'not-netted',
      '2026-06-01T16:00:00.000Z' as Instant,
    ],
  ])('is %s: fronted obligations are disputed, with the clock of a dispute', (_, past, command, cause, due) => {
    expect(after(...past).when(command)).toMatchObject({ facts: [{ type: 'SegmentUnanswered', totalFen: 40, cause, dueAt: due }] });
    expect(after(...past, command).when(disputeUnanswered(deadline))).toMatchObject({
      facts: [
        { type: 'ObligationDisputed', obligationId: obligationIdOf(1), reason: 'silence', amountFen: 40, cycle: march, dueAt: due },
        { type: 'SegmentCarriedOver', totalFen: 0, cause },
      ],
    });
  });
  test('is noted once, whichever of the deadline and the netting is heard first', () => {
    for (const again of [unconfirmed, net(0), settle()])
      for (const past of [unanswered, disputed]) expect(after(...past).when(again)).toEqual(nothing);
    expect(after(...disputed).when(disputeUnanswered())).toEqual(nothing);
    expect(after(...sealed, declare(40)).when(disputeUnanswered())).toEqual(nothing);
    expect(after().when(disputeUnanswered())).toEqual(nothing);
  });
  test('is never netted', () => {
    expect(() => after(...unanswered).when(net(40))).toThrow('corrupt');
    expect(after(...disputed).when(seal(april))).toMatchObject({ facts: [{ totalFen: 0, obligations: 0 }] });
  });
  test('still draws the prefund', () => {
    const { totals } = after(...disputed).state;
    expect(headroomOf(totals)).toBe(60);
    expect(totals).toMatchObject({ disputedFen: 40, unnettedFen: 40, unsettledFen: 40 });
  });
  test('escalates to the joint office after the dispute days', () => {
    const escalate = (when: Instant): Command => ({ type: 'EscalateDispute', obligationId: obligationIdOf(1), at: when });
    expect(after(...disputed).when(escalate('2026-07-04T15:59:59.999Z' as Instant))).toEqual(nothing);
    expect(types(after(...disputed).when(escalate(dueAt)))).toEqual(['DisputeEscalated']);
  });
  test.each(['creditor', 'debtor'] as const)(
    'ruled for the %s is eligible at the next cut-off, with what a reverse obligation needs',
    (wonBy) => {
      const [last, ...before] = ruledFor(1, wonBy).toReversed();
      expect(after(...disputed, ...before).when(last!)).toMatchObject({
        facts: [{ type: 'DisputeRuled', wonBy, amountFen: 40, payment: { paymentId: expect.any(String), slices: expect.any(Array) } }],
      });
      const ruled = after(...disputed, ...ruledFor(1, wonBy));
      expect(ruled.when(seal(april))).toMatchObject({ facts: [{ totalFen: 40, obligations: 1 }] });
      expect(ruled.state.totals.disputedFen).toBe(0);
      // A debtor's win counts as reversed, so that money that comes back later is not owed twice.
      expect(types(ruled.when(reversal(1)))).toEqual(wonBy === 'debtor' ? [] : ['ReversalNoted']);
    },
  );
  test.each<[string, Command[], number]>([
    ['a share', [accrue(2, 7, 'cost-share')], 7],
    ['a reverse obligation', [accrue(2, 7, 'reverse-host-fronted')], 7],
    ['a reverse share', [accrue(2, 7, 'reverse-cost-share')], 7],
    ['what came back by itself', [...fronted(2, 7), reversal(2)], 7],
    ['what was ruled on before', [...fronted(2, 7), seal('202602' as typeof march), dispute(2), rule(2, 'creditor')], 7],
  ])('leaves %s to the next cycle, which cannot be disputed', (_, more, left) => {
    const alone = after(deposit(100), ...more, seal(), declare(left)).when(unconfirmed);
    expect(alone).toMatchObject({ facts: [{ type: 'SegmentCarriedOver', totalFen: left, cause: 'not-confirmed' }] });
    const both = [deposit(100), ...more, ...fronted(1, 40), seal(), declare(40 + left), unconfirmed];
    expect(after(...both).when(disputeUnanswered(deadline))).toMatchObject({
      facts: [{ obligationId: obligationIdOf(1) }, { type: 'SegmentCarriedOver', totalFen: left }],
    });
    expect(after(...both, disputeUnanswered(deadline)).when(seal(april))).toMatchObject({ facts: [{ totalFen: left, obligations: 1 }] });
  });
  test('does not dispute what comes back before its turn', () => {
    expect(after(...unanswered, reversal(1)).when(disputeUnanswered())).toMatchObject({
      facts: [{ type: 'SegmentCarriedOver', totalFen: 40 }],
    });
  });
  test('keeps the reasons of what was disputed in words', () => {
    const past = [deposit(100), ...fronted(1, 40), ...fronted(2, 7), seal(), declare(47), dispute(1), unconfirmed];
    expect(after(...past).when(disputeUnanswered())).toMatchObject({
      facts: [{ obligationId: obligationIdOf(2), reason: 'silence' }, { totalFen: 0 }],
    });
    expect(types(after(...sealed, declare(40), dispute(1)).when(unconfirmed))).toEqual(['SegmentCarriedOver']);
  });

  test('of any segment disputes each fronted obligation once, at most 90 an append, all due together, and carries over the rest', () => {
    fc.assert(
      fc.property(fc.nat(200), fc.nat(100), fc.integer({ min: 1, max: 90 }), (disputable, shares, disputeDays) => {
        const total = disputable + shares;
        const past: Command[] = [
          ...Array.from({ length: disputable }, (_, n) => accrue(n + 1, 1)),
          ...Array.from({ length: shares }, (_, n) => accrue(n + 1, 1, 'cost-share')),
          { type: 'SealSegment', cycle: march, declareBy: confirmBy, confirmBy, disputeDays, at },
          declare(total),
          unconfirmed,
        ];
        fc.pre(total > 0);
        const appends = Math.ceil(disputable / 90) + 1;
        const { facts, state, decisions } = history(pair, [...past, ...Array.from({ length: appends }, () => disputeUnanswered(deadline))]);
        for (const decision of decisions) expect(decision.accepted && decision.facts.length).toBeLessThanOrEqual(100);
        const disputes = facts.filter((fact) => fact.type === 'ObligationDisputed');
        expect(new Set(disputes.map(({ obligationId }) => obligationId)).size).toBe(disputable);
        expect(disputes).toHaveLength(disputable);
        expect(new Set(disputes.map((fact) => fact.dueAt)).size).toBe(disputable === 0 ? 0 : 1);
        for (const fact of disputes) expect(fact.dueAt).toBe(endOf(addDays(dateOf(deadline), disputeDays)));
        expect(facts.filter((fact) => fact.type === 'SegmentCarriedOver')).toMatchObject([{ totalFen: shares }]);
        expect([state.totals.disputedFen, state.totals.unnettedFen, state.open.items.size]).toEqual([disputable, total, shares]);
        expect(state.segments.isEmpty()).toBe(true);
      }),
      { numRuns: 30 },
    );
  });
});
