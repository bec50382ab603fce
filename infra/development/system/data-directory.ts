import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { identityOf, isRunning, type ProcessIdentity, signalIfRunning } from './process-identity.ts';

/** Who runs on a data directory: the process that started the system and the processes it started. */
type RunningSystem = { readonly main: ProcessIdentity; readonly processes: Readonly<Record<string, ProcessIdentity>> };

/** A data directory that cannot be had; the message says in one line what to do. */
export class DataDirectoryRefusal extends Error {}

/** Holds a data directory for one system at a time and keeps the list of its processes in it. */
export class DataDirectoryLock {
  readonly #directory: string;
  readonly #path: string;
  readonly #main: ProcessIdentity;
  readonly #processes = new Map<string, ProcessIdentity>();

  private constructor(directory: string, main: ProcessIdentity) {
    this.#directory = directory;
    this.#path = join(directory, fileName);
    this.#main = main;
  }

  /** Throws when another system runs here. What a system that was killed left behind is ended first. */
  static async take(dataDirectory: string): Promise<DataDirectoryLock> {
    mkdirSync(dataDirectory, { recursive: true });
    const path = join(dataDirectory, fileName);
    const left = readRunning(dataDirectory);
    if (left && isRunning(left.main))
      throw new DataDirectoryRefusal(
        `${dataDirectory} 正由进程 ${left.main.pid} 使用，请先停止它，或用 TONGDUI_DATA 另选目录 · ` +
          `a system runs on ${dataDirectory} already (process ${left.main.pid}); stop it first, or choose another directory with TONGDUI_DATA`,
      );
    if (left) {
      await endAll(Object.values(left.processes), 0);
      rmSync(path, { force: true });
    }
    const main = identityOf(process.pid);
    if (!main) throw new Error('this process cannot find its own start time');
    const lock = new DataDirectoryLock(dataDirectory, main);
    try {
      writeFileSync(path, lock.#text(), { flag: 'wx' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      throw new DataDirectoryRefusal(`另一个系统正在 ${dataDirectory} 上启动 · another system is starting on ${dataDirectory}`);
    }
    return lock;
  }

  /**
   * Removes what an earlier system left, and marks the directory as one whose contents may be removed. A directory that holds something
   * and has no such mark is refused: somebody may want to keep it.
   */
  clear(): void {
    const left = readdirSync(this.#directory).filter((name) => name !== fileName);
    const mark = join(this.#directory, disposableMark);
    if (left.length > 0 && !existsSync(mark))
      throw new DataDirectoryRefusal(
        `${this.#directory} 里有别的数据，不会清空；请用 TONGDUI_DATA 另选目录 · ` +
          `${this.#directory} holds other data and is not cleared; choose another directory with TONGDUI_DATA`,
      );
    // The mark stays until the end, so that clearing that was interrupted can be done again.
    for (const name of left) if (name !== disposableMark) rmSync(join(this.#directory, name), { recursive: true, force: true });
    writeFileSync(mark, '');
  }

  set(name: string, identity: ProcessIdentity | undefined): void {
    if (identity) this.#processes.set(name, identity);
    else this.#processes.delete(name);
    writeFileSync(`${this.#path}.new`, this.#text());
    renameSync(`${this.#path}.new`, this.#path);
  }

  release(): void {
    rmSync(this.#path, { force: true });
  }

  #text(): string {
    return `${JSON.stringify({ main: this.#main, processes: Object.fromEntries(this.#processes) }, undefined, 2)}\n`;
  }
}

/** Ends the system that runs on a data directory, if one does. Only processes recorded there that are still the same ones are touched. */
export const stopRunning = async (dataDirectory: string): Promise<'stopped' | 'not-running'> => {
  const running = readRunning(dataDirectory);
  if (!running) return 'not-running';
  const everything = [running.main, ...Object.values(running.processes)];
  if (!everything.some(isRunning)) {
    rmSync(join(dataDirectory, fileName), { force: true });
    return 'not-running';
  }
  // The main process stops its children in order; what is left after it, or without it, is ended here.
  await endAll([running.main], mainStopTimeoutMs);
  await endAll(Object.values(readRunning(dataDirectory)?.processes ?? {}), 5000);
  rmSync(join(dataDirectory, fileName), { force: true });
  return 'stopped';
};

const fileName = 'system.json';
const disposableMark = 'disposable';
const mainStopTimeoutMs = 40_000;

const readRunning = (dataDirectory: string): RunningSystem | undefined => {
  try {
    return JSON.parse(readFileSync(join(dataDirectory, fileName), 'utf8')) as RunningSystem;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new Error(`${join(dataDirectory, fileName)} cannot be read: ${(error as Error).message}`);
  }
};

const endAll = async (identities: readonly ProcessIdentity[], graceMs: number): Promise<void> => {
  const deadline = Date.now() + graceMs;
  for (const identity of identities) signalIfRunning(identity, graceMs > 0 ? 'SIGTERM' : 'SIGKILL');
  while (Date.now() < deadline && identities.some(isRunning)) await delay(50);
  for (const identity of identities) signalIfRunning(identity, 'SIGKILL');
  while (identities.some(isRunning)) await delay(20);
};
