import { record } from '@tongdui/decider';
import { given, history } from '@tongdui/decider/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Command, claim, type Reason } from './claim.decider.ts';
import type { Fact } from './claim.facts.ts';
import {
  awaitClaim,
  conclude,
  note,
  recovered,
  redLetter,
  ruled,
  submit,
  toClawbackDue,
  toNotice,
  toPaid,
  toPayable,
} from './claim.history.fixtures.ts';
import { factsOf, paymentId, people, reasonOf, slices, subsidyFen, typesOf } from './redemption.fixtures.ts';

const after = (...commands: Command[]) => {
  const { facts, decisions } = history(claim, commands);
  for (const decision of decisions) expect(reasonOf(decision)).toBeUndefined();
  return given(claim, ...facts);
};
const statusOf = (...commands: Command[]) => {
  const { state } = after(...commands);
  return state.is === 'none' ? 'none' : state.status;
};
const toFailed = [...toPayable, note('instructed'), note('failed')];
const toReturned = [...toPaid, note('failed')];

describe('rejecting', () => {
  test('before payable it is the claim alone that decides', () => {
    expect(factsOf(after(...toNotice).when(ruled('RejectClaim')))).toMatchObject([
      { type: 'ClaimRejected', wasPayable: false, submission: { n: 1 }, slices: slices(subsidyFen) },
    ]);
  });
  test.each([
    ['payable', toPayable],
    ['failed', toFailed],
  ])('from %s the payment is called off first', (_, commands) => {
    expect(factsOf(after(...commands).when(ruled('RejectClaim')))).toMatchObject([
      { type: 'ClosingAsked', closing: 'rejection', paymentId: paymentId() },
    ]);
    const asked = [...commands, ruled('RejectClaim')];
    expect(reasonOf(after(...asked).when(ruled('RejectClaim')))).toBe('closing-pending');
    expect(factsOf(after(...asked).when(conclude('rejection')))).toMatchObject([
      { type: 'ClaimRejected', wasPayable: true, by: 'approver-2', reason: 'because' },
    ]);
    expect(after(...asked, conclude('rejection')).when(conclude('rejection'))).toEqual(record());
    expect(typesOf(after(...asked).when(conclude('rejection', 'payment-already-instructed')))).toEqual(['ClosingRefused']);
  });
  test('refused by the payment it stays payable, says why, and can be asked again once the bank refused', () => {
    const refused = [...toPayable, ruled('RejectClaim'), conclude('rejection', 'payment-already-instructed')];
    expect(after(...refused).state).toMatchObject({ status: 'payable', closingRefused: 'payment-already-instructed' });
    expect(typesOf(after(...refused, note('instructed'), note('failed')).when(ruled('RejectClaim')))).toEqual(['ClosingAsked']);
  });
  const refusals: [Reason, Command[]][] = [
    ['claim-over', [awaitClaim(), ruled('RejectClaim')]],
    ['submission-pending', [awaitClaim(), submit()]],
    ['payment-already-instructed', [...toPayable, note('instructed')]],
    ['payment-already-instructed', [...toPayable, note('unknown')]],
    ['payment-already-instructed', toPaid],
    ['payment-already-instructed', toClawbackDue],
  ];
  test.each(refusals)('is refused %s', (reason, commands) => expect(reasonOf(after(...commands).when(ruled('RejectClaim')))).toBe(reason));
});

test('who submitted, checked or reviewed rules nothing from payable on; who approved may', () => {
  const { submittedBy, checkedBy, reviewedBy, approvedBy } = people;
  const rulings = [
    ['RejectClaim', toPayable],
    ['ClawBack', toPaid],
    ['WriteOff', toClawbackDue],
  ] as const;
  for (const [type, commands] of rulings) {
    for (const by of [submittedBy, checkedBy, reviewedBy]) expect(reasonOf(after(...commands).when(ruled(type, by)))).toBe('same-person');
    expect(reasonOf(after(...commands).when(ruled(type, approvedBy)))).toBeUndefined();
  }
  expect(reasonOf(after(...toPayable, note('instructed')).when(ruled('RejectClaim', submittedBy)))).toBe('same-person');
  expect(reasonOf(after(...toPayable).when(ruled('ClawBack', submittedBy)))).toBe('claim-not-in-that-state');
});

