import { endOf } from '@tongdui/calendar';
import { record } from '@tongdui/decider';
import { given, history } from '@tongdui/decider/testing';
import { totalOf } from '@tongdui/money';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Command, claim, type Reason } from './claim.decider.ts';
import type { Fact } from './claim.facts.ts';
import {
  awaitClaim,
  check,
  claimInvoice,
  hold,
  noticeDue,
  noticeEnds,
  objection,
  openNotice,
  redLetter,
  refuseSlice,
  review,
  ruled,
  sendBack,
  submit,
  take,
  toNotice,
  toPayable,
  toReviewed,
  toSubmitted,
} from './claim.history.fixtures.ts';
import type { Claim, State } from './claim.state.ts';
import {
  at,
  digest,
  factsOf,
  fenOf,
  later,
  onDay,
  people,
  reasonOf,
  slices,
  stranger,
  subsidyFen,
  typesOf,
} from './redemption.fixtures.ts';

const after = (...commands: Command[]) => {
  const { facts, decisions } = history(claim, commands);
  for (const decision of decisions) expect(reasonOf(decision)).toBeUndefined();
  return given(claim, ...facts);
};
const claimOf = (state: State): Claim => {
  if (state.is === 'none') throw new Error('not awaited');
  return state;
};
const statusOf = (...commands: Command[]) => claimOf(after(...commands).state).status;
const awaited = () => after(awaitClaim());
const submitting = () => after(awaitClaim(), submit());
const submitted = () => after(...toSubmitted);
const checked = () => after(...toSubmitted, check());
const held = () => after(...toSubmitted, check(), hold());
const reviewed = () => after(...toReviewed);
const notice = () => after(...toNotice);
const rejected = () => after(awaitClaim(), ruled('RejectClaim'));
const refunded = awaitClaim({ payeeMode: 'enterprise-refunded', route: 'home-direct' });

test('the whole story, from awaited to payable', () => {
  const { facts, state } = history(claim, toPayable);
  expect(facts.map(({ type }) => type)).toEqual([
    'ClaimAwaited',
    'SubmissionMade',
    'ClaimSubmitted',
    'ClaimChecked',
    'ClaimReviewed',
    'NoticeOpened',
    'ClaimPayable',
  ]);
  expect(claimOf(state)).toMatchObject({ status: 'payable', people });
  expect(facts.at(-1)).toMatchObject({ people, amountFen: subsidyFen, slices: slices(subsidyFen), route: 'host-fronted' });
});

