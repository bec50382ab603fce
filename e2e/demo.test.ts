import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';

/** The demo as people run it, as small as it can be: what it prints, and what becomes of it when something is killed. */

const root = fileURLToPath(new URL('..', import.meta.url));
const place = mkdtempSync(join(tmpdir(), 'tongdui-demo-'));
const launched = new Set<ChildProcess>();
afterAll(() => {
  for (const child of launched) child.kill('SIGKILL');
  rmSync(place, { recursive: true, force: true });
});

const launch = () => {
  const child = spawn(process.execPath, ['demo/run.ts', '--orders', '60', '--out', place], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  launched.add(child);
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  return { child, ended, said: () => said };
};
type Recorded = { readonly processes: Readonly<Record<string, { readonly pid: number }>> };
const recorded = (): Recorded['processes'] => (JSON.parse(readFileSync(join(place, 'system.json'), 'utf8')) as Recorded).processes;
const isAlive = ({ pid }: { readonly pid: number }): boolean => existsSync(`/proc/${pid}`);
const widthOf = (text: string): number => [...text].reduce((width, character) => width + (/[\u2e80-\uffef]/.test(character) ? 2 : 1), 0);

test('a service that is killed meanwhile comes back, every invariant holds, and the result fits one screen', async () => {
  const { ended, said } = launch();
  await expect.poll(said, { timeout: 120_000 }).toContain('申请与发券');
  process.kill((recorded()['corridor/redemption'] as { readonly pid: number }).pid, 'SIGKILL');
  expect([await ended, said()]).toEqual([0, expect.stringContaining('✓ 全部不变量成立 · every invariant held')]);
  expect(said()).toContain('⚠ corridor/redemption');

  const summary = said().slice(said().indexOf('━━ 结果')).trimEnd().split('\n');
  expect(summary.length).toBeLessThanOrEqual(40);
  expect(summary.filter((line) => widthOf(line) > 100)).toEqual([]);
  expect(said()).toContain('不变量 16/16 成立');
  expect(said()).toContain('3 of 3 cycles closed');
  const result = JSON.parse(readFileSync(join(place, 'result.json'), 'utf8'));
  expect(result).toMatchObject({ orders: 60, netSumFen: 0 });
  expect(Object.values(result.invariants)).toEqual(Array(16).fill(true));
});

test('an interrupted demo ends everything it started, and says so', async () => {
  const { child, ended, said } = launch();
  await expect.poll(said, { timeout: 120_000 }).toContain('九城数据');
  const processes = Object.values(recorded());
  expect(processes.every(isAlive)).toBe(true);
  child.kill('SIGINT');
  expect(await ended).toBe(1);
  expect(said()).toContain('已中断，正在停止 · interrupted, stopping');
  expect(processes.filter(isAlive)).toEqual([]);
  expect(existsSync(join(place, 'system.json'))).toBe(false);
});
