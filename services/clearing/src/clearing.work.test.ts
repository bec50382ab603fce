import { endOf, startOf } from '@tongdui/calendar';
import { type CycleTerms, type Home, type Instant, members } from '@tongdui/contracts';
import { handle } from '@tongdui/decider/handle';
import { memoryEventStore } from '@tongdui/event-store';
import { adjustableClock, noCrash, wallClock } from '@tongdui/runtime';
import type { FollowedFact } from '@tongdui/runtime/service';
import { describe, expect, test } from 'vitest';
import { at, confirmBy, declareBy, fenOf, jiaxing, march, obligationIdOf, paymentOf, referenceOf, songjiang } from './clearing.fixtures.ts';
import { performer } from './clearing.perform.ts';
import { work } from './clearing.process.ts';
import { type Fact as CycleFact, cycle } from './cycle.decider.ts';
import { accrue, declare, seal, silence } from './pair.commands.fixtures.ts';
import { type Fact, pair } from './pair.decider.ts';
import { pairStream } from './streams.ts';

test('a long segment left unanswered is disputed in as many appends as it takes; the same work again changes nothing', async () => {
  const store = memoryEventStore({ epoch: 'first' });
  const handler = handle(store, pair, { wall: wallClock });
  const stream = pairStream(jiaxing, songjiang);
  const past = [...Array.from({ length: 100 }, (_, n) => accrue(n + 1, 1)), seal(), declare(100), silence(endOf(confirmBy))];
  for (const [n, command] of past.entries())
    expect(await handler.run(stream, { command, id: `past ${n}` })).toMatchObject({ is: 'accepted' });
  const clock = adjustableClock({ initial: endOf(confirmBy) });
  const ask = () => Promise.reject(new Error('nobody is asked'));
  const perform = performer(
    { pair: handler, cycle: handle(store, cycle, { wall: wallClock }) },
    { clock, ask, wall: wallClock, crash: noCrash },
  );
  const due = { id: 'w', kind: 'dispute-unanswered', home: '310117' as Home, data: { stream, cause: 'fact', cycle: march } };
  await perform(due);
  const { state, revision } = await handler.current(stream);
  expect([state.totals.disputedFen, state.disputed.size, state.segments.size]).toEqual([100, 100, 0]);
  await perform(due);
  expect((await handler.current(stream)).revision).toBe(revision);
});

