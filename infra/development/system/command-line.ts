import { existsSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { stopRunning } from './data-directory.ts';
import type { System } from './handle.ts';
import { portOf } from './layout.ts';
import { answersOk, type SystemOptions, startSystem } from './start.ts';

/** Other programs in the place of the repository's own. */
export type Parts = {
  readonly program?: SystemOptions['program'];
  /** Module whose `seed(system)` fills a new system. */
  readonly seed?: string;
};

/** `start` runs the whole stack until it is interrupted, `stop` ends exactly what a `start` on the same data directory started. */
export const runCommandLine = async (args: readonly string[], parts: Parts = {}): Promise<number> => {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { data: { type: 'string' }, port: { type: 'string' } },
    });
    const dataDirectory = resolve(values.data ?? process.env.TONGDUI_DATA ?? '.data/system');
    switch (positionals.join(' ')) {
      case 'start':
        return await start(dataDirectory, portOf(values.port ?? process.env.TONGDUI_PORT ?? '7400'), parts);
      case 'stop':
        say((await stopRunning(dataDirectory)) === 'stopped' ? '已停止 · stopped' : '没有在运行 · nothing was running');
        return 0;
      default:
        throw new Error('usage: node infra/development/system.ts start|stop [--data .data/system] [--port 7400]');
    }
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    return 1;
  }
};

const start = async (dataDirectory: string, basePort: number, parts: Parts): Promise<number> => {
  const interrupted = new AbortController();
  const interruption = new Promise<void>((done) => interrupted.signal.addEventListener('abort', () => done()));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => interrupted.abort(new Error('已中断 · interrupted')));
  const { NATS_URL: natsUrl, EVENTSTOREDB_URL: eventStoreDbUrl, STREAM_PREFIX: streamPrefix, BUS_PREFIX: busPrefix } = process.env;
  say('正在启动通兑 · starting Tongdui');
  const system = await startSystem({
    dataDirectory,
    basePort,
    clock: 'wall',
    log: say,
    signal: interrupted.signal,
    ...(parts.program ? { program: parts.program } : {}),
    ...(natsUrl ? { natsUrl } : {}),
    ...(eventStoreDbUrl ? { eventStoreDbUrl } : {}),
    ...(streamPrefix ? { streamPrefix } : {}),
    ...(busPrefix ? { busPrefix } : {}),
  });
  try {
    await Promise.race([seedOnce(system, parts.seed ?? ownSeed), interruption]);
    if (interrupted.signal.aborted) return 0;
    say(await overview(system));
    await interruption;
    return 0;
  } finally {
    say('正在停止 · stopping');
    await system.stop();
    say('已停止 · stopped');
  }
};

const ownSeed = fileURLToPath(new URL('../../../demo/seed.ts', import.meta.url));

/** A mark in the data directory says that seeding has finished; interrupted seeding is begun again, which is harmless. */
const seedOnce = async (system: System, path: string): Promise<void> => {
  const mark = join(system.dataDirectory, 'seeded');
  if (existsSync(mark)) return;
  if (!existsSync(path)) {
    say(`没有种子数据 · no seed data: ${path} is not there`);
    return;
  }
  say('正在写入九城种子数据 · seeding nine cities');
  const module = (await import(pathToFileURL(path).href)) as { seed?: unknown };
  if (typeof module.seed !== 'function') throw new Error(`${path} does not export seed`);
  await (module.seed as (system: System) => Promise<unknown>)(system);
  writeFileSync(mark, '');
};

const overview = async (system: System): Promise<string> => {
  const names = new Map([
    ['issuance', '发券 issuance'],
    ['registry', '机构库 registry'],
    ['redemption', '兑付 redemption'],
    ['clearing', '清算 clearing'],
    ['ledger', '账簿 ledger'],
    ['identity-provider', '登录（开发）sign-in'],
    ['bank', '模拟银行 bank'],
  ]);
  const rows = await Promise.all(
    [...system.urls].map(async ([name, url]) => [names.get(name.slice(name.lastIndexOf('/') + 1)) ?? name, url, await pageOf(name, url)]),
  );
  const table = [['部分 part', '地址 address', '页面 page'], ...rows];
  const widths = [0, 1].map((column) => Math.max(...table.map((row) => widthOf(row[column] ?? ''))));
  const lines = table.map((row) =>
    row.map((cell, column) => cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - widthOf(cell)))).join('  '),
  );
  return [
    '',
    '通兑已就绪 · Tongdui is ready',
    '',
    ...lines.map((line) => `  ${line.trimEnd()}`),
    '',
    `  数据与日志 data and logs: ${relative(process.cwd(), system.dataDirectory) || '.'}`,
    '  令牌 token: curl -s -d grant_type=urn:tongdui:development-grant -d client_id=tongdui-scripts \\',
    `    -d person=reviewer-1.310117 ${system.issuer}/token`,
    '',
    '按 Ctrl-C 停止 · Ctrl-C stops',
  ].join('\n');
};

/** What is worth opening in a browser. */
const pageOf = async (name: string, url: string): Promise<string> => {
  if (name === 'identity-provider') return `${url}/people`;
  if (name === 'bank') return `${url}/audit`;
  return (await answersOk(`${url}/docs`)) ? `${url}/docs` : `${url}/openapi.json`;
};

/** Columns on a terminal: Chinese characters take two. */
const widthOf = (text: string): number => [...text].reduce((width, character) => width + (/[\u2e80-\uffef]/.test(character) ? 2 : 1), 0);

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
