import {
  type CloudEvent,
  claimPayable,
  clawbackDue,
  disputeDecided,
  drawGranted,
  eventDefinitions,
  homeOf,
  invoiceRedLettered,
  paymentFailed,
  paymentInstructed,
  paymentPaid,
  paymentRecovered,
  paymentReturned,
  paymentUnknown,
  voucherIssued,
} from '@tongdui/contracts';
import type { Decider } from '@tongdui/decider';
import { history } from '@tongdui/decider/testing';
import type { Effect, FollowedFact } from '@tongdui/runtime/service';
import { describe, expect, test } from 'vitest';
import { claim } from './claim.decider.ts';
import { toClawbackDue, toPaid, toPayable, toSubmitted } from './claim.history.fixtures.ts';
import { payment } from './payment.decider.ts';
import { publish } from './publication.ts';
import {
  at,
  claimId,
  enterprise,
  fenOf,
  jiaxing,
  onDay,
  paymentId,
  policyId,
  slices,
  songjiang,
  subsidyFen,
  today,
  voucherId,
} from './redemption.fixtures.ts';
import { type WorkKind, work } from './redemption.followup.ts';
import { histories } from './redemption.history.fixtures.ts';
import { effects } from './redemption.process.ts';
import { voucher } from './voucher.decider.ts';

type AnyDecider = Decider<never, unknown, { readonly type: string }, string>;
const deciders: Record<string, AnyDecider> = { voucher, claim, payment } as unknown as Record<string, AnyDecider>;
const nounOf = ({ stream }: Effect): string => stream.split('.')[2]?.split('-')[0] ?? '';

/** An event as it would arrive. */
const eventOf = (type: string, data: object): CloudEvent => ({
  specversion: '1.0',
  id: '00000000-0000-4000-8000-000000000001',
  source: '/redemption/310117',
  type,
  subject: 'subject',
  time: at,
  datacontenttype: 'application/json',
  sequence: '0000000000000001',
  data: JSON.parse(JSON.stringify(data)) as CloudEvent['data'],
});

/** The event that a history of this service publishes. */
const published = (type: string): CloudEvent => {
  for (const followed of histories.flat())
    for (const draft of publish(followed)) if (draft.type === type) return eventOf(`g60.redemption.${type}.v1`, draft.data);
  throw new Error(`no history publishes ${type}`);
};
const issued = eventOf(voucherIssued.type, {
  voucherId: voucherId(),
  applicationId: voucherId().replace('voucher', 'application'),
  home: songjiang,
  enterprise,
  policyId: policyId(),
  faceFen: fenOf(100),
  issuedOn: today,
  expiresOn: onDay(365),
  slices: slices(100),
  occurredAt: at,
});
const granted = eventOf(drawGranted.type, {
  debtor: songjiang,
  creditor: jiaxing,
  paymentId: paymentId(),
  reference: `${paymentId()}-2`,
  amountFen: subsidyFen,
  occurredAt: at,
});
const dispute = (wonBy: 'debtor' | 'creditor') =>
  eventOf(disputeDecided.type, {
    ...published('payment-paid').data,
    paidOn: undefined,
    wonBy,
    instruction: 1,
    debtor: songjiang,
    creditor: jiaxing,
  });

