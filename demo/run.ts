import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { inParallel } from '@tongdui/development/client';
import { DataDirectoryRefusal, type System, startSystem } from '@tongdui/development/system';
import { ulid } from 'ulid';
import { inventData } from './data.ts';
import { dateOfDay, firstDay, morningOf } from './days.ts';
import { examine } from './examine.ts';
import { planOf, play } from './play.ts';
import { report, resultOf, wrongEnds } from './report.ts';
import { progress, say, section } from './screen.ts';
import { apply, setUp, setUpSteps, together } from './setup.ts';
import { type Stage, stageOf } from './stage.ts';
import { stories } from './stories.ts';

/**
 * The demo: a month of orders between nine cities, from the budget to the last transfer, on a system of its own, then the auditor's visit.
 *
 *   node demo/run.ts [--data demo/data] [--out .data/demo]
 *
 * `--out`, or TONGDUI_DATA, is the directory of its system, so that two demos run side by side; what an earlier demo left there is removed.
 * Ends with 0 only if every invariant held and nothing unexpected happened.
 */
const { values: options } = parseArgs({ options: { data: { type: 'string' }, out: { type: 'string' } } });

const startedMs = performance.now();
const dataDirectory = resolve(options.out ?? process.env.TONGDUI_DATA ?? '.data/demo');
const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => interrupted.abort(new Error('已中断 · interrupted')));

const main = async (): Promise<number> => {
  const data = inventData();
  say(
    `通兑演示 · Tongdui demo: ${data.orders.length} 笔订单 orders, ${data.enterprises.length} 家企业 enterprises, ${data.providers.length} 家服务机构 labs`,
  );
  const system = await start();
  const stage = stageOf(system, data);
  const interruption = new Promise<never>((_, reject) =>
    interrupted.signal.addEventListener('abort', () => reject(interrupted.signal.reason as Error)),
  );
  try {
    return await Promise.race([perform(stage), interruption]);
  } finally {
    stage.api.close();
    await system.stop();
  }
};

const start = (): Promise<System> => {
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
    env: { LOG_LEVEL: process.env.LOG_LEVEL ?? 'warn' },
    ...(natsUrl ? { natsUrl } : {}),
    ...(eventStoreDbUrl ? { eventStoreDbUrl } : {}),
    ...(streamPrefix ? { streamPrefix } : {}),
    ...(busPrefix ? { busPrefix } : {}),
  });
};

const perform = async (stage: Stage): Promise<number> => {
  const { system, data } = stage;
  const playedFromMs = performance.now();
  const elapsed = () => `${((performance.now() - startedMs) / 1_000).toFixed(1)} s`;
  section('准备与演示', 'loading and playing');

  const loading = progress('九城数据 nine cities', setUpSteps.length);
  let loaded = 0;
  await setUp(stage, dateOfDay(0), (step) => {
    loaded += 1;
    loading.step(loaded, `${step}, ${elapsed()}`);
  });
  await system.waitIdle();
  loading.end(elapsed());

  const applying = progress('申请与发券 applications', data.applications.length);
  let applied = 0;
  await inParallel(data.applications, together, async (application) => {
    await apply(stage, application);
    applied += 1;
    applying.step(applied, elapsed());
  });
  await instructBank(stage);
  await system.waitIdle();
  applying.end(elapsed());

  const plan = planOf(stage);
  const days = progress('业务日 business days', plan.size);
  await play(stage, plan, (done, day) => days.step(done, `${dateOfDay(day)}, ${stage.commands()} 条命令 commands, ${elapsed()}`));
  days.end(elapsed());
  const playedMs = performance.now() - playedFromMs;
  const commands = stage.commands();

  say('  审计 the auditor: 抽查、重建读模型、核对 replaying, rebuilding, comparing');
  const examination = await examine(stage, (step) => say(`    ${step}, ${elapsed()}`));
  const result = resultOf(examination, { commands, playedMs, elapsedMs: performance.now() - startedMs });
  report(stage, examination, result);
  writeFileSync(join(dataDirectory, 'result.json'), `${JSON.stringify(result, null, 2)}\n`);

  const problems = [...stage.unexpected, ...wrongEnds(stage, examination)];
  if (problems.length > 0) section('意外', 'unexpected');
  for (const problem of problems.slice(0, 40)) say(`  ✗ ${problem}`);
  if (problems.length > 40) say(`  … ${problems.length - 40} more`);
  const held = Object.values(result.invariants).every(Boolean);
  say(
    `\n${held && problems.length === 0 ? '全部不变量成立 · every invariant held' : '演示未通过 · the demo failed'} (${firstDay} …, ${elapsed()})`,
  );
  return held && problems.length === 0 ? 0 : 1;
};

/** The simulated bank is told beforehand which payments go wrong. */
const instructBank = ({ system, data, orderOf }: Stage) =>
  inParallel(
    data.orders.filter(({ story }) => stories[story].bank),
    together,
    async (order) => {
      const response = await fetch(`${system.bankUrl}/rules/${orderOf(order).paymentId}-1`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(stories[order.story].bank),
      });
      if (!response.ok) throw new Error(`the bank does not take the rule for ${order.order}: ${await response.text()}`);
    },
  );

try {
  process.exitCode = await main();
} catch (error) {
  const { message, stack } = error as Error;
  if (error instanceof DataDirectoryRefusal) process.stderr.write(`${message}\n`);
  else if (interrupted.signal.aborted) process.stderr.write(`\n${message}\n`);
  else process.stderr.write(`\n${stack ?? message}\n日志 logs: ${join(dataDirectory, 'logs')}\n`);
  process.exitCode = 1;
}
process.exit();
