import type { Slices } from '@tongdui/contracts';
import { type Decision, record } from '@tongdui/decider';
import { given, history } from '@tongdui/decider/testing';
import { plus, totalOf } from '@tongdui/money';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  at,
  enterprise,
  factsOf,
  fenOf,
  jiaxing,
  later,
  onDay,
  orderId,
  policyId,
  potId,
  reasonOf,
  slices,
  songjiang,
  stranger,
  today,
  typesOf,
  voucherId,
} from './redemption.fixtures.ts';
import { type Command, type Reason, voucher } from './voucher.decider.ts';
import { type Fact, holdOf, type State, type Voucher } from './voucher.state.ts';

type Of<Type extends Command['type']> = Omit<Command & { readonly type: Type }, 'type'>;

const opening = {
  voucherId: voucherId(),
  home: songjiang,
  enterprise,
  policyId: policyId(),
  faceFen: fenOf(300),
  issuedOn: today,
  expiresOn: onDay(100),
  slices: slices(300),
};
const open: Command = { type: 'OpenVoucher', ...opening, at };
const hold = { orderId: orderId(), contract: 1 };
const reserve = (more: Partial<Of<'ReserveAmount'>> = {}): Command => ({
  type: 'ReserveAmount',
  ...hold,
  host: jiaxing,
  enterprise,
  amountFen: fenOf(120),
  signedOn: today,
  registeredOn: today,
  at,
  ...more,
});
const release = (more: Partial<Of<'ReleaseAmount'>> = {}): Command => ({ type: 'ReleaseAmount', ...hold, at, ...more });
const lower = (more: Partial<Of<'LowerAmount'>> = {}): Command => ({
  type: 'LowerAmount',
  ...hold,
  amendment: 1,
  amountFen: fenOf(70),
  at,
  ...more,
});
const redeem = (more: Partial<Of<'RedeemAmount'>> = {}): Command => ({
  type: 'RedeemAmount',
  ...hold,
  amountFen: fenOf(100),
  at,
  ...more,
});
const restore = (more: Partial<Of<'RestoreAmount'>> = {}): Command => ({
  type: 'RestoreAmount',
  ...hold,
  claimId: '310117-claim-1',
  cause: 'rejected',
  slices: slices(100),
  at,
  ...more,
});
const officer = (type: 'FreezeVoucher' | 'UnfreezeVoucher' | 'RevokeVoucher'): Command => ({ type, by: 'approver', reason: 'because', at });
const expire = (days: number): Command => ({ type: 'ExpireVoucher', at: later(days) });

const after = (...commands: Command[]) => {
  const { facts, decisions } = history(voucher, commands);
  for (const decision of decisions) expect(reasonOf(decision)).toBeUndefined();
  return given(voucher, ...facts);
};
const opened = () => after(open);
const stateOf = (state: State): Voucher => {
  if (state.is === 'none') throw new Error('not opened');
  return state;
};
const bucketsOf = (state: State) => {
  const { available, reserved, redeemed, closed } = stateOf(state);
  return [available, reserved, redeemed, closed].map(totalOf);
};

describe('reserving', () => {
  test('takes exactly the amount, split over what is left per pot, and says who, where and when', () => {
    const facts = factsOf(opened().when(reserve()));
    expect(facts).toEqual([
      {
        type: 'AmountReserved',
        voucherId: voucherId(),
        home: songjiang,
        enterprise,
        host: jiaxing,
        ...hold,
        amountFen: 120,
        registeredOn: today,
        slices: slices(120),
        at,
      },
    ]);
    expect(bucketsOf(after(open, reserve()).state)).toEqual([180, 120, 0, 0]);
  });

  test('a second time for the same contract is already so, whatever the amount', () => {
    expect(after(open, reserve()).when(reserve({ amountFen: fenOf(1) }))).toEqual(record());
  });

  test('down to the last fen, and not one fen more', () => {
    expect(reasonOf(opened().when(reserve({ amountFen: fenOf(301) })))).toBe('voucher-short');
    expect(bucketsOf(after(open, reserve({ amountFen: fenOf(300) })).state)).toEqual([0, 300, 0, 0]);
  });

  const refusals: [Reason, ReturnType<typeof opened>, Command][] = [
    ['voucher-unknown', given(voucher), reserve()],
    ['hold-was-released', after(open, release()), reserve()],
    ['hold-was-released', after(open, reserve(), release()), reserve()],
    ['hold-was-released', after(release(), open), reserve()],
    ['voucher-of-another-enterprise', opened(), reserve({ enterprise: stranger })],
    ['voucher-closed', after(open, expire(101)), reserve()],
    ['voucher-closed', after(open, officer('RevokeVoucher')), reserve()],
    ['voucher-frozen', after(open, officer('FreezeVoucher')), reserve()],
    ['contract-before-voucher', opened(), reserve({ signedOn: onDay(-1) })],
    ['voucher-expired', opened(), reserve({ registeredOn: onDay(101) })],
    ['voucher-short', after(open, reserve({ amountFen: fenOf(200), contract: 2 })), reserve({ amountFen: fenOf(101) })],
  ];
  test.each(refusals)('is refused %s', (reason, { when }, command) => expect(reasonOf(when(command))).toBe(reason));

  test('the first reason in the order of precedence is the answer', () => {
    const everything = { enterprise: stranger, signedOn: onDay(-1), registeredOn: onDay(101), amountFen: fenOf(999) };
    const reasons = [
      [after(open, reserve(), release(), officer('FreezeVoucher')), everything],
      [after(open, officer('FreezeVoucher'), expire(101)), everything],
      [after(open, officer('FreezeVoucher'), expire(101)), { ...everything, enterprise }],
      [after(open, officer('FreezeVoucher')), { ...everything, enterprise }],
      [opened(), { ...everything, enterprise }],
      [opened(), { ...everything, enterprise, signedOn: today }],
      [opened(), { ...everything, enterprise, signedOn: today, registeredOn: today }],
    ] as const;
    expect(reasons.map(([{ when }, more]) => reasonOf(when(reserve(more))))).toEqual([
      'hold-was-released',
      'voucher-of-another-enterprise',
      'voucher-closed',
      'voucher-frozen',
      'contract-before-voucher',
      'voucher-expired',
      'voucher-short',
    ]);
  });

  test('on the last day of validity it is still in time', () => {
    expect(typesOf(opened().when(reserve({ registeredOn: onDay(100) })))).toEqual(['AmountReserved']);
  });
});

