import type { CloudEvent } from '@tongdui/contracts';
import { expect, test } from 'vitest';
import { Splits } from './auditor.splits.ts';
import { call, official } from './calls.ts';

type Parts = readonly [first: number, second: number];
type Told = readonly [name: string, parts: Parts, more?: Readonly<Record<string, unknown>>];

const slices = (parts: Parts) =>
  parts.flatMap((amountFen, at) => (amountFen > 0 ? [{ potId: `330100-pot-${at}`, owner: '330100', fiscalYear: 2026, amountFen }] : []));
const common = { voucherId: 'v', orderId: 'o', claimId: 'c', applicationId: 'a', faceFen: 301, returnsTo: 'committed' };
const eventOf = ([name, parts, more]: Told) =>
  ({ type: `g60.any.${name}.v1`, data: { ...common, slices: slices(parts), ...more } }) as unknown as CloudEvent;

/** What the auditor says to an approval of 301 fen, half and half, and these events. */
const saidTo = (...events: readonly Told[]): string[] => {
  const said: string[] = [];
  const splits = new Splits((violation) => said.push(violation));
  const body = { faceFen: 301, funding: ['330100-pot-0', '330100-pot-1'].map((potId) => ({ potId, bps: 5_000 })) };
  splits.asked(call('issuance', 'approveApplication')('330100', '/approval', official('approver', '330100'), { id: 'a' }, body));
  for (const event of events) splits.take(eventOf(event));
  return said;
};

const issued: Told = ['voucher-issued', [151, 150]];
const reserved: Told = ['amount-reserved', [50, 50]];
const lowered: Told = ['amount-released', [1, 0]];
const redeemed: Told = ['amount-redeemed', [30, 31], { released: slices([19, 19]) }];
const cut: Told = ['amount-restored', [3, 4], { cause: 'cut' }];
const payable: Told = ['claim-payable', [27, 27]];
const paid: Told = ['payment-paid', [27, 27]];
const rejected: Told = ['amount-restored', [27, 27], { cause: 'rejected' }];
// Everything is back: 151 − 50 + 1 + 19 + 3 + 27, and 150 − 50 + 19 + 4 + 27.
const closed: Told = ['voucher-closed', [151, 150]];
const story = [issued, reserved, lowered, redeemed, cut, payable, paid, rejected, closed];

test('a history that splits by the rule is in order, and a cut may be heard of after what it leaves', () => {
  expect(saidTo(...story)).toEqual([]);
  expect(saidTo(issued, reserved, lowered, redeemed, payable, paid, rejected, cut, closed)).toEqual([]);
});

test.each(story.map(([name, [first, second], more], at) => ({ name, at, wrong: [name, [first - 1, second + 1], more] as Told })))(
  'one fen in the wrong pot is told at once: $at $name',
  ({ at, wrong }) => {
    expect(saidTo(...story.slice(0, at))).toEqual([]);
    expect(saidTo(...story.slice(0, at), wrong)).toEqual([expect.stringMatching(/^split: /)]);
  },
);

test('the whole of a hold is copied back, whatever its split would be now', () => {
  expect(saidTo(issued, reserved, ['amount-reserved', [1, 0], { orderId: 'p' }], ['amount-released', [50, 50]])).toEqual([]);
});