describe('notes of the payment', () => {
  test('are taken once each, and in the order of what they mean', () => {
    for (const [commands, repeated] of [
      [[...toPayable, note('instructed')], note('instructed')],
      [[...toPayable, note('unknown')], note('instructed')],
      [toPaid, note('instructed')],
      [toPaid, note('unknown')],
      [toPaid, note('paid')],
      [toFailed, note('instructed')],
      [toReturned, note('paid')],
      [[...toFailed, note('instructed', 2)], note('failed')],
    ] as const)
      expect(after(...commands).when(repeated)).toEqual(record());
  });
  test('a note that overtakes another counts', () => {
    expect(statusOf(...toPayable, note('paid'))).toBe('paid');
    expect(statusOf(...toPayable, note('unknown'), note('paid'))).toBe('paid');
  });
  test('a return makes a paid claim failed, and the next try pays it', () => {
    expect(statusOf(...toReturned)).toBe('failed');
    expect(statusOf(...toReturned, note('instructed', 2), note('paid', 2))).toBe('paid');
  });
});

describe('a red letter from payable on', () => {
  test('payable or failed: the payment is called off', () => {
    expect(typesOf(after(...toPayable).when(redLetter()))).toEqual(['RedLetterNoted', 'ClosingAsked']);
    expect(typesOf(after(...toFailed).when(redLetter()))).toEqual(['RedLetterNoted', 'ClosingAsked']);
  });
  test('in flight: marked; then failed is called off, paid is clawed back', () => {
    const marked = [...toPayable, note('instructed'), redLetter()];
    expect(statusOf(...marked)).toBe('instructed');
    expect(typesOf(after(...marked).when(note('failed')))).toEqual(['PaymentNoted', 'ClosingAsked']);
    expect(factsOf(after(...marked).when(note('paid')))).toMatchObject([
      { type: 'PaymentNoted' },
      { type: 'ClawbackDue', reason: 'red-letter', paymentId: paymentId(), instruction: 1 },
    ]);
    expect(statusOf(...marked, note('unknown'), note('paid'))).toBe('clawback-due');
  });
  test('paid: clawed back, once', () => {
    expect(typesOf(after(...toPaid).when(redLetter()))).toEqual(['RedLetterNoted', 'ClawbackDue']);
    expect(after(...toPaid, redLetter()).when(redLetter())).toEqual(record());
    expect(typesOf(after(...toPaid, redLetter()).when(redLetter('red-2')))).toEqual(['RedLetterNoted']);
  });
  test('over: says nothing', () => expect(after(...toNotice, ruled('RejectClaim')).when(redLetter())).toEqual(record()));
});

describe('a clawback', () => {
  test('is due for what was paid', () => {
    expect(factsOf(after(...toPaid).when(ruled('ClawBack')))).toMatchObject([
      { type: 'ClawbackDue', instruction: 1, amountFen: subsidyFen, by: 'approver-2' },
    ]);
    expect(reasonOf(after(...toPayable).when(ruled('ClawBack')))).toBe('claim-not-in-that-state');
    expect(reasonOf(after(...toNotice, ruled('RejectClaim')).when(ruled('ClawBack')))).toBe('claim-over');
  });
  test('recovered, the claim is over; once', () => {
    expect(statusOf(...toClawbackDue, recovered('recovery'))).toBe('recovered');
    expect(after(...toClawbackDue, recovered('recovery')).when(recovered('recovery'))).toEqual(record());
    expect(after(...toPaid).when(recovered('recovery'))).toEqual(record());
  });
  test('is written off when the payment agrees', () => {
    expect(reasonOf(after(...toPaid).when(ruled('WriteOff')))).toBe('claim-not-in-that-state');
    expect(reasonOf(after(...toNotice, ruled('RejectClaim')).when(ruled('WriteOff')))).toBe('claim-over');
    const asked = [...toClawbackDue, ruled('WriteOff')];
    expect(reasonOf(after(...asked).when(ruled('WriteOff')))).toBe('closing-pending');
    expect(typesOf(after(...asked).when(conclude('write-off')))).toEqual(['ClawbackWrittenOff']);
    expect(statusOf(...asked, conclude('write-off', 'payment-already-instructed'), recovered('recovery'))).toBe('recovered');
  });
  test('that the payee bank overtakes by a return is written off, and the claim can be paid again', () => {
    expect(typesOf(after(...toClawbackDue).when(note('failed')))).toEqual(['ClawbackWrittenOff', 'PaymentNoted']);
    expect(statusOf(...toClawbackDue, note('failed'), note('instructed', 2), note('paid', 2))).toBe('paid');
    expect(after(...toClawbackDue, note('failed')).when(recovered('recovery'))).toEqual(record());
  });
  test('for a red letter, overtaken by a return: the payment is called off', () => {
    expect(typesOf(after(...toPaid, redLetter()).when(note('failed')))).toEqual(['ClawbackWrittenOff', 'PaymentNoted', 'ClosingAsked']);
  });
  test('written off, or about to be: a return calls the payment off, for it is never to be paid again', () => {
    const about = [...toClawbackDue, ruled('WriteOff')];
    expect(typesOf(after(...about).when(note('failed')))).toEqual(['ClawbackWrittenOff', 'PaymentNoted', 'ClosingAsked']);
    expect(after(...about, note('failed')).when(conclude('write-off'))).toEqual(record());
    expect(after(...about, note('failed')).when(conclude('write-off', 'payment-already-instructed'))).toEqual(record());
    expect(statusOf(...about, note('failed'), conclude('rejection'))).toBe('rejected');
    expect(typesOf(after(...about, conclude('write-off')).when(note('failed')))).toEqual(['PaymentNoted', 'ClosingAsked']);
    expect(statusOf(...about, conclude('write-off'), note('failed'), conclude('rejection'))).toBe('rejected');
  });
});

