import {
  type CloudEvent,
  type CycleTerms,
  type DataOf,
  type disputeDecided,
  eventDefinitionOf,
  members,
  type transferReceived,
} from '@tongdui/contracts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  at,
  confirmBy,
  declareBy,
  fenOf,
  hangzhou,
  jiaxing,
  march,
  obligationIdOf,
  paymentOf,
  songjiang,
  zhejiang,
} from './clearing.fixtures.ts';
import { effects } from './clearing.process.ts';
import { type Command, pair, type State } from './pair.decider.ts';

const event = (name: string, data: object): CloudEvent => {
  const service = name.startsWith('payment') ? 'redemption' : 'clearing';
  const type = `g60.${service}.${name}.v1`;
  return {
    specversion: '1.0',
    id: '00000000-0000-4000-8000-000000000000',
    source: `/${service}/310117`,
    type,
    subject: 's',
    time: at,
    datacontenttype: 'application/json',
    sequence: '0000000000000001',
    data: data as CloudEvent['data'],
  };
};
/** The stream and what matters of the command. */
const meant = (name: string, data: object) => {
  const one = event(name, data);
  expect(eventDefinitionOf(one.type)?.data.safeParse(data), 'the event has the form of the contract').toMatchObject({ success: true });
  return effects(one).map(({ stream, command }) => {
    const { type, amountFen, kind } = command as { type: string; amountFen?: number; kind?: string };
    return [stream.replace('clearing.', ''), type, ...(kind ? [kind] : []), ...(amountFen === undefined ? [] : [amountFen])];
  });
};
const without = <Key extends string>(data: Record<string, unknown>, key: Key) =>
  Object.fromEntries(Object.entries(data).filter(([name]) => name !== key));
const back = (n: number, amount: number, how: 'returnedOn' | 'recoveredOn', options: Parameters<typeof paymentOf>[2] = {}) => ({
  ...without(paymentOf(n, amount, options), 'paidOn'),
  [how]: '2026-05-02',
});
const split = [
  [jiaxing, 30],
  [zhejiang, 20],
  [hangzhou, 6],
  [hangzhou, 4],
] as const;

describe('a payment', () => {
  test('that the host fronted is owed by the home whole, and each other owner owes the home its share', () => {
    expect(meant('payment-paid', paymentOf(1, 60, { slices: split }))).toEqual([
      ['310117.pair-330400-310117', 'AccrueObligation', 'host-fronted', 60],
      ['330400.pair-330000-330400', 'AccrueObligation', 'cost-share', 20],
      ['330400.pair-330100-330400', 'AccrueObligation', 'cost-share', 10],
    ]);
  });
  test('of the home itself leaves only the shares', () => {
    expect(meant('payment-paid', paymentOf(1, 60, { slices: split, route: 'home-direct' }))).toEqual([
      ['330400.pair-330000-330400', 'AccrueObligation', 'cost-share', 20],
      ['330400.pair-330100-330400', 'AccrueObligation', 'cost-share', 10],
    ]);
    expect(meant('payment-paid', paymentOf(1, 60, { route: 'home-direct' }))).toEqual([]);
  });
  test('refunded to the enterprise fronts nothing and draws nothing, whatever the agreement says', () => {
    const refund = { ...paymentOf(1, 60), payee: { kind: 'enterprise', uscc: '91350100M000100Y43' } };
    expect(meant('payment-paid', refund)).toEqual([]);
    expect(meant('payment-failed', { ...without(refund, 'paidOn'), reason: 'closed account' })).toEqual([]);
  });
  test('to a lab of the home itself is never fronted, and an owner of nothing owes nothing', () => {
    const none = [
      [jiaxing, 60],
      [hangzhou, 0],
    ] as const;
    expect(meant('payment-paid', { ...paymentOf(1, 60, { slices: none }), host: jiaxing, payer: jiaxing })).toEqual([]);
  });
  test('that failed gives back its draw', () => {
    const failed = { ...without(paymentOf(1, 60), 'paidOn'), reason: 'closed account' };
    expect(meant('payment-failed', failed)).toEqual([['310117.pair-330400-310117', 'ReleaseDraw']]);
    expect(meant('payment-failed', { ...failed, route: 'home-direct' })).toEqual([]);
  });
  test.each([
    ['payment-returned', 'returnedOn'],
    ['payment-recovered', 'recoveredOn'],
  ] as const)('with %s is owed the other way round', (name, how) => {
    expect(meant(name, back(1, 60, how, { slices: split }))).toEqual([
      ['330400.pair-310117-330400', 'AccrueObligation', 'reverse-host-fronted', 60],
      ['310117.pair-330400-310117', 'NoteReversal'],
      ['330100.pair-330400-330000', 'AccrueObligation', 'reverse-cost-share', 20],
      ['330100.pair-330400-330100', 'AccrueObligation', 'reverse-cost-share', 10],
    ]);
    expect(meant(name, back(1, 60, how, { slices: split, route: 'home-direct' })).map(([stream]) => stream)).toEqual([
      '330100.pair-330400-330000',
      '330100.pair-330400-330100',
    ]);
  });
});

