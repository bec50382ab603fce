import { endOf } from '@tongdui/calendar';
import type { Instant } from '@tongdui/contracts';
import { history } from '@tongdui/decider/testing';
import { describe, expect, test } from 'vitest';
import { april, at, confirmBy, declareBy, march, obligationIdOf, referenceOf } from './clearing.fixtures.ts';
import {
  accrue,
  after,
  conclude,
  confirm,
  declare,
  deposit,
  dispute,
  disputeUnanswered,
  draw,
  fronted,
  mark,
  net,
  release,
  reversal,
  rule,
  ruledFor,
  seal,
  sealed,
  settle,
  silence,
  types,
  vertical,
  withdraw,
} from './pair.commands.fixtures.ts';
import { type Command, pair, type Reason } from './pair.decider.ts';
import { alertOf, headroomOf } from './pair.totals.ts';

describe('refuses', () => {
  const rows: [Reason, Command[], Command][] = [
    ['segment-not-sealed', [], declare(0)],
    ['segment-not-sealed', [seal()], declare(0, april)],
    ['segment-closed', [...sealed, silence(endOf(declareBy))], declare(40)],
    ['segment-closed', [...sealed, declare(40), silence(endOf(confirmBy))], declare(40)],
    ['segment-closed', [...sealed, declare(40), silence(endOf(confirmBy))], confirm(40)],
    ['segment-closed', [...sealed, declare(40), silence(endOf(confirmBy)), disputeUnanswered()], confirm(40)],
    ['already-declared', [...sealed, declare(40)], declare(40)],
    ['already-confirmed', [...sealed, declare(40), confirm(40)], confirm(40)],
    ['not-declared', sealed, confirm(40)],
    ['declaration-closed', sealed, declare(40, march, endOf(declareBy))],
    ['confirmation-closed', [...sealed, declare(40)], confirm(40, march, endOf(confirmBy))],
    ['total-differs', sealed, declare(41)],
    ['total-differs', [...sealed, declare(40), dispute(1)], confirm(40)],
    ['obligation-unknown', sealed, dispute(2)],
    ['obligation-unknown', sealed, rule(2, 'debtor')],
    ['obligation-unknown', [], vertical(5, 1)],
    ['already-disputed', [...sealed, dispute(1)], dispute(1)],
    ['already-disputed', [...sealed, declare(40), silence(endOf(confirmBy))], dispute(1)],
    ['already-disputed', [...sealed, declare(40), silence(endOf(confirmBy)), disputeUnanswered()], dispute(1)],
    ['not-disputed', sealed, rule(1, 'debtor')],
    ['not-host-fronted', [accrue(1, 5, 'cost-share'), seal()], dispute(1, 'cost-share')],
    ['not-host-fronted', [accrue(1, 5, 'reverse-host-fronted'), seal()], dispute(1, 'reverse-host-fronted')],
    ['already-ruled', [...sealed, dispute(1), rule(1, 'creditor'), seal(april)], dispute(1)],
    ['already-ruled', [...sealed, dispute(1), ...ruledFor(1, 'debtor'), seal(april)], dispute(1)],
    ['ruling-pending', [...sealed, dispute(1), rule(1, 'debtor')], rule(1, 'debtor')],
    ['ruling-pending', [...sealed, dispute(1), rule(1, 'debtor')], rule(1, 'creditor')],
    ['obligation-reversed', [...sealed, reversal(1)], dispute(1)],
    ['obligation-reversed', [...sealed, dispute(1), reversal(1)], rule(1, 'debtor')],
    ['obligation-not-sealed', [deposit(100), ...fronted(1, 40)], dispute(1)],
    ['obligation-confirmed', [...sealed, declare(40), confirm(40)], dispute(1)],
    ['obligation-confirmed', [...sealed, declare(40), confirm(40), net(40), settle()], dispute(1)],
    ['already-settled', [accrue(1, 5, 'cost-share'), vertical(5, 1)], vertical(5, 1)],
    ['amount-differs', [accrue(1, 5, 'cost-share'), accrue(2, 6, 'cost-share')], vertical(10, 1, 2)],
    ['draw-released', [release(1)], draw(1, 5)],
    ['draw-released', [deposit(9), draw(1, 5), release(1)], draw(1, 5)],
    ['draw-differs', [deposit(9), draw(1, 5)], draw(1, 6)],
    ['draw-differs', [draw(1, 5)], draw(1, 6)],
    ['headroom-short', [deposit(100), draw(1, 60)], withdraw(41)],
    ['headroom-short', [deposit(100), ...fronted(1, 60)], withdraw(41)],
    ['headroom-short', [deposit(10), draw(1, 60)], withdraw(5)],
  ];
  test.each(rows)('%s', (reason, past, command) => {
    expect(after(...past).when(command)).toEqual({ accepted: false, reason });
  });
});