describe('releasing', () => {
  test('gives the whole hold back, pot by pot', () => {
    expect(factsOf(after(open, reserve()).when(release()))).toMatchObject([
      { type: 'AmountReleased', slices: slices(120), returnsTo: 'committed', host: jiaxing },
    ]);
    expect(bucketsOf(after(open, reserve(), release()).state)).toEqual([300, 0, 0, 0]);
  });
  test('an unknown hold leaves a tombstone, even before the voucher is known, once', () => {
    expect(typesOf(given(voucher).when(release()))).toEqual(['HoldRefused']);
    expect(after(release()).when(release())).toEqual(record());
    expect(after(open, reserve(), release()).when(release())).toEqual(record());
  });
  test('what is redeemed is not released any more', () => {
    expect(after(open, reserve(), redeem()).when(release())).toEqual(record());
  });
  test('value returns to where the voucher closed', () => {
    const { state, when } = after(open, reserve(), officer('RevokeVoucher'));
    expect(bucketsOf(state)).toEqual([0, 120, 0, 180]);
    expect(factsOf(when(release()))).toMatchObject([{ returnsTo: 'available' }]);
    expect(bucketsOf(after(open, reserve(), officer('RevokeVoucher'), release()).state)).toEqual([0, 0, 0, 300]);
  });
});

describe('lowering', () => {
  test('releases the excess and keeps the rest', () => {
    const { facts } = history(voucher, [open, reserve(), lower()]);
    expect(facts.at(-1)).toMatchObject({ type: 'AmountReleased', amendment: 1, returnsTo: 'committed' });
    expect(bucketsOf(given(voucher, ...facts).state)).toEqual([230, 70, 0, 0]);
  });
  test('splits what it releases: of equal remainders the earlier pot is rounded up', () => {
    const even: Command = { ...open, slices: slices(300).map((slice) => ({ ...slice, amountFen: fenOf(150) })) };
    const { facts } = history(voucher, [even, reserve(), lower({ amountFen: fenOf(119) })]);
    expect(facts.at(-1)).toMatchObject({ type: 'AmountReleased', slices: [{ potId: potId(1), amountFen: 1 }] });
  });
  test('the same amendment again, or an earlier one, is already so', () => {
    const { when } = after(open, reserve(), lower({ amendment: 2 }));
    expect(when(lower({ amendment: 2, amountFen: fenOf(1) }))).toEqual(record());
    expect(when(lower({ amendment: 1, amountFen: fenOf(1) }))).toEqual(record());
  });
  test('to what is reserved anyway there is nothing to release', () => {
    expect(after(open, reserve()).when(lower({ amountFen: fenOf(120) }))).toEqual(record());
  });
  const refusals: [Reason, ReturnType<typeof opened>, Command][] = [
    ['voucher-unknown', given(voucher), lower()],
    ['hold-unknown', opened(), lower()],
    ['hold-unknown', after(open, release()), lower()],
    ['hold-unknown', after(open, reserve(), redeem()), lower()],
    ['hold-exceeded', after(open, reserve()), lower({ amountFen: fenOf(121) })],
  ];
  test.each(refusals)('is refused %s', (reason, { when }, command) => expect(reasonOf(when(command))).toBe(reason));
});