describe('submitting', () => {
  test('opens once, however often the order says so', () => expect(awaited().when(awaitClaim())).toEqual(record()));
  const invoice = (more: Partial<typeof claimInvoice>) => submit({ invoice: { ...claimInvoice, ...more } });
  const refusals: [Reason, ReturnType<typeof awaited>, Command][] = [
    ['claim-unknown', given(claim), submit()],
    ['claim-over', rejected(), submit()],
    ['submission-pending', submitting(), submit({ n: 2 })],
    ['claim-not-in-that-state', submitted(), submit({ n: 2 })],
    ['attempt-out-of-order', awaited(), submit({ n: 2 })],
    ['claim-too-late', awaited(), submit({ at: endOf(onDay(90)) })],
    ['invoice-parties-differ', awaited(), invoice({ seller: stranger })],
    ['invoice-parties-differ', awaited(), invoice({ buyer: stranger })],
    ['invoice-before-contract', awaited(), invoice({ issuedOn: onDay(-1) })],
    ['dates-out-of-order', awaited(), invoice({ issuedOn: onDay(1) })],
    ['slice-exceeds-invoice', awaited(), invoice({ totalFen: fenOf(9_999_999) })],
    ['amounts-do-not-add-up', awaited(), submit({ selfPaidFen: fenOf(4_999_999) })],
    ['amounts-do-not-add-up', awaited(), submit({ selfPaidFen: fenOf(5_000_001) })],
    ['payment-not-proven', after(refunded), submit({ selfPaidFen: fenOf(9_999_999) })],
    [
      'amounts-do-not-add-up',
      after(refunded),
      submit({ invoice: { ...claimInvoice, sliceFen: fenOf(4_999_999) }, selfPaidFen: fenOf(9_000_000) }),
    ],
    ['payment-not-proven', after(refunded), submit({ selfPaidFen: fenOf(10_000_000), hasPaymentProof: false })],
    ['evidence-missing', awaited(), submit({ hasInvoiceEvidence: false })],
  ];
  test.each(refusals)('is refused %s', (reason, { when }, command) => expect(reasonOf(when(command))).toBe(reason));

  test('only a refund needs a payment proof', () => {
    expect(typesOf(awaited().when(submit({ hasPaymentProof: false })))).toEqual(['SubmissionMade']);
  });
  test('the enterprise that paid in full is refunded', () => {
    expect(typesOf(after(refunded).when(submit({ selfPaidFen: fenOf(10_000_000) })))).toEqual(['SubmissionMade']);
  });
  test('the invoice refused: it can be submitted again with the next number, and lapses as before', () => {
    expect(factsOf(submitting().when(refuseSlice()))).toMatchObject([
      { type: 'SubmissionRefused', n: 1, invoice: digest(1), reason: 'invoice-exceeded', dueAt: endOf(onDay(90)) },
    ]);
    const refused = after(awaitClaim(), submit(), refuseSlice());
    expect(claimOf(refused.state)).toMatchObject({ status: 'awaited', attempts: [{ status: 'refused' }] });
    expect(refused.when(take())).toEqual(record());
    expect(typesOf(refused.when(submit({ n: 2 })))).toEqual(['SubmissionMade']);
  });
  test('answers of other attempts, and answers that come again, say nothing', () => {
    expect(submitted().when(take())).toEqual(record());
    expect(submitted().when(refuseSlice())).toEqual(record());
    expect(submitting().when(take(2))).toEqual(record());
  });
  test('a slice given back is noted once', () => {
    const givenBack: Command = { type: 'NoteSliceGivenBack', n: 1, at };
    expect(typesOf(after(awaitClaim(), submit(), refuseSlice()).when(givenBack))).toEqual(['SliceGivenBack']);
    expect(after(awaitClaim(), submit(), refuseSlice(), givenBack).when(givenBack)).toEqual(record());
  });
});

describe('the people of one claim are distinct', () => {
  const { submittedBy, checkedBy, reviewedBy, approvedBy } = people;
  const objected = () => after(...toNotice, objection('RaiseObjection', 'o-1'));
  const heldReviewed = () => after(...toReviewed, hold());
  const refusals: [string, ReturnType<typeof awaited>, Command][] = [
    ['who submitted does not check', submitted(), check({ by: submittedBy })],
    ['who submitted does not send back', submitted(), sendBack({ by: submittedBy })],
    ['who submitted does not hold', submitted(), hold({ by: submittedBy })],
    ['who submitted does not review', checked(), review({ by: submittedBy })],
    ['who checked does not review', checked(), review({ by: checkedBy })],
    ['who submitted does not approve', reviewed(), openNotice(submittedBy)],
    ['who checked does not approve', reviewed(), openNotice(checkedBy)],
    ['who reviewed does not approve', reviewed(), openNotice(reviewedBy)],
    ['who raised an objection does not dismiss it', objected(), objection('DismissObjection', 'o-1', at, 'somebody')],
    ['who raised an objection does not uphold it', objected(), objection('UpholdObjection', 'o-1', at, 'somebody')],
    ...[submittedBy, checkedBy, reviewedBy].flatMap((by): [string, ReturnType<typeof awaited>, Command][] => [
      [`${by} does not dismiss a hold`, heldReviewed(), ruled('DismissHold', by)],
      [`${by} does not uphold a hold`, heldReviewed(), ruled('UpholdHold', by)],
      [`${by} does not dismiss an objection`, objected(), objection('DismissObjection', 'o-1', at, by)],
      [`${by} does not uphold an objection`, objected(), objection('UpholdObjection', 'o-1', at, by)],
      [`${by} does not reject`, notice(), ruled('RejectClaim', by)],
    ]),
  ];
  test.each(refusals)('%s', (_, { when }, command) => expect(reasonOf(when(command))).toBe('same-person'));

  test('who approved may rule what comes after, and who checked or reviewed may hold', () => {
    expect(typesOf(objected().when(objection('DismissObjection', 'o-1', at, approvedBy)))).toEqual(['ObjectionDismissed']);
    expect(typesOf(notice().when(ruled('RejectClaim', approvedBy)))).toEqual(['ClaimRejected']);
    expect(typesOf(reviewed().when(hold({ by: reviewedBy })))).toEqual(['ClaimHeld']);
    expect(typesOf(reviewed().when(hold({ by: checkedBy })))).toEqual(['ClaimHeld']);
  });
  test('the state of the claim is said first', () => {
    expect(reasonOf(submitted().when(ruled('DismissHold', submittedBy)))).toBe('claim-not-in-that-state');
    expect(reasonOf(notice().when(hold({ by: submittedBy })))).toBe('claim-not-in-that-state');
  });
});