describe('a prefund', () => {
  test('grants a draw at once when the headroom suffices, to the last fen', () => {
    expect(after(deposit(100)).when(draw(1, 100))).toMatchObject({ facts: [{ type: 'DrawGranted', waited: false }] });
    expect(types(after(deposit(100)).when(draw(1, 101)))).toEqual(['DrawQueued']);
  });
  test('queues behind who waits, even what would fit', () => {
    expect(types(after(deposit(10), draw(1, 60)).when(draw(2, 5)))).toEqual(['DrawQueued']);
  });
  test.each<[string, Command[], Command]>([
    ['a deposit', [deposit(10), draw(1, 60), draw(2, 5)], deposit(55)],
    ['the release of the head', [deposit(10), draw(9, 60), draw(1, 6), draw(2, 4)], release(9)],
    ['the release of a granted draw', [deposit(65), draw(9, 60), draw(1, 60), draw(2, 5)], release(9)],
    ['a settlement', [deposit(65), ...fronted(9, 60), draw(1, 60), draw(2, 5), seal(), declare(60), confirm(60), net(60)], settle()],
  ])('%s grants the queue in order', (_, past, command) => {
    const granted = after(...past).when(command);
    expect(granted).toMatchObject({
      facts: [
        {},
        { type: 'DrawGranted', reference: referenceOf(1), waited: true },
        { type: 'DrawGranted', reference: referenceOf(2), waited: true },
      ],
    });
  });
  test('does not let a small draw overtake the head', () => {
    expect(types(after(deposit(10), draw(1, 60), draw(2, 5)).when(deposit(1)))).toEqual(['PrefundDeposited']);
  });
  test('grants a long queue in several appends, and says so', () => {
    const waiting = Array.from({ length: 120 }, (_, n) => draw(n + 1, 1));
    const first = after(...waiting).when(deposit(500));
    expect(types(first)).toHaveLength(51);
    expect(first).toMatchObject({ facts: expect.arrayContaining([expect.objectContaining({ reference: referenceOf(50), more: true })]) });
    const { state, facts } = history(pair, [...waiting, deposit(500), { type: 'GrantQueued', at }, { type: 'GrantQueued', at }]);
    expect([state.totals.inFlightFen, state.totals.queued]).toEqual([120, 0]);
    expect(facts.filter((fact) => fact.type === 'DrawGranted' && fact.more)).toHaveLength(2);
  });
  test('keeps a draw for a payment whose bank confirmed it: the obligation takes its place', () => {
    const { state } = after(deposit(100), draw(1, 40), accrue(1, 40));
    expect([state.totals.drawnFen, state.totals.inFlightFen, headroomOf(state.totals)]).toEqual([40, 0, 60]);
    expect(after(deposit(100), draw(1, 40), accrue(1, 40)).when(release(1))).toEqual({ accepted: true, facts: [] });
    expect(after(deposit(100), draw(1, 40), accrue(1, 40)).when(draw(1, 40))).toEqual({ accepted: true, facts: [] });
  });
  test('is not drawn by cost-shares and reverse obligations', () => {
    const { state } = after(
      deposit(100),
      accrue(1, 40, 'cost-share'),
      accrue(2, 30, 'reverse-host-fronted'),
      accrue(3, 20, 'reverse-cost-share'),
    );
    expect(headroomOf(state.totals)).toBe(100);
    expect(state.totals.unsettledFen).toBe(90);
  });
  test('is restored by settlement, not by netting', () => {
    const confirmed = [...sealed, declare(40), confirm(40), net(40)];
    expect(headroomOf(after(...confirmed).state.totals)).toBe(60);
    expect(headroomOf(after(...confirmed, settle()).state.totals)).toBe(100);
  });
  test('stays drawn by a disputed obligation', () => {
    expect(headroomOf(after(...sealed, dispute(1), declare(0), confirm(0), net(0), settle()).state.totals)).toBe(60);
  });
  test('records what a bank paid without a grant, because the money is gone', () => {
    expect(headroomOf(after(accrue(1, 40)).state.totals)).toBe(-40);
  });
  test('that does not exist alerts only once something draws on it', () => {
    expect(alertOf(after().state.totals)).toBe(0);
    expect(alertOf(after(accrue(1, 5)).state.totals)).toBe(9_000);
  });
  test.each([
    [0, 0],
    [69, 0],
    [70, 7_000],
    [89, 7_000],
    [90, 9_000],
    [100, 9_000],
  ])('with %i of 100 drawn alerts at %i basis points', (amount, bps) => {
    const past = amount === 0 ? [deposit(100)] : [deposit(100), draw(1, amount)];
    expect(alertOf(after(...past).state.totals)).toBe(bps);
  });
});

