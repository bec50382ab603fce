import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePorts } from './system/ports.ts';
import { isRunning, type ProcessIdentity } from './system/process-identity.ts';
import { temporaryDirectory } from './testing.ts';

const program = fileURLToPath(new URL('./fixtures/command-line.ts', import.meta.url));
const demoProgram = fileURLToPath(new URL('../../demo/run.ts', import.meta.url));
const data = temporaryDirectory();
let basePort: number;
const running = new Set<ChildProcess>();

beforeAll(async () => {
  [basePort = 0] = await freePorts(1);
});
afterAll(() => {
  for (const process of running) process.kill('SIGKILL');
  data.remove();
});

type Started = { readonly process: ChildProcess; readonly output: () => string; readonly ended: Promise<number | null> };

const launch = (): Started => {
  const process = spawn(globalThis.process.execPath, [program, 'start', '--data', data.path, '--port', String(basePort)], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  running.add(process);
  let output = '';
  process.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const ended = once(process, 'exit').then(([code]) => code as number | null);
  return { process, output: () => output, ended };
};

/** Resolves when the table has been printed. */
const start = async (): Promise<Started> => {
  const started = launch();
  await expect.poll(started.output, { timeout: 20_000 }).toContain('Ctrl-C');
  return started;
};

const run = (...args: string[]) => spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });
const recorded = (): { main: ProcessIdentity; processes: Record<string, ProcessIdentity> } =>
  JSON.parse(readFileSync(join(data.path, 'system.json'), 'utf8'));
const everyone = () => [recorded().main, ...Object.values(recorded().processes)];

test('start seeds new data, prints where everything is in both languages, and stop ends all of it', { timeout: 40_000 }, async () => {
  const { ended, output } = await start();
  expect(output()).toContain('seeding by the stub');
  expect(output()).toMatch(new RegExp(`发券 issuance +http://127\\.0\\.0\\.1:${basePort + 10} `));
  expect(output()).toContain(`http://127.0.0.1:${basePort + 1}/people`);

  const onSameData = run('start', '--data', data.path, '--port', String(basePort + 100));
  expect([onSameData.status, onSameData.stderr]).toEqual([
    1,
    expect.stringMatching(/^.*正由进程 \d+ 使用.* · a system runs on .* already \(process \d+\); stop it first, or .*TONGDUI_DATA\n$/),
  ]);
  // A demo clears its directory; not one that somebody uses.
  const demo = spawnSync(process.execPath, [demoProgram], { encoding: 'utf8', env: { ...process.env, TONGDUI_DATA: data.path } });
  expect([demo.status, demo.stderr]).toEqual([1, onSameData.stderr]);
  expect(existsSync(join(data.path, 'seeded'))).toBe(true);
  expect(everyone().every(isRunning)).toBe(true);

  const other = temporaryDirectory();
  const onSamePorts = run('start', '--data', other.path, '--port', String(basePort));
  expect([onSamePorts.status, onSamePorts.stderr]).toEqual([
    1,
    `端口 ${basePort}（nats）已被占用，请用 --port 或 TONGDUI_PORT 另选 · port ${basePort} (nats) is taken; choose others with --port or TONGDUI_PORT\n`,
  ]);
  other.remove();

  const processes = everyone();
  expect(processes).toHaveLength(9);
  expect(run('stop', '--data', data.path).stdout).toContain('stopped');
  expect(await ended).toBe(0);
  expect(processes.filter(isRunning)).toEqual([]);
  expect(run('stop', '--data', data.path).stdout).toContain('nothing was running');
});

test('a start on the same data does not seed again, and nothing outlives it when it is killed', { timeout: 40_000 }, async () => {
  const { output, process } = await start();
  expect(output()).not.toContain('seeding by the stub');
  const processes = everyone();
  process.kill('SIGKILL');
  await expect.poll(() => processes.filter(isRunning), { timeout: 5000 }).toEqual([]);
});

test('after a kill a start takes the data over, and Ctrl-C while it is starting ends it', { timeout: 40_000 }, async () => {
  const { ended, output, process } = launch();
  await expect.poll(output, { timeout: 20_000, interval: 10 }).toContain('ready: ');
  const processes = everyone();
  process.kill('SIGINT');
  expect(await ended).toBe(1);
  expect(processes.filter(isRunning)).toEqual([]);
  expect(existsSync(join(data.path, 'system.json'))).toBe(false);
});

test('what is no command and no port is refused with what to write', () => {
  expect(run('begin').stderr).toContain('usage: node infra/development/system.ts start|stop');
  expect(run('start', '--port', 'many').stderr).toContain('many is no port number');
});