test('a dispute won by the debtor is owed the other way round; one won by the creditor means nothing', () => {
  const decided = (wonBy: 'debtor' | 'creditor') => ({
    ...without(paymentOf(1, 60, { slices: split }), 'paidOn'),
    debtor: jiaxing,
    creditor: songjiang,
    obligationId: obligationIdOf(1),
    wonBy,
    reason: 'heard',
  });
  expect(meant('dispute-decided', decided('debtor') satisfies Partial<DataOf<typeof disputeDecided>>)).toEqual([
    ['330400.pair-310117-330400', 'AccrueObligation', 'reverse-host-fronted', 60],
    ['330100.pair-330400-330000', 'AccrueObligation', 'reverse-cost-share', 20],
    ['330100.pair-330400-330100', 'AccrueObligation', 'reverse-cost-share', 10],
  ]);
  expect(meant('dispute-decided', decided('creditor'))).toEqual([]);
});

describe('a cycle', () => {
  const terms: CycleTerms = { declarationDayOfMonth: 20, confirmationWorkingDays: 10, transferWorkingDays: 15, disputeDays: 60 };
  test('that is called seals every ordered pair of members and no other', () => {
    const sealed = meant('cycle-called', { cycle: march, declareBy, confirmBy, terms, occurredAt: at });
    expect(sealed).toHaveLength(members.length * (members.length - 1));
    expect(new Set(sealed.map(([stream]) => stream)).size).toBe(72);
    expect(sealed).toContainEqual(['310117.pair-330400-310117', 'SealSegment']);
  });
  test('that was netted tells every pair, with nothing to those left out, and settles the debtors that send nothing', () => {
    const told = meant('cycle-netted', {
      cycle: march,
      gross: [{ debtor: jiaxing, creditor: songjiang, amountFen: 50 }],
      nets: [],
      transfers: [],
      transferBy: confirmBy,
      settledDebtors: [hangzhou],
      occurredAt: at,
    });
    expect(told).toHaveLength(72 + 8);
    expect(told).toContainEqual(['310117.pair-330400-310117', 'NetSegment', 50]);
    expect(told).toContainEqual(['330400.pair-310117-330400', 'NetSegment', 0]);
    expect(told.filter(([, type]) => type === 'SettleSegment').every(([stream]) => String(stream).includes(`pair-${hangzhou}-`))).toBe(
      true,
    );
  });
  test('hears of each pair', () => {
    const said = { debtor: jiaxing, creditor: songjiang, cycle: march, obligations: 1, totalFen: 50, occurredAt: at };
    expect(meant('pair-cut-off', { ...said, runningTotalFen: 90 })).toEqual([['G60.cycle-202603', 'NotePairSealed']]);
    expect(meant('pair-confirmed', said)).toEqual([['G60.cycle-202603', 'NotePairConfirmed']]);
  });
  test('settles a debtor when its last transfer is received', () => {
    const received = {
      cycle: march,
      transferId: `${march}-${jiaxing}-${songjiang}`,
      payer: jiaxing,
      receiver: songjiang,
      amountFen: fenOf(50),
      occurredAt: at,
    };
    expect(meant('transfer-received', { ...received, settledDebtors: [] } satisfies DataOf<typeof transferReceived>)).toEqual([]);
    const settled = meant('transfer-received', { ...received, settledDebtors: [jiaxing] });
    expect(settled).toHaveLength(8);
    expect(settled).toContainEqual(['310117.pair-330400-310117', 'SettleSegment']);
  });
});