describe('sending back', () => {
  const sentBack = () => after(...toSubmitted, sendBack());
  test('gives ten working days for the one correction', () => {
    expect(factsOf(submitted().when(sendBack()))).toMatchObject([{ type: 'ClaimSentBack', dueAt: '2026-03-16T16:00:00.000Z' }]);
    expect(typesOf(checked().when(sendBack()))).toEqual(['ClaimSentBack']);
    expect(typesOf(sentBack().when(submit({ n: 2 })))).toEqual(['SubmissionMade']);
    expect(statusOf(...toSubmitted, sendBack(), submit({ n: 2 }), refuseSlice(2))).toBe('sent-back');
  });
  test('no-corrections-left', () => {
    const again = after(...toSubmitted, check(), sendBack(), submit({ n: 2 }), take(2));
    expect(reasonOf(again.when(sendBack()))).toBe('no-corrections-left');
    expect(typesOf(again.when(check()))).toEqual(['ClaimChecked']);
  });
  test('unanswered: rejected, with its slice', () => {
    expect(sentBack().when({ type: 'ClaimDue', at: later(14) })).toEqual(record());
    expect(factsOf(sentBack().when({ type: 'ClaimDue', at: '2026-03-16T16:00:00.000Z' as typeof at }))).toMatchObject([
      { type: 'ClaimRejected', reason: 'correction-overdue', wasPayable: false, submission: { n: 1 }, slices: slices(subsidyFen) },
    ]);
    expect(reasonOf(sentBack().when(submit({ n: 2, at: '2026-03-16T16:00:00.000Z' as typeof at })))).toBe('claim-too-late');
  });
});

describe('what is not claimed in time', () => {
  test('lapses', () => {
    expect(awaited().when({ type: 'ClaimDue', at: later(90) })).toEqual(record());
    expect(factsOf(awaited().when({ type: 'ClaimDue', at: endOf(onDay(90)) }))).toMatchObject([
      { type: 'ClaimLapsed', slices: slices(subsidyFen), contract: 1 },
    ]);
    expect(after(awaitClaim(), { type: 'ClaimDue', at: endOf(onDay(90)) }).when({ type: 'ClaimDue', at: later(99) })).toEqual(record());
  });
  test('a submission under way is decided first', () => {
    expect(submitting().when({ type: 'ClaimDue', at: later(99) })).toEqual(record());
    expect(submitted().when({ type: 'ClaimDue', at: later(99) })).toEqual(record());
  });
});

