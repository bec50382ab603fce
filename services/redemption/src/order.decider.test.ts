import { addDays, endOf } from '@tongdui/calendar';
import { record } from '@tongdui/decider';
import { given, history } from '@tongdui/decider/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Command, type Findings, order, type Reason } from './order.decider.ts';
import type { Fact } from './order.state.ts';
import {
  at,
  baseFen,
  bpsOf,
  digest,
  enterprise,
  factsOf,
  fenOf,
  jiaxing,
  lab,
  later,
  offeringId,
  onDay,
  orderId,
  pinned,
  reasonOf,
  slices,
  songjiang,
  subsidyFen,
  today,
  typesOf,
  voucherId,
} from './redemption.fixtures.ts';

type Of<Type extends Command['type']> = Omit<Command & { readonly type: Type }, 'type'>;

const propose = (more: Partial<Of<'ProposeOrder'>> = {}): Command => ({
  type: 'ProposeOrder',
  orderId: orderId(),
  home: songjiang,
  host: jiaxing,
  enterprise,
  lab,
  voucherId: voucherId(),
  offeringId: offeringId(),
  category: 'testing',
  validDays: 30,
  at,
  ...more,
});
const findings = (more: Partial<Findings> = {}): Findings => ({
  policyInForce: true,
  terms: pinned(),
  sanctioned: false,
  labAdmitted: true,
  labRecognised: true,
  ...more,
});
const submit = (more: Partial<Of<'SubmitContract'>> = {}): Command => ({
  type: 'SubmitContract',
  contract: 1,
  contractNumber: 'HT-1',
  signedOn: today,
  serviceStartsOn: onDay(1),
  endsOn: onDay(60),
  baseFen,
  subsidyFen,
  contractDigest: digest(7),
  findings: findings(),
  at,
  ...more,
});
const register = (contract = 1, when = at): Command => ({ type: 'RegisterContract', contract, slices: slices(subsidyFen), at: when });
const refuseContract = (contract = 1, when = at): Command => ({ type: 'RefuseContract', contract, reason: 'voucher-short', at: when });
const amend = (more: Partial<Of<'AmendContract'>> = {}): Command => ({
  type: 'AmendContract',
  amendment: 1,
  baseFen: fenOf(8_000_000),
  subsidyFen: fenOf(4_000_000),
  at,
  ...more,
});
const apply = (amendment = 1): Command => ({ type: 'ApplyAmendment', amendment, slices: slices(4_000_000), at });
const deliver = (more: Partial<Of<'Deliver'>> = {}): Command => ({
  type: 'Deliver',
  deliveredOn: onDay(10),
  deliverableDigest: digest(8),
  at: later(10),
  ...more,
});
const accept = (more: Partial<Of<'AcceptDelivery'>> = {}): Command => ({
  type: 'AcceptDelivery',
  acceptedOn: onDay(12),
  actualBaseFen: baseFen,
  at: later(12),
  ...more,
});
const decideDelivery = (more: Partial<Of<'DecideDelivery'>> = {}): Command => ({
  type: 'DecideDelivery',
  acceptance: { acceptedOn: onDay(30), actualBaseFen: baseFen },
  reason: 'the report is there',
  by: 'reviewer',
  at: later(30),
  ...more,
});
const fix: Command = { type: 'FixSubsidy', slices: slices(subsidyFen), at: later(12) };
const byLab = (when = at): Command => ({ type: 'AcceptByLab', at: when });
const decline: Command = { type: 'Decline', reason: 'no capacity', at };
const cancel = (when = at): Command => ({ type: 'Cancel', reason: 'not needed', at: when });
const due = (type: 'ProposalDue' | 'DeliveryDue' | 'ReminderDue', when = at): Command => ({ type, at: when });

const after = (...commands: Command[]) => {
  const { facts, decisions } = history(order, commands);
  for (const decision of decisions) expect(reasonOf(decision)).toBeUndefined();
  return given(order, ...facts);
};
const proposed = () => after(propose());
const accepted = () => after(propose(), byLab());
const pending = () => after(propose(), byLab(), submit());
const registered = () => after(propose(), byLab(), submit(), register());
const amending = () => after(propose(), byLab(), submit(), register(), amend());
const delivered = () => after(propose(), byLab(), submit(), register(), deliver());
const accepting = () => after(propose(), byLab(), submit(), register(), deliver(), accept());
const claimed = () => after(propose(), byLab(), submit(), register(), deliver(), accept(), fix);
const cancelled = () => after(propose(), cancel());
const finalDay = onDay(60 + 180);