describe('what events of other producers and homes mean here', () => {
  const meanings: [string, CloudEvent, { stream: string; type: string }[]][] = [
    ['voucher-issued', issued, [{ stream: 'redemption.310117.voucher-01J00000000000000000000001', type: 'OpenVoucher' }]],
    [
      'claim-payable',
      published('claim-payable'),
      [{ stream: 'redemption.330400.payment-01J00000000000000000000001-1', type: 'PreparePayment' }],
    ],
    ['payment-instructed', published('payment-instructed'), [{ stream: claimStream(), type: 'NotePayment' }]],
    ['payment-paid', published('payment-paid'), [{ stream: claimStream(), type: 'NotePayment' }]],
    ['payment-failed', published('payment-failed'), [{ stream: claimStream(), type: 'NotePayment' }]],
    ['payment-returned', published('payment-returned'), [{ stream: claimStream(), type: 'NotePayment' }]],
    ['payment-unknown', published('payment-unknown'), [{ stream: claimStream(), type: 'NotePayment' }]],
    ['payment-recovered', published('payment-recovered'), [{ stream: claimStream(), type: 'NoteRecovered' }]],
    ['clawback-due', published('clawback-due'), [{ stream: paymentStream(), type: 'NoteClawback' }]],
    ['invoice-red-lettered', published('invoice-red-lettered'), [{ stream: claimStream(2), type: 'ApplyRedLetter' }]],
    ['draw-granted', granted, [{ stream: paymentStream(), type: 'GrantDraw' }]],
    [
      'dispute-decided for the debtor',
      dispute('debtor'),
      [
        { stream: claimStream(), type: 'NoteRecovered' },
        { stream: paymentStream(), type: 'NoteDisputeLost' },
      ],
    ],
    ['dispute-decided for the creditor', dispute('creditor'), []],
  ];
  test.each(meanings)('%s', (_, event, expected) => {
    expect(effects(event).map(({ stream, command }) => ({ stream, type: (command as { type: string }).type }))).toEqual(expected);
    expect(effects(event)).toEqual(effects(event));
    const steps = effects(event).map(({ step }) => step);
    expect(new Set(steps).size).toBe(steps.length);
  });

  test('everything else means nothing', () => {
    const meant = [voucherIssued, claimPayable, clawbackDue, disputeDecided, drawGranted, invoiceRedLettered, paymentFailed];
    const known = new Set(
      [...meant, paymentInstructed, paymentPaid, paymentRecovered, paymentReturned, paymentUnknown].map(({ type }) => type),
    );
    for (const { type } of eventDefinitions.filter((definition) => !known.has(definition.type)))
      expect(effects(eventOf(type, {}))).toEqual([]);
    expect(effects(eventOf('g60.unknown.thing.v1', {}))).toEqual([]);
  });

  test('the grant speaks of the instruction its reference names', () => {
    expect(effects(granted)).toMatchObject([{ command: { instruction: 2 } }]);
  });

  test('a payment is prepared with the people of its claim', () => {
    expect(effects(published('claim-payable'))).toMatchObject([
      { command: { people: { approvedBy: 'approver' }, paymentId: paymentId() } },
    ]);
  });

  test.each(meanings)('%s is harmless when it comes again', (_, event) => {
    const before: Record<string, readonly (readonly never[])[]> = {
      voucher: [[]],
      claim: [toSubmitted, toPayable, toPaid, toClawbackDue] as never,
      payment: [[]],
    };
    for (const effect of effects(event)) {
      const noun = nounOf(effect);
      const decider = deciders[noun] as AnyDecider;
      const command = effect.command as never;
      for (const past of before[noun] ?? []) {
        const once = history(decider, [...past, command]);
        const twice = history(decider, [...past, command, command]);
        expect(twice.facts).toEqual(once.facts);
        expect(twice.decisions.at(-1)?.accepted).toBe(once.decisions.at(-1)?.accepted);
      }
    }
  });
});

function claimStream(number = 1) {
  return `redemption.310117.${claimId(number).slice(7)}`;
}
function paymentStream() {
  return `redemption.330400.${paymentId().slice(7)}`;
}

/** Which facts end which work; `performed`: the work is over when it was done once, and doing it again says "already so" to everyone. */
const endedBy: Record<WorkKind, readonly string[] | 'performed'> = {
  contract: ['ContractRegistered', 'ContractRefused'],
  'release-hold': ['AmountReleased', 'HoldRefused'],
  'lower-hold': ['AmendmentApplied'],
  redeem: ['SubsidyFixed'],
  'open-claim': ['ClaimAwaited'],
  submission: ['ClaimSubmitted', 'SubmissionRefused'],
  'give-back-slice': ['SliceGivenBack'],
  'lower-slice': 'performed',
  restore: ['AmountRestored'],
  closing: ['ClosingRefused', 'ClawbackWrittenOff', 'ClaimRejected'],
  draw: ['DrawQueued', 'InstructionRefused', 'PaymentInstructed', 'PaymentCancelled'],
  'release-draw': 'performed',
  rail: ['PaymentPaid', 'PaymentFailed', 'PaymentUnknown'],
  'proposal-due': ['OrderDeclined', 'ContractRegistered', 'OrderEnded'],
  'delivery-due': ['OrderDelivered', 'OrderEnded'],
  'reminder-due': ['AcceptanceReminded', 'DeliveryAccepted', 'OrderEnded'],
  'claim-due': ['ClaimSubmitted', 'ClaimLapsed', 'ClaimRejected'],
  'hold-due': ['HoldEscalated', 'HoldDismissed', 'ClaimRejected'],
  'notice-due': ['ClaimPayable', 'ClaimRejected'],
  'voucher-due': ['VoucherClosed'],
};