describe('in any order, with repetitions', () => {
  const payment = fc.record({
    amounts: fc.tuple(fc.integer({ min: 1, max: 50 }), fc.nat(20), fc.nat(20)),
    route: fc.constantFrom('home-direct' as const, 'host-fronted' as const),
    back: fc.constantFrom('none' as const, 'returnedOn' as const, 'recoveredOn' as const),
  });
  test('every payment leaves exactly its own obligations, forward and reverse', () => {
    fc.assert(
      fc.property(fc.array(payment, { maxLength: 6 }), fc.array(fc.nat(1_000), { maxLength: 40, size: 'max' }), (payments, shuffle) => {
        const events = payments.flatMap(({ amounts: [own, province, other], route, back: how }, n) => {
          const slices = (
            [
              [jiaxing, own],
              [zhejiang, province],
              [hangzhou, other],
            ] as const
          ).filter(([, amount]) => amount > 0);
          const amount = own + province + other;
          const paid = event('payment-paid', paymentOf(n, amount, { route, slices }));
          if (how === 'none') return [paid];
          return [paid, event(how === 'returnedOn' ? 'payment-returned' : 'payment-recovered', back(n, amount, how, { route, slices }))];
        });
        const all = events.flatMap(effects);
        const again = shuffle.flatMap((index) => (all.length === 0 ? [] : [all[index % all.length]!]));
        const streams = new Map<string, State>();
        for (const { stream, command } of [...again, ...all]) {
          const state = streams.get(stream) ?? pair.initial;
          const decision = pair.decide(command as Command, state);
          expect(decision.accepted, 'an effect is never refused').toBe(true);
          if (decision.accepted) streams.set(stream, decision.facts.reduce(pair.evolve, state));
        }
        const total = (debtor: string, creditor: string, home: string) =>
          streams.get(`clearing.${home}.pair-${debtor}-${creditor}`)?.totals.runningTotalFen ?? 0;
        const sum = (amountOf: (one: (typeof payments)[number]) => number) => payments.reduce((all, one) => all + amountOf(one), 0);
        const fronted = ({ amounts, route }: (typeof payments)[number]) =>
          route === 'host-fronted' ? amounts[0] + amounts[1] + amounts[2] : 0;
        const came = (one: (typeof payments)[number], amount: number) => (one.back === 'none' ? 0 : amount);
        expect(total(jiaxing, songjiang, songjiang)).toBe(sum(fronted));
        expect(total(songjiang, jiaxing, jiaxing)).toBe(sum((one) => came(one, fronted(one))));
        expect(total(zhejiang, jiaxing, jiaxing)).toBe(sum(({ amounts }) => amounts[1]));
        expect(total(jiaxing, zhejiang, hangzhou)).toBe(sum((one) => came(one, one.amounts[1])));
        expect(total(hangzhou, jiaxing, jiaxing)).toBe(sum(({ amounts }) => amounts[2]));
        expect(total(jiaxing, hangzhou, hangzhou)).toBe(sum((one) => came(one, one.amounts[2])));
      }),
    );
  });
});