describe('redeeming', () => {
  test('turns the actual subsidy from reserved into redeemed and releases the difference', () => {
    const [fact] = factsOf(after(open, reserve()).when(redeem()));
    expect(fact).toMatchObject({ type: 'AmountRedeemed', returnsTo: 'committed', host: jiaxing });
    expect(fact?.type === 'AmountRedeemed' && [totalOf(fact.slices), totalOf(fact.released)]).toEqual([100, 20]);
    expect(bucketsOf(after(open, reserve(), redeem()).state)).toEqual([200, 0, 100, 0]);
  });
  test('neither freezing nor expiry stops a registered contract', () => {
    const { state } = after(open, reserve(), officer('FreezeVoucher'), expire(101), redeem());
    expect(bucketsOf(state)).toEqual([0, 0, 100, 200]);
  });
  test('a second time it is already so', () => {
    expect(after(open, reserve(), redeem()).when(redeem({ amountFen: fenOf(1) }))).toEqual(record());
  });
  const refusals: [Reason, ReturnType<typeof opened>, Command][] = [
    ['voucher-unknown', given(voucher), redeem()],
    ['hold-unknown', opened(), redeem()],
    ['hold-unknown', after(open, reserve(), release()), redeem()],
    ['hold-exceeded', after(open, reserve()), redeem({ amountFen: fenOf(121) })],
  ];
  test.each(refusals)('is refused %s', (reason, { when }, command) => expect(reasonOf(when(command))).toBe(reason));
});

describe('restoring', () => {
  const redeemed = [open, reserve(), redeem()];
  test('revives the voucher with the very slices', () => {
    expect(factsOf(after(...redeemed).when(restore()))).toMatchObject([
      { type: 'AmountRestored', cause: 'rejected', slices: slices(100), returnsTo: 'committed' },
    ]);
    expect(bucketsOf(after(...redeemed, restore()).state)).toEqual([300, 0, 0, 0]);
  });
  test('once per claim and cause', () => {
    const cut = restore({ cause: 'cut', slices: slices(30) });
    expect(after(...redeemed, cut).when(cut)).toEqual(record());
    expect(typesOf(after(...redeemed, cut).when(restore({ slices: slices(60) })))).toEqual(['AmountRestored']);
  });
  test('to a closed voucher joins the bucket it closed into', () => {
    const { state } = after(...redeemed, expire(101), restore());
    expect(bucketsOf(state)).toEqual([0, 0, 0, 300]);
  });
  const refusals: [Reason, ReturnType<typeof opened>, Command][] = [
    ['voucher-unknown', given(voucher), restore()],
    ['hold-unknown', opened(), restore()],
    ['hold-unknown', after(open, reserve()), restore()],
    ['hold-exceeded', after(...redeemed), restore({ slices: slices(101) })],
    ['hold-exceeded', after(...redeemed), restore({ slices: [{ ...slices(100)[0]!, amountFen: fenOf(68) }] })],
    ['hold-exceeded', after(...redeemed), restore({ slices: [{ ...slices(100)[0]!, potId: potId(9), amountFen: fenOf(1) }] })],
  ];
  test.each(refusals)('is refused %s', (reason, { when }, command) => expect(reasonOf(when(command))).toBe(reason));
});

describe('opening and closing', () => {
  test('opens once, however often the event comes', () => {
    expect(typesOf(given(voucher).when(open))).toEqual(['VoucherOpened']);
    expect(opened().when({ ...open, faceFen: fenOf(999) })).toEqual(record());
  });
  test('expires after its last day, not on it, once', () => {
    expect(opened().when(expire(100))).toEqual(record());
    expect(factsOf(after(open, reserve()).when(expire(101)))).toMatchObject([
      { type: 'VoucherClosed', cause: 'expired', slices: slices(180) },
    ]);
    expect(after(open, expire(101)).when(expire(102))).toEqual(record());
    expect(after(open, officer('RevokeVoucher')).when(expire(102))).toEqual(record());
  });
  test('revoking takes only what is available, once', () => {
    expect(factsOf(after(open, reserve()).when(officer('RevokeVoucher')))).toMatchObject([
      { type: 'VoucherClosed', cause: 'revoked', slices: slices(180), by: 'approver', reason: 'because' },
    ]);
    expect(after(open, officer('RevokeVoucher')).when(officer('RevokeVoucher'))).toEqual(record());
    expect(reasonOf(after(open, expire(101)).when(officer('RevokeVoucher')))).toBe('voucher-closed');
    expect(reasonOf(given(voucher).when(officer('RevokeVoucher')))).toBe('voucher-unknown');
  });
  test('an exhausted voucher closes with nothing', () => {
    expect(factsOf(after(open, reserve({ amountFen: fenOf(300) })).when(expire(101)))).toMatchObject([{ slices: [] }]);
  });
  test('freezing and unfreezing are flags of an open voucher', () => {
    const frozen = after(open, officer('FreezeVoucher'));
    expect(frozen.when(officer('FreezeVoucher'))).toEqual(record());
    expect(opened().when(officer('UnfreezeVoucher'))).toEqual(record());
    expect(typesOf(after(open, officer('FreezeVoucher'), officer('UnfreezeVoucher')).when(reserve()))).toEqual(['AmountReserved']);
    expect(reasonOf(after(open, expire(101)).when(officer('FreezeVoucher')))).toBe('voucher-closed');
    expect(reasonOf(given(voucher).when(officer('FreezeVoucher')))).toBe('voucher-unknown');
  });
});

