import { randomUUID } from 'node:crypto';
import { eventHash, type Fate, memoryHub } from '@tongdui/bus';
import {
  type Actor,
  type AgreementId,
  ClearingFigures,
  type CloudEvent,
  type CycleTerms,
  type CycleView,
  clearingNouns,
  eventDefinitionOf,
  type Home,
  homes,
  type Instant,
  InvariantReport,
  type LocalDate,
  members,
  type ObligationView,
  type PairId,
  type PairView,
  type Role,
  type SegmentView,
  type TransferId,
} from '@tongdui/contracts';
import type { Request } from '@tongdui/decider/operation';
import { memoryEventStore } from '@tongdui/event-store';
import { adjustableClock, host as hosted, noCrash, readModel, silentLog, wallClock } from '@tongdui/runtime';
import { afterEach, describe, expect, test } from 'vitest';
import { fenOf, hangzhou, jiaxing, march, obligationIdOf, paymentIdOf, paymentOf, referenceOf, songjiang, zhejiang } from './clearing.fixtures.ts';
import { figuresOf, invariantsOf } from './invariants.ts';
import { clearing } from './service.ts';

const start = '2026-03-01T02:00:00.000Z' as Instant;
const person = (role: Role, city: string): Actor => ({ sub: `${role}-${city}`, city: city as Home, roles: [role] });
const jointOffice = person('joint-office', 'G60');
const treasurer = (city: string) => person('treasurer', city);
const ulid = (n: number) => `01J${String(n).padStart(23, '0')}`;
const terms: CycleTerms = { declarationDayOfMonth: 20, confirmationWorkingDays: 10, transferWorkingDays: 15, disputeDays: 60 };
const fronted = `${jiaxing}-${songjiang}` as PairId;
const shared = `${hangzhou}-${jiaxing}` as PairId;
const provincial = `${zhejiang}-${jiaxing}` as PairId;

/** Processes on one broker, each with its own homes, store and read model, and somebody who publishes what redemption would. */
const stage = (split: readonly (readonly Home[])[], fate: Fate = 'deliver') => {
  const hub = memoryHub({ fate: () => fate });
  const clock = adjustableClock({ initial: start });
  const wall = wallClock;
  const processes = split.map((served, index) => {
    const store = memoryEventStore({ epoch: `store-${index}` });
    const rows = readModel({ file: ':memory:', epoch: store.epoch, homes: served });
    const service = clearing({ store, wall, clock, rows });
    const seams = { store, transport: hub.connect(`p${index}`), homes: served, clock, wall, log: silentLog, crash: noCrash };
    return { ...service, served, store, rows, running: hosted(service, { ...seams, readModel: rows }), seams };
  });
  const of = (home: string) => processes.find(({ served }) => served.some((one) => one === home))!;
  const redemption = hub.connect('redemption');
  const heads = new Map<string, CloudEvent>();
  const publish = async (home: string, name: string, data: object) => {
    const last = heads.get(home);
    const event: CloudEvent = {
      specversion: '1.0',
      id: randomUUID(),
      source: `/redemption/${home}`,
      type: `g60.redemption.${name}.v1`,
      subject: 'payment',
      time: start,
      datacontenttype: 'application/json',
      sequence: String(Number(last?.sequence ?? 0) + 1).padStart(16, '0'),
      ...(last ? { previoushash: eventHash(last) } : {}),
      data: data as CloudEvent['data'],
    };
    expect(eventDefinitionOf(event.type)?.event.safeParse(event)).toMatchObject({ success: true });
    heads.set(home, event);
    await redemption.publish({ service: 'redemption', home: home as Home }, [event]);
    await idle();
  };
  const settled = async () => {
    const all = await Promise.all(processes.map(({ running }) => running.status()));
    const heardAll = [...heads].every(([home, { sequence }]) => all.every(({ consumed }) => (consumed[`/redemption/${home}`] ?? 1) > Number(sequence)));
    const upToDate = all.every((one) => all.every((other) => Object.entries(other.published).every(([home, head]) => (one.consumed[`/clearing/${home}`] ?? 1) > head)));
    return heardAll && upToDate && all.every(({ idle: quiet }) => quiet);
  };
  const idle = async () => {
    for (let quiet = 0, turn = 0; turn < 20_000; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      quiet = (await settled()) ? quiet + 1 : 0;
      if (quiet === 2) return;
    }
    throw new Error(`never came to rest: ${JSON.stringify(await Promise.all(processes.map(({ running }) => running.status())))}`);
  };
  const ask = (actor: Actor, key: string, hash = 'body'): Request => ({ actor, key, hash, id: `${key} ${hash}`, at: clock.now() });
  const moveTo = async (date: string) => {
    clock.moveTo(`${date}T02:00:00.000Z` as Instant);
    await idle();
  };
  const stop = () => Promise.all(processes.map(({ running }) => running.stop()));
  return { processes, of, publish, idle, ask, moveTo, clock, stop };
};

