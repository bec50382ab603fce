import { record } from '@tongdui/decider';
import { given, history } from '@tongdui/decider/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Command, payment, type Reason, referenceOf } from './payment.decider.ts';
import type { Fact } from './payment.state.ts';
import {
  accountOf,
  at,
  claimId,
  enterprise,
  factsOf,
  jiaxing,
  lab,
  onDay,
  orderId,
  paymentId,
  people,
  reasonOf,
  slices,
  songjiang,
  subsidyFen,
  today,
  typesOf,
  voucherId,
} from './redemption.fixtures.ts';

type Of<Type extends Command['type']> = Omit<Command & { readonly type: Type }, 'type'>;
const prepare = (more: Partial<Of<'PreparePayment'>> = {}): Command => ({
  type: 'PreparePayment',
  paymentId: paymentId(),
  voucherId: voucherId(),
  orderId: orderId(),
  claimId: claimId(),
  home: songjiang,
  host: jiaxing,
  enterprise,
  payee: { kind: 'lab', uscc: lab },
  payer: jiaxing,
  route: 'home-direct',
  amountFen: subsidyFen,
  slices: slices(subsidyFen),
  people,
  payBy: onDay(15),
  at,
  ...more,
});
const fronted = prepare({ route: 'host-fronted' });
const instruct = (instruction = 1, more: Partial<Of<'InstructPayment'>> = {}): Command => ({
  type: 'InstructPayment',
  instruction,
  by: 'payer',
  account: accountOf(2),
  at,
  ...more,
});
const draw = (type: 'GrantDraw' | 'QueueDraw', instruction = 1): Command => ({ type, instruction, at });
const refuseDraw = (instruction = 1): Command => ({ type: 'RefuseDraw', instruction, reason: 'pair-unknown', at });
const bank = (outcome: 'paid' | 'failed' | 'unknown', instruction = 1): Command => ({ type: 'NoteOutcome', instruction, outcome, at });
const line = (outcome: 'paid' | 'failed', more: Partial<Of<'EnterStatementLine'>> = {}): Command => ({
  type: 'EnterStatementLine',
  reference: referenceOf(paymentId(), 1),
  outcome,
  bookedOn: today,
  by: 'payer',
  at,
  ...more,
});
const returned = (more: Partial<Of<'ReturnPayment'>> = {}): Command => ({
  type: 'ReturnPayment',
  returnedOn: today,
  reason: 'no such account',
  by: 'payer',
  at,
  ...more,
});
const clawback = (instruction = 1): Command => ({ type: 'NoteClawback', instruction, at });
const recover = (more: Partial<Of<'RecoverPayment'>> = {}): Command => ({
  type: 'RecoverPayment',
  amountFen: subsidyFen,
  recoveredOn: today,
  by: 'payer',
  at,
  ...more,
});
const disputeLost = (instruction = 1): Command => ({ type: 'NoteDisputeLost', instruction, at });
const concede = (instruction = 1): Command => ({ type: 'ConcedePayment', instruction, at });
const cancel: Command = { type: 'CancelPayment', paymentId: paymentId(), at };

const after = (...commands: Command[]) => {
  const { facts, decisions } = history(payment, commands);
  for (const decision of decisions) expect(reasonOf(decision)).toBeUndefined();
  return given(payment, ...facts);
};
const prepared = () => after(prepare());
const instructed = () => after(prepare(), instruct());
const asking = () => after(fronted, instruct());
const queued = () => after(fronted, instruct(), draw('QueueDraw'));
const paid = () => after(prepare(), instruct(), bank('paid'));
const failed = () => after(prepare(), instruct(), bank('failed'));
const unknown = () => after(prepare(), instruct(), bank('unknown'));
const due = () => after(prepare(), instruct(), bank('paid'), clawback());

