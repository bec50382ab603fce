import { writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { inParallel } from '@tongdui/development/client';
import { ProcessorTime } from '@tongdui/development/processor-time';
import { DataDirectoryRefusal, type ManagedProcess, PortsRefusal, type System, startSystem } from '@tongdui/development/system';
import { ulid } from 'ulid';
import { inventData, wholeDemo } from './data.ts';
import { dateOfDay, morningOf } from './days.ts';
import { showDetail } from './detail.ts';
import { examinationSteps, examine } from './examine.ts';
import { help, OptionRefusal, type Options, readOptions } from './options.ts';
import { planOf, play } from './play.ts';
import { resultOf, showSummary, wrongEnds } from './report.ts';
import { grouped, type Phase, progressTo, say, section } from './screen.ts';
import { apply, setUp, setUpSteps, together } from './setup.ts';
import { type Stage, stageOf } from './stage.ts';
import { stories } from './stories.ts';

/**
 * The demo: two months of orders between nine cities, from the budget to the last transfer, on a system of its own, then the auditor's
 * visit. Ends with 0 only if every invariant held and nothing unexpected happened. `--help` says what can be chosen.
 */
const startedMs = performance.now();
const elapsedMs = () => performance.now() - startedMs;
const progress = progressTo(process.stdout, elapsedMs);
const phases = {
  start: { zh: '启动', en: 'start', lines: 1 },
  cities: { zh: '九城数据', en: 'nine cities', lines: 1 },
  vouchers: { zh: '申请与发券', en: 'vouchers', lines: 1 },
  days: { zh: '业务日', en: 'business days', lines: 4 },
  audit: { zh: '审计', en: 'audit', lines: 3 },
} as const satisfies Record<string, Phase>;

const interrupted = new AbortController();
const stop = (why: string) => {
  progress.tell(why);
  interrupted.abort(new Error(why));
};
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => {
    // Who asks twice does not want to wait; the guard ends what this process leaves behind.
    if (interrupted.signal.aborted) process.exit(1);
    stop('已中断，正在停止 · interrupted, stopping');
  });

const main = async (options: Options): Promise<number> => {
  const data = inventData({ ...wholeDemo, orders: options.orders });
  say(`通兑演示 · Tongdui demo: ${grouped(data.orders.length)} 笔订单 orders, ${data.enterprises.length} 家企业 enterprises`);
  const system = await start(options);
  progress.step(phases.start, 1, 1);
  const stage = stageOf(system, data);
  const interruption = new Promise<never>((_, reject) =>
    interrupted.signal.addEventListener('abort', () => reject(interrupted.signal.reason as Error)),
  );
  try {
    return await Promise.race([perform(stage, options), interruption]);
  } finally {
    progress.end();
    stage.api.close();
    await system.stop();
  }
};

const start = ({ dataDirectory, basePort }: Options): Promise<System> => {
  const { NATS_URL: natsUrl, EVENTSTOREDB_URL: eventStoreDbUrl, STREAM_PREFIX, BUS_PREFIX } = process.env;
  // A server that outlives the demo may hold what an earlier one wrote.
  const own = `demo${ulid().toLowerCase()}`;
  const streamPrefix = STREAM_PREFIX ?? (eventStoreDbUrl ? own : undefined);
  const busPrefix = BUS_PREFIX ?? (natsUrl ? own : undefined);
  return startSystem({
    dataDirectory,
    fresh: true,
    clock: { frozenAt: morningOf(0) },
    signal: interrupted.signal,
    onEndedUnasked: revive,
    env: { LOG_LEVEL: process.env.LOG_LEVEL ?? 'warn' },
    ...(basePort === undefined ? {} : { basePort }),
    ...(natsUrl ? { natsUrl } : {}),
    ...(eventStoreDbUrl ? { eventStoreDbUrl } : {}),
    ...(streamPrefix ? { streamPrefix } : {}),
    ...(busPrefix ? { busPrefix } : {}),
  });
};

/** Nothing acknowledged is lost by a crash, so the demo goes on; what dies again and again ends it. */
const revivalsMax = 3;
const revivals = new Map<string, number>();
const revive = (ended: ManagedProcess, how: string): void => {
  const { name } = ended;
  const before = revivals.get(name) ?? 0;
  revivals.set(name, before + 1);
  if (before === revivalsMax) {
    stop(`  ✗ ${name} 屡次意外结束 · ended again and again; 日志 log: ${relative(process.cwd(), ended.logFile)}`);
    return;
  }
  progress.tell(`  ⚠ ${name} 意外结束（${how}），正在重启 · ended unasked, starting again`);
  ended.restart().catch(({ message }: Error) => stop(`  ✗ ${message}`));
};

