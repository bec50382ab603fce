import { expect, test } from 'vitest';
import { cpuMsOf, ProcessorTime } from './processor-time.ts';

const work = (): void => {
  const before = cpuMsOf(process.pid);
  const until = performance.now() + 2_000;
  while (performance.now() < until && cpuMsOf(process.pid) < before + 20);
  expect(cpuMsOf(process.pid)).toBeGreaterThan(before);
};

test('work shows in the processor time of this process', work);

test('a process that has ended keeps what it had used, and its next life is added to it', () => {
  const time = new ProcessorTime();
  time.note([{ name: 'one/service', pid: process.pid }]);
  const first = time.byName().get('one/service') ?? 0;
  time.note([{ name: 'one/service', pid: undefined }]);
  expect(time.byName()).toEqual(new Map([['one/service', first]]));
  time.note([{ name: 'one/service', pid: process.ppid }]);
  expect(time.byName().get('one/service')).toBe(first + cpuMsOf(process.ppid));
});
