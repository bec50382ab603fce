import { addDays, endOf, nextMonth, startOf } from '@tongdui/calendar';
import type { CycleMonth, Instant, LocalDate, ObligationId } from '@tongdui/contracts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { claimIdOf, disputableOf, fenOf, march, obligationIdOf, paymentIdOf, referenceOf } from './clearing.fixtures.ts';
import { auditor } from './pair.auditor.fixtures.ts';
import { type Command, pair, type State } from './pair.decider.ts';
import type { Segment } from './pair.state.ts';

const kinds = ['cost-share', 'reverse-host-fronted', 'reverse-cost-share'] as const;
const key = fc.integer({ min: 1, max: 12 });
const amount = fc.integer({ min: 1, max: 60 });
const pick = fc.nat(50);
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ is: fc.constant('deposit' as const), amount }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('withdraw' as const), amount }) },
  { weight: 6, arbitrary: fc.record({ is: fc.constant('draw' as const), key, amount }) },
  { weight: 2, arbitrary: fc.record({ is: fc.constant('release' as const), key }) },
  { weight: 6, arbitrary: fc.record({ is: fc.constant('paid' as const), key }) },
  { weight: 2, arbitrary: fc.record({ is: fc.constant('other' as const), key, amount, kind: fc.constantFrom(...kinds) }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('reversal' as const), key }) },
  { weight: 4, arbitrary: fc.record({ is: fc.constant('seal' as const) }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('late-seal' as const), pick }) },
  { weight: 6, arbitrary: fc.record({ is: fc.constant('declare' as const), pick, wrong: fc.boolean() }) },
  { weight: 6, arbitrary: fc.record({ is: fc.constant('confirm' as const), pick, wrong: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ is: fc.constant('silence' as const), pick }) },
  { weight: 2, arbitrary: fc.record({ is: fc.constant('unanswered' as const), pick }) },
  { weight: 3, arbitrary: fc.record({ is: fc.constant('net' as const), pick, leftOut: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ is: fc.constant('settle' as const), pick }) },
  { weight: 3, arbitrary: fc.record({ is: fc.constant('dispute' as const), pick }) },
  {
    weight: 2,
    arbitrary: fc.record({ is: fc.constant('rule' as const), pick, wonBy: fc.constantFrom('debtor' as const, 'creditor' as const) }),
  },
  { weight: 3, arbitrary: fc.record({ is: fc.constant('escalate' as const), pick }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('vertical' as const), pick }) },
  { weight: 2, arbitrary: fc.record({ is: fc.constant('mark' as const) }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('wait' as const), days: fc.integer({ min: 1, max: 40 }) }) },
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

/** Commands whose repetition must change nothing at all; a person's command is recognised by its key before it is decided. */
const repeatable = new Set<Command['type']>([
  'DrawPrefund',
  'ReleaseDraw',
  'GrantQueued',
  'AccrueObligation',
  'NoteReversal',
  'SealSegment',
  'NetSegment',
  'SettleSegment',
  'NoteSilence',
  'DisputeUnanswered',
  'EscalateDispute',
  'ConcludeRuling',
]);

describe('a pair, in any history', () => {
  test('keeps its headroom at zero or more, its queue first in first out, its sums equal to its obligations, and takes repetitions as said', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80, size: 'max' }), (steps) => void runThrough(steps)),
      { numRuns: 400 },
    );
  });

  test('the histories reach every kind of fact', () => {
    const seen = new Set<string>();
    for (const steps of fc.sample(fc.array(step, { minLength: 60, maxLength: 80, size: 'max' }), { numRuns: 300, seed: 7 }))
      for (const type of runThrough(steps)) seen.add(type);
    expect([...seen].sort()).toEqual([
      'DisputeEscalated',
      'DisputeRuled',
      'DrawGranted',
      'DrawQueued',
      'DrawReleased',
      'ObligationAccrued',
      'ObligationDisputed',
      'ObligationNetted',
      'ObligationSettled',
      'PrefundDeposited',
      'PrefundWithdrawn',
      'ReversalNoted',
      'RulingAsked',
      'SegmentCarriedOver',
      'SegmentConfirmed',
      'SegmentDeclared',
      'SegmentNetted',
      'SegmentSealed',
      'SegmentSettled',
      'SegmentUnanswered',
      'VerticallySettled',
    ]);
  });
});

const runThrough = (steps: readonly Step[]): Set<string> => {
  const audit = auditor();
  const types = new Set<string>();
  let state = pair.initial;
  let date = '2026-04-01' as LocalDate;
  const run = (command: Command) => {
    const decision = pair.decide(command, state);
    if (!decision.accepted) return;
    expect(decision.facts.length).toBeLessThanOrEqual(100);
    for (const fact of decision.facts) {
      types.add(fact.type);
      audit.take(fact);
    }
    state = decision.facts.reduce(pair.evolve, state);
    audit.agreesWith(state);
    if (repeatable.has(command.type)) expect(pair.decide(command, state)).toEqual({ accepted: true, facts: [] });
  };
  for (const one of steps) {
    if (one.is === 'wait') date = addDays(date, one.days);
    else {
      const command = commandOf(one, state, startOf(date), date);
      if (command) run(command);
    }
  }
  for (const cycle of state.segments.keys()) run({ type: 'DisputeUnanswered', cycle, at: startOf(date) });
  audit.leavesNothingToSilence();
  while (!state.marks.isEmpty()) run({ type: 'MarkObligations', at: startOf(date) });
  audit.wasTold();
  return types;
};