describe('a dispute that the debtor wins', () => {
  test('recovers a paid claim', () => expect(statusOf(...toPaid, recovered('dispute'))).toBe('recovered'));
  test('takes the place of a clawback', () => {
    expect(typesOf(after(...toClawbackDue).when(recovered('dispute')))).toEqual(['ClawbackWrittenOff', 'ClaimRecovered']);
    expect(after(...toClawbackDue, recovered('dispute')).when(recovered('dispute'))).toEqual(record());
  });
  test('about a try that came back does not touch the next one', () => {
    expect(after(...toReturned, note('instructed', 2), note('paid', 2)).when(recovered('dispute', 1))).toEqual(record());
  });
});

/** What one producer says of the tries of a payment, in its order: a next try only after the last one failed or came back. */
const tries = fc
  .array(fc.constantFrom(['instructed', 'failed'], ['instructed', 'unknown', 'failed'], ['instructed', 'paid', 'failed']), { maxLength: 3 })
  .chain((failed) =>
    fc.constantFrom(['instructed'], ['instructed', 'unknown', 'paid'], ['instructed', 'paid']).map((last) => [...failed, last]),
  )
  .map((all) => all.flatMap((outcomes, index) => outcomes.map((outcome) => note(outcome as 'paid', index + 1))));
const others: fc.Arbitrary<Command> = fc
  .integer({ min: 1, max: 3 })
  .chain((n) =>
    fc.constantFrom<Command>(
      ruled('RejectClaim'),
      ruled('ClawBack'),
      ruled('ClawBack'),
      ruled('WriteOff'),
      conclude('rejection', 'payment-already-instructed'),
      conclude('rejection'),
      conclude('write-off'),
      redLetter(`red-${n}`),
      recovered('recovery', n),
      recovered('dispute', n),
    ),
  );
/** …with people, other producers, and duplicates of what was said before in between. */
const anyHistory = fc
  .tuple(tries, fc.array(fc.tuple(fc.nat(12), fc.option(others, { freq: 3 })), { maxLength: 15 }))
  .map(([notes, between]) => [
    ...toPayable,
    ...notes.flatMap((said, index) => [
      said,
      ...between.flatMap(([where, other]) => (where % notes.length === index ? [other ?? (notes[where % (index + 1)] as Command)] : [])),
    ]),
  ]);

describe('under any order of what happens from payable on', () => {
  test('what a process or an event says twice changes nothing the second time', () => {
    const processes = new Set(['NotePayment', 'ConcludeClosing', 'ApplyRedLetter', 'NoteRecovered']);
    fc.assert(
      fc.property(anyHistory, (commands) => {
        const twice = commands.flatMap((command) => (processes.has(command.type) ? [command, command] : [command]));
        expect(history(claim, twice).facts).toEqual(history(claim, commands).facts);
      }),
      { numRuns: 300 },
    );
  });
  test('every clawback that falls due ends once: recovered, written off, or still due', () => {
    fc.assert(
      fc.property(anyHistory, (commands) => {
        let due = 0;
        for (const fact of history(claim, commands).facts as Fact[]) {
          if (fact.type === 'ClawbackDue') due += 1;
          if (fact.type === 'ClawbackWrittenOff' || (fact.type === 'ClaimRecovered' && fact.cause === 'recovery')) due -= 1;
          expect(due === 0 || due === 1).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });
});
