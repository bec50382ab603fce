import { availableParallelism } from 'node:os';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { shrink } from './shrink.ts';
import { type History, type HistoryOptions, simulate } from './simulate.ts';

/**
 * `SEED=7` plays one history and prints its digest: the same on each run. `SEEDS=20000` plays that many, from `FROM` on (default 1), on two
 * threads. A failure prints its seed, its step, and the shortest history that still fails. `COMMANDS` is how many calls people make.
 */

const { SEED, SEEDS = '200', FROM = '1', COMMANDS = '200' } = process.env;
const commands = Number(COMMANDS);
const say = (line: string) => void process.stdout.write(`${line}\n`);

const one = async (seed: number): Promise<boolean> => {
  const history = await simulate({ seed, commands });
  say(`seed ${seed}: ${history.shape}, ${history.commands} commands, ${history.facts} facts, ${history.steps} steps`);
  say(`digest ${history.digest}`);
  if (!history.failure) say('every invariant held, and everything came to its end');
  else await explain({ seed, commands }, history);
  return history.failure === undefined;
};

const explain = async (options: HistoryOptions, { seed, failure }: History): Promise<void> => {
  if (!failure) return;
  say(`seed ${seed} fails at step ${failure.step}, after ${failure.commands} commands: ${failure.violation}`);
  const shrunk = await shrink(options, failure);
  say(
    `shortest that still fails, after ${shrunk.runs} runs: the first ${shrunk.commands} commands, ${shrunk.without.size} of them left out: ${shrunk.failure.violation}`,
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
  say(`replay it: make simulate SEED=${seed}`);
};

type Share = { readonly first: number; readonly last: number; readonly step: number; readonly commands: number };

/** Half of the seeds each; what a thread has played is told at once. */
const share = async ({ first, last, step, commands: each }: Share): Promise<void> => {
  for (let seed = first; seed <= last; seed += step) parentPort?.postMessage(await simulate({ seed, commands: each }));
};

const many = async (): Promise<boolean> => {
  const first = Number(FROM);
  const last = first + Number(SEEDS) - 1;
  const threads = Math.min(2, availableParallelism());
  const startedMs = performance.now();
  const failed: History[] = [];
  let played = 0;
  let saidMs = startedMs;
  const hear = (history: History) => {
    played += 1;
    if (history.failure) {
      failed.push(history);
      say(`seed ${history.seed} (${history.shape}) fails at step ${history.failure.step}: ${history.failure.violation}`);
    }
    if (performance.now() - saidMs < 10_000) return;
    saidMs = performance.now();
    say(`${played} of ${SEEDS} seeds, ${((played * 1_000) / (saidMs - startedMs)).toFixed(1)} per second, ${failed.length} failed`);
  };
  await Promise.all(
    Array.from(
      { length: threads },
      (_, thread) =>
        new Promise<void>((resolve, reject) => {
          const worker = new Worker(new URL(import.meta.url), {
            workerData: { first: first + thread, last, step: threads, commands } satisfies Share,
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
    `${played} seeds of ${commands} commands in ${seconds.toFixed(1)} s, ${(played / seconds).toFixed(1)} per second: ${failed.length} failed`,
  );
  const worst = failed.toSorted((a, b) => (a.failure?.commands ?? 0) - (b.failure?.commands ?? 0))[0];
  if (worst) await explain({ seed: worst.seed, commands }, worst);
  return failed.length === 0 && played === Number(SEEDS);
};

if (!isMainThread) await share(workerData as Share);
else if (!(SEED === undefined ? await many() : await one(Number(SEED)))) process.exitCode = 1;
