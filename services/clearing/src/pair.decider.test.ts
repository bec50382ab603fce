import { given, history } from '@tongdui/decider/testing';
import { endOf } from '@tongdui/calendar';
import type { Instant, ObligationKind } from '@tongdui/contracts';
import { describe, expect, test } from 'vitest';
import { april, at, claimIdOf, confirmBy, declareBy, disputableOf, fenOf, march, obligationIdOf, paymentIdOf, referenceOf } from './clearing.fixtures.ts';
import { type Command, type Fact, pair, type Reason } from './pair.decider.ts';
import { alertOf, headroomOf } from './pair.totals.ts';

const deposit = (amount: number): Command => ({ type: 'DepositPrefund', movementId: 'd', amountFen: fenOf(amount), at });
const withdraw = (amount: number): Command => ({ type: 'WithdrawPrefund', movementId: 'w', amountFen: fenOf(amount), at });
const draw = (n: number, amount: number): Command => ({
  type: 'DrawPrefund',
  paymentId: paymentIdOf(n),
  reference: referenceOf(n),
  amountFen: fenOf(amount),
  at,
});
const release = (n: number): Command => ({ type: 'ReleaseDraw', reference: referenceOf(n), at });
const accrue = (n: number, amount: number, kind: ObligationKind = 'host-fronted'): Command => ({
  type: 'AccrueObligation',
  obligationId: obligationIdOf(n, kind),
  kind,
  amountFen: fenOf(amount),
  paymentId: paymentIdOf(n),
  reference: referenceOf(n),
  claimId: claimIdOf(n),
  ...(kind === 'host-fronted' ? { payment: disputableOf(n, amount) } : {}),
  at,
});
const seal = (cycle = march): Command => ({ type: 'SealSegment', cycle, declareBy, confirmBy, disputeDays: 60, at });
const declare = (total: number, cycle = march, when: Instant = at): Command => ({ type: 'DeclareSegment', cycle, totalFen: fenOf(total), at: when });
const confirm = (total: number, cycle = march, when: Instant = at): Command => ({ type: 'ConfirmSegment', cycle, totalFen: fenOf(total), at: when });
const silence = (when: Instant, cycle = march): Command => ({ type: 'CarryOverSilent', cycle, at: when });
const net = (amount: number, cycle = march): Command => ({ type: 'NetSegment', cycle, amountFen: fenOf(amount), at });
const settle = (cycle = march): Command => ({ type: 'SettleSegment', cycle, at });
const dispute = (n: number, kind: ObligationKind = 'host-fronted'): Command => ({
  type: 'DisputeObligation',
  obligationId: obligationIdOf(n, kind),
  reason: 'wrong-amount',
  at,
});
const rule = (n: number, wonBy: 'debtor' | 'creditor'): Command => ({ type: 'RuleDispute', obligationId: obligationIdOf(n), wonBy, reason: 'heard', at });
const reversal = (n: number): Command => ({ type: 'NoteReversal', reference: referenceOf(n), at });
const vertical = (amount: number, ...of: number[]): Command => ({
  type: 'SettleVertically',
  settlementId: 'v',
  amountFen: fenOf(amount),
  obligations: of.map((n) => obligationIdOf(n, 'cost-share')),
  at,
});
const mark: Command = { type: 'MarkObligations', at };

const fronted = (n: number, amount: number) => [draw(n, amount), accrue(n, amount)];
const after = (...commands: Command[]) => {
  const { facts, state, decisions } = history(pair, commands);
  for (const decision of decisions) expect(decision.accepted).toBe(true);
  return { ...given(pair, ...facts), state };
};
const types = (decision: { accepted: boolean; facts?: readonly Fact[] }) => decision.facts?.map((fact) => fact.type);
const sealed = [deposit(100), ...fronted(1, 40), seal()];

describe('refuses', () => {
  const rows: [Reason, Command[], Command][] = [
    ['segment-not-sealed', [], declare(0)],
    ['segment-not-sealed', [seal()], declare(0, april)],
    ['segment-closed', [...sealed, silence(endOf(declareBy))], declare(40)],
    ['segment-closed', [...sealed, declare(40), silence(endOf(confirmBy))], confirm(40)],
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
    ['not-disputed', sealed, rule(1, 'debtor')],
    ['not-host-fronted', [accrue(1, 5, 'cost-share'), seal()], dispute(1, 'cost-share')],
    ['not-host-fronted', [accrue(1, 5, 'reverse-host-fronted'), seal()], dispute(1, 'reverse-host-fronted')],
    ['already-ruled', [...sealed, dispute(1), rule(1, 'creditor'), seal(april)], dispute(1)],
    ['already-ruled', [...sealed, dispute(1), rule(1, 'debtor'), seal(april)], dispute(1)],
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
    expect(granted).toMatchObject({ facts: [{}, { type: 'DrawGranted', reference: referenceOf(1), waited: true }, { type: 'DrawGranted', reference: referenceOf(2), waited: true }] });
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
    const { state } = after(deposit(100), accrue(1, 40, 'cost-share'), accrue(2, 30, 'reverse-host-fronted'), accrue(3, 20, 'reverse-cost-share'));
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
      const ruled = after(...sealed, dispute(1), rule(1, wonBy));
      expect(ruled.when(seal(april))).toMatchObject({ facts: [{ totalFen: 40, obligations: 1 }] });
    }
  });
  test('waits out its dispute: the next cut-off leaves it alone', () => {
    expect(after(...sealed, dispute(1)).when(seal(april))).toMatchObject({ facts: [{ totalFen: 0, obligations: 0 }] });
  });
  test('is due for a ruling after the dispute days; then it escalates once', () => {
    const disputed = after(...sealed, dispute(1));
    const dueAt = '2026-06-01T16:00:00.000Z' as Instant;
    expect(disputed.when({ type: 'EscalateDispute', obligationId: obligationIdOf(1), at: '2026-06-01T15:59:59.999Z' as Instant })).toEqual({ accepted: true, facts: [] });
    const escalate: Command = { type: 'EscalateDispute', obligationId: obligationIdOf(1), at: dueAt };
    expect(types(disputed.when(escalate))).toEqual(['DisputeEscalated']);
    expect(after(...sealed, dispute(1), escalate).when(escalate)).toEqual({ accepted: true, facts: [] });
    expect(after(...sealed, dispute(1), escalate, rule(1, 'creditor')).when(escalate)).toEqual({ accepted: true, facts: [] });
  });
  test('may still be ruled for the creditor after its money came back', () => {
    expect(types(after(...sealed, dispute(1), reversal(1)).when(rule(1, 'creditor')))).toEqual(['DisputeRuled']);
  });
  test('with a party outside the cycle is settled whole, and its key stays', () => {
    const settled = after(accrue(1, 5, 'cost-share'), accrue(2, 6, 'cost-share'), vertical(5, 1));
    expect(settled.state.totals).toMatchObject({ unnettedFen: 6, unsettledFen: 6 });
    expect(settled.when(accrue(1, 5, 'cost-share'))).toEqual({ accepted: true, facts: [] });
    expect(settled.when(mark)).toMatchObject({ facts: [{ type: 'ObligationSettled', obligationId: obligationIdOf(1, 'cost-share'), settlementId: 'v' }] });
  });
});

