import { createHash } from 'node:crypto';
import type { Instant } from '@tongdui/contracts';
import { cpuMsOf } from '@tongdui/development/processor-time';
import type { System } from '@tongdui/development/system';
import { Wire } from '@tongdui/development/wire';
import { ulid } from 'ulid';
import { baseFen, boss, labPerson, type Place, subsidyFen, urlOf, type Voucher } from './market.ts';
import { quantile, residentMiBOf } from './measure.ts';
import { type Desk, desk, pause } from './officers.ts';

/**
 * Redemptions from the order to the bank's payment, the obligation between cities and every book: eleven commands by six people each, twelve
 * where the enterprise is refunded and has to prove its payment.
 * Enterprises and labs act one by one, officers on lists.
 */

export type RedemptionFigures = {
  readonly redemptions: number;
  readonly seconds: number;
  readonly perSecond: number;
  /** Time a redemption's people waited for answers, over all its steps. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** One command of an enterprise or a lab. */
  readonly commandP50Ms: number;
  readonly commandP99Ms: number;
  /** From the answer to the payment instruction until the claim is shown as paid. */
  readonly paidP50Ms: number;
  readonly paidP99Ms: number;
  /** Processor time per redemption, by process; the generator of load is one of them. */
  readonly cpuMs: Readonly<Record<string, number>>;
  readonly cpuMsTotal: number;
  readonly memoryMiB: Readonly<Record<string, number>>;
};

export type RedemptionOptions = {
  /** Parties that act at the same time. */
  readonly concurrency: number;
  readonly calendar: Calendar;
  /** Of the one month whose cycle is open. */
  readonly daysMax: number;
};

/** Business time: a notice ends with its day, so the days go by quickly. */
export type Calendar = { today(): string; nextDay(): Promise<void> };
const dayLastsMs = 500;
/** Ten minutes short of a day, because a contract that is being registered has one day at most. */
const dayMs = 86_400_000 - 600_000;
const firstDayMs = Date.parse('2026-03-02T01:00:00.000Z');
export const firstInstant = new Date(firstDayMs).toISOString() as Instant;

export const calendarOf = (system: System): Calendar => {
  let day = 0;
  let reached = 0;
  const instant = (of: number) => new Date(firstDayMs + of * dayMs).toISOString();
  return {
    // In Shanghai, where a day of the calendar ends.
    today: () => new Date(firstDayMs + reached * dayMs + 8 * 3_600_000).toISOString().slice(0, 10),
    nextDay: async () => {
      day += 1;
      const now = instant(day);
      const services = [...system.urls].filter(([name]) => name.includes('/'));
      const redemptionFirst = services.toSorted(
        ([left], [right]) => Number(right.endsWith('/redemption')) - Number(left.endsWith('/redemption')),
      );
      for (const [, url] of redemptionFirst) {
        const response = await fetch(`${url}/development/clock`, {
          method: 'PUT',
          headers: { authorization: `Bearer ${await system.token('operator.310117')}`, 'content-type': 'application/json' },
          body: JSON.stringify({ now }),
        });
        await response.body?.cancel();
        if (!response.ok) throw new Error(`the clock at ${url} was not moved: ${response.status}`);
        reached = day;
      }
    },
  };
};

export const redeem = async (
  system: System,
  vouchers: readonly Voucher[],
  orders: number,
  options: RedemptionOptions,
): Promise<RedemptionFigures> => {
  const people = await tokensOf(system, vouchers);
  const wire = new Wire(urlOf(system, 'redemption'), { connectionsMax: options.concurrency + 16 });
  const run: Run = { wire, people, desks: new Map(), calendar: options.calendar, commandMs: [], waitedMs: [], paidMs: [], noticed: 0 };
  await system.waitIdle();
  const before = cpuOf(system);
  const begunMs = performance.now();
  let over = false;
  let doneMs = begunMs;
  const days = turnDays(run, orders, options.daysMax, () => over);
  try {
    await tellAll(run, vouchers, orders, options.concurrency);
    await system.waitIdle();
    doneMs = performance.now();
  } finally {
    over = true;
    await days;
  }
  const seconds = (doneMs - begunMs) / 1_000;
  const cpu = Object.entries(cpuOf(system)).map(([name, ms]) => [name, (ms - (before[name] ?? 0)) / orders] as const);
  wire.close();
  return {
    redemptions: orders,
    seconds,
    perSecond: orders / seconds,
    p50Ms: quantile(run.waitedMs, 0.5),
    p99Ms: quantile(run.waitedMs, 0.99),
    commandP50Ms: quantile(run.commandMs, 0.5),
    commandP99Ms: quantile(run.commandMs, 0.99),
    paidP50Ms: quantile(run.paidMs, 0.5),
    paidP99Ms: quantile(run.paidMs, 0.99),
    cpuMs: Object.fromEntries(cpu),
    cpuMsTotal: cpu.reduce((sum, [, ms]) => sum + ms, 0),
    memoryMiB: memoryOf(system),
  };
};