describe('instructing', () => {
  test('is stored, with reference and account, before the bank hears of it', () => {
    expect(factsOf(prepared().when(instruct()))).toMatchObject([
      {
        type: 'PaymentInstructed',
        instruction: 1,
        reference: `${paymentId()}-1`,
        account: accountOf(2),
        by: 'payer',
        amountFen: subsidyFen,
      },
    ]);
  });
  test('a fronted payment asks the prefund first', () => {
    expect(typesOf(after(fronted).when(instruct()))).toEqual(['InstructionAsked']);
    expect(typesOf(asking().when(draw('GrantDraw')))).toEqual(['PaymentInstructed']);
  });
  const refusals: [Reason, ReturnType<typeof prepared>, Command][] = [
    ['payment-unknown', given(payment), instruct()],
    ['payment-cancelled', after(prepare(), cancel), instruct()],
    ['payment-cancelled', after(cancel, prepare()), instruct()],
    ['same-person', prepared(), instruct(1, { by: people.submittedBy })],
    ['same-person', prepared(), instruct(1, { by: people.checkedBy })],
    ['same-person', prepared(), instruct(1, { by: people.reviewedBy })],
    ['same-person', prepared(), instruct(1, { by: people.approvedBy })],
    ['payment-already-instructed', instructed(), instruct(2)],
    ['payment-outcome-unknown', unknown(), instruct(2)],
    ['payment-already-paid', paid(), instruct(2)],
    ['payment-already-paid', after(prepare(), instruct(), bank('paid'), disputeLost()), instruct(2)],
    ['instruction-pending', asking(), instruct(2)],
    ['instruction-pending', queued(), instruct(2)],
    ['attempt-out-of-order', prepared(), instruct(2)],
    ['attempt-out-of-order', failed(), instruct(1)],
  ];
  test.each(refusals)('is refused %s', (reason, { when }, command) => expect(reasonOf(when(command))).toBe(reason));
  test('is refused account-unknown', () => {
    expect(reasonOf(prepared().when({ type: 'InstructPayment', instruction: 1, by: 'payer', at }))).toBe('account-unknown');
  });
  test('after a failure goes out again with the next reference', () => {
    expect(factsOf(failed().when(instruct(2)))).toMatchObject([{ type: 'PaymentInstructed', reference: `${paymentId()}-2` }]);
  });
});

describe('the draw on the prefund', () => {
  test('queues, and the grant that comes later instructs', () => {
    expect(typesOf(asking().when(draw('QueueDraw')))).toEqual(['DrawQueued']);
    expect(queued().when(draw('QueueDraw'))).toEqual(record());
    expect(typesOf(queued().when(draw('GrantDraw')))).toEqual(['PaymentInstructed']);
  });
  test('a grant that overtakes the answer counts, and the late answer then says nothing', () => {
    const granted = after(fronted, instruct(), draw('GrantDraw'));
    expect(granted.when(draw('QueueDraw'))).toEqual(record());
    expect(granted.when(draw('GrantDraw'))).toEqual(record());
    expect(granted.when(refuseDraw())).toEqual(record());
  });
  test('a refusal lets the payment be instructed again', () => {
    expect(factsOf(asking().when(refuseDraw()))).toMatchObject([{ type: 'InstructionRefused', reason: 'pair-unknown' }]);
    const refused = after(fronted, instruct(), refuseDraw());
    expect(refused.state).toMatchObject({ status: 'failed', drawRefused: true });
    expect(typesOf(refused.when(instruct(2)))).toEqual(['InstructionAsked']);
    expect(after(fronted, instruct(), refuseDraw(), instruct(2)).when(draw('GrantDraw', 1))).toEqual(record());
  });
});

describe('the bank', () => {
  test.each(['paid', 'failed', 'unknown'] as const)('says %s, once', (outcome) => {
    expect(typesOf(instructed().when(bank(outcome)))).toHaveLength(1);
    for (const again of ['paid', 'failed', 'unknown'] as const)
      expect(after(prepare(), instruct(), bank(outcome)).when(bank(again))).toEqual(record());
  });
  test('an answer about another try says nothing', () => {
    expect(after(prepare(), instruct(), bank('failed'), instruct(2)).when(bank('paid', 1))).toEqual(record());
    expect(asking().when(bank('paid'))).toEqual(record());
  });
  test('a statement line resolves an unknown outcome, and nothing else does', () => {
    expect(factsOf(unknown().when(line('paid')))).toMatchObject([{ type: 'PaymentPaid', paidOn: today }]);
    expect(factsOf(unknown().when(line('failed')))).toMatchObject([{ type: 'PaymentFailed', reason: 'bank-statement' }]);
  });
  const refusals: [Reason, ReturnType<typeof prepared>, Command][] = [
    ['payment-not-in-that-state', prepared(), line('paid')],
    ['payment-not-in-that-state', instructed(), line('paid')],
    ['payment-not-in-that-state', paid(), line('failed')],
    ['payment-not-in-that-state', failed(), line('paid')],
    ['reference-differs', unknown(), line('paid', { reference: referenceOf(paymentId(), 2) })],
    ['dates-out-of-order', unknown(), line('paid', { bookedOn: onDay(1) })],
    ['dates-out-of-order', unknown(), line('paid', { bookedOn: onDay(-1) })],
  ];
  test.each(refusals)('a statement line is refused %s', (reason, { when }, command) => expect(reasonOf(when(command))).toBe(reason));
});

