import type { Fate } from '@tongdui/bus';
import {
  type AgreementId,
  type CycleView,
  type Home,
  homes,
  type LocalDate,
  members,
  type ObligationView,
  type PairId,
  type PairView,
  type SegmentView,
} from '@tongdui/contracts';
import { afterEach, describe, expect, test } from 'vitest';
import { fenOf, hangzhou, jiaxing, march, obligationIdOf, paymentOf, songjiang, zhejiang } from './clearing.fixtures.ts';

import {
  audit,
  confirmAll,
  done,
  fronted,
  jointOffice,
  march31,
  person,
  provincial,
  shared,
  slices,
  stage,
  terms,
  transferAll,
  treasurer,
  ulid,
} from './clearing.stage.fixtures.ts';

let stopping: (() => Promise<unknown>) | undefined;
afterEach(() => stopping?.());
const staged = (...options: Parameters<typeof stage>) => {
  const one = stage(...options);
  stopping = one.stop;
  return one;
};

const layouts: [string, (readonly Home[])[], Fate][] = [
  ['one process for the whole corridor', [homes], 'deliver'],
  ['every message delivered twice', [homes], 'duplicate'],
  [
    'three processes, each with its own store',
    [
      ['G60' as Home, songjiang as string as Home],
      [jiaxing as string as Home],
      homes.filter((home) => !['G60', songjiang, jiaxing].some((one) => one === home)),
    ],
    'deliver',
  ],
];