describe('follow-up work', () => {
  const followed = (noun: string, key: string, fact: Fact | CycleFact): FollowedFact => ({
    fact: fact as unknown as FollowedFact['fact'],
    id: 'fact-1',
    stream: `clearing.310117.${noun}-${key}`,
    home: '310117' as Home,
    noun,
    key,
    revision: 0,
    position: '1',
  });
  const ofPair = (fact: Fact) => work(followed('pair', '330400-310117', fact));
  const ofCycle = (fact: CycleFact) => work(followed('cycle', march, fact));
  const opened = (change: ReturnType<typeof work>) => change.opens?.map(({ kind, dueAt }) => [kind, dueAt]);
  const sealed: Fact = {
    type: 'SegmentSealed',
    cycle: march,
    obligations: 1,
    totalFen: fenOf(40),
    runningTotalFen: fenOf(40),
    declareBy,
    confirmBy,
    disputeDays: 60,
    at,
  };
  test('both deadlines of a segment are watched until it is declared, confirmed or carried over; of nothing there is nothing to watch', () => {
    const both = ofPair(sealed);
    expect(opened(both)).toEqual([
      ['note-silence', endOf(declareBy)],
      ['note-silence', endOf(confirmBy)],
    ]);
    const [declaration, confirmation] = both.opens!.map(({ id }) => id);
    expect(ofPair({ type: 'SegmentDeclared', cycle: march, totalFen: fenOf(40), at }).closes).toEqual([declaration]);
    expect(ofPair({ type: 'SegmentConfirmed', cycle: march, obligations: 1, totalFen: fenOf(40), at }).closes).toEqual([confirmation]);
    expect(ofPair({ type: 'SegmentCarriedOver', cycle: march, totalFen: fenOf(40), cause: 'not-declared', at }).closes).toEqual([
      declaration,
      confirmation,
    ]);
    expect(ofPair({ ...sealed, totalFen: fenOf(0) })).toEqual({});
  });
  test('a segment left unanswered is no longer watched, and is disputed on as far as appends go', () => {
    const [, confirmation] = ofPair(sealed).opens!.map(({ id }) => id);
    const dueAt = '2026-07-04T16:00:00.000Z' as Instant;
    const change = ofPair({ type: 'SegmentUnanswered', cycle: march, totalFen: fenOf(40), cause: 'not-confirmed', dueAt, at });
    expect(change.closes).toEqual([confirmation]);
    expect(change.opens).toMatchObject([{ kind: 'dispute-unanswered', data: { cycle: march } }]);
  });
  test('a dispute, of silence as well, is watched until it is ruled', () => {
    const dueAt = '2026-06-01T16:00:00.000Z' as Instant;
    const id = obligationIdOf(1);
    const change = ofPair({
      type: 'ObligationDisputed',
      obligationId: id,
      reason: 'silence',
      amountFen: fenOf(4),
      cycle: march,
      dueAt,
      at,
    });
    expect(opened(change)).toEqual([['escalate-dispute', dueAt]]);
    const { paidOn: _, occurredAt: __, ...payment } = paymentOf(1, 4);
    const ruled = ofPair({ type: 'DisputeRuled', obligationId: id, wonBy: 'debtor', reason: 'heard', amountFen: fenOf(4), payment, at });
    const { paymentId, instruction } = payment;
    const asking = ofPair({ type: 'RulingAsked', obligationId: id, reason: 'heard', paymentId, instruction, at });
    expect(asking.opens).toMatchObject([{ kind: 'conclude-ruling', data: { obligationId: id, paymentId, instruction } }]);
    expect(ruled.closes).toEqual([...change.opens!, ...asking.opens!].map((one) => one.id));
  });
  test('the queue is granted on where an append ended, and only then', () => {
    const grant: Fact = {
      type: 'DrawGranted',
      paymentId: paymentOf(1, 4).paymentId,
      reference: referenceOf(1),
      amountFen: fenOf(4),
      waited: true,
      more: true,
      at,
    };
    expect(opened(ofPair(grant))).toEqual([['grant-queued', undefined]]);
    expect(ofPair({ ...grant, more: false })).toEqual({});
  });
  test.each<Fact>([
    { type: 'SegmentNetted', cycle: march, totalFen: fenOf(40), at },
    { type: 'SegmentSettled', cycle: march, totalFen: fenOf(40), hostFrontedFen: fenOf(40), at },
    { type: 'VerticallySettled', settlementId: 'v', amountFen: fenOf(40), hostFrontedFen: fenOf(0), obligations: [], at },
  ])('$type is told to the single obligations', (fact) => {
    expect(opened(ofPair(fact))).toEqual([['mark-obligations', undefined]]);
  });
  test('a cycle is called at the end of its month, opens the next, and nets at the deadline unless it was netted before', () => {
    const terms: CycleTerms = { declarationDayOfMonth: 20, confirmationWorkingDays: 10, transferWorkingDays: 15, disputeDays: 60 };
    const callAt = startOf('2026-04-01' as typeof declareBy);
    expect(opened(ofCycle({ type: 'CycleOpened', cycle: march, terms, members, callAt, at }))).toEqual([['call-cycle', callAt]]);
    const called = ofCycle({ type: 'CycleCalled', cycle: march, terms, declareBy, confirmBy, at });
    expect(called.opens).toMatchObject([
      { kind: 'open-next-cycle', data: { cycle: '202604', terms } },
      { kind: 'net-cycle', dueAt: endOf(confirmBy) },
    ]);
    const netted = ofCycle({
      type: 'CycleNetted',
      cycle: march,
      gross: [],
      nets: [],
      transfers: [],
      settledDebtors: [],
      transferBy: confirmBy,
      at,
    });
    expect(called.opens!.map(({ id }) => id)).toEqual(expect.arrayContaining([...netted.closes!]));
  });
});