test('the whole story, from proposal to the awaited claim', () => {
  const { facts } = history(order, [propose(), byLab(), submit(), register(), deliver(), accept(), fix]);
  expect(facts.map((fact) => fact.type)).toEqual([
    'OrderProposed',
    'OrderAcceptedByLab',
    'ContractSubmitted',
    'ContractRegistered',
    'OrderDelivered',
    'DeliveryAccepted',
    'SubsidyFixed',
  ]);
  expect(facts[2]).toMatchObject({ terms: pinned(), subsidyFen, dueAt: '2026-03-02T04:10:00.000Z' });
  expect(facts[3]).toMatchObject({ slices: slices(subsidyFen), dueAt: endOf(finalDay) });
  expect(facts[6]).toMatchObject({ lab, contract: 1, subsidyFen, signedOn: today, acceptedOn: onDay(12), terms: pinned() });
});

describe('proposing', () => {
  const refusals: [Reason, ReturnType<typeof proposed>, Command][] = [
    ['order-already-proposed', proposed(), propose()],
    ['sanctioned-party', given(order), propose({ obstacle: 'sanctioned-party' })],
    ['no-policy-in-force', given(order), propose({ obstacle: 'no-policy-in-force' })],
    ['category-not-subsidised', given(order), propose({ obstacle: 'category-not-subsidised' })],
    ['order-unknown', given(order), byLab()],
    ['order-unknown', given(order), cancel()],
  ];
  test.each(refusals)('is refused %s', (reason, { when }, command) => expect(reasonOf(when(command))).toBe(reason));
  test('says when it expires', () => {
    expect(factsOf(given(order).when(propose()))).toMatchObject([{ type: 'OrderProposed', dueAt: endOf(onDay(30)) }]);
  });
});

describe('the lab answers', () => {
  test('once, in time, and not after it declined', () => {
    expect(reasonOf(accepted().when(byLab()))).toBe('order-not-proposed');
    expect(reasonOf(proposed().when(byLab(later(31))))).toBe('order-expired');
    expect(typesOf(proposed().when(decline))).toEqual(['OrderDeclined']);
    expect(reasonOf(after(propose(), decline).when(byLab()))).toBe('order-over');
    expect(reasonOf(after(propose(), decline).when(decline))).toBe('order-over');
    expect(reasonOf(accepted().when(decline))).toBe('order-not-proposed');
  });
});

describe('submitting a contract', () => {
  const late = { serviceStartsOn: onDay(-15), signedOn: onDay(-20) };
  const refusals: [Reason, ReturnType<typeof proposed>, Command][] = [
    ['order-over', cancelled(), submit()],
    ['order-not-accepted-by-lab', proposed(), submit()],
    ['contract-already-registered', registered(), submit({ contract: 2 })],
    ['contract-pending', pending(), submit({ contract: 2 })],
    ['attempt-out-of-order', accepted(), submit({ contract: 2 })],
    ['order-expired', accepted(), submit({ at: later(31), signedOn: onDay(31), serviceStartsOn: onDay(31) })],
    ['sanctioned-party', accepted(), submit({ findings: findings({ sanctioned: true }) })],
    ['no-policy-in-force', accepted(), submit({ findings: findings({ policyInForce: false }) })],
    [
      'category-not-subsidised',
      accepted(),
      submit({ findings: { policyInForce: true, sanctioned: false, labAdmitted: true, labRecognised: true } }),
    ],
    ['lab-not-admitted', accepted(), submit({ findings: findings({ labAdmitted: false }) })],
    ['lab-not-recognised', accepted(), submit({ findings: findings({ labRecognised: false }) })],
    ['dates-out-of-order', accepted(), submit({ signedOn: onDay(1) })],
    ['dates-out-of-order', accepted(), submit({ signedOn: today, serviceStartsOn: onDay(-1) })],
    ['dates-out-of-order', accepted(), submit({ endsOn: today })],
    ['registered-too-late', accepted(), submit(late)],
    ['subsidy-above-policy', accepted(), submit({ subsidyFen: fenOf(subsidyFen + 1) })],
    ['subsidy-above-policy', accepted(), submit({ baseFen: fenOf(20_000_000), subsidyFen: fenOf(8_000_001) })],
    ['subsidy-above-policy', accepted(), submit({ findings: findings({ terms: pinned({ ownShareFloorBps: bpsOf(6_000) }) }) })],
  ];
  test.each(refusals)('is refused %s', (reason, { when }, command) => expect(reasonOf(when(command))).toBe(reason));

  test('fourteen days after the service started it is still in time', () => {
    expect(typesOf(accepted().when(submit({ ...late, serviceStartsOn: onDay(-14) })))).toEqual(['ContractSubmitted']);
  });
  test('the voucher refused: the next attempt is a new one, and the proposal expires as before', () => {
    expect(factsOf(pending().when(refuseContract()))).toMatchObject([
      { type: 'ContractRefused', contract: 1, reason: 'voucher-short', dueAt: endOf(onDay(30)) },
    ]);
    const refused = after(propose(), byLab(), submit(), refuseContract());
    expect(refused.state).toMatchObject({ is: 'accepted-by-lab', attempts: [{ contract: 1, status: 'refused', reason: 'voucher-short' }] });
    expect(reasonOf(refused.when(submit()))).toBe('attempt-out-of-order');
    expect(typesOf(refused.when(submit({ contract: 2 })))).toEqual(['ContractSubmitted']);
  });
  test('an answer that comes again, or for another attempt, changes nothing', () => {
    expect(registered().when(register())).toEqual(record());
    expect(registered().when(refuseContract())).toEqual(record());
    expect(pending().when(register(2))).toEqual(record());
    expect(after(propose(), byLab(), submit(), refuseContract()).when(register())).toEqual(record());
  });
});