/** A day ends when enough notices wait for its end, and when nobody comes any more. */
const turnDays = async (run: Run, orders: number, daysMax: number, over: () => boolean): Promise<void> => {
  let lastedMs = 0;
  let endedWith = 0;
  for (; !over(); lastedMs += 50) {
    await pause(50);
    const last = run.noticed === orders;
    const enough = lastedMs >= dayLastsMs && run.noticed - endedWith >= orders / daysMax;
    if (run.noticed === endedWith || !(enough || last)) continue;
    endedWith = run.noticed;
    await run.calendar.nextDay();
    lastedMs = 0;
  }
};

type Run = {
  readonly wire: Wire;
  readonly people: ReadonlyMap<string, string>;
  readonly desks: Map<string, Desk>;
  readonly calendar: Calendar;
  readonly commandMs: number[];
  readonly waitedMs: number[];
  readonly paidMs: number[];
  noticed: number;
};

/** Parties take up the next order as soon as theirs is with the officers; officers and bank finish behind them. */
const tellAll = async (run: Run, vouchers: readonly Voucher[], orders: number, concurrency: number): Promise<void> => {
  const finishing: Promise<void>[] = [];
  let begun = 0;
  const party = async () => {
    while (begun < orders) {
      const voucher = vouchers[begun % vouchers.length] as Voucher;
      const sampled = begun % 20 === 0;
      begun += 1;
      const placed = await place(run, voucher);
      const finished = finish(run, placed, sampled);
      finished.catch(() => {});
      finishing.push(finished);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, party));
  await Promise.all(finishing);
};

type Placed = { readonly claimId: string; readonly paymentId: string; readonly place: Place; readonly waitedMs: number };

/** What enterprise and lab do: order, acceptance by the lab, contract, delivery, acceptance, evidence, claim. */
const place = async (run: Run, voucher: Voucher): Promise<Placed> => {
  const { place: at, enterprise } = voucher;
  const { home, host, lab, payeeMode, route } = at;
  const key = ulid();
  const order = `/orders/${home}-order-${key}`;
  const claimId = `${home}-claim-${key}-1`;
  const refunded = payeeMode === 'enterprise-refunded';
  const payee = refunded ? boss(voucher) : labPerson(at);
  const kinds = refunded ? ['invoice', 'payment-proof'] : ['invoice'];
  const files = kinds.map((kind) => ({ kind, digest: createHash('sha256').update(`${key}/${kind}`).digest('hex') }));
  const begunMs = performance.now();
  const day = run.calendar.today();
  const step = (person: string, path: string, body: unknown = {}) => take(run, person, path, body);
  await step(boss(voucher), order, { voucherId: voucher.id, offeringId: lab.offeringId });
  await step(labPerson(at), `${order}/lab-acceptance`);
  await step(boss(voucher), `${order}/contracts/1`, {
    contractNumber: `C-${key}`,
    signedOn: day,
    serviceStartsOn: day,
    endsOn: '2026-06-30',
    baseFen,
    subsidyFen,
    contractDigest: 'a'.repeat(64),
  });
  await step(labPerson(at), `${order}/delivery`, { deliveredOn: day, deliverableDigest: 'b'.repeat(64) });
  await step(boss(voucher), `${order}/acceptance`, { acceptedOn: day, actualBaseFen: baseFen });
  for (const { kind, digest } of files)
    await step(payee, `/evidence/${home}-evidence-${digest}`, { sm3: 'c'.repeat(64), kind, bytes: 1_024, mediaType: 'application/pdf' });
  await step(payee, `/claims/${claimId}/submissions/1`, {
    invoice: {
      number: { number: invoiceNumber() },
      issuedOn: day,
      totalFen: baseFen,
      sliceFen: baseFen,
      seller: lab.uscc,
      buyer: enterprise,
    },
    selfPaidFen: refunded ? baseFen : baseFen - subsidyFen,
    evidence: files.map(({ digest }) => digest),
  });
  const payer = route === 'host-fronted' && !refunded ? host : home;
  return { claimId, paymentId: `${payer}-payment-${key}-1`, place: at, waitedMs: performance.now() - begunMs };
};

