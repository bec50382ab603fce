import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ProcessIdentity } from './process-identity.ts';

/** The parent's end of the guard: processes told to it cannot outlive this process. */
export class Guardian {
  readonly #guard: ChildProcess;

  constructor() {
    this.#guard = spawn(process.execPath, [fileURLToPath(new URL('./guard.ts', import.meta.url))], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    // A guard that has died can be told nothing; losing it must not end the system it guards.
    this.#guard.stdin?.on('error', () => {});
  }

  watch({ pid, startTime }: ProcessIdentity): void {
    this.#guard.stdin?.write(`+ ${pid} ${startTime}\n`);
  }

  release({ pid }: ProcessIdentity): void {
    this.#guard.stdin?.write(`- ${pid}\n`);
  }

  async close(): Promise<void> {
    if (this.#guard.exitCode !== null || this.#guard.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#guard.once('exit', resolve));
    this.#guard.stdin?.end();
    await ended;
  }
}