describe.each(layouts)('a year begins, with %s', (_, split, fate) => {
  test('what is owed in a month is sealed, declared, confirmed, netted, transferred and settled; the prefund is whole again', async () => {
    const one = staged(split, fate);
    const { of, ask, idle } = one;
    await march31(one);
    const { operations } = of('G60');
    expect(of(songjiang).rows.get<PairView>('pairs', fronted)).toMatchObject({
      prefundFen: 130_000,
      drawnFen: 130_000,
      headroomFen: 0,
      alertBps: 9_000,
    });
    expect(await operations.netCycle(ask(jointOffice, 'net'), { cycle: march })).toMatchObject({
      is: 'refused',
      reason: 'pairs-outstanding',
    });
    await confirmAll(one);
    expect(await operations.netCycle(ask(jointOffice, 'net'), { cycle: march })).toMatchObject(done);
    expect(await operations.netCycle(ask(jointOffice, 'net'), { cycle: march })).toMatchObject({ is: 'done', created: false });
    await idle();
    expect(of('G60').rows.get<CycleView>('cycles', march)).toMatchObject({
      status: 'netted',
      gross: [
        { debtor: hangzhou, creditor: jiaxing, amountFen: 19_000 },
        { debtor: jiaxing, creditor: songjiang, amountFen: 130_000 },
      ],
      transfers: [
        { payer: jiaxing, receiver: songjiang, amountFen: 111_000 },
        { payer: hangzhou, receiver: songjiang, amountFen: 19_000 },
      ],
    });
    expect(of(songjiang).rows.get<PairView>('pairs', fronted)).toMatchObject({ unnettedFen: 0, unsettledFen: 130_000, headroomFen: 0 });
    expect(await operations.noticeCycle(ask(jointOffice, 'notice'), { cycle: march })).toMatchObject(done);
    await transferAll(one);
    expect(of(songjiang).rows.get<PairView>('pairs', fronted)).toMatchObject({ unsettledFen: 0, headroomFen: 130_000, alertBps: 0 });
    expect(of(songjiang).rows.get<ObligationView>('obligations', obligationIdOf(1))).toMatchObject({ status: 'settled', cycle: march });
    expect(of('G60').rows.get<CycleView>('cycles', march)).toMatchObject({ status: 'reconciled' });
    expect(of('G60').rows.get<CycleView>('cycles', '202604')).toMatchObject({ status: 'open', terms });

    const owed = of(jiaxing)
      .rows.list<ObligationView>('obligations')
      .filter(({ pair }) => pair === provincial);
    expect(owed).toMatchObject([{ status: 'accrued', amountFen: 20_000, kind: 'cost-share' }]);
    const settle = { pair: provincial, id: ulid(1), amountFen: fenOf(20_000), obligations: owed.map(({ id }) => id) };
    expect(await of(jiaxing).operations.settleVertically(ask(treasurer(hangzhou), 'vertical'), settle)).toMatchObject({
      is: 'refused',
      reason: 'not-allowed',
    });
    expect(await of(jiaxing).operations.settleVertically(ask(treasurer(jiaxing), 'vertical'), settle)).toMatchObject(done);
    await idle();
    expect(of(jiaxing).rows.get<PairView>('pairs', provincial)).toMatchObject({ unnettedFen: 0, unsettledFen: 0, runningTotalFen: 20_000 });
    await audit(one);
  });

  test('a dispute leaves its cycle, escalates, and once won by the debtor is offset in the next; a recovery owes the other way round', async () => {
    const one = staged(split, fate);
    const { of, ask, idle, moveTo, publish } = one;
    await march31(one);
    const { operations, rows } = of(songjiang);
    const dispute = { pair: fronted, id: obligationIdOf(2), reason: 'unpaid' } as const;
    expect(await operations.disputeObligation(ask(treasurer(songjiang), 'dispute'), dispute)).toMatchObject({
      is: 'refused',
      reason: 'not-allowed',
    });
    expect(await operations.disputeObligation(ask(treasurer(jiaxing), 'dispute'), dispute)).toMatchObject(done);
    await idle();
    await confirmAll(one);
    await moveTo('2026-05-05');
    expect(of('G60').rows.get<CycleView>('cycles', march)).toMatchObject({
      status: 'netted',
      gross: [{ amountFen: 19_000 }, { amountFen: 60_000 }],
    });
    await of('G60').operations.noticeCycle(ask(jointOffice, 'notice'), { cycle: march });
    await transferAll(one);
    expect(rows.get<PairView>('pairs', fronted)).toMatchObject({ drawnFen: 70_000, disputedFen: 70_000, unnettedFen: 70_000 });
    await moveTo('2026-06-10');
    expect(rows.get<ObligationView>('obligations', obligationIdOf(2))).toMatchObject({ status: 'disputed', dispute: { escalated: true } });
    const ruling = { pair: fronted, id: obligationIdOf(2), wonBy: 'debtor', reason: '未付款' } as const;
    expect(await operations.ruleDispute(ask(jointOffice, 'rule'), ruling)).toMatchObject(done);
    const { paidOn: _, ...recovered } = paymentOf(1, 60_000, { slices });
    await publish(songjiang, 'payment-recovered', { ...recovered, recoveredOn: '2026-06-11' });
    expect(of(jiaxing).rows.get<PairView>('pairs', `${songjiang}-${jiaxing}`)).toMatchObject({ runningTotalFen: 130_000, headroomFen: 0 });
    expect(of(hangzhou).rows.get<PairView>('pairs', `${jiaxing}-${hangzhou}`)).toMatchObject({ unnettedFen: 10_000 });
    expect(of(hangzhou).rows.get<PairView>('pairs', `${jiaxing}-${zhejiang}`)).toMatchObject({ unnettedFen: 20_000 });
    expect(of('G60').rows.get<CycleView>('cycles', '202604')).toMatchObject({ status: 'reconciled', gross: [] });
    await moveTo('2026-07-01');
    const june = '202606' as typeof march;
    expect(rows.get<SegmentView>('segments', `${fronted}-${june}`)).toMatchObject({ totalFen: 70_000, obligations: 1 });
    await confirmAll(one, june);
    await of('G60').operations.netCycle(ask(jointOffice, 'net june'), { cycle: june });
    await of('G60').operations.noticeCycle(ask(jointOffice, 'notice june'), { cycle: june });
    await transferAll(one, june);
    expect(rows.get<PairView>('pairs', fronted)).toMatchObject({ drawnFen: 0, unsettledFen: 0, headroomFen: 130_000 });
    await audit(one);
  });

  test('a debtor silent on what was declared has disputed it: the joint office rules, and each outcome goes its way', async () => {
    const one = staged(split, fate);
    const { of, ask, idle, moveTo } = one;
    await march31(one);
    const { operations, rows } = of(songjiang);
    const declare = (creditor: string, pair: PairId, totalFen: number) =>
      of(creditor).operations.declareSegment(ask(treasurer(creditor), `declare ${pair}`), {
        pair,
        cycle: march,
        totalFen: fenOf(totalFen),
      });
    expect(await declare(songjiang, fronted, 130_000)).toMatchObject(done);
    expect(await declare(jiaxing, shared, 19_000)).toMatchObject(done);
    await moveTo('2026-05-05');
    expect(of('G60').rows.get<CycleView>('cycles', march)).toMatchObject({ status: 'reconciled', gross: [], transfers: [] });
    expect(rows.get<SegmentView>('segments', `${fronted}-${march}`)).toMatchObject({
      status: 'carried-over',
      totalFen: 130_000,
      disputedFen: 130_000,
      escalated: true,
    });
    expect(of(jiaxing).rows.get<SegmentView>('segments', `${shared}-${march}`)).toMatchObject({ status: 'carried-over', disputedFen: 0 });
    const confirmation = { pair: fronted, cycle: march, totalFen: fenOf(130_000) };
    expect(await operations.confirmSegment(ask(treasurer(jiaxing), 'too late'), confirmation)).toMatchObject({
      is: 'refused',
      reason: 'segment-closed',
    });
    for (const n of [1, 2])
      expect(rows.get<ObligationView>('obligations', obligationIdOf(n))).toMatchObject({
        status: 'disputed',
        dispute: { reason: 'silence', dueAt: '2026-07-04T16:00:00.000Z', escalated: false },
      });
    expect(rows.get<PairView>('pairs', fronted)).toMatchObject({ drawnFen: 130_000, disputedFen: 130_000, unnettedFen: 130_000 });
    await moveTo('2026-06-01');
    expect(rows.get<SegmentView>('segments', `${fronted}-202605`)).toMatchObject({ totalFen: 0 });
    expect(of(jiaxing).rows.get<SegmentView>('segments', `${shared}-202605`)).toMatchObject({ status: 'sealed', totalFen: 19_000 });
    await moveTo('2026-07-05');
    for (const [n, wonBy] of [
      [1, 'debtor'],
      [2, 'creditor'],
    ] as const) {
      expect(rows.get<ObligationView>('obligations', obligationIdOf(n))).toMatchObject({
        status: 'disputed',
        dispute: { escalated: true },
      });
      const ruling = { pair: fronted, id: obligationIdOf(n), wonBy, reason: '逾期未答复' };
      expect(await operations.ruleDispute(ask(jointOffice, `rule ${n}`), ruling)).toMatchObject(done);
    }
    await idle();
    // What the debtor won is owed the other way round, to each who had a share in it; what the creditor won is simply due.
    expect(of(jiaxing).rows.get<PairView>('pairs', `${songjiang}-${jiaxing}`)).toMatchObject({ unnettedFen: 60_000 });
    expect(of(hangzhou).rows.get<PairView>('pairs', `${jiaxing}-${hangzhou}`)).toMatchObject({ unnettedFen: 10_000 });
    await moveTo('2026-08-01');
    const july = '202607' as typeof march;
    expect(rows.get<SegmentView>('segments', `${fronted}-${july}`)).toMatchObject({ totalFen: 130_000, obligations: 2 });
    await confirmAll(one, july);
    await of('G60').operations.netCycle(ask(jointOffice, 'net july'), { cycle: july });
    await of('G60').operations.noticeCycle(ask(jointOffice, 'notice july'), { cycle: july });
    await transferAll(one, july);
    expect(rows.get<PairView>('pairs', fronted)).toMatchObject({ drawnFen: 0, disputedFen: 0, unsettledFen: 0, headroomFen: 130_000 });
    await audit(one);
  });

  test('silence of the creditor confirms nothing: the cycle closes empty and everything is in the next', async () => {
    const one = staged(split, fate);
    const { of, moveTo } = one;
    await march31(one);
    await moveTo('2026-05-05');
    expect(of('G60').rows.get<CycleView>('cycles', march)).toMatchObject({ status: 'reconciled', gross: [], transfers: [] });
    expect(of(songjiang).rows.get<SegmentView>('segments', `${fronted}-${march}`)).toMatchObject({
      status: 'carried-over',
      escalated: true,
    });
    await moveTo('2026-06-01');
    expect(of(songjiang).rows.get<SegmentView>('segments', `${fronted}-202605`)).toMatchObject({ status: 'sealed', totalFen: 130_000 });
    expect(of(jiaxing).rows.get<SegmentView>('segments', `${shared}-202605`)).toMatchObject({ status: 'sealed', totalFen: 19_000 });
    await audit(one);
  });
});