/** Whatever may reach a voucher, in any order: several orders, duplicates, releases before reserves, closing at any moment. */
const holds = fc.record({ orderId: fc.integer({ min: 1, max: 4 }).map(orderId), contract: fc.integer({ min: 1, max: 2 }) });
const amountFen = fc.integer({ min: 1, max: 400 }).map(fenOf);
const anyCommand: fc.Arbitrary<Command> = fc.oneof(
  { weight: 3, arbitrary: fc.constant(open) },
  { weight: 8, arbitrary: fc.tuple(holds, amountFen).map(([of, amount]) => reserve({ ...of, amountFen: amount })) },
  { weight: 3, arbitrary: holds.map(release) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(holds, amountFen, fc.integer({ min: 1, max: 3 }))
      .map(([of, amount, amendment]) => lower({ ...of, amountFen: amount, amendment })),
  },
  { weight: 6, arbitrary: fc.tuple(holds, amountFen).map(([of, amount]) => redeem({ ...of, amountFen: amount })) },
  {
    weight: 5,
    arbitrary: fc
      .tuple(holds, amountFen, fc.constantFrom('rejected' as const, 'cut' as const, 'lapsed' as const), fc.integer({ min: 1, max: 2 }))
      .map(([of, amount, cause, claim]) => restore({ ...of, cause, claimId: `claim-${claim}`, slices: slices(Math.ceil(amount / 4)) })),
  },
  { weight: 1, arbitrary: fc.constantFrom(officer('FreezeVoucher'), officer('UnfreezeVoucher'), officer('RevokeVoucher'), expire(101)) },
);

const adjacent = (commands: readonly Command[]): Command[] => commands.flatMap((command) => [command, command]);
/** Commands that a process may send twice: the second time they are already so, whatever the first one answered yes to. */
const ofProcesses = new Set([
  'OpenVoucher',
  'ReserveAmount',
  'ReleaseAmount',
  'LowerAmount',
  'RedeemAmount',
  'RestoreAmount',
  'ExpireVoucher',
]);

describe('under any order of commands', () => {
  test('face = available + reserved + redeemed + closed, in total and per pot, and none is negative', () => {
    fc.assert(
      fc.property(fc.array(anyCommand, { maxLength: 60 }), (commands) => {
        let state = voucher.initial;
        for (const command of commands) {
          const decision: Decision<Fact, Reason> = voucher.decide(command, state);
          if (!decision.accepted) continue;
          state = decision.facts.reduce(voucher.evolve, state);
          if (state.is === 'none') continue;
          // Brands refuse a negative amount, so only the sums are left to compare.
          const all: Slices = [state.reserved, state.redeemed, state.closed].reduce<Slices>(plus, state.available);
          expect(all).toEqual(state.slices);
          const held = [...state.holds.values()].flatMap((known) =>
            known === 'refused' || known.status !== 'reserved' ? [] : known.slices,
          );
          expect(held.reduce((sum, slice) => sum + slice.amountFen, 0)).toBe(totalOf(state.reserved));
        }
      }),
      { numRuns: 300 },
    );
  });

  test('a process that sends its command twice changes nothing the second time', () => {
    fc.assert(
      fc.property(fc.array(anyCommand, { maxLength: 40 }), (commands) => {
        const once = history(voucher, commands);
        const twice = history(voucher, adjacent(commands));
        expect(twice.facts).toEqual(once.facts);
        commands.forEach((command, index) => {
          const first = twice.decisions[index * 2];
          if (first?.accepted && ofProcesses.has(command.type)) expect(twice.decisions[index * 2 + 1]).toEqual(record());
        });
      }),
      { numRuns: 150 },
    );
  });

  test('a hold that was released before it was reserved stays released', () => {
    fc.assert(
      fc.property(fc.array(anyCommand, { maxLength: 30 }), (commands) => {
        const { state } = history(voucher, [release(), ...commands]);
        expect(holdOf(state, hold)).toBeUndefined();
      }),
      { numRuns: 100 },
    );
  });
});
