import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Home } from '@tongdui/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { wallClock } from './clock.ts';
import { type Issuer, issuer } from './issuer.fixture.ts';
import { type Deps, startService } from './start.ts';
import { counterId, counterService, reviewer, songjiang } from './testing.ts';

/** Starting a process takes its time on a busy machine. */
const timeout = 60_000;
let signIn: Issuer;
const children: ChildProcess[] = [];
beforeAll(async () => {
  signIn = await issuer();
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await signIn.stop();
});

type Started = {
  readonly url: string;
  readonly ended: Promise<{ code: number | null; signal: string | null; stdout: string; stderr: string }>;
  printed(text: RegExp): Promise<string>;
  kill(signal: NodeJS.Signals): void;
};

const environment = (): Record<string, string> => ({
  PORT: '0',
  CITIES: '310117',
  DATA_DIR: mkdtempSync(join(tmpdir(), 'tongdui-')),
  NATS_URL: 'nats://127.0.0.1:9',
  OIDC_ISSUER: signIn.url,
  OIDC_AUDIENCE: 'tongdui',
  CLOCK: 'adjustable',
});

/** Without a broker: a service must start, answer and stop without one. */
const start = async (more: Record<string, string> = {}): Promise<Started> => {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'process.fixture.ts')], {
    env: { PATH: process.env.PATH, ...environment(), ...more },
  });
  children.push(child);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += String(chunk);
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += String(chunk);
  });
  const ended = once(child, 'close').then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as string | null,
    stdout,
    stderr,
  }));
  /** Resolves when the process has printed it, or has ended. */
  const printed = async (text: RegExp) => {
    const stop = new AbortController();
    void ended.then(() => stop.abort());
    while (!text.test(stdout) && !stop.signal.aborted) await once(child.stdout, 'data', { signal: stop.signal }).catch(() => undefined);
    return text.exec(stdout)?.[1] ?? '';
  };
  return { url: await printed(/"url":"([^"]+)"/), ended, printed, kill: (signal) => void child.kill(signal) };
};

const eventually = async (holds: () => Promise<boolean>) => {
  const untilMs = Date.now() + 30_000;
  while (!(await holds().catch(() => false))) {
    if (Date.now() > untilMs) throw new Error(`never happened: ${holds.toString()}`);
    await wallClock.sleep(20);
  }
};

const put = async (url: string, path: string, body: unknown) =>
  fetch(`${url}${path}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${await signIn.sign(reviewer)}` },
    body: JSON.stringify(body),
  });
const get = async (url: string, path: string) =>
  fetch(`${url}${path}`, {
    headers: { authorization: `Bearer ${await signIn.sign({ ...reviewer, city: 'G60' as Home, roles: ['operator'] })}` },
  });
const statusOf = async (url: string) => ((await (await get(url, `/counters/${one}`)).json()) as { status: string }).status;
const one = counterId(songjiang, 1);

test('starts, decides, answers queries without a broker; after SIGTERM it finishes what is under way and ends with 0', {
  timeout,
}, async () => {
  const { url, ended, printed, kill } = await start();
  expect((await put(url, `/counters/${one}`, {})).status).toBe(201);
  await eventually(async () => (await statusOf(url)) === 'open');
  expect(await (await get(url, '/invariants')).json()).toEqual({ service: 'registry', invariants: {} });
  await eventually(async () => (await fetch(`${url}/readyz`)).status === 200);
  const slow = get(url, '/slow');
  await printed(/a slow request is under way/);
  const status = await fetch(`${url}/development/status`);
  expect(await status.json()).toMatchObject({ service: 'registry', now: '2026-01-01T00:00:00.000Z' });
  kill('SIGTERM');
  expect(await (await slow).json()).toEqual({ done: true });
  const { code, stdout, stderr } = await ended;
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout.match(/registry is ready at/g)).toHaveLength(1);
  expect(stdout).toContain('registry has stopped');
});

test('killed at a named point, it goes on after the restart', { timeout }, async () => {
  const data = { DATA_DIR: mkdtempSync(join(tmpdir(), 'tongdui-')) };
  const first = await start({ ...data, CRASH_AT: 'work.before-perform' });
  await put(first.url, `/counters/${one}`, {}).catch(() => undefined);
  expect((await first.ended).signal).toBe('SIGKILL');
  const second = await start(data);
  await eventually(async () => {
    const { work } = (await (await fetch(`${second.url}/development/status`)).json()) as { work: unknown[] };
    return work.length === 0 && (await statusOf(second.url)) === 'open';
  });
  second.kill('SIGINT');
  expect((await second.ended).code).toBe(0);
});

test('when it cannot start it ends with 1 and one clear line', { timeout }, async () => {
  const { code, stderr } = await (await start({ PORT: 'none' })).ended;
  expect([code, stderr]).toEqual([1, 'registry cannot start: PORT must be a port number\n']);
});

test.each([
  [{ NODE_ENV: 'production' }, /^registry cannot start: CLOCK=adjustable is for development only/],
  [{ DATA_DIR: '/dev/null/nowhere' }, /^registry cannot start: ENOTDIR/],
  [{ HOST: '192.0.2.1' }, /^registry cannot start: .*EADDRNOTAVAIL/],
])('with %j it says so and leaves nothing open', { timeout }, async (more, line) => {
  const definition = { name: 'registry', service: (deps: Deps) => counterService(deps.store, deps.wall), routes: () => [] } as const;
  await expect(startService(definition, { ...environment(), LOG_LEVEL: 'silent', ...more })).rejects.toThrow(line);
});
