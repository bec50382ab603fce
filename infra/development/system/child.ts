import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { identityOf, type ProcessIdentity } from './process-identity.ts';

/** A process of the system, by its name in the handle: `nats`, `bank`, `identity-provider`, `<set>/<service>`. */
export type ManagedProcess = {
  readonly name: string;
  /** Undefined while it does not run. */
  readonly pid: number | undefined;
  readonly logFile: string;
  /** Sends the signal and resolves when the process has ended. SIGKILL by default. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Resolves when the process has ended, by itself or not; at once when it does not run. */
  ended(): Promise<void>;
  /** Ends it by SIGTERM if it runs, starts it again on the same port and data, resolves when it is ready. A crash point is not set again. */
  restart(environment?: Readonly<Record<string, string>>): Promise<void>;
  /** SIGSTOP: it holds its connections and answers nothing. */
  pause(): void;
  resume(): void;
};

export type ChildOptions = {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly logFile: string;
  readonly isReady: () => Promise<boolean>;
  /** Called with the identity when a process begins, and with undefined when it has ended. */
  readonly onChange: (name: string, identity: ProcessIdentity | undefined, previous: ProcessIdentity | undefined) => void;
  readonly log: (line: string) => void;
  /** Called when a process that was ready has ended and nobody had asked it to. */
  readonly onEndedUnasked?: (process: ManagedProcess, how: string) => void;
};

const readyTimeoutMs = 90_000;
const stopTimeoutMs = 25_000;
const probeIntervalMs = 40;

export class Child implements ManagedProcess {
  readonly #options: ChildOptions;
  #process: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();
  #endingAsked = false;
  #wasReady = false;

  constructor(options: ChildOptions) {
    this.#options = options;
    mkdirSync(dirname(options.logFile), { recursive: true });
  }

  get name(): string {
    return this.#options.name;
  }

  get logFile(): string {
    return this.#options.logFile;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Starts the process and resolves when it is ready; rejects with the tail of its log when it ends first. */
  async start(environment: Readonly<Record<string, string>> = {}, signal?: AbortSignal): Promise<void> {
    if (this.#process) throw new Error(`${this.name} runs already`);
    this.#launch(environment);
    const deadline = Date.now() + readyTimeoutMs;
    while (!(await this.#options.isReady())) {
      signal?.throwIfAborted();
      if (!this.#process) throw new Error(`${this.name} ended while starting. The end of ${this.logFile}:\n${this.tail()}`);
      if (Date.now() > deadline)
        throw new Error(`${this.name} is not ready after ${readyTimeoutMs / 1000} s. The end of ${this.logFile}:\n${this.tail()}`);
      await delay(probeIntervalMs);
    }
    // Somebody else may be answering on this port.
    if (!this.#process) throw new Error(`${this.name} ended while starting. The end of ${this.logFile}:\n${this.tail()}`);
    this.#wasReady = true;
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    this.#endingAsked = true;
    this.#process?.kill(signal);
    await this.#ended;
  }

  ended(): Promise<void> {
    return this.#ended;
  }

  async restart(environment: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.stop();
    await this.start(environment);
  }

  /** SIGTERM, and SIGKILL for what has not ended in time. */
  async stop(timeoutMs = stopTimeoutMs): Promise<void> {
    const running = this.#process;
    if (!running) return;
    const overdue = setTimeout(() => {
      this.#options.log(`${this.name} did not stop within ${timeoutMs / 1000} s and was killed`);
      running.kill('SIGKILL');
    }, timeoutMs);
    // A paused process would never see the SIGTERM.
    running.kill('SIGCONT');
    await this.kill('SIGTERM');
    clearTimeout(overdue);
  }

  pause(): void {
    this.#process?.kill('SIGSTOP');
  }

  resume(): void {
    this.#process?.kill('SIGCONT');
  }

  /** The last lines of the log. */
  tail(lines = 25): string {
    try {
      return readFileSync(this.logFile, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
    } catch {
      return '(no log)';
    }
  }

  #launch(environment: Readonly<Record<string, string>>): void {
    const { name, command, args, logFile, log, onChange } = this.#options;
    const output = openSync(logFile, 'a');
    // Its own process group: Ctrl-C reaches only the parent, which then stops its children in order.
    const started = spawn(command, args, {
      detached: true,
      stdio: ['ignore', output, output],
      env: { ...inherited(), ...this.#options.environment, ...environment },
    });
    closeSync(output);
    this.#process = started;
    this.#endingAsked = false;
    this.#wasReady = false;
    const identity = started.pid === undefined ? undefined : identityOf(started.pid);
    onChange(name, identity, undefined);
    this.#ended = new Promise((resolve) => {
      const end = (how: string) => {
        if (this.#process !== started) return;
        this.#process = undefined;
        onChange(name, undefined, identity);
        resolve();
        if (this.#endingAsked) return;
        log(`${name} ended unasked (${how}); its log is ${logFile}`);
        if (this.#wasReady) this.#options.onEndedUnasked?.(this, how);
      };
      started.once('exit', (code, signal) => end(signal ?? `code ${code}`));
      started.once('error', (error) => end(error.message));
    });
  }
}

/** What this process was started with, without the settings that are a service's own: those come from the system alone. */
const inherited = (): NodeJS.ProcessEnv => {
  const own = [
    'CRASH_AT',
    'EVENTSTOREDB_URL',
    'STREAM_PREFIX',
    'NATS_URL',
    'BUS_PREFIX',
    'CLOCK',
    'CLOCK_FILE',
    'CLOCK_START',
    'NODE_OPTIONS',
  ];
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !own.includes(name)));
};