test('what people may not do is refused', async () => {
  const { of, ask } = staged([homes]);
  const { operations } = of('G60');
  const refusedAs = (reason: string) => ({ is: 'refused', reason });
  const deposit = { pair: fronted, id: ulid(1), amountFen: fenOf(1) };
  const total = { pair: fronted, cycle: march, totalFen: fenOf(0) };
  const agreed = {
    agreement: fronted as string as AgreementId,
    n: 1,
    route: 'host-fronted',
    prefundFen: fenOf(1),
    effectiveFrom: '2026-03-01' as LocalDate,
    legalBasis: 'x',
    verification: 'default',
  } as const;
  for (const actor of [treasurer(jiaxing), person('payer', songjiang), jointOffice]) {
    expect(await operations.depositPrefund(ask(actor, 'd'), deposit)).toMatchObject(refusedAs('not-allowed'));
    expect(await operations.withdrawPrefund(ask(actor, 'w'), deposit)).toMatchObject(refusedAs('not-allowed'));
    expect(await operations.declareSegment(ask(actor, 'declare'), total)).toMatchObject(refusedAs('not-allowed'));
  }
  for (const actor of [treasurer(songjiang), person('payer', jiaxing), person('joint-office', jiaxing)]) {
    expect(await operations.confirmSegment(ask(actor, 'confirm'), total)).toMatchObject(refusedAs('not-allowed'));
    expect(await operations.publishAgreement(ask(actor, 'agree'), agreed)).toMatchObject(refusedAs('not-allowed'));
    expect(await operations.openCycle(ask(actor, 'open'), { cycle: march, terms })).toMatchObject(refusedAs('not-allowed'));
    expect(await operations.netCycle(ask(actor, 'net'), { cycle: march })).toMatchObject(refusedAs('not-allowed'));
    expect(await operations.noticeCycle(ask(actor, 'notice'), { cycle: march })).toMatchObject(refusedAs('not-allowed'));
    expect(await operations.reconcileCycle(ask(actor, 'reconcile'), { cycle: march })).toMatchObject(refusedAs('not-allowed'));
    expect(
      await operations.ruleDispute(ask(actor, 'rule'), { pair: fronted, id: obligationIdOf(1), wonBy: 'debtor', reason: 'x' }),
    ).toMatchObject(refusedAs('not-allowed'));
  }
});