describe('follow-up work', () => {
  const all = histories.flat();
  const opened = all.flatMap((followed) => (work(followed).opens ?? []).map((item) => ({ item, followed })));
  const closed = all.flatMap((followed) => (work(followed).closes ?? []).map((id) => ({ id, followed })));
  const kindOf = (id: string) => id.slice(0, id.indexOf('/')) as WorkKind;

  test('every kind is opened by some history, with the fact it is about and where it belongs', () => {
    expect([...new Set(opened.map(({ item }) => item.kind))].sort()).toEqual(Object.keys(endedBy).sort());
    for (const { item, followed } of opened) {
      expect(item).toMatchObject({
        home: homeOf(`${followed.home}-`),
        data: { stream: followed.stream, factId: followed.id, fact: followed.fact },
      });
      expect(item.dueAt !== undefined).toBe(item.kind.endsWith('-due'));
      expect(item.id.startsWith(`${item.kind}/`)).toBe(true);
    }
  });

  test.each(Object.entries(endedBy))('%s is closed by the facts that end it, under the id it was opened with', (kind, enders) => {
    const ids = new Set(opened.filter(({ item }) => item.kind === kind).map(({ item }) => item.id));
    const endings = closed.filter(({ id }) => kindOf(id) === kind);
    if (enders === 'performed') return expect(endings).toEqual([]);
    for (const ender of enders) expect(endings.filter(({ id, followed }) => followed.fact.type === ender && ids.has(id))).not.toEqual([]);
    expect([...new Set(endings.map(({ followed }) => followed.fact.type))].sort()).toEqual([...enders].sort());
  });

  const left = (facts: readonly FollowedFact[]): string[] => {
    const open = new Map<string, string>();
    for (const followed of facts) {
      const { opens = [], closes = [] } = work(followed);
      for (const id of closes) open.delete(id);
      for (const item of opens) open.set(item.id, item.kind);
    }
    return [...open.values()].filter((kind) => endedBy[kind as WorkKind] !== 'performed').sort();
  };
  /** What a stream leaves to others when it is over: another stream's facts end it. */
  const ofOthers = new Set(['release-hold', 'restore', 'open-claim', 'give-back-slice']);
  const isOver = (fact: string) =>
    [
      'OrderDeclined',
      'OrderEnded',
      'SubsidyFixed',
      'ClaimLapsed',
      'ClaimRejected',
      'ClaimRecovered',
      'ClawbackWrittenOff',
      'VoucherClosed',
    ].includes(fact) || ['PaymentCancelled', 'PaymentRecovered', 'ClawbackClosed', 'DisputeLostNoted'].includes(fact);
  const over = histories.filter((facts) => isOver(facts.at(-1)?.fact.type ?? ''));
  test('a stream that is over leaves no work of its own', () => {
    expect(over.length).toBeGreaterThan(12);
    for (const facts of over) expect(left(facts).filter((kind) => !ofOthers.has(kind))).toEqual([]);
  });

  test('following a fact again opens and closes the same', () => {
    for (const followed of all) expect(work(followed)).toEqual(work(followed));
    for (const facts of histories) expect(left([...facts, ...facts.slice(-1)])).toEqual(left(facts));
  });

  test('a dismissed objection sets the timer of the notice again: it may have fired while the claim was objected', () => {
    const fact = { type: 'ObjectionDismissed', objection: 'o-1', by: 'approver', reason: 'heard', dueAt: at, at };
    const key = claimId().slice(13);
    const followed: FollowedFact = {
      fact,
      id: 'id',
      stream: `redemption.${songjiang}.claim-${key}`,
      home: homeOf(claimId()),
      noun: 'claim',
      key,
      revision: 9,
      position: '9',
    };
    expect(work(followed).opens).toMatchObject([{ id: `notice-due/${claimId()}`, kind: 'notice-due', dueAt: at }]);
    const { dueAt: _, ...earlier } = fact;
    expect(work({ ...followed, fact: earlier })).toEqual({});
  });

  test('files and invoices need no follow-up', () => {
    const noWork = all.filter(({ noun }) => noun === 'invoice' || noun === 'evidence');
    expect(noWork.map(work)).toEqual(noWork.map(() => ({})));
  });
});
