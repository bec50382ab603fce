import { type ProcessIdentity, signalIfRunning } from './process-identity.ts';

/**
 * Outlives the process that started it by a moment: when that one is gone, standard input ends, and every process it had told of and not taken
 * back is killed. Killing is what the services are built for, and it also ends a process that is paused.
 */

const guarded = new Map<number, ProcessIdentity>();

const take = (line: string): void => {
  const [sign, pid = '', startTime = ''] = line.split(' ');
  if (sign === '+') guarded.set(Number(pid), { pid: Number(pid), startTime });
  if (sign === '-') guarded.delete(Number(pid));
};

// Whoever interrupts a terminal means the parent, which ends this process in its own time.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

let rest = '';
process.stdin.setEncoding('utf8');
process.stdin.on('data', (text: string) => {
  const lines = (rest + text).split('\n');
  rest = lines.pop() ?? '';
  for (const line of lines) take(line);
});
process.stdin.on('close', () => {
  for (const identity of guarded.values()) signalIfRunning(identity, 'SIGKILL');
  process.exit(0);
});