describe('a segment', () => {
  test('of nothing is confirmed by its marker', () => {
    expect(after(seal()).when(net(0))).toMatchObject({ facts: [{ type: 'SegmentNetted', totalFen: 0 }] });
  });
  test('is sealed once; a call that comes again or late is harmless', () => {
    expect(after(...sealed).when(seal())).toEqual({ accepted: true, facts: [] });
    expect(after(...sealed, seal(april)).when(seal())).toEqual({ accepted: true, facts: [] });
    expect(after(seal(april)).when(seal(march))).toEqual({ accepted: true, facts: [] });
  });
  test('is confirmed less what was disputed after the declaration', () => {
    const disputed = after(deposit(100), ...fronted(1, 40), ...fronted(2, 7), seal(), declare(47), dispute(1));
    expect(disputed.when(confirm(7))).toMatchObject({ facts: [{ type: 'SegmentConfirmed', obligations: 1, totalFen: 7 }] });
  });
  test('of which everything was disputed still needs its confirmation of nothing', () => {
    expect(types(after(...sealed, declare(40), dispute(1)).when(confirm(0)))).toEqual(['SegmentConfirmed']);
  });
  test.each([
    ['not declared in time', sealed, endOf(declareBy), 'not-declared'],
    ['declared and not confirmed in time', [...sealed, declare(40)], endOf(confirmBy), 'not-confirmed'],
  ])('%s goes to the next cycle, never confirmed by silence', (_, past, when, cause) => {
    expect(after(...past).when(silence(when))).toMatchObject({ facts: [{ type: 'SegmentCarriedOver', totalFen: 40, cause }] });
    expect(after(...past, silence(when)).when(seal(april))).toMatchObject({ facts: [{ totalFen: 40, obligations: 1 }] });
  });
  test('is not carried over before its deadline, nor once confirmed', () => {
    expect(after(...sealed).when(silence('2026-04-20T15:59:59.999Z' as Instant))).toEqual({ accepted: true, facts: [] });
    expect(after(...sealed, declare(40)).when(silence(endOf(declareBy)))).toEqual({ accepted: true, facts: [] });
    expect(after(...sealed, declare(40), confirm(40)).when(silence(endOf(confirmBy)))).toEqual({ accepted: true, facts: [] });
  });
  test('whose confirmation came too late for the netting goes to the next cycle', () => {
    const late = [...sealed, declare(40), confirm(40), net(0)];
    expect(after(...late).when(seal(april))).toMatchObject({ facts: [{ totalFen: 40 }] });
    expect(after(...late).when(settle())).toEqual({ accepted: true, facts: [] });
  });
  test('netted with another amount than was confirmed is a bug and stops', () => {
    expect(() => after(...sealed, declare(40), confirm(40)).when(net(41))).toThrow('corrupt');
    expect(() => after(...sealed).when(net(41))).toThrow('corrupt');
  });
  test('is netted and settled once; the cycle is closed for it', () => {
    const netted = [...sealed, declare(40), confirm(40), net(40)];
    expect(after(...netted).when(net(40))).toEqual({ accepted: true, facts: [] });
    expect(after(...netted, settle()).when(settle())).toEqual({ accepted: true, facts: [] });
    expect(after(...netted, settle()).when(net(40))).toEqual({ accepted: true, facts: [] });
    expect(after(...netted).when(seal(april))).toMatchObject({ facts: [{ totalFen: 0 }] });
    expect(after(...sealed, declare(40), confirm(40)).when(settle())).toEqual({ accepted: true, facts: [] });
  });
  test('tells its obligations what became of them, as many as an append holds', () => {
    const many = Array.from({ length: 100 }, (_, n) => accrue(n + 1, 1, 'cost-share'));
    const netted = after(...many, seal(), declare(100), confirm(100), net(100));
    expect(types(netted.when(mark))).toHaveLength(90);
    const { facts } = history(pair, [...many, seal(), declare(100), confirm(100), net(100), mark, settle(), mark, mark, mark]);
    expect(facts.filter((fact) => fact.type === 'ObligationNetted')).toHaveLength(90);
    expect(new Set(facts.flatMap((fact) => (fact.type === 'ObligationSettled' ? [fact.obligationId] : []))).size).toBe(100);
  });
});