describe('a return', () => {
  test('makes a paid try a failed one, to be instructed again', () => {
    expect(factsOf(paid().when(returned()))).toMatchObject([{ type: 'PaymentReturned', instruction: 1, returnedOn: today }]);
    expect(typesOf(after(prepare(), instruct(), bank('paid'), returned()).when(instruct(2)))).toEqual(['PaymentInstructed']);
  });
  const refusals: [Reason, ReturnType<typeof prepared>, Command][] = [
    ['payment-not-in-that-state', instructed(), returned()],
    ['payment-not-in-that-state', after(prepare(), instruct(), bank('paid'), returned()), returned()],
    ['dates-out-of-order', paid(), returned({ returnedOn: onDay(-1) })],
    ['dates-out-of-order', paid(), returned({ returnedOn: onDay(1) })],
  ];
  test.each(refusals)('is refused %s', (reason, { when }, command) => expect(reasonOf(when(command))).toBe(reason));
});

describe('a clawback', () => {
  test('is recovered in full, once', () => {
    expect(factsOf(due().when(recover()))).toMatchObject([{ type: 'PaymentRecovered', recoveredOn: today, slices: slices(subsidyFen) }]);
    expect(reasonOf(after(prepare(), instruct(), bank('paid'), clawback(), recover()).when(recover()))).toBe('no-clawback-due');
  });
  test('is noted once per paid try, also when its event comes again after it was written off', () => {
    expect(due().when(clawback())).toEqual(record());
    const writtenOff = after(prepare(), instruct(), bank('paid'), clawback(), cancel);
    expect(writtenOff.when(clawback())).toEqual(record());
    expect(reasonOf(writtenOff.when(recover()))).toBe('no-clawback-due');
  });
  test('of a try that came back does not touch the next one', () => {
    const again = after(prepare(), instruct(), bank('paid'), returned(), instruct(2), bank('paid', 2));
    expect(again.when(clawback(1))).toEqual(record());
    expect(typesOf(again.when(clawback(2)))).toEqual(['ClawbackNoted']);
  });
  test('is noted before the payment is paid: not at all', () => expect(instructed().when(clawback())).toEqual(record()));
  const refusals: [Reason, ReturnType<typeof prepared>, Command][] = [
    ['no-clawback-due', paid(), recover()],
    ['clawback-differs', due(), recover({ amountFen: subsidyFen - 1 })],
    ['dates-out-of-order', due(), recover({ recoveredOn: onDay(1) })],
    ['dates-out-of-order', due(), recover({ recoveredOn: onDay(-1) })],
  ];
  test.each(refusals)('is refused %s', (reason, { when }, command) => expect(reasonOf(when(command))).toBe(reason));
  test('a lost dispute recovers the paid try it speaks of, once', () => {
    expect(typesOf(due().when(disputeLost()))).toEqual(['DisputeLostNoted']);
    expect(after(prepare(), instruct(), bank('paid'), disputeLost()).when(disputeLost())).toEqual(record());
    const again = after(prepare(), instruct(), bank('paid'), returned(), instruct(2), bank('paid', 2));
    expect(again.when(disputeLost(1))).toEqual(record());
  });
  test('is conceded to a ruling once, and not after its money came back by another way', () => {
    const conceded = after(prepare(), instruct(), bank('paid'), clawback(), concede());
    expect(typesOf(due().when(concede()))).toEqual(['DisputeLostNoted']);
    expect(conceded.when(concede())).toEqual(record());
    expect(reasonOf(conceded.when(recover()))).toBe('no-clawback-due');
    expect(reasonOf(conceded.when(returned()))).toBe('payment-not-in-that-state');
    for (const back of [[returned()], [clawback(), recover()]])
      expect(reasonOf(after(prepare(), instruct(), bank('paid'), ...back).when(concede()))).toBe('payment-not-in-that-state');
  });
});