describe('amending', () => {
  const refusals: [Reason, ReturnType<typeof proposed>, Command][] = [
    ['order-over', cancelled(), amend()],
    ['order-has-no-contract', accepted(), amend()],
    ['already-delivered', delivered(), amend()],
    ['amendment-pending', amending(), amend({ amendment: 2 })],
    ['attempt-out-of-order', registered(), amend({ amendment: 2 })],
    ['subsidy-above-policy', registered(), amend({ subsidyFen: fenOf(4_000_001) })],
    ['amendment-not-downward', registered(), amend({ baseFen: fenOf(baseFen + 1) })],
    ['amendment-not-downward', registered(), amend({ baseFen, subsidyFen })],
  ];
  test.each(refusals)('is refused %s', (reason, { when }, command) => expect(reasonOf(when(command))).toBe(reason));
  test('downward: the voucher says what is kept, once', () => {
    const amended = after(propose(), byLab(), submit(), register(), amend(), apply());
    expect(amended.state).toMatchObject({
      contract: { baseFen: 8_000_000, subsidyFen: 4_000_000, amendments: 1, slices: slices(4_000_000) },
    });
    expect(amended.when(apply())).toEqual(record());
    expect(typesOf(amended.when(deliver()))).toEqual(['OrderDelivered']);
  });
  test('nothing is delivered or cancelled while an amendment is pending', () => {
    expect(reasonOf(amending().when(deliver()))).toBe('amendment-pending');
    expect(reasonOf(amending().when(cancel(later(91))))).toBe('amendment-pending');
  });
  test('an amendment of an order that ended meanwhile applies to nothing', () => {
    const ended = after(propose(), byLab(), submit(), register(), amend(), due('DeliveryDue', endOf(finalDay)));
    expect(ended.when(apply())).toEqual(record());
  });
});

describe('delivering', () => {
  const refusals: [Reason, ReturnType<typeof proposed>, Command][] = [
    ['order-over', cancelled(), deliver()],
    ['order-has-no-contract', pending(), deliver()],
    ['already-delivered', delivered(), deliver()],
    ['order-expired', registered(), deliver({ at: endOf(finalDay) })],
    ['dates-out-of-order', registered(), deliver({ deliveredOn: onDay(-1) })],
    ['dates-out-of-order', registered(), deliver({ deliveredOn: onDay(11) })],
  ];
  test.each(refusals)('is refused %s', (reason, { when }, command) => expect(reasonOf(when(command))).toBe(reason));
});