describe('a hold', () => {
  test('comes of risks found at the check, or by hand before the notice', () => {
    const risky = check({ risks: ['sanctioned-party'] });
    expect(typesOf(submitted().when(risky))).toEqual(['ClaimChecked', 'ClaimHeld']);
    expect(after(...toSubmitted, risky).state).toMatchObject({
      status: 'risk-hold',
      hold: { from: 'checked', reasons: ['sanctioned-party'] },
    });
    for (const state of [submitted, checked, reviewed]) expect(typesOf(state().when(hold()))).toEqual(['ClaimHeld']);
    expect(reasonOf(notice().when(hold()))).toBe('claim-not-in-that-state');
    expect(reasonOf(held().when(hold()))).toBe('claim-not-in-that-state');
  });
  test('dismissed, the claim goes on from where it was', () => {
    expect(statusOf(...toReviewed, hold(), ruled('DismissHold'))).toBe('reviewed');
    expect(reasonOf(checked().when(ruled('DismissHold')))).toBe('claim-not-in-that-state');
    expect(reasonOf(rejected().when(ruled('UpholdHold')))).toBe('claim-over');
  });
  test('upheld, the claim is rejected', () => expect(typesOf(held().when(ruled('UpholdHold')))).toEqual(['ClaimRejected']));
  test('has a clock, then escalates, once', () => {
    const due: Command = { type: 'HoldDue', at: '2026-03-30T16:00:00.000Z' as typeof at };
    expect(held().when({ type: 'HoldDue', at: later(27) })).toEqual(record());
    expect(typesOf(held().when(due))).toEqual(['HoldEscalated']);
    expect(after(...toSubmitted, check(), hold(), due).when(due)).toEqual(record());
    expect(checked().when(due)).toEqual(record());
  });
});

describe('a risk that appears after the check', () => {
  const risks = ['provider-suspended'];
  const ruledOn = (...before: Command[]) => after(...before, hold({ risks }), ruled('DismissHold'));
  test('stops the review and the notice until it is ruled on, and records nothing', () => {
    expect(reasonOf(checked().when(review({ risks })))).toBe('claim-at-risk');
    expect(reasonOf(reviewed().when(openNotice(people.approvedBy, risks)))).toBe('claim-at-risk');
  });
  test('comes under the hold that a person makes, and its dismissal lets the claim go on', () => {
    expect(factsOf(checked().when(hold({ risks })))).toMatchObject([{ type: 'ClaimHeld', reasons: ['because', ...risks] }]);
    expect(typesOf(ruledOn(...toSubmitted, check()).when(review({ risks })))).toEqual(['ClaimReviewed']);
    expect(typesOf(ruledOn(...toReviewed).when(openNotice(people.approvedBy, risks)))).toEqual(['NoticeOpened']);
  });
  test('is dismissed once: the check, and a second hold, do not raise it again; another one they do', () => {
    const before = ruledOn(...toSubmitted);
    expect(typesOf(before.when(check({ risks })))).toEqual(['ClaimChecked']);
    expect(factsOf(before.when(hold({ reason: 'why', risks })))).toMatchObject([{ reasons: ['why'] }]);
    expect(factsOf(before.when(check({ risks: [...risks, 'voucher-frozen'] })))).toMatchObject([
      { type: 'ClaimChecked' },
      { type: 'ClaimHeld', reasons: ['voucher-frozen'] },
    ]);
    expect(reasonOf(ruledOn(...toReviewed).when(openNotice(people.approvedBy, ['voucher-frozen'])))).toBe('claim-at-risk');
  });
  test('dismissed in two rulings, both stay dismissed', () => {
    const both = [hold({ risks }), ruled('DismissHold'), hold({ risks: ['voucher-frozen'] }), ruled('DismissHold')];
    expect(typesOf(after(...toReviewed, ...both).when(openNotice(people.approvedBy, [...risks, 'voucher-frozen'])))).toEqual([
      'NoticeOpened',
    ]);
  });
  test('is said after who may not act', () => {
    expect(reasonOf(checked().when(review({ by: people.checkedBy, risks })))).toBe('same-person');
    expect(reasonOf(reviewed().when(openNotice(people.reviewedBy, risks)))).toBe('same-person');
  });
});

