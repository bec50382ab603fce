import { readFileSync } from 'node:fs';

/** Linux counts processor time in hundredths of a second. */
const tickMs = 10;

/** Processor time of a process with all its threads so far, in milliseconds; 0 where /proc does not tell. */
export const cpuMsOf = (pid: number): number => {
  const stat = statOf(pid);
  // The second field is the command in parentheses and may hold spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * tickMs;
};

const statOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return '';
  }
};

type Named = { readonly name: string; readonly pid: number | undefined };

/** Processor time by the names of processes that may end and begin again under the same name: what a life has used counts as last noted. */
export class ProcessorTime {
  readonly #lives = new Map<string, number>();

  note(processes: Iterable<Named>): void {
    for (const { name, pid } of processes) {
      const usedMs = pid === undefined ? 0 : cpuMsOf(pid);
      if (usedMs > 0) this.#lives.set(`${name} ${pid}`, usedMs);
    }
  }

  byName(): ReadonlyMap<string, number> {
    const totals = new Map<string, number>();
    for (const [life, usedMs] of this.#lives) {
      const name = life.slice(0, life.lastIndexOf(' '));
      totals.set(name, (totals.get(name) ?? 0) + usedMs);
    }
    return totals;
  }
}