describe('accepting a delivery', () => {
  const refusals: [Reason, ReturnType<typeof proposed>, Command][] = [
    ['order-over', cancelled(), accept()],
    ['not-delivered', registered(), accept()],
    ['already-accepted', accepting(), accept()],
    ['already-accepted', claimed(), accept()],
    ['dates-out-of-order', delivered(), accept({ acceptedOn: onDay(9) })],
    ['dates-out-of-order', delivered(), accept({ acceptedOn: onDay(13) })],
    ['subsidy-is-zero', delivered(), accept({ actualBaseFen: fenOf(1) })],
  ];
  test.each(refusals)('is refused %s', (reason, { when }, command) => expect(reasonOf(when(command))).toBe(reason));
  test('the actual subsidy is what the policy gives on the actual price, at most what was registered', () => {
    const subsidised = (actualBaseFen: number) => factsOf(delivered().when(accept({ actualBaseFen: fenOf(actualBaseFen) })));
    expect(subsidised(9_000_001)).toMatchObject([{ type: 'DeliveryAccepted', subsidyFen: 4_500_000 }]);
    expect(subsidised(12_000_000)).toMatchObject([{ subsidyFen }]);
  });
  test('the subsidy is fixed once', () => {
    expect(claimed().when(fix)).toEqual(record());
    expect(delivered().when(fix)).toEqual(record());
  });
});

describe('when things stall', () => {
  test('the lab never accepts: it expires, and there is nothing to release', () => {
    expect(proposed().when(due('ProposalDue', later(30)))).toEqual(record());
    expect(factsOf(proposed().when(due('ProposalDue', later(31))))).toMatchObject([
      { type: 'OrderEnded', cause: 'expired', reason: 'lab-never-accepted' },
    ]);
    expect(proposed().when(due('ProposalDue', later(31)))).not.toMatchObject({ facts: [{ contract: expect.anything() }] });
  });
  test('nobody registers: it expires', () => {
    expect(factsOf(accepted().when(due('ProposalDue', later(31))))).toMatchObject([{ cause: 'expired', reason: 'never-registered' }]);
  });
  test('a registration under way is decided first; its refusal sets the timer again', () => {
    expect(pending().when(due('ProposalDue', later(31)))).toEqual(record());
    expect(registered().when(due('ProposalDue', later(31)))).toEqual(record());
    const refused = after(propose(), byLab(), submit(), refuseContract(1, later(31)));
    expect(typesOf(refused.when(due('ProposalDue', later(31))))).toEqual(['OrderEnded']);
  });
  test('never delivered: after contract end + 30 days the enterprise may cancel, which releases', () => {
    expect(reasonOf(registered().when(cancel(later(90))))).toBe('too-early-to-cancel');
    expect(factsOf(registered().when(cancel(later(91))))).toMatchObject([
      { type: 'OrderEnded', cause: 'cancelled', reason: 'not needed', contract: 1, voucherId: voucherId() },
    ]);
  });
  test('never delivered: at the final deadline it expires and releases', () => {
    expect(registered().when(due('DeliveryDue', later(60 + 180)))).toEqual(record());
    expect(factsOf(registered().when(due('DeliveryDue', endOf(finalDay))))).toMatchObject([
      { type: 'OrderEnded', cause: 'expired', reason: 'never-delivered', contract: 1 },
    ]);
    expect(delivered().when(due('DeliveryDue', endOf(finalDay)))).toEqual(record());
  });
  test('the enterprise stays silent: a reminder, once, then its bureau decides; never deemed accepted', () => {
    const remindAt = endOf(addDays(onDay(10), 15));
    expect(delivered().when(due('ReminderDue', later(25)))).toEqual(record());
    expect(typesOf(delivered().when(due('ReminderDue', remindAt)))).toEqual(['AcceptanceReminded']);
    const reminded = after(propose(), byLab(), submit(), register(), deliver(), due('ReminderDue', remindAt));
    expect(reminded.when(due('ReminderDue', later(400)))).toEqual(record());
    expect(reminded.state).toMatchObject({ is: 'delivered', reminded: true });
    expect(reasonOf(delivered().when(decideDelivery({ at: later(25) })))).toBe('too-early-to-decide');
    expect(factsOf(reminded.when(decideDelivery()))).toMatchObject([
      { type: 'DeliveryAccepted', decidedBy: 'reviewer', reason: 'the report is there', subsidyFen },
    ]);
    expect(typesOf(reminded.when(accept()))).toEqual(['DeliveryAccepted']);
  });
  test('the bureau refuses the delivery: the order ends with its reason, and releases', () => {
    const { acceptance: _, ...refusal } = decideDelivery() as Of<'DecideDelivery'>;
    const decision = delivered().when({ ...refusal, type: 'DecideDelivery', reason: 'nothing was delivered' });
    expect(factsOf(decision)).toMatchObject([
      { type: 'OrderEnded', cause: 'cancelled', reason: 'nothing was delivered', decidedBy: 'reviewer', contract: 1 },
    ]);
  });
  const bureau: [Reason, ReturnType<typeof proposed>][] = [
    ['order-over', cancelled()],
    ['not-delivered', registered()],
    ['already-accepted', claimed()],
  ];
  test.each(bureau)('the bureau is refused %s', (reason, { when }) => expect(reasonOf(when(decideDelivery()))).toBe(reason));
});

