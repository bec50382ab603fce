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
  type Instant,
  InvariantReport,
  type LocalDate,
  type PairId,
  type Role,
  type SegmentView,
  type TransferId,
} from '@tongdui/contracts';
import type { PartAnswer } from '@tongdui/decider';
import type { Request } from '@tongdui/decider/operation';
import { type JsonObject, memoryEventStore } from '@tongdui/event-store';
import { adjustableClock, host as hosted, noCrash, readModel, silentLog, wallClock } from '@tongdui/runtime';
import { expect } from 'vitest';
import { fenOf, hangzhou, jiaxing, march, paymentIdOf, paymentOf, referenceOf, songjiang, zhejiang } from './clearing.fixtures.ts';
import { figuresOf, invariantsOf } from './invariants.ts';
import { clearing } from './service.ts';

const start = '2026-03-01T02:00:00.000Z' as Instant;
export const person = (role: Role, city: string): Actor => ({ sub: `${role}-${city}`, city: city as Home, roles: [role] });
export const jointOffice = person('joint-office', 'G60');
export const treasurer = (city: string) => person('treasurer', city);
export const ulid = (n: number) => `01J${String(n).padStart(23, '0')}`;
export const terms: CycleTerms = { declarationDayOfMonth: 20, confirmationWorkingDays: 10, transferWorkingDays: 15, disputeDays: 60 };
export const fronted = `${jiaxing}-${songjiang}` as PairId;
export const shared = `${hangzhou}-${jiaxing}` as PairId;
export const provincial = `${zhejiang}-${jiaxing}` as PairId;

type Answers = (ask: JsonObject) => PartAnswer;
const concedes: Answers = () => ({ is: 'yes', data: {} });

/** Processes on one broker, each with its own homes, store and read model, and somebody who publishes and answers what redemption would. */
export const stage = (split: readonly (readonly Home[])[], fate: Fate = 'deliver', redemptionAnswers = concedes) => {
  const hub = memoryHub({ fate: () => fate });
  const clock = adjustableClock({ initial: start });
  const wall = wallClock;
  const processes = split.map((served, index) => {
    const store = memoryEventStore({ epoch: `store-${index}` });
    const rows = readModel({ file: ':memory:', epoch: store.epoch, homes: served });
    const ask = async (_home: Home, _service: string, asked: JsonObject) => redemptionAnswers(asked);
    const service = clearing({ store, wall, clock, rows, ask, crash: noCrash });
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
    const heardAll = [...heads].every(([home, { sequence }]) =>
      all.every(({ consumed }) => (consumed[`/redemption/${home}`] ?? 1) > Number(sequence)),
    );
    const upToDate = all.every((one) =>
      all.every((other) => Object.entries(other.published).every(([home, head]) => (one.consumed[`/clearing/${home}`] ?? 1) > head)),
    );
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

export type Stage = ReturnType<typeof stage>;

export const done = { is: 'done', created: true };
export const slices = [
  [jiaxing, 30_000],
  [zhejiang, 20_000],
  [hangzhou, 10_000],
] as const;

/** March: a prefund, a draw at once and one that waits, payments, a return; until the month is over. */
export const march31 = async ({ of, publish, idle, ask, moveTo }: Stage) => {
  const { operations: corridor } = of('G60');
  const { operations, asks } = of(songjiang);
  const agreed = {
    agreement: fronted as string as AgreementId,
    route: 'host-fronted',
    prefundFen: fenOf(100_000),
    effectiveFrom: '2026-03-01' as LocalDate,
    legalBasis: '框架协议',
    verification: 'default',
  } as const;
  expect(await corridor.publishAgreement(ask(jointOffice, 'agree 1'), { ...agreed, n: 1 })).toMatchObject(done);
  expect(await corridor.openCycle(ask(jointOffice, 'open'), { cycle: march, terms })).toMatchObject(done);
  expect(
    await operations.depositPrefund(ask(treasurer(songjiang), 'deposit 1'), { pair: fronted, id: ulid(1), amountFen: fenOf(100_000) }),
  ).toMatchObject(done);
  const draw = (n: number, amount: number) =>
    asks({
      type: 'draw-prefund',
      at: start,
      debtor: jiaxing,
      creditor: songjiang,
      paymentId: paymentIdOf(n),
      reference: referenceOf(n),
      amountFen: amount,
    });
  expect(await draw(1, 60_000)).toEqual({ is: 'yes', data: null });
  expect(await draw(2, 70_000)).toEqual({ is: 'queued' });
  expect(await draw(2, 70_000)).toEqual({ is: 'queued' });
  await publish(songjiang, 'payment-paid', paymentOf(1, 60_000, { slices }));
  expect(await draw(1, 60_000)).toEqual({ is: 'yes', data: null });
  expect(
    await operations.depositPrefund(ask(treasurer(songjiang), 'deposit 2'), { pair: fronted, id: ulid(2), amountFen: fenOf(30_000) }),
  ).toMatchObject(done);
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

export const confirmAll = async ({ of, ask, processes, idle }: Stage, cycle = march) => {
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

export const transferAll = async ({ of, ask, idle }: Stage, cycle = march) => {
  const { operations, rows } = of('G60');
  for (const { transferId, payer, receiver } of rows.get<CycleView>('cycles', cycle)!.transfers) {
    const id = transferId as TransferId;
    expect(await operations.sendTransfer(ask(treasurer(receiver), `sent ${id}`), { cycle, id })).toMatchObject({
      is: 'refused',
      reason: 'not-allowed',
    });
    expect(await operations.sendTransfer(ask(treasurer(payer), `sent ${id}`), { cycle, id })).toMatchObject(done);
    expect(await operations.receiveTransfer(ask(treasurer(receiver), `receipt ${id}`), { cycle, id })).toMatchObject(done);
  }
  await idle();
  expect(await operations.reconcileCycle(ask(jointOffice, `reconcile ${cycle}`), { cycle })).toMatchObject(done);
  await idle();
};

/** Rows and events have the form of the contract, every invariant holds, and a read model built anew is the same. */
export const audit = async ({ processes, clock }: Stage) => {
  for (const { rows, store, served, seams } of processes) {
    for (const { noun, view } of Object.values(clearingNouns))
      for (const row of rows.list(noun)) expect([noun, view.safeParse(row).error]).toEqual([noun, undefined]);
    for (const home of served)
      for (const { data } of await store.read(`clearing.${home}.published`)) {
        const event = data as unknown as CloudEvent;
        expect([event.type, eventDefinitionOf(event.type)?.event.safeParse(event).error]).toEqual([event.type, undefined]);
      }
    const report = invariantsOf(rows);
    expect(InvariantReport.safeParse(report).success && ClearingFigures.safeParse(figuresOf(rows)).success).toBe(true);
    for (const { violations } of Object.values(report.invariants)) expect(violations).toEqual([]);
    const again = readModel({ file: ':memory:', epoch: store.epoch, homes: served });
    const ask = async () => concedes({});
    const service = clearing({ store, wall: wallClock, clock, rows: again, ask, crash: noCrash });
    const rebuilt = hosted(service, { ...seams, transport: memoryHub().connect('alone'), readModel: again });
    await rebuilt.started;
    await rebuilt.stop();
    for (const { noun } of Object.values(clearingNouns)) expect(JSON.stringify(again.list(noun))).toBe(JSON.stringify(rows.list(noun)));
  }
};