const commandOf = (one: Exclude<Step, { is: 'wait' }>, state: State, at: Instant, date: LocalDate): Command | undefined => {
  const chosen = <Key, Value>(from: Iterable<[Key, Value]>, index: number): [Key, Value] | undefined => {
    const all = [...from];
    return all.length === 0 ? undefined : all[index % all.length];
  };
  const segment = (index: number, ...is: Segment['is'][]) =>
    chosen(
      [...state.segments].filter(([, value]) => is.length === 0 || is.includes(value.is)),
      index,
    );
  switch (one.is) {
    case 'deposit':
      return { type: 'DepositPrefund', movementId: 'd', amountFen: fenOf(one.amount), at };
    case 'withdraw':
      return { type: 'WithdrawPrefund', movementId: 'w', amountFen: fenOf(one.amount), at };
    case 'draw': {
      const known = state.draws.get(referenceOf(one.key));
      const amountFen = known?.is === 'queued' || known?.is === 'granted' ? known.amountFen : fenOf(one.amount);
      return { type: 'DrawPrefund', paymentId: paymentIdOf(one.key), reference: referenceOf(one.key), amountFen, at };
    }
    case 'release':
      return { type: 'ReleaseDraw', reference: referenceOf(one.key), at };
    case 'paid': {
      // The bank is told to pay only after the grant.
      const draw = state.draws.get(referenceOf(one.key));
      const amountFen = draw?.is === 'granted' ? draw.amountFen : draw?.is === 'used' ? fenOf(1) : undefined;
      return amountFen && accrual(one.key, 'host-fronted', amountFen, at);
    }
    case 'other':
      return accrual(one.key, one.kind, fenOf(one.amount), at);
    case 'reversal':
      return { type: 'NoteReversal', reference: referenceOf(one.key), at };
    case 'seal':
      return seal((state.lastSealed === undefined ? march : nextMonth(state.lastSealed)) as CycleMonth, date, at);
    case 'late-seal':
      return state.lastSealed && seal((one.pick % 2 === 0 ? state.lastSealed : '202601') as CycleMonth, date, at);
    case 'declare': {
      const [cycle, found] = segment(one.pick, 'sealed') ?? segment(one.pick) ?? [];
      return cycle && { type: 'DeclareSegment', cycle, totalFen: fenOf(found!.batch.totalFen + (one.wrong ? 1 : 0)), at };
    }
    case 'confirm': {
      const [cycle, found] = segment(one.pick, 'declared') ?? segment(one.pick) ?? [];
      return cycle && { type: 'ConfirmSegment', cycle, totalFen: fenOf(found!.batch.totalFen + (one.wrong ? 1 : 0)), at };
    }
    case 'silence': {
      const [cycle, found] = segment(one.pick, 'sealed', 'declared') ?? [];
      return (
        cycle && {
          type: 'NoteSilence',
          cycle,
          at: one.pick % 3 === 0 ? at : endOf(one.pick % 2 === 0 ? found!.declareBy : found!.confirmBy),
        }
      );
    }
    case 'unanswered': {
      const [cycle] = segment(one.pick, 'unanswered') ?? segment(one.pick) ?? [];
      return cycle && { type: 'DisputeUnanswered', cycle, at };
    }
    case 'net': {
      const [cycle, found] = segment(one.pick, 'confirmed') ?? segment(one.pick) ?? [];
      const inNetting = found?.is === 'netted' || (found?.is === 'confirmed' && !one.leftOut);
      return cycle && { type: 'NetSegment', cycle, amountFen: fenOf(inNetting ? found!.batch.totalFen : 0), at };
    }
    case 'settle': {
      const [cycle] = segment(one.pick, 'netted') ?? segment(one.pick) ?? [];
      return cycle && { type: 'SettleSegment', cycle, at };
    }
    case 'dispute': {
      const sealed = [...state.segments.values()].flatMap((found) => [...found.batch.items]);
      const fronted = sealed.filter(([, item]) => item.kind === 'host-fronted');
      const [obligationId] = chosen(one.pick % 4 === 0 ? [...sealed, ...state.open.items] : fronted, one.pick) ?? [];
      return obligationId && { type: 'DisputeObligation', obligationId, reason: 'wrong-amount', at };
    }
    case 'rule': {
      const [obligationId, found] = chosen(state.disputed, one.pick) ?? [];
      if (obligationId && found?.asked !== undefined)
        return { type: 'ConcludeRuling', obligationId, conceded: !state.reversed.has(found.item.reference), at };
      return obligationId && { type: 'RuleDispute', obligationId, wonBy: one.wonBy, reason: 'heard both', at };
    }
    case 'escalate': {
      const [obligationId, found] = chosen(state.disputed, one.pick) ?? [];
      return obligationId && { type: 'EscalateDispute', obligationId, at: one.pick % 2 === 0 ? found!.dueAt : at };
    }
    case 'vertical': {
      const [obligationId, found] = chosen(state.open.items, one.pick) ?? [];
      return (
        obligationId && {
          type: 'SettleVertically',
          settlementId: `v${one.pick}`,
          amountFen: found!.amountFen,
          obligations: [obligationId],
          at,
        }
      );
    }
    case 'mark':
      return { type: 'MarkObligations', at };
  }
};

const accrual = (n: number, kind: 'host-fronted' | (typeof kinds)[number], amountFen: ReturnType<typeof fenOf>, at: Instant): Command => ({
  type: 'AccrueObligation',
  obligationId: obligationIdOf(n, kind) as ObligationId,
  kind,
  amountFen,
  paymentId: paymentIdOf(n),
  reference: referenceOf(n),
  claimId: claimIdOf(n),
  ...(kind === 'host-fronted' ? { payment: disputableOf(n, amountFen) } : {}),
  at,
});

const seal = (cycle: CycleMonth, date: LocalDate, at: Instant): Command => ({
  type: 'SealSegment',
  cycle,
  declareBy: addDays(date, 19),
  confirmBy: addDays(date, 33),
  disputeDays: 60,
  at,
});