describe('an obligation', () => {
  test('keeps its key for ever, also when it is settled', () => {
    const settled = after(...sealed, declare(40), confirm(40), net(40), settle(), mark);
    expect(settled.when(accrue(1, 40))).toEqual({ accepted: true, facts: [] });
  });
  test('accrued after the marker belongs to the next cycle', () => {
    const { state } = after(deposit(100), ...fronted(1, 40), seal(), ...fronted(2, 7));
    expect(state.segments.get(march)?.batch.totalFen).toBe(40);
    expect(after(deposit(100), ...fronted(1, 40), seal(), ...fronted(2, 7)).when(seal(april))).toMatchObject({
      facts: [{ type: 'SegmentSealed', cycle: april, obligations: 1, totalFen: 7, runningTotalFen: 47 }],
    });
  });
  test('leaves its cycle when disputed and is eligible again after the ruling, whoever won', () => {
    for (const wonBy of ['debtor', 'creditor'] as const) {
      const ruled = after(...sealed, dispute(1), ...ruledFor(1, wonBy));
      expect(ruled.when(seal(april))).toMatchObject({ facts: [{ totalFen: 40, obligations: 1 }] });
    }
  });
  test('waits out its dispute: the next cut-off leaves it alone', () => {
    expect(after(...sealed, dispute(1)).when(seal(april))).toMatchObject({ facts: [{ totalFen: 0, obligations: 0 }] });
  });
  test('is due for a ruling after the dispute days; then it escalates once', () => {
    const disputed = after(...sealed, dispute(1));
    const dueAt = '2026-06-01T16:00:00.000Z' as Instant;
    expect(disputed.when({ type: 'EscalateDispute', obligationId: obligationIdOf(1), at: '2026-06-01T15:59:59.999Z' as Instant })).toEqual({
      accepted: true,
      facts: [],
    });
    const escalate: Command = { type: 'EscalateDispute', obligationId: obligationIdOf(1), at: dueAt };
    expect(types(disputed.when(escalate))).toEqual(['DisputeEscalated']);
    expect(after(...sealed, dispute(1), escalate).when(escalate)).toEqual({ accepted: true, facts: [] });
    expect(after(...sealed, dispute(1), escalate, rule(1, 'creditor')).when(escalate)).toEqual({ accepted: true, facts: [] });
  });
  test('ruled for the debtor counts as reversed', () => {
    expect(after(...sealed, dispute(1), ...ruledFor(1, 'debtor')).when(reversal(1))).toEqual({ accepted: true, facts: [] });
    expect(types(after(...sealed, dispute(1), rule(1, 'creditor')).when(reversal(1)))).toEqual(['ReversalNoted']);
  });
  test('found for the debtor waits for the payer: money that has come back by another way does not come back again', () => {
    const found = after(...sealed, dispute(1), rule(1, 'debtor'));
    expect(types(after(...sealed, dispute(1)).when(rule(1, 'debtor')))).toEqual(['RulingAsked']);
    expect(found.when(conclude(1, true))).toMatchObject({ facts: [{ type: 'DisputeRuled', wonBy: 'debtor', reason: 'heard' }] });
    expect(found.when(conclude(1, false))).toMatchObject({
      facts: [{ type: 'DisputeRuled', wonBy: 'creditor', reason: 'obligation-reversed' }],
    });
    for (const conceded of [true, false]) {
      const concluded = after(...sealed, dispute(1), rule(1, 'debtor'), conclude(1, conceded));
      expect(concluded.when(conclude(1, !conceded))).toEqual({ accepted: true, facts: [] });
      expect(concluded.state.overtaken.has(obligationIdOf(1))).toBe(!conceded);
    }
  });
  test('named twice is settled once', () => {
    expect(after(accrue(1, 5, 'cost-share')).when(vertical(5, 1, 1))).toMatchObject({
      facts: [{ amountFen: 5, obligations: [obligationIdOf(1, 'cost-share')] }],
    });
  });
  test('may still be ruled for the creditor after its money came back', () => {
    expect(types(after(...sealed, dispute(1), reversal(1)).when(rule(1, 'creditor')))).toEqual(['DisputeRuled']);
  });
  test('with a party outside the cycle is settled whole, and its key stays', () => {
    const settled = after(accrue(1, 5, 'cost-share'), accrue(2, 6, 'cost-share'), vertical(5, 1));
    expect(settled.state.totals).toMatchObject({ unnettedFen: 6, unsettledFen: 6 });
    expect(settled.when(accrue(1, 5, 'cost-share'))).toEqual({ accepted: true, facts: [] });
    expect(settled.when(mark)).toMatchObject({
      facts: [{ type: 'ObligationSettled', obligationId: obligationIdOf(1, 'cost-share'), settlementId: 'v' }],
    });
  });
});
