import { type Failure, type HistoryOptions, simulate } from './simulate.ts';

export type Shrunk = { readonly commands: number; readonly without: ReadonlySet<number>; readonly failure: Failure; readonly runs: number };

/** The shortest beginning of a failing history that still fails, and then without every command of it that is not needed. */
export const shrink = async (options: HistoryOptions, failure: Failure, runsMax = 120): Promise<Shrunk> => {
  let runs = 0;
  let best = failure;
  const fails = async (commands: number, without: ReadonlySet<number>): Promise<boolean> => {
    if (runs >= runsMax) return false;
    runs += 1;
    const history = await simulate({ ...options, commands, without });
    if (history.failure) best = history.failure;
    return history.failure !== undefined;
  };
  const none: ReadonlySet<number> = new Set();
  let [works, commands] = [0, failure.commands];
  while (works + 1 < commands) {
    const middle = Math.floor((works + commands) / 2);
    if (await fails(middle, none)) commands = middle;
    else works = middle;
  }
  let without = none;
  for (let size = Math.ceil(commands / 2); size >= 1; size = Math.floor(size / 2))
    for (let from = 0; from < commands; from += size) {
      const wider = new Set([...without, ...Array.from({ length: Math.min(size, commands - from) }, (_, at) => from + at)]);
      if (wider.size > without.size && (await fails(commands, wider))) without = wider;
    }
  return { commands, without, failure: best, runs };
};
