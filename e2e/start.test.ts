import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { account, eventually, hangzhou, newUscc } from './story.ts';

/** The command line as people use it: two whole systems side by side, read on the terminal, stopped by Ctrl-C and by `stop`. */

const root = fileURLToPath(new URL('..', import.meta.url));
const program = 'infra/development/system.ts';
const places = [0, 1].map(() => mkdtempSync(join(tmpdir(), 'tongdui-start-')));
/** Of the fifteen ports that a system needs from its first one on, all must be free. */
const freeBase = async (from: number): Promise<number> => {
  const isFree = async (port: number): Promise<boolean> => {
    const server = createServer();
    server.listen({ port, host: '127.0.0.1', exclusive: true });
    const free = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    if (free) await new Promise((resolve) => server.close(resolve));
    return free;
  };
  const free = await Promise.all(Array.from({ length: 15 }, (_, index) => isFree(from + index)));
  return free.every(Boolean) ? from : freeBase(from + 20);
};
/** Below the ports that other tests take, and far below those the kernel gives to outgoing connections. */
const ports: number[] = [];
beforeAll(async () => {
  ports.push(await freeBase(12_000 + (process.pid % 1_000)));
  ports.push(await freeBase((ports[0] as number) + 100));
});
const launched = new Set<ChildProcess>();

type Running = {
  readonly process: ChildProcess;
  readonly output: () => string;
  readonly ended: Promise<number | null>;
  /** Address by the name that stands in the table. */
  readonly url: (part: string) => string;
  readonly pids: readonly number[];
};

const launch = async (index: number): Promise<Running> => {
  const [data, port] = [places[index] as string, String(ports[index])];
  const child = spawn(process.execPath, [program, 'start', '--data', data, '--port', port], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  launched.add(child);
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  const ended = once(child, 'exit').then(([code]) => {
    launched.delete(child);
    return code as number | null;
  });
  await eventually(() => said.includes('Ctrl-C stops') || child.exitCode !== null, 'the table is printed', 60_000);
  expect(child.exitCode, said).toBeNull();
  const { main, processes } = JSON.parse(readFileSync(join(data, 'system.json'), 'utf8')) as Record<'main' | 'processes', object>;
  return {
    process: child,
    output: () => said,
    ended,
    url: (part) => new RegExp(`${part} +(http://127\\.0\\.0\\.1:\\d+)`).exec(said)?.[1] ?? expect.fail(`no ${part} in ${said}`),
    pids: [main, ...Object.values(processes)].map(({ pid }) => pid as number),
  };
};

/** A terminal sends it to everything in its foreground. */
const pressCtrlC = ({ process: { pid = 0 } }: Running): void => void process.kill(-pid, 'SIGINT');

const alive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** By the command that the table shows. */
const tokenAt = (running: Running, person: string): string => {
  const [, shown = ''] = /(curl [\s\S]*?\/token)\n/.exec(running.output()) ?? [];
  const { stdout } = spawnSync('bash', ['-c', shown.replace('reviewer-1.310117', person)], { encoding: 'utf8' });
  return (JSON.parse(stdout) as { access_token: string }).access_token;
};

const uscc = newUscc(hangzhou);
const enterprise = `/enterprises/${hangzhou}-enterprise-${uscc}`;
const reviewer = `reviewer-1.${hangzhou}`;
const call = (running: Running, method: 'GET' | 'PUT', path: string, body?: object): Promise<Response> =>
  fetch(`${running.url('issuance')}${path}`, {
    method,
    headers: { authorization: `Bearer ${tokenAt(running, reviewer)}`, 'content-type': 'application/json' },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });

let one: Running;
let other: Running;
beforeAll(async () => {
  [one, other] = (await Promise.all([launch(0), launch(1)])) as [Running, Running];
});
afterAll(() => {
  for (const child of launched) child.kill('SIGKILL');
  for (const data of places) rmSync(data, { recursive: true, force: true, maxRetries: 5 });
});

test('every page of the table opens, of two systems side by side', async () => {
  for (const running of [one, other]) {
    const pages = [...running.output().matchAll(/ (http:\/\/127\.0\.0\.1:\d+\/\S+)$/gm)].map(([, page]) => page as string);
    expect(pages.filter((page) => !page.endsWith('/token'))).toHaveLength(7);
    for (const page of pages.filter((page) => !page.endsWith('/token'))) expect([page, (await fetch(page)).status]).toEqual([page, 200]);
    const pots = (await (await call(running, 'GET', '/pots?limit=200')).json()) as { items: { home: string }[] };
    expect(new Set(pots.items.map(({ home }) => home)).size).toBe(9);
  }
});

test('what one keeps the other does not know; Ctrl-C ends one and all it started, and leaves the other', async () => {
  const company = { name: 'Test enterprise', establishedOn: '2020-01-01', account: account(uscc) };
  expect((await call(one, 'PUT', enterprise, company)).status).toBe(201);
  await eventually(async () => (await call(one, 'GET', enterprise)).status === 200, 'the enterprise can be read');
  expect((await call(other, 'GET', enterprise)).status).toBe(404);
  expect(one.pids).toHaveLength(9);
  pressCtrlC(one);
  expect(await one.ended).toBe(0);
  expect(one.output()).toContain('已停止 · stopped');
  expect(one.pids.filter(alive)).toEqual([]);
  expect(existsSync(join(places[0] as string, 'system.json'))).toBe(false);
  expect(other.pids.filter(alive)).toEqual(other.pids);
});

test('a second start goes on where the first one stopped, and stop ends it', async () => {
  one = await launch(0);
  expect(one.output()).not.toContain('seeding');
  expect((await call(one, 'GET', enterprise)).status).toBe(200);
  const stop = (index: number) =>
    spawnSync(process.execPath, [program, 'stop', '--data', places[index] as string], { cwd: root, encoding: 'utf8' });
  for (const [index, running] of [one, other].entries()) {
    const { status, stdout } = stop(index);
    expect([status, stdout]).toEqual([0, '已停止 · stopped\n']);
    expect(await running.ended).toBe(0);
    expect(running.pids.filter(alive)).toEqual([]);
  }
  expect(stop(0).stdout).toBe('没有在运行 · nothing was running\n');
});