let stopping: (() => Promise<unknown>) | undefined;
afterEach(() => stopping?.());
const staged = (...options: Parameters<typeof stage>) => {
  const one = stage(...options);
  stopping = one.stop;
  return one;
};
type Stage = ReturnType<typeof stage>;

const done = { is: 'done', created: true };
const slices = [
  [jiaxing, 30_000],
  [zhejiang, 20_000],
  [hangzhou, 10_000],
] as const;

/** March: a prefund, a draw at once and one that waits, payments, a return; until the month is over. */
const march31 = async ({ of, publish, idle, ask, moveTo }: Stage) => {
  const { operations: corridor } = of('G60');
  const { operations, asks } = of(songjiang);
  const agreed = { agreement: fronted as string as AgreementId, route: 'host-fronted', prefundFen: fenOf(100_000), effectiveFrom: '2026-03-01' as LocalDate, legalBasis: '框架协议', verification: 'default' } as const;
  expect(await corridor.publishAgreement(ask(jointOffice, 'agree 1'), { ...agreed, n: 1 })).toMatchObject(done);
  expect(await corridor.openCycle(ask(jointOffice, 'open'), { cycle: march, terms })).toMatchObject(done);
  expect(await operations.depositPrefund(ask(treasurer(songjiang), 'deposit 1'), { pair: fronted, id: ulid(1), amountFen: fenOf(100_000) })).toMatchObject(done);
  const draw = (n: number, amount: number) =>
    asks({ type: 'draw-prefund', at: start, debtor: jiaxing, creditor: songjiang, paymentId: paymentIdOf(n), reference: referenceOf(n), amountFen: amount });
  expect(await draw(1, 60_000)).toEqual({ is: 'yes', data: null });
  expect(await draw(2, 70_000)).toEqual({ is: 'queued' });
  expect(await draw(2, 70_000)).toEqual({ is: 'queued' });
  await publish(songjiang, 'payment-paid', paymentOf(1, 60_000, { slices }));
  expect(await draw(1, 60_000)).toEqual({ is: 'yes', data: null });
  expect(await operations.depositPrefund(ask(treasurer(songjiang), 'deposit 2'), { pair: fronted, id: ulid(2), amountFen: fenOf(30_000) })).toMatchObject(done);
  await idle();
  expect(await draw(2, 70_000)).toEqual({ is: 'yes', data: null });
  await publish(songjiang, 'payment-paid', paymentOf(2, 70_000));
  expect(await draw(3, 1)).toEqual({ is: 'queued' });
  const { paidOn: _, ...failed } = paymentOf(3, 1);
  await publish(songjiang, 'payment-failed', { ...failed, reason: 'account closed' });
  expect(await draw(3, 1)).toEqual({ is: 'no', reason: 'draw-released' });
  await publish(jiaxing, 'payment-paid', paymentOf(4, 9_000, { route: 'home-direct', slices: [[hangzhou, 9_000]] }));
  await moveTo('2026-04-01');
};

const confirmAll = async ({ of, ask, processes, idle }: Stage, cycle = march) => {
  for (const { rows, operations } of processes)
    for (const segment of rows.list<SegmentView>('segments', { status: 'sealed' }).filter((one) => one.cycle === cycle)) {
      const [debtor = '', creditor = ''] = segment.pair.split('-');
      const totalFen = fenOf(segment.totalFen - segment.disputedFen);
      const input = { pair: segment.pair, cycle, totalFen };
      expect(await operations.declareSegment(ask(treasurer(creditor), `declare ${segment.id}`), input)).toMatchObject(done);
      expect(await operations.confirmSegment(ask(treasurer(debtor), `confirm ${segment.id}`), input)).toMatchObject(done);
    }
  await idle();
  expect(of('G60').rows.get<CycleView>('cycles', cycle)).toMatchObject({ pairsSealed: 72, pairsConfirmed: 72 });
};

const transferAll = async ({ of, ask, idle }: Stage, cycle = march) => {
  const { operations, rows } = of('G60');
  for (const { transferId, payer, receiver } of rows.get<CycleView>('cycles', cycle)!.transfers) {
    const id = transferId as TransferId;
    expect(await operations.sendTransfer(ask(treasurer(receiver), `sent ${id}`), { cycle, id })).toMatchObject({ is: 'refused', reason: 'not-allowed' });
    expect(await operations.sendTransfer(ask(treasurer(payer), `sent ${id}`), { cycle, id })).toMatchObject(done);
    expect(await operations.receiveTransfer(ask(treasurer(receiver), `receipt ${id}`), { cycle, id })).toMatchObject(done);
  }
  await idle();
  expect(await operations.reconcileCycle(ask(jointOffice, `reconcile ${cycle}`), { cycle })).toMatchObject(done);
  await idle();
};

