import { execFileSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { createConnection } from 'node:net';
import { delimiter, join } from 'node:path';
import { developmentHost } from '../development-only.ts';

const binary = 'nats-server';

/** The message broker's binary; on Debian as root it is installed when it is missing. Anywhere else the error says how to get it. */
export const findNatsServer = (log: (line: string) => void, machine: Machine = thisMachine): string => {
  const found = machine.find();
  if (found) return found;
  if (machine.canInstall()) {
    log('nats-server is missing; installing it with apt-get');
    machine.install();
    const installed = machine.find();
    if (installed) return installed;
  }
  throw new Error(
    'nats-server is missing: install it with "apt-get install nats-server" (Debian, as root) or "brew install nats-server", or set NATS_URL',
  );
};

export type Machine = { find(): string | undefined; canInstall(): boolean; install(): void };

const thisMachine: Machine = {
  find: () => {
    const directories = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/bin', '/opt/homebrew/bin'];
    return directories.map((directory) => join(directory, binary)).find(isExecutable);
  },
  canInstall: () => existsSync('/etc/debian_version') && process.getuid?.() === 0,
  install: () => {
    const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    for (const args of [['update'], ['install', '-y', '--no-install-recommends', binary]])
      execFileSync('apt-get', args, { stdio: 'ignore', env: environment, timeout: 300_000 });
  },
};

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

export const natsArguments = (port: number, storeDirectory: string): readonly string[] => [
  '--addr',
  developmentHost,
  '--port',
  String(port),
  '--jetstream',
  '--store_dir',
  storeDirectory,
];

/** The server greets with INFO only once JetStream is there. */
export const natsIsReady = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createConnection({ port, host: developmentHost });
    const answer = (ready: boolean) => {
      socket.destroy();
      resolve(ready);
    };
    socket.setTimeout(1000, () => answer(false));
    socket.once('error', () => answer(false));
    socket.once('close', () => resolve(false));
    socket.once('data', (data) => answer(data.toString('latin1').startsWith('INFO ')));
  });