let invoices = 0;
const invoiceNumber = () => {
  invoices += 1;
  return `${String(Date.now()).padStart(13, '0')}${String(invoices).padStart(7, '0')}`;
};

/** What officers and bank do: check, review, notice, and after the notice the payment. */
const finish = async (run: Run, { claimId, paymentId, place: at, waitedMs }: Placed, sampled: boolean): Promise<void> => {
  const { home, host, payeeMode } = at;
  const officer = (person: string) => {
    const known = run.desks.get(person) ?? desk(run.wire, run.people.get(person) ?? '');
    run.desks.set(person, known);
    return known;
  };
  const selfPaidFen = payeeMode === 'lab-redeemed' ? baseFen - subsidyFen : baseFen;
  let waited = waitedMs;
  waited += await officer(`reviewer-1.${host}`).act(`/claims/${claimId}/checks/1`);
  waited += await officer(`reviewer-2.${home}`).act(`/claims/${claimId}/review`, { subsidyFen, selfPaidFen });
  waited += await officer(`approver-1.${home}`).act(`/claims/${claimId}/notice`);
  run.noticed += 1;
  const noticed = run.calendar.today();
  const payer = `payer.${paymentId.slice(0, 6)}`;
  while (run.calendar.today() <= noticed) await pause(50);
  waited += await pay(officer(payer), paymentId);
  run.waitedMs.push(waited);
  if (!sampled) return;
  const instructedMs = performance.now();
  await until(async () =>
    (await run.wire.get(`/claims/${claimId}`, run.people.get(`auditor.${home}`) ?? '')).text.includes('"status":"paid"'),
  );
  run.paidMs.push(performance.now() - instructedMs);
};

/** The payer's list shows a payment once the claim is payable; until then there is nothing to instruct. */
const pay = async (payer: Desk, paymentId: string): Promise<number> => {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await payer.act(`/payments/${paymentId}/instructions/1`);
    } catch (error) {
      // Prepared at the very moment it is asked for, its payee's account may not have been looked up yet.
      const notYet = error instanceof Error && /payment-unknown|account-unknown/.test(error.message);
      if (attempt >= 600 || !notYet) throw error;
      await pause(100);
    }
  }
};

const take = async (run: Run, person: string, path: string, body: unknown): Promise<void> => {
  const token = run.people.get(person) ?? '';
  const begunMs = performance.now();
  for (;;) {
    const { status, text } = await run.wire.put(path, token, body);
    if (status === 200 || status === 201) break;
    // A claim is opened by the order's own facts, a moment after the acceptance was answered.
    if (![0, 202, 503].includes(status) && !text.includes('claim-unknown')) throw new Error(`${path} was answered ${status}: ${text}`);
    if (performance.now() - begunMs > 60_000) throw new Error(`${path} is still answered ${status} after a minute`);
    await pause(status === 202 ? 50 : 5);
  }
  run.commandMs.push(performance.now() - begunMs);
};

const until = async (holds: () => Promise<boolean>): Promise<void> => {
  for (let waitedMs = 0; waitedMs < 60_000; waitedMs += 20) {
    if (await holds()) return;
    await pause(20);
  }
  throw new Error('a claim was not paid within a minute');
};

const tokensOf = async (system: System, vouchers: readonly Voucher[]): Promise<ReadonlyMap<string, string>> => {
  const cities = new Set(vouchers.flatMap(({ place: { home, host } }) => [home, host]));
  const officers = [...cities].flatMap((city) =>
    ['reviewer-1', 'reviewer-2', 'approver-1', 'payer', 'auditor'].map((seat) => `${seat}.${city}`),
  );
  const subs = new Set([...officers, ...vouchers.flatMap((voucher) => [boss(voucher), labPerson(voucher.place)])]);
  const tokens = new Map<string, string>();
  for (const sub of subs) tokens.set(sub, await system.token(sub));
  return tokens;
};

const pidsOf = (system: System) =>
  [...system.processes].flatMap(([name, { pid }]) => (pid === undefined ? [] : [[name.split('/').at(-1) ?? name, pid] as const]));
const cpuOf = (system: System): Readonly<Record<string, number>> =>
  Object.fromEntries([...pidsOf(system), ['generator', process.pid] as const].map(([name, pid]) => [name, cpuMsOf(pid)]));
const memoryOf = (system: System): Readonly<Record<string, number>> =>
  Object.fromEntries(pidsOf(system).map(([name, pid]) => [name, residentMiBOf(pid)]));