const perform = async (stage: Stage, { dataDirectory, isDetailed }: Options): Promise<number> => {
  const processorTime = new ProcessorTime();
  const note = () => processorTime.note([...stage.system.processes.values(), { name: '演示 demo', pid: process.pid }]);
  const startMs = elapsedMs();
  await loadCities(stage);
  await issueVouchers(stage);
  const loadedMs = elapsedMs();

  const plan = planOf(stage);
  await play(stage, plan, (done, day) => {
    note();
    progress.step(phases.days, done, plan.size, `${dateOfDay(day)} · ${grouped(stage.commands())} 条命令 commands ·`);
  });
  const playedMs = elapsedMs();
  const commands = stage.commands();

  const examination = await examine(stage, (step) => {
    note();
    progress.step(phases.audit, examinationSteps.indexOf(step) + 1, examinationSteps.length, step);
  });
  note();
  progress.end();
  const processorMs = [...processorTime.byName().values()].reduce((sum, usedMs) => sum + usedMs, 0);
  const spent = {
    startMs,
    setUpMs: loadedMs - startMs,
    playMs: playedMs - loadedMs,
    auditMs: elapsedMs() - playedMs,
    elapsedMs: elapsedMs(),
    processorMs,
    commands,
  };
  const result = resultOf(examination, spent);
  showSummary(stage, examination, result, spent);
  if (isDetailed) showDetail(stage, examination, processorTime.byName());
  writeFileSync(join(dataDirectory, 'result.json'), `${JSON.stringify(result, null, 2)}\n`);
  return conclude([...stage.unexpected, ...wrongEnds(stage, examination, result)], result.invariants, isDetailed);
};

const loadCities = async (stage: Stage): Promise<void> => {
  let loaded = 0;
  await setUp(stage, dateOfDay(0), (step) => {
    loaded += 1;
    progress.step(phases.cities, loaded, setUpSteps.length, step);
  });
  await stage.system.waitIdle();
};

const issueVouchers = async (stage: Stage): Promise<void> => {
  const { applications } = stage.data;
  let applied = 0;
  await inParallel(applications, together, async (application) => {
    await apply(stage, application);
    applied += 1;
    progress.step(phases.vouchers, applied, applications.length);
  });
  await instructBank(stage);
  await stage.system.waitIdle();
};

/** The simulated bank is told beforehand which payments go wrong. */
const instructBank = ({ system, data, orderOf }: Stage) =>
  inParallel(
    data.orders.filter(({ story }) => stories[story].bank),
    connectionsToBank,
    async (order) => {
      const response = await fetch(`${system.bankUrl}/rules/${orderOf(order).paymentId}-1`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(stories[order.story].bank),
      });
      if (!response.ok) throw new Error(`the bank does not take the rule for ${order.order}: ${await response.text()}`);
      await response.body?.cancel();
    },
  );
const connectionsToBank = 16;

/** The last line says whether all is well; before it what is not. */
const conclude = (problems: readonly string[], invariants: Readonly<Record<string, boolean>>, isDetailed: boolean): number => {
  const shown = isDetailed ? 200 : 10;
  if (problems.length > 0) section(`意外 ${problems.length}`, `${problems.length} unexpected`);
  for (const problem of problems.slice(0, shown)) say(`  ✗ ${problem}`);
  if (problems.length > shown) say(`  … ${problems.length - shown} more`);
  const isWell = problems.length === 0 && Object.values(invariants).every(Boolean);
  say(isWell ? '\n✓ 全部不变量成立 · every invariant held' : '\n✗ 演示未通过 · the demo failed');
  if (!isDetailed) say('  明细 detail: make demo DETAIL=1，其他选项 other options: node demo/run.ts --help');
  return isWell ? 0 : 1;
};

try {
  const options = readOptions(process.argv.slice(2), process.env);
  if (options.isHelp) process.stdout.write(help);
  process.exitCode = options.isHelp ? 0 : await main(options);
} catch (error) {
  const { message, stack } = error as Error;
  const isPlain = [DataDirectoryRefusal, OptionRefusal, PortsRefusal].some((refusal) => error instanceof refusal);
  if (isPlain) process.stderr.write(`${message}\n`);
  else if (!interrupted.signal.aborted) process.stderr.write(`\n${stack ?? message}\n`);
  process.exitCode = 1;
}
process.exit();
