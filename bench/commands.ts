import { fork } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cpuMsOf } from '@tongdui/development/processor-time';
import type { System } from '@tongdui/development/system';
import { Wire } from '@tongdui/development/wire';
import { ulid } from 'ulid';
import { boss, urlOf, type Voucher } from './market.ts';
import { alternately, quantile, rateOf } from './measure.ts';
import { pause } from './officers.ts';
import type { Compared } from './stores.ts';

/** One durable command of the redeem path, the proposal of an order, over HTTP: how many, how late, and what happens when there are too many. */

const connections = 64;

export type CommandFigures = Compared & { readonly p50Ms: number; readonly p99Ms: number; readonly cpuMs: number };

export const compareCommands = async (
  system: System,
  vouchers: readonly Voucher[],
  { rounds, durationMs }: { readonly rounds: number; readonly durationMs: number },
): Promise<CommandFigures> => {
  const floor = await startFloor(system);
  const bare = new Wire(floor.url, { connectionsMax: connections });
  const real = new Wire(urlOf(system, 'redemption'), { connectionsMax: connections });
  const durations: number[] = [];
  const redemption = system.process('redemption', 'G60' as never).pid ?? 0;
  let cpuMs = 0;
  let commands = 0;
  try {
    const propose = await proposer(system, vouchers);
    const compared = await alternately(
      rounds,
      () => rateOf(connections, durationMs, async () => expectCreated(await propose(bare))),
      async () => {
        const before = cpuMsOf(redemption);
        const rate = await rateOf(connections, durationMs, async () => {
          const begunMs = performance.now();
          expectCreated(await propose(real));
          durations.push(performance.now() - begunMs);
          commands += 1;
        });
        await system.waitIdle();
        cpuMs += cpuMsOf(redemption) - before;
        return rate;
      },
    );
    return { ...compared, p50Ms: quantile(durations, 0.5), p99Ms: quantile(durations, 0.99), cpuMs: cpuMs / commands };
  } finally {
    bare.close();
    real.close();
    floor.stop();
  }
};

export type OverloadFigures = {
  readonly offeredPerSecond: number;
  readonly acceptedPerSecond: number;
  readonly refused: number;
  readonly withoutRetryAfter: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Acknowledged commands that were not known when they were sent again. */
  readonly lost: number;
  readonly acknowledged: number;
};

/** More than a service carries, whether it answers or not, for so long; then every acknowledged command once more. */
export const overload = async (
  system: System,
  vouchers: readonly Voucher[],
  { perSecond, durationMs }: { readonly perSecond: number; readonly durationMs: number },
): Promise<OverloadFigures> => {
  // Far more connections than the requests a process takes on at once.
  const wire = new Wire(urlOf(system, 'redemption'), { connectionsMax: 3_000 });
  await wire.connect();
  const propose = await proposer(system, vouchers);
  const accepted: { readonly order: string; readonly tookMs: number }[] = [];
  const underWay = new Set<Promise<void>>();
  let refused = 0;
  let withoutRetryAfter = 0;
  let offered = 0;
  const begunMs = performance.now();
  const offer = async () => {
    const order = newOrder();
    const sentMs = performance.now();
    const { status, head } = await propose(wire, order);
    if (status === 201) accepted.push({ order, tookMs: performance.now() - sentMs });
    else if (status === 503) refused += 1;
    else if (status !== 0) throw new Error(`an order under overload was answered ${status}`);
    if (status === 503 && !/\nretry-after: /i.test(head)) withoutRetryAfter += 1;
  };
  for (let nowMs = 0; nowMs < durationMs; nowMs = performance.now() - begunMs) {
    for (; offered < (nowMs * perSecond) / 1_000; offered += 1) {
      const offering: Promise<void> = offer().finally(() => underWay.delete(offering));
      underWay.add(offering);
    }
    await pause(2);
  }
  const seconds = (performance.now() - begunMs) / 1_000;
  await Promise.all(underWay);
  wire.close();
  const lost = await countLost(
    system,
    propose,
    accepted.map(({ order }) => order),
  );
  const tookMs = accepted.map((one) => one.tookMs);
  return {
    offeredPerSecond: offered / seconds,
    acceptedPerSecond: accepted.length / seconds,
    refused,
    withoutRetryAfter,
    p50Ms: quantile(tookMs, 0.5),
    p99Ms: quantile(tookMs, 0.99),
    lost,
    acknowledged: accepted.length,
  };
};

const countLost = async (system: System, propose: Propose, orders: readonly string[]): Promise<number> => {
  const wire = new Wire(urlOf(system, 'redemption'), { connectionsMax: connections });
  const left = orders.values();
  let lost = 0;
  const ask = async () => {
    for (const order of left) if ((await propose(wire, order)).status !== 200) lost += 1;
  };
  await Promise.all(Array.from({ length: connections }, ask));
  wire.close();
  return lost;
};

type Propose = Awaited<ReturnType<typeof proposer>>;

const orderers = 16;
const newOrder = () => ulid();

/** The same order means the same command: voucher and enterprise follow from its key. */
const proposer = async (system: System, vouchers: readonly Voucher[]) => {
  const chosen = vouchers.slice(0, orderers);
  const people = await Promise.all(chosen.map(async (voucher) => ({ voucher, token: await system.token(boss(voucher)) })));
  return (wire: Wire, order = newOrder()) => {
    const { voucher, token } = people[order.charCodeAt(order.length - 1) % people.length]!;
    const { home, lab } = voucher.place;
    return wire.put(`/orders/${home}-order-${order}`, token, { voucherId: voucher.id, offeringId: lab.offeringId });
  };
};

const expectCreated = ({ status, text }: { readonly status: number; readonly text: string }) => {
  if (status !== 201) throw new Error(`a proposal was answered ${status}: ${text}`);
};

const startFloor = async (system: System): Promise<{ readonly url: string; stop(): void }> => {
  const child = fork(fileURLToPath(new URL('./floor-server.ts', import.meta.url)), [
    system.issuer,
    join(system.dataDirectory, 'logs/floor.log'),
  ]);
  const port = await new Promise<number>((resolve, reject) => {
    child.once('message', (message) => resolve(Number(message)));
    child.once('exit', (code) => reject(new Error(`the floor of the command ended with ${code}`)));
  });
  return { url: `http://127.0.0.1:${port}`, stop: () => child.kill() };
};