test('the debtor wins nothing when the money came back by another way first: the payer is asked, and the obligation stands', async () => {
  const one = staged([homes], 'deliver', ({ type }) =>
    type === 'concede-payment' ? { is: 'no', reason: 'payment-not-in-that-state' } : { is: 'yes', data: {} },
  );
  await march31(one);
  const { operations, rows } = one.of(songjiang);
  const id = obligationIdOf(2);
  await operations.disputeObligation(one.ask(treasurer(jiaxing), 'dispute'), { pair: fronted, id, reason: 'unpaid' });
  const ruling = { pair: fronted, id, wonBy: 'debtor', reason: '未付款' } as const;
  for (const attempt of [1, 2])
    expect([attempt, await operations.ruleDispute(one.ask(jointOffice, 'rule'), ruling)]).toMatchObject([
      attempt,
      { is: 'refused', reason: 'obligation-reversed' },
    ]);
  await one.idle();
  expect(rows.get<ObligationView>('obligations', id)).toMatchObject({ dispute: { ruling: { wonBy: 'creditor' } } });
  expect(one.of(jiaxing).rows.get<PairView>('pairs', `${songjiang}-${jiaxing}`)?.runningTotalFen ?? 0).toBe(0);
  await audit(one);
});

test('only the first cycle is opened by hand', async () => {
  const { of, ask, idle } = staged([homes]);
  const { operations } = of('G60');
  expect(await operations.openCycle(ask(jointOffice, 'open 1'), { cycle: march, terms })).toMatchObject(done);
  await idle();
  expect(await operations.openCycle(ask(jointOffice, 'open 1'), { cycle: march, terms })).toMatchObject({ is: 'done', created: false });
  expect(await operations.openCycle(ask(jointOffice, 'open 2'), { cycle: '202609' as typeof march, terms })).toMatchObject({
    is: 'refused',
    reason: 'cycle-not-first',
  });
});

test('an ask that is none is answered no', async () => {
  const { of } = staged([homes]);
  expect(await of('G60').asks({ type: 'draw-everything' })).toEqual({ is: 'no', reason: 'ask-unknown' });
  expect(members).toHaveLength(9);
});
