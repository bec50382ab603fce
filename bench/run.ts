import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type System, startSystem } from '@tongdui/development/system';
import { ulid } from 'ulid';
import { violationsOf } from './books.ts';
import { type CommandFigures, compareCommands, type OverloadFigures, overload } from './commands.ts';
import { publishToEffect } from './latency.ts';
import { issueVouchers, type Market, openMarket, ordersPerVoucher, type Voucher } from './market.ts';
import { calendarOf, firstInstant, type RedemptionFigures, redeem } from './redemptions.ts';
import { type Figures, markdownOf, summaryOf } from './report.ts';
import { seedFacts } from './seed.ts';
import { compareAppends, compareScans, concurrencies, eventStoreDbAppends } from './stores.ts';

/**
 * `make bench`: every figure of one machine in one run. BENCH_QUICK=1 only shows that it works; BENCH_REDEMPTIONS is how many are
 * completed on each store; EVENTSTOREDB_URL adds what an EventStoreDB does.
 */
const quick = process.env.BENCH_QUICK === '1';
const eventStoreDbUrl = process.env.EVENTSTOREDB_URL;
const sizes = quick
  ? { stored: [1_000, 5_000], redemptions: 200, warmUp: 40, rounds: 1, durationMs: 300, scanned: 20_000, overloadMs: 1_000, effects: 10 }
  : {
      stored: [10_000, 100_000, 1_000_000],
      redemptions: Number(process.env.BENCH_REDEMPTIONS ?? 4_000),
      warmUp: 600,
      rounds: 5,
      durationMs: 1_000,
      scanned: 200_000,
      overloadMs: 6_000,
      effects: 100,
    };
const partiesAtOnce = 192;
const daysMax = { warmUp: 4, measured: 20 };

const directory = mkdtempSync(join(process.env.BENCH_DIR ?? tmpdir(), 'tongdui-bench-'));
const say = (line: string) => process.stderr.write(`${line}\n`);

type Stage = { readonly system: System; readonly market: Market; readonly vouchers: readonly Voucher[] };

/** A system of its own with so many facts of the past, warmed up by some redemptions. */
const onSystem = async <Result>(
  name: string,
  options: { readonly stored: number; readonly eventStoreDb?: string },
  run: (stage: Stage, redemptions: () => Promise<RedemptionFigures>) => Promise<Result>,
): Promise<Result> => {
  const dataDirectory = join(directory, name);
  if (options.stored > 0) await seedFacts(dataDirectory, options.stored);
  say(`${name}: starting`);
  const system = await startSystem({
    dataDirectory,
    clock: { frozenAt: firstInstant },
    ...(options.eventStoreDb ? { eventStoreDbUrl: options.eventStoreDb, streamPrefix: `bench-${ulid().toLowerCase()}-` } : {}),
  });
  try {
    const market = await openMarket(system);
    const calendar = calendarOf(system);
    const vouchersFor = (orders: number) => issueVouchers(system, market, Math.ceil(orders / ordersPerVoucher));
    const [warmUp, vouchers] = [await vouchersFor(sizes.warmUp), await vouchersFor(sizes.redemptions)];
    const tell = (on: readonly Voucher[], orders: number, days: number) =>
      redeem(system, on, orders, { concurrency: partiesAtOnce, calendar, daysMax: days });
    say(`${name}: redemptions`);
    await tell(warmUp, sizes.warmUp, daysMax.warmUp);
    return await run({ system, market, vouchers }, () => tell(vouchers, sizes.redemptions, daysMax.measured));
  } finally {
    await system.stop();
    rmSync(dataDirectory, { recursive: true, force: true });
  }
};

const stores = async () => {
  say('store: appends and scan');
  const append: Record<string, Awaited<ReturnType<typeof compareAppends>>> = {};
  for (const concurrency of concurrencies)
    append[concurrency] = await compareAppends(directory, concurrency, sizes.rounds, sizes.durationMs);
  return { append, scan: await compareScans(directory, sizes.scanned, sizes.rounds) };
};

const main = async (): Promise<Figures> => {
  const { append, scan } = await stores();
  const growth: { stored: number; redemptions: RedemptionFigures; violations: readonly string[] }[] = [];
  let command: CommandFigures | undefined;
  let refusing: OverloadFigures | undefined;
  let effect: Figures['effect'] | undefined;
  for (const stored of sizes.stored)
    await onSystem(`facts-${stored}`, { stored }, async ({ system, market, vouchers }, redemptions) => {
      growth.push({ stored, redemptions: await redemptions(), violations: await violationsOf(system) });
      if (command) return;
      say('publish to effect, one command, overload');
      effect = await publishToEffect(system, market, sizes.effects);
      command = await compareCommands(system, vouchers, sizes);
      refusing = await overload(system, vouchers, { perSecond: 3 * command.subject, durationMs: sizes.overloadMs });
    });
  if (!command || !refusing || !effect) throw new Error('nothing was measured');
  return {
    append,
    scan,
    command,
    overload: refusing,
    effect,
    growth,
    ...(eventStoreDbUrl ? { eventStoreDb: await onEventStoreDb(eventStoreDbUrl) } : {}),
  };
};

const onEventStoreDb = async (url: string): Promise<NonNullable<Figures['eventStoreDb']>> => {
  say('EventStoreDB: appends');
  const append: Record<string, number> = {};
  for (const concurrency of concurrencies) append[concurrency] = await eventStoreDbAppends(url, concurrency, sizes.durationMs * 2);
  const redemptions = await onSystem('eventstoredb', { stored: 0, eventStoreDb: url }, (_stage, run) => run());
  return { append, redemptions };
};

try {
  const figures = await main();
  const latest = join(dirname(fileURLToPath(import.meta.url)), 'latest.json');
  mkdirSync(dirname(latest), { recursive: true });
  writeFileSync(latest, `${JSON.stringify(summaryOf(figures), null, 2)}\n`);
  process.stdout.write(markdownOf(figures, { quick }));
  say(`written: ${latest}`);
  const { violations } = summaryOf(figures);
  for (const violation of violations) say(`violated: ${violation}`);
  process.exitCode = violations.length > 0 || figures.overload.lost > 0 ? 1 : 0;
} finally {
  rmSync(directory, { recursive: true, force: true });
}
process.exit();