describe('cancelling', () => {
  const refusals: [Reason, ReturnType<typeof proposed>][] = [
    ['order-over', cancelled()],
    ['contract-pending', pending()],
    ['already-delivered', delivered()],
    ['already-accepted', accepting()],
    ['already-accepted', claimed()],
  ];
  test.each(refusals)('is refused %s', (reason, { when }) => expect(reasonOf(when(cancel(later(91))))).toBe(reason));
  test('without a contract there is nothing to wait for', () => {
    expect(factsOf(proposed().when(cancel()))).toMatchObject([{ cause: 'cancelled', reason: 'not needed' }]);
    expect(typesOf(accepted().when(cancel()))).toEqual(['OrderEnded']);
  });
});

/** A person or a process at any moment. */
const days = fc.integer({ min: 0, max: 300 });
const anyCommand: fc.Arbitrary<Command> = days.chain((n) =>
  fc.constantFrom<Command>(
    propose(),
    byLab(later(n)),
    { ...decline, at: later(n) },
    submit({ contract: 1 + (n % 3), at: later(n), signedOn: onDay(n), serviceStartsOn: onDay(n), endsOn: onDay(n + 10) }),
    submit({ contract: 1 + (n % 3), at: later(n), signedOn: onDay(n), serviceStartsOn: onDay(n), endsOn: onDay(n + 10) }),
    register(1 + (n % 3), later(n)),
    register(1 + (n % 3), later(n)),
    refuseContract(1 + (n % 3), later(n)),
    amend({ amendment: 1 + (n % 2), at: later(n) }),
    apply(1 + (n % 2)),
    deliver({ deliveredOn: onDay(n), at: later(n) }),
    accept({ acceptedOn: onDay(n), at: later(n) }),
    decideDelivery({ acceptance: { acceptedOn: onDay(n), actualBaseFen: baseFen }, at: later(n) }),
    { ...fix, at: later(n) },
    cancel(later(n)),
    due('ProposalDue', later(n)),
    due('DeliveryDue', later(n)),
    due('ReminderDue', later(n)),
  ),
);
const processes = new Set([
  'RegisterContract',
  'RefuseContract',
  'ApplyAmendment',
  'FixSubsidy',
  'ProposalDue',
  'DeliveryDue',
  'ReminderDue',
]);
/** Most of the story in order, with anything in between: random commands alone seldom come far. */
const anyHistory = fc
  .tuple(fc.array(anyCommand, { maxLength: 4 }), fc.integer({ min: 0, max: 6 }), fc.array(anyCommand, { maxLength: 12 }))
  .map(([before, steps, rest]) => [
    propose(),
    ...before,
    ...[byLab(), submit(), register(), deliver(), accept(), fix].slice(0, steps),
    ...rest,
  ]);

describe('under any order of commands', () => {
  test('what a process sends twice is already so the second time', () => {
    fc.assert(
      fc.property(anyHistory, (commands) => {
        const twice = history(
          order,
          commands.flatMap((command) => (processes.has(command.type) ? [command, command] : [command])),
        );
        expect(twice.facts).toEqual(history(order, commands).facts);
      }),
    );
  });
  test('whoever holds value on the voucher ends either with a claim or with a release, never both', () => {
    fc.assert(
      fc.property(anyHistory, (commands) => {
        const { facts, state } = history(order, commands);
        const kinds = (type: Fact['type']) => facts.filter((fact) => fact.type === type).length;
        expect(kinds('SubsidyFixed') + kinds('OrderEnded') + kinds('OrderDeclined')).toBeLessThanOrEqual(1);
        expect(kinds('ContractRegistered')).toBeLessThanOrEqual(1);
        const end = facts.find((fact) => fact.type === 'OrderEnded');
        if (end?.type === 'OrderEnded')
          expect(end.contract).toBe(kinds('ContractRegistered') ? 'contract' in state && state.contract?.contract : undefined);
        if ('contract' in state && state.contract) expect(state.contract.subsidyFen).toBeLessThanOrEqual(state.contract.baseFen);
      }),
    );
  });
});
