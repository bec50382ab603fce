import { availableParallelism } from 'node:os';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { milestones } from './coverage.ts';
import { shrink } from './shrink.ts';
import { type History, type HistoryOptions, simulate } from './simulate.ts';

/**
 * `SEED=7` plays one history and prints its digest: the same on each run. `SEEDS=20000` plays that many, from `FROM` on (default 1), on two
 * threads. A failure prints its seed, its step, and the shortest history that still fails. `COMMANDS` is how many calls people make.
 */

const say = (line: string) => void process.stdout.write(`${line}\n`);

const usage = `用法 Usage:
  make simulate SEED=7        重放第 7 号历史，并打印全部事实的摘要 / replays history 7 and prints a digest of every fact
  make simulate SEEDS=20000   播放 20000 个历史，FROM=… 为第一个种子，COMMANDS=… 为人的操作数 / plays that many, FROM=… the first, COMMANDS=… calls of people`;

/** A whole number, or the usage and the end. */
const numberOf = (name: string, standard?: number): number | undefined => {
  const text = process.env[name];
  if (text === undefined || text === '') return standard;
  const value = Number(text);
  if (/^\d{1,9}$/.test(text) && value > 0) return value;
  process.stderr.write(`${name}=${text}: 须为正整数 / must be a whole number above 0\n${usage}\n`);
  process.exit(2);
};

const seed = numberOf('SEED');
const seeds = numberOf('SEEDS', 200) as number;
const first = numberOf('FROM', 1) as number;
const commands = numberOf('COMMANDS', 200) as number;

const one = async (number: number): Promise<boolean> => {
  const history = await simulate({ seed: number, commands });
  say(`seed ${number}: ${history.shape}, ${history.commands} commands, ${history.facts} facts, ${history.steps} steps`);
  say(`digest ${history.digest}`);
  if (!history.failure) say('全部不变量成立，一切均已了结 / every invariant held, and everything came to its end');
  else await explain({ seed: number, commands }, history);
  return history.failure === undefined;
};

const explain = async (options: HistoryOptions, { failure }: History): Promise<void> => {
  if (!failure) return;
  say(
    `种子 ${options.seed} 失败 seed ${options.seed} fails at step ${failure.step}, after ${failure.commands} commands: ${failure.violation}`,
  );
  const shrunk = await shrink(options, failure);
  say(
    `最短的失败历史 shortest that still fails, after ${shrunk.runs} runs: the first ${shrunk.commands} commands, ${shrunk.without.size} of them left out: ${shrunk.failure.violation}`,
  );
  const { without } = shrunk;
  await simulate({
    ...options,
    commands: shrunk.commands,
    without,
    onCommand: (number, { operation, path, actor, body }, reply) => {
      if (number >= 0)
        say(
          `  ${number} ${operation} ${path} by ${actor.sub} ${JSON.stringify(body)}: ${reply.is === 'refused' ? reply.reason : reply.is}`,
        );
    },
  });
  say(`重放 replay it: make simulate SEED=${options.seed}`);
};

type Share = { readonly from: number; readonly last: number; readonly step: number; readonly each: number };

/** Half of the seeds each; what a thread has played is told at once. */
const share = async ({ from, last, step, each }: Share): Promise<void> => {
  for (let next = from; next <= last; next += step) parentPort?.postMessage(await simulate({ seed: next, commands: each }));
};

const many = async (): Promise<boolean> => {
  const last = first + seeds - 1;
  const threads = Math.min(2, availableParallelism());
  const startedMs = performance.now();
  const failed: History[] = [];
  const reached = new Map(milestones.map((milestone) => [milestone, 0]));
  let played = 0;
  let saidMs = startedMs;
  const hear = (history: History) => {
    played += 1;
    for (const milestone of history.reached) reached.set(milestone, (reached.get(milestone) ?? 0) + 1);
    if (history.failure) {
      failed.push(history);
      say(`seed ${history.seed} (${history.shape}) fails at step ${history.failure.step}: ${history.failure.violation}`);
    }
    if (performance.now() - saidMs < 10_000) return;
    saidMs = performance.now();
    say(`已播放 ${played} of ${seeds} seeds, ${((played * 1_000) / (saidMs - startedMs)).toFixed(1)} per second, ${failed.length} failed`);
  };
  await Promise.all(
    Array.from(
      { length: threads },
      (_, thread) =>
        new Promise<void>((resolve, reject) => {
          const worker = new Worker(new URL(import.meta.url), {
            workerData: { from: first + thread, last, step: threads, each: commands } satisfies Share,
          });
          worker
            .on('message', hear)
            .on('error', reject)
            .on('exit', () => resolve());
        }),
    ),
  );
  const seconds = (performance.now() - startedMs) / 1_000;
  say(
    `共播放 ${played} seeds of ${commands} commands in ${seconds.toFixed(1)} s, ${(played / seconds).toFixed(1)} per second: ${failed.length} failed`,
  );
  say(
    `达到的情形（占历史百分比） reached, % of histories: ${[...reached].map(([name, times]) => `${name} ${percent(times, played)}`).join(', ')}`,
  );
  const worst = failed.toSorted((a, b) => (a.failure?.commands ?? 0) - (b.failure?.commands ?? 0))[0];
  if (worst) await explain({ seed: worst.seed, commands }, worst);
  return failed.length === 0 && played === seeds;
};

const percent = (times: number, all: number): string => (all === 0 ? '0' : ((100 * times) / all).toFixed(times * 20 < all ? 1 : 0));

if (!isMainThread) await share(workerData as Share);
else if (!(seed === undefined ? await many() : await one(seed))) process.exitCode = 1;