describe('a review', () => {
  const refusals: [Reason, ReturnType<typeof awaited>, Command][] = [
    ['claim-over', rejected(), review()],
    ['claim-not-in-that-state', submitted(), review()],
    ['claim-not-in-that-state', reviewed(), review()],
    ['subsidy-above-redeemed', checked(), review({ subsidyFen: fenOf(subsidyFen + 1), selfPaidFen: fenOf(4_000_000) })],
    ['amounts-do-not-add-up', checked(), review({ selfPaidFen: fenOf(5_000_001) })],
  ];
  test.each(refusals)('is refused %s', (reason, { when }, command) => expect(reasonOf(when(command))).toBe(reason));
  const refundedChecked = () => after(refunded, submit({ selfPaidFen: fenOf(10_000_000) }), take(), check());
  test('refunded: more than was proven is refused', () => {
    expect(reasonOf(refundedChecked().when(review({ subsidyFen, selfPaidFen: fenOf(4_999_999) })))).toBe('amounts-do-not-add-up');
  });
  test('a cut made up for by more self-payment keeps the invoice slice', () => {
    const [fact] = factsOf(checked().when(review({ subsidyFen: fenOf(4_000_000), selfPaidFen: fenOf(6_000_000) })));
    expect(fact).toMatchObject({ type: 'ClaimReviewed', sliceFen: 10_000_000, sliceLowered: false });
  });
  test('a cut without it lowers the slice', () => {
    const [fact] = factsOf(checked().when(review({ subsidyFen: fenOf(4_000_000) })));
    expect(fact).toMatchObject({ sliceFen: 9_000_000, sliceLowered: true });
  });
  test('splits what it cuts: of equal remainders the earlier pot is rounded up', () => {
    const even = slices(subsidyFen).map((slice) => ({ ...slice, amountFen: fenOf(subsidyFen / 2) }));
    const [fact] = factsOf(
      after(awaitClaim({}, { slices: even }), submit(), take(), check()).when(review({ subsidyFen: fenOf(subsidyFen - 1) })),
    );
    expect(fact).toMatchObject({ type: 'ClaimReviewed', cut: [{ potId: even[0]?.potId, amountFen: 1 }] });
  });
  test.each(['lab-redeemed', 'enterprise-refunded'] as const)(
    '%s: after any cut the amounts add up to the slice, and what is left and what was cut to what was redeemed',
    (payeeMode) => {
      fc.assert(
        fc.property(fc.integer({ min: 1, max: subsidyFen + 10 }), fc.integer({ min: 0, max: 11_000_000 }), (subsidy, selfPaid) => {
          const before = payeeMode === 'lab-redeemed' ? checked() : refundedChecked();
          const decision = before.when(review({ subsidyFen: fenOf(subsidy), selfPaidFen: fenOf(selfPaid) }));
          if (!decision.accepted) return;
          const [fact] = decision.facts;
          if (fact?.type !== 'ClaimReviewed') throw new Error('no review');
          const { left, submission } = claimOf(decision.facts.reduce(claim.evolve, before.state));
          const sliceFen = submission?.invoice.sliceFen ?? 0;
          if (payeeMode === 'lab-redeemed') expect(totalOf(left) + (submission?.selfPaidFen ?? 0)).toBe(sliceFen);
          else expect(submission?.selfPaidFen).toBeGreaterThanOrEqual(sliceFen);
          expect(totalOf(left)).toBeLessThanOrEqual(sliceFen);
          expect(totalOf(left)).toBe(subsidy);
          expect(totalOf(left) + totalOf(fact.cut)).toBe(subsidyFen);
          for (const { potId, amountFen } of slices(subsidyFen)) {
            const inPot = (list: typeof left) => list.find((slice) => slice.potId === potId)?.amountFen ?? 0;
            expect(inPot(left) + inPot(fact.cut)).toBe(amountFen);
          }
        }),
      );
    },
  );
  test('the smaller the invoice was, the sooner there is nothing to pay: no subsidy above the slice', () => {
    const small = submit({ invoice: { ...claimInvoice, sliceFen: subsidyFen }, selfPaidFen: fenOf(0) });
    expect(statusOf(awaitClaim(), small, take(), check(), review({ selfPaidFen: fenOf(0) }))).toBe('reviewed');
  });
});