/** Rows and events have the form of the contract, every invariant holds, and a read model built anew is the same. */
const audit = async ({ processes, clock }: Stage) => {
  for (const { rows, store, served, seams } of processes) {
    for (const { noun, view } of Object.values(clearingNouns)) for (const row of rows.list(noun)) expect([noun, view.safeParse(row).error]).toEqual([noun, undefined]);
    for (const home of served)
      for (const { data } of await store.read(`clearing.${home}.published`)) {
        const event = data as unknown as CloudEvent;
        expect([event.type, eventDefinitionOf(event.type)?.event.safeParse(event).error]).toEqual([event.type, undefined]);
      }
    const report = invariantsOf(rows);
    expect(InvariantReport.safeParse(report).success && ClearingFigures.safeParse(figuresOf(rows)).success).toBe(true);
    for (const { violations } of Object.values(report.invariants)) expect(violations).toEqual([]);
    const again = readModel({ file: ':memory:', epoch: store.epoch, homes: served });
    const service = clearing({ store, wall: wallClock, clock, rows: again });
    const rebuilt = hosted(service, { ...seams, transport: memoryHub().connect('alone'), readModel: again });
    await rebuilt.started;
    await rebuilt.stop();
    for (const { noun } of Object.values(clearingNouns)) expect(JSON.stringify(again.list(noun))).toBe(JSON.stringify(rows.list(noun)));
  }
};

const layouts: [string, (readonly Home[])[], Fate][] = [
  ['one process for the whole corridor', [homes], 'deliver'],
  ['every message delivered twice', [homes], 'duplicate'],
  ['three processes, each with its own store', [['G60' as Home, songjiang as string as Home], [jiaxing as string as Home], homes.filter((home) => !['G60', songjiang, jiaxing].some((one) => one === home))], 'deliver'],
];

describe.each(layouts)('a year begins, with %s', (_, split, fate) => {
  test('what is owed in a month is sealed, declared, confirmed, netted, transferred and settled; the prefund is whole again', async () => {
    const one = staged(split, fate);
    const { of, ask, idle } = one;
    await march31(one);
    const { operations } = of('G60');
    expect(of(songjiang).rows.get<PairView>('pairs', fronted)).toMatchObject({ prefundFen: 130_000, drawnFen: 130_000, headroomFen: 0, alertBps: 9_000 });
    expect(await operations.netCycle(ask(jointOffice, 'net'), { cycle: march })).toMatchObject({ is: 'refused', reason: 'pairs-outstanding' });
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

    const owed = of(jiaxing).rows.list<ObligationView>('obligations').filter(({ pair }) => pair === provincial);
    expect(owed).toMatchObject([{ status: 'accrued', amountFen: 20_000, kind: 'cost-share' }]);
    const settle = { pair: provincial, id: ulid(1), amountFen: fenOf(20_000), obligations: owed.map(({ id }) => id) };
    expect(await of(jiaxing).operations.settleVertically(ask(treasurer(hangzhou), 'vertical'), settle)).toMatchObject({ is: 'refused', reason: 'not-allowed' });
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
    expect(await operations.disputeObligation(ask(treasurer(songjiang), 'dispute'), dispute)).toMatchObject({ is: 'refused', reason: 'not-allowed' });
    expect(await operations.disputeObligation(ask(treasurer(jiaxing), 'dispute'), dispute)).toMatchObject(done);
    await idle();
    await confirmAll(one);
    await moveTo('2026-05-05');
    expect(of('G60').rows.get<CycleView>('cycles', march)).toMatchObject({ status: 'netted', gross: [{ amountFen: 19_000 }, { amountFen: 60_000 }] });
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

  test('silence confirms nothing: the cycle closes empty and everything is in the next', async () => {
    const one = staged(split, fate);
    const { of, moveTo } = one;
    await march31(one);
    await moveTo('2026-05-05');
    expect(of('G60').rows.get<CycleView>('cycles', march)).toMatchObject({ status: 'reconciled', gross: [], transfers: [] });
    expect(of(songjiang).rows.get<SegmentView>('segments', `${fronted}-${march}`)).toMatchObject({ status: 'carried-over', escalated: true });
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
  const agreed = { agreement: fronted as string as AgreementId, n: 1, route: 'host-fronted', prefundFen: fenOf(1), effectiveFrom: '2026-03-01' as LocalDate, legalBasis: 'x', verification: 'default' } as const;
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
    expect(await operations.ruleDispute(ask(actor, 'rule'), { pair: fronted, id: obligationIdOf(1), wonBy: 'debtor', reason: 'x' })).toMatchObject(refusedAs('not-allowed'));
  }
});

test('only the first cycle is opened by hand', async () => {
  const { of, ask, idle } = staged([homes]);
  const { operations } = of('G60');
  expect(await operations.openCycle(ask(jointOffice, 'open 1'), { cycle: march, terms })).toMatchObject(done);
  await idle();
  expect(await operations.openCycle(ask(jointOffice, 'open 1'), { cycle: march, terms })).toMatchObject({ is: 'done', created: false });
  expect(await operations.openCycle(ask(jointOffice, 'open 2'), { cycle: '202609' as typeof march, terms })).toMatchObject({ is: 'refused', reason: 'cycle-not-first' });
});

test('an ask that is none is answered no', async () => {
  const { of } = staged([homes]);
  expect(await of('G60').asks({ type: 'draw-everything' })).toEqual({ is: 'no', reason: 'ask-unknown' });
  expect(members).toHaveLength(9);
});