describe('cancelling', () => {
  test('leaves a tombstone where the payment was never prepared', () => {
    expect(typesOf(given(payment).when(cancel))).toEqual(['PaymentCancelled']);
    expect(after(cancel).when(prepare())).toEqual(record());
    expect(after(cancel).when(cancel)).toEqual(record());
  });
  test('calls off what has not reached the bank, and gives a draw back', () => {
    expect(factsOf(prepared().when(cancel))).toEqual([{ type: 'PaymentCancelled', paymentId: paymentId(), at }]);
    expect(factsOf(asking().when(cancel))).toMatchObject([{ drawn: { reference: `${paymentId()}-1`, host: jiaxing } }]);
    expect(factsOf(queued().when(cancel))).toMatchObject([{ drawn: { reference: `${paymentId()}-1` } }]);
    expect(typesOf(failed().when(cancel))).toEqual(['PaymentCancelled']);
    expect(after(prepare(), cancel).when(cancel)).toEqual(record());
    expect(after(fronted, instruct(), cancel).when(draw('GrantDraw'))).toEqual(record());
  });
  test('of a paid one with a clawback due closes the clawback, and says yes again when asked again', () => {
    expect(typesOf(due().when(cancel))).toEqual(['ClawbackClosed']);
    expect(after(prepare(), instruct(), bank('paid'), clawback(), cancel).when(cancel)).toEqual(record());
  });
  test.each([instructed, unknown, paid])('is refused payment-already-instructed', (state) => {
    expect(reasonOf(state().when(cancel))).toBe('payment-already-instructed');
  });
});

const anyCommand: fc.Arbitrary<Command> = fc
  .integer({ min: 1, max: 3 })
  .chain((n) =>
    fc.constantFrom<Command>(
      instruct(n),
      instruct(n),
      draw('GrantDraw', n),
      draw('QueueDraw', n),
      refuseDraw(n),
      bank('paid', n),
      bank('paid', n),
      bank('failed', n),
      bank('unknown', n),
      line('paid', { reference: referenceOf(paymentId(), n) }),
      line('failed', { reference: referenceOf(paymentId(), n) }),
      returned(),
      clawback(n),
      recover(),
      disputeLost(n),
      concede(n),
      cancel,
    ),
  );
const anyHistory = fc
  .tuple(fc.constantFrom(prepare(), fronted), fc.array(anyCommand, { maxLength: 30 }), fc.boolean())
  .map(([first, rest, isLate]) => (isLate && rest[0] ? [rest[0], first, ...rest.slice(1)] : [first, ...rest]));
const processes = new Set([
  'PreparePayment',
  'GrantDraw',
  'QueueDraw',
  'RefuseDraw',
  'NoteOutcome',
  'NoteClawback',
  'NoteDisputeLost',
  'ConcedePayment',
  'CancelPayment',
]);

/** An auditor's model: money out and back, counted from the facts alone. */
const outstanding = (facts: readonly Fact[]): number =>
  facts.reduce((sum, { type }) => {
    if (type === 'PaymentPaid') return sum + 1;
    return type === 'PaymentReturned' || type === 'PaymentRecovered' || type === 'DisputeLostNoted' ? sum - 1 : sum;
  }, 0);

describe('under any order of commands', () => {
  test('at most one try succeeds and stays, and nothing is instructed beside an open or unknown try', () => {
    fc.assert(
      fc.property(anyHistory, (commands) => {
        const { facts } = history(payment, commands);
        let open: string | undefined;
        facts.forEach((fact, index) => {
          const out = outstanding(facts.slice(0, index + 1));
          expect(out === 0 || out === 1).toBe(true);
          if (fact.type === 'PaymentInstructed') {
            expect(open).toBeUndefined();
            expect(outstanding(facts.slice(0, index))).toBe(0);
            open = fact.reference;
          }
          if (fact.type === 'PaymentPaid' || fact.type === 'PaymentFailed') open = undefined;
          if (fact.type === 'PaymentCancelled') expect([open, out]).toEqual([undefined, 0]);
        });
        const references = facts.flatMap((fact) => (fact.type === 'PaymentInstructed' ? [fact.reference] : []));
        expect(new Set(references).size).toBe(references.length);
      }),
      { numRuns: 500 },
    );
  });
  test('nothing follows a cancellation', () => {
    fc.assert(
      fc.property(anyHistory, (commands) => {
        const types = history(payment, commands).facts.map(({ type }) => type);
        const cancelled = types.indexOf('PaymentCancelled');
        if (cancelled >= 0) expect(types.slice(cancelled + 1)).toEqual([]);
      }),
    );
  });
  test('what a process sends twice changes nothing the second time', () => {
    fc.assert(
      fc.property(anyHistory, (commands) => {
        const twice = commands.flatMap((command) => (processes.has(command.type) ? [command, command] : [command]));
        expect(history(payment, twice).facts).toEqual(history(payment, commands).facts);
      }),
    );
  });
});
