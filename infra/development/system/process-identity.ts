import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/** A process as it was when it was started: a pid alone may by now belong to somebody else. `startTime` is one word. */
export type ProcessIdentity = { readonly pid: number; readonly startTime: string };

export const identityOf = (pid: number): ProcessIdentity | undefined => {
  const startTime = existsSync('/proc/self/stat') ? startTimeFromProc(pid) : startTimeFromPs(pid);
  return startTime === undefined ? undefined : { pid, startTime };
};

export const isRunning = (identity: ProcessIdentity): boolean => identityOf(identity.pid)?.startTime === identity.startTime;

/** Sends the signal if the process is still the one that was started. */
export const signalIfRunning = (identity: ProcessIdentity, signal: NodeJS.Signals): boolean => {
  if (!isRunning(identity)) return false;
  try {
    process.kill(identity.pid, signal);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
};

/** Field 22 of `/proc/<pid>/stat`. The second field is the command in parentheses and may hold spaces, so counting starts behind it. */
const startTimeFromProc = (pid: number): string | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A zombie has ended; only its parent has not asked yet.
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw error;
  }
};

const startTimeFromPs = (pid: number): string | undefined => {
  try {
    const started = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    return started.replaceAll(/\s+/g, '_') || undefined;
  } catch {
    return undefined;
  }
};