describe('a notice', () => {
  test('opens after the review and ends after five working days', () => {
    expect(factsOf(reviewed().when(openNotice()))).toMatchObject([{ type: 'NoticeOpened', until: '2026-03-09', dueAt: noticeEnds }]);
    expect(reasonOf(checked().when(openNotice()))).toBe('claim-not-in-that-state');
    expect(reasonOf(rejected().when(openNotice()))).toBe('claim-over');
    expect(notice().when(noticeDue(later(7)))).toEqual(record());
    expect(factsOf(notice().when(noticeDue()))).toMatchObject([{ type: 'ClaimPayable', payBy: '2026-03-31' }]);
    expect(after(...toPayable).when(noticeDue())).toEqual(record());
  });
  const raised = (...more: Command[]) => after(...toNotice, objection('RaiseObjection', 'o-1'), ...more);
  test('an objection holds it up until it is ruled', () => {
    expect(raised().when(noticeDue())).toEqual(record());
    expect(raised().when(objection('RaiseObjection', 'o-1'))).toEqual(record());
    expect(factsOf(raised().when(objection('DismissObjection', 'o-1')))).toMatchObject([{ type: 'ObjectionDismissed', dueAt: noticeEnds }]);
    expect(statusOf(...toNotice, objection('RaiseObjection', 'o-1'), objection('DismissObjection', 'o-1'))).toBe('notice');
    expect(typesOf(raised().when(objection('DismissObjection', 'o-1', noticeEnds)))).toEqual(['ObjectionDismissed', 'ClaimPayable']);
  });
  test('only the last of several objections makes it payable', () => {
    const two = raised(objection('RaiseObjection', 'o-2'));
    expect(typesOf(two.when(objection('DismissObjection', 'o-1', noticeEnds)))).toEqual(['ObjectionDismissed']);
    const one = raised(objection('RaiseObjection', 'o-2'), objection('DismissObjection', 'o-1', noticeEnds));
    expect(claimOf(one.state).status).toBe('objected');
    expect(typesOf(one.when(objection('DismissObjection', 'o-2', noticeEnds)))).toEqual(['ObjectionDismissed', 'ClaimPayable']);
  });
  test('an upheld objection rejects, and stays visible as upheld', () => {
    const upheld = raised(objection('UpholdObjection', 'o-1'));
    expect(claimOf(upheld.state)).toMatchObject({ status: 'rejected', objections: [{ id: 'o-1', ruling: 'upheld' }] });
  });
  const refusals: [Reason, ReturnType<typeof awaited>, Command][] = [
    ['claim-not-in-that-state', reviewed(), objection('RaiseObjection', 'o-1')],
    ['claim-over', rejected(), objection('RaiseObjection', 'o-1')],
    ['notice-over', notice(), objection('RaiseObjection', 'o-1', noticeEnds)],
    ['objection-unknown', notice(), objection('DismissObjection', 'o-1')],
    ['objection-already-ruled', raised(objection('DismissObjection', 'o-1')), objection('UpholdObjection', 'o-1')],
  ];
  test.each(refusals)('is refused %s', (reason, { when }, command) => expect(reasonOf(when(command))).toBe(reason));
});

describe('a red letter before payable', () => {
  test.each([
    ['submitted', toSubmitted],
    ['sent-back', [...toSubmitted, sendBack()]],
    ['checked', [...toSubmitted, check()]],
    ['risk-hold', [...toSubmitted, check(), hold()]],
    ['reviewed', toReviewed],
    ['notice', toNotice],
    ['objected', [...toNotice, objection('RaiseObjection', 'o-1')]],
  ] as const)('%s is rejected', (status, commands) => {
    const state = after(...commands);
    expect(claimOf(state.state).status).toBe(status);
    expect(typesOf(state.when(redLetter()))).toEqual(['RedLetterNoted', 'ClaimRejected']);
    expect(after(...commands, redLetter()).when(redLetter())).toEqual(record());
  });
  test('one that overtakes the answer of the invoice refuses the submission', () => {
    expect(typesOf(submitting().when(redLetter()))).toEqual(['RedLetterNoted']);
    expect(factsOf(after(awaitClaim(), submit(), redLetter()).when(take()))).toMatchObject([
      { type: 'SubmissionRefused', reason: 'invoice-exceeded' },
    ]);
  });
  test('of a submission that was refused leaves the claim to another invoice', () => {
    const refused = [awaitClaim(), submit(), refuseSlice()];
    expect(typesOf(after(...refused).when(redLetter()))).toEqual(['RedLetterNoted']);
    expect(statusOf(...refused, redLetter(), submit({ n: 2 }), take(2))).toBe('submitted');
  });
});

