import { type CrashPoint, noCrash } from './seams.ts';

/**
 * `CRASH_AT=name` kills this process the first time it comes to that point, `name:3` the third time: by SIGKILL, so that nothing is
 * flushed, closed or caught. Refused in production by `configuration`.
 */
export const crashPoints = (
  crashAt: string | undefined,
  kill: (name: string) => void = () => {
    process.kill(process.pid, 'SIGKILL');
  },
): CrashPoint => {
  if (!crashAt) return noCrash;
  const [named, times = '1'] = crashAt.split(':');
  let left = Number(times);
  return (name) => {
    if (name !== named) return;
    left -= 1;
    if (left === 0) kill(name);
  };
};

/** Every place where the runtime can be killed; services add their own names. */
export const crashPointNames = [
  'follower.before-commit',
  'follower.after-commit',
  'consumer.before-effects',
  'consumer.after-effects',
  'consumer.after-commit',
  'work.before-perform',
  'work.after-perform',
  'coordinator.before-ask',
  'coordinator.after-first-answer',
  'coordinator.before-outcome',
  'coordinator.after-outcome',
  'coordinator.before-release',
  'coordinator.after-first-release',
] as const;
