import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export type NatsServer = {
  readonly url: string;
  readonly port: number;
  /** Where JetStream keeps its files. */
  readonly storeDirectory: string;
  /** Ends the server for good and removes the directory when it was a temporary one. */
  stop(): Promise<void>;
  /** As kill -9 or a power cut does. */
  kill(): Promise<void>;
  /** After `kill`: again on the same port and directory. */
  start(): Promise<void>;
  /** Freezes the server with its connections open, until `resume`. */
  pause(): void;
  resume(): void;
  /** After `kill`: loses everything JetStream stored. */
  wipe(): Promise<void>;
};

/** Starts a nats-server with JetStream on 127.0.0.1, on a free port unless one is given. Resolves when it takes connections. */
export const startNats = async (options: { readonly storeDirectory?: string; readonly port?: number } = {}): Promise<NatsServer> => {
  const storeDirectory = options.storeDirectory ?? (await mkdtemp(join(tmpdir(), 'tongdui-nats-')));
  let running = await launch(storeDirectory, options.port ?? -1);
  const { port } = running;
  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    const ended = running.ended;
    running.child.kill(signal);
    // A frozen process takes SIGTERM only after it goes on.
    if (signal === 'SIGTERM') running.child.kill('SIGCONT');
    await ended;
  };
  return {
    url: `nats://127.0.0.1:${port}`,
    port,
    storeDirectory,
    stop: async () => {
      await end('SIGTERM');
      if (!options.storeDirectory) await rm(storeDirectory, { recursive: true, force: true });
    },
    kill: () => end('SIGKILL'),
    start: async () => {
      running = await launch(storeDirectory, port);
    },
    pause: () => void running.child.kill('SIGSTOP'),
    resume: () => void running.child.kill('SIGCONT'),
    wipe: async () => {
      if (running.child.exitCode === null && running.child.signalCode === null) throw new Error('kill the server before wiping its store');
      await rm(storeDirectory, { recursive: true, force: true });
    },
  };
};

type Running = { readonly child: ChildProcess; readonly port: number; readonly ended: Promise<void> };

const launch = async (storeDirectory: string, port: number): Promise<Running> => {
  const child = spawn('nats-server', ['--addr', '127.0.0.1', '--port', String(port), '--jetstream', '--store_dir', storeDirectory], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const endWithUs = (): void => void child.kill('SIGKILL');
  process.once('exit', endWithUs);
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => {
      process.off('exit', endWithUs);
      resolve();
    });
  });
  return { child, ended, port: await portWhenReady(child) };
};

const portWhenReady = (child: ChildProcess): Promise<number> =>
  new Promise((resolve, reject) => {
    const said: string[] = [];
    let port = 0;
    child.once('error', (error: NodeJS.ErrnoException) => reject(error.code === 'ENOENT' ? new Error(missing) : error));
    child.once('close', () => reject(new Error(`nats-server ended before it was ready: ${said.slice(-5).join(' | ')}`)));
    if (!child.stderr) return reject(new Error('nats-server has no output to read'));
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (said.length < 200) said.push(line);
      port = Number(/Listening for client connections on .*:(\d+)$/.exec(line)?.[1] ?? port);
      if (line.includes('Server is ready')) resolve(port);
    });
  });

const missing =
  'nats-server is not on PATH: install it with `apt-get install nats-server` (Debian, Ubuntu) or `brew install nats-server` (macOS), or from https://nats.io/download';