const anyCommand: fc.Arbitrary<Command> = fc
  .integer({ min: 0, max: 100 })
  .chain((days) =>
    fc.constantFrom<Command>(
      submit({ n: 1 + (days % 3), at: later(days) }),
      submit({ n: 1 + (days % 3), at: later(days) }),
      take(1 + (days % 3)),
      take(1 + (days % 3)),
      refuseSlice(1 + (days % 3), later(days)),
      check(),
      check({ risks: ['sanctioned-party'] }),
      sendBack(),
      hold(),
      ruled('DismissHold'),
      ruled('UpholdHold'),
      review(),
      review({ subsidyFen: fenOf(1 + days * 10_000) }),
      openNotice(),
      noticeDue(later(days)),
      objection('RaiseObjection', `o-${days % 2}`),
      objection('DismissObjection', `o-${days % 2}`, later(days)),
      objection('UpholdObjection', `o-${days % 2}`),
      ruled('RejectClaim'),
      redLetter(`red-${days % 2}`),
      { type: 'ClaimDue', at: later(days) },
      { type: 'HoldDue', at: later(days) },
      { type: 'NoteSliceGivenBack', n: 1 + (days % 3), at },
    ),
  );
const story = [awaitClaim(), submit(), take(), check(), review(), openNotice(), noticeDue()];
const anyHistory = fc
  .tuple(fc.integer({ min: 1, max: story.length }), fc.array(anyCommand, { maxLength: 20 }))
  .map(([steps, rest]) => [...story.slice(0, steps), ...rest]);
const processes = new Set<string>([
  'AwaitClaim',
  'AcceptSubmission',
  'RefuseSubmission',
  'NoteSliceGivenBack',
  'ApplyRedLetter',
  'ClaimDue',
  'HoldDue',
  'NoticeDue',
]);

describe('under any order of commands', () => {
  test('what a process sends twice changes nothing the second time', () => {
    fc.assert(
      fc.property(anyHistory, (commands) => {
        const twice = commands.flatMap((command) => (processes.has(command.type) ? [command, command] : [command]));
        expect(history(claim, twice).facts).toEqual(history(claim, commands).facts);
      }),
      { numRuns: 200 },
    );
  });
  test('what was redeemed is at every moment what is left, what was cut and what went back', () => {
    fc.assert(
      fc.property(anyHistory, (commands) => {
        const { facts, state } = history(claim, commands);
        const back = facts.reduce((sum, fact: Fact) => {
          if (fact.type === 'ClaimReviewed') return sum + totalOf(fact.cut);
          return fact.type === 'ClaimRejected' || fact.type === 'ClaimLapsed' ? sum + totalOf(fact.slices) : sum;
        }, 0);
        const { status, left } = claimOf(state);
        expect(back + (status === 'rejected' || status === 'lapsed' ? 0 : totalOf(left))).toBe(subsidyFen);
        const ends = facts.filter(({ type }) => type === 'ClaimRejected' || type === 'ClaimLapsed');
        expect(ends.length).toBeLessThanOrEqual(1);
      }),
      { numRuns: 200 },
    );
  });
  test('whoever becomes payable was handled by four people', () => {
    fc.assert(
      fc.property(anyHistory, (commands) => {
        const { facts } = history(claim, commands);
        const payable = facts.find((fact) => fact.type === 'ClaimPayable');
        if (payable?.type === 'ClaimPayable') expect(new Set(Object.values(payable.people)).size).toBe(4);
      }),
    );
  });
});
