import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Home, Instant } from '@tongdui/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DataDirectoryLock, DataDirectoryRefusal, stopRunning } from './system/data-directory.ts';
import { type ServiceStatus, unfinished, waitIdle } from './system/idle.ts';
import { findNatsServer } from './system/nats-server.ts';
import { freePorts } from './system/ports.ts';
import { identityOf, isRunning, type ProcessIdentity } from './system/process-identity.ts';
import { type System, startSystem } from './system.ts';
import { temporaryDirectory } from './testing.ts';

const fixture = (name: string) => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url));
const stub = () => fixture('stub-service.ts');
const frozenAt = '2026-03-02T01:00:00.000Z' as Instant;
const songjiang = '310117' as Home;
const jiaxing = '330400' as Home;

describe('a whole system, with stubs for services', () => {
  const data = temporaryDirectory();
  const lines: string[] = [];
  let system: System;

  beforeAll(async () => {
    system = await startSystem({
      dataDirectory: data.path,
      clock: { frozenAt },
      sets: [
        { name: 'east', cities: [songjiang, 'G60' as Home] },
        { name: 'west', cities: [jiaxing] },
      ],
      crashAt: { service: 'redemption', set: 'west', point: 'stub.asked' },
      program: stub,
      busPrefix: 'own',
      log: (line) => lines.push(line),
    });
  }, 30_000);
  afterAll(async () => {
    await system.stop();
    data.remove();
  });

  test('every part runs and the lines tell when each was ready', () => {
    expect([...system.processes.keys()].sort()).toEqual(
      [
        'bank',
        'identity-provider',
        'nats',
        ...['east', 'west'].flatMap((set) => ['clearing', 'issuance', 'ledger', 'redemption', 'registry'].map((name) => `${set}/${name}`)),
      ].sort(),
    );
    expect(lines.filter((line) => line.startsWith('ready: '))).toHaveLength(13);
  });

  test('a service is told where everything is', async () => {
    const environment = (await (await fetch(`${system.url('redemption', jiaxing)}/environment`)).json()) as Record<string, string>;
    expect(environment).toMatchObject({
      CITIES: '330400',
      HOST: '127.0.0.1',
      DATA_DIR: join(data.path, 'west/redemption'),
      NATS_URL: system.natsUrl,
      BUS_PREFIX: 'own',
      OIDC_ISSUER: system.issuer,
      OIDC_AUDIENCE: 'tongdui',
      BANK_URL: system.bankUrl,
      CLOCK: 'adjustable',
      CLOCK_INITIAL: frozenAt,
      NODE_ENV: 'development',
    });
    expect(JSON.parse(environment.CITY_URLS ?? '')).toEqual({
      '310117': system.url('redemption', songjiang),
      G60: system.url('redemption', songjiang),
      '330400': system.url('redemption', jiaxing),
    });
  });

  test('a token is fetched once and kept', async () => {
    expect(await system.token('operator.G60')).toBe(await system.token('operator.G60'));
    await expect(system.token('nobody')).rejects.toThrow('no token for nobody');
  });

  test('moving the clock reaches every service and ends when all are idle', async () => {
    const tomorrow = '2026-03-03T01:00:00.000Z' as Instant;
    await system.moveClock(tomorrow);
    const statuses = await system.statuses();
    expect([...statuses.values()].map((status) => status.now)).toEqual(Array.from({ length: 10 }, () => tomorrow));
  });

  test('a crash point kills its service once; after a restart it is gone', async () => {
    const redemption = system.process('redemption', jiaxing);
    await expect(fetch(`${system.url('redemption', jiaxing)}/crash`)).rejects.toThrow();
    await redemption.ended();
    expect(redemption.pid).toBeUndefined();
    expect(lines).toContainEqual(expect.stringContaining('west/redemption ended unasked (SIGKILL)'));
    await redemption.restart();
    expect(await (await fetch(`${system.url('redemption', jiaxing)}/crash`)).json()).toEqual({ crashed: false });
  });

  test('a paused service answers nothing until it is resumed', async () => {
    const ledger = system.process('ledger', songjiang);
    const url = `${system.url('ledger', songjiang)}/readyz`;
    ledger.pause();
    await expect(fetch(url, { signal: AbortSignal.timeout(150) })).rejects.toThrow();
    ledger.resume();
    expect((await fetch(url)).ok).toBe(true);
  });

  test('the broker can be killed, wiped and started again', async () => {
    expect(() => system.nats.wipeStore()).toThrow('stop nats');
    await system.nats.kill();
    system.nats.wipeStore();
    await system.nats.start();
    expect(system.processes.get('nats')?.pid).toBeTypeOf('number');
  });

  test('a second start on the same data says so in one line', async () => {
    await expect(startSystem({ dataDirectory: data.path, clock: 'wall', program: stub })).rejects.toThrow(
      `a system runs on ${data.path} already (process ${process.pid}); stop it first`,
    );
  });

  test('a second start that would begin with nothing leaves all data where it is', async () => {
    writeFileSync(join(data.path, 'disposable'), '');
    const everything = readdirSync(data.path).sort();
    const second = startSystem({ dataDirectory: data.path, fresh: true, clock: 'wall', program: stub });
    await expect(second).rejects.toBeInstanceOf(DataDirectoryRefusal);
    expect(readdirSync(data.path).sort()).toEqual(everything);
    expect(processesOf(data.path).every(isRunning)).toBe(true);
  });

  test('stopping ends every process and frees the data directory', async () => {
    const before = processesOf(data.path);
    expect(before).toHaveLength(13);
    system.process('clearing', songjiang).pause();
    await system.stop();
    expect(before.filter(isRunning)).toEqual([]);
    expect(existsSync(join(data.path, 'system.json'))).toBe(false);
  });
});

describe('starting', () => {
  test('a port that is taken is named, and nothing is left running', async () => {
    const data = temporaryDirectory();
    const [port = 0] = await freePorts(1);
    const stranger = createServer().listen(port + 2, '127.0.0.1');
    await once(stranger, 'listening');
    await expect(startSystem({ dataDirectory: data.path, basePort: port, clock: 'wall', program: stub })).rejects.toThrow(
      `port ${port + 2} (bank) is taken; choose others with --port or TONGDUI_PORT`,
    );
    stranger.close();
    expect(existsSync(join(data.path, 'system.json'))).toBe(false);
    data.remove();
  });

  test('a service that dies while starting is quoted', async () => {
    const data = temporaryDirectory();
    const started = startSystem({ dataDirectory: data.path, clock: 'wall', program: () => fixture('no-such-program.ts') });
    await expect(started).rejects.toThrow(/ended while starting[\s\S]*no-such-program\.ts/);
    expect(existsSync(join(data.path, 'system.json'))).toBe(false);
    data.remove();
  });

  test('without nats-server the error says how to get it, and Debian installs it', () => {
    expect(() => findNatsServer(() => {}, { find: () => undefined, canInstall: () => false, install: () => {} })).toThrow(
      'apt-get install nats-server',
    );
    let installed = false;
    const machine = {
      find: () => (installed ? '/usr/sbin/nats-server' : undefined),
      canInstall: () => true,
      install: () => {
        installed = true;
      },
    };
    expect(findNatsServer(() => {}, machine)).toBe('/usr/sbin/nats-server');
  });
});

describe('beginning with nothing', () => {
  const failing = (path: string) =>
    startSystem({ dataDirectory: path, fresh: true, clock: 'wall', program: () => fixture('no-such-program.ts') });

  test('takes over what a start like it left when its process was gone, and ends what that one had started', async () => {
    const data = temporaryDirectory();
    const orphan = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1 << 30)'], { stdio: 'ignore' });
    const identity = identityOf(orphan.pid ?? 0) as ProcessIdentity;
    const left = { main: { pid: process.pid, startTime: 'another' }, processes: { bank: identity } };
    writeFileSync(join(data.path, 'system.json'), JSON.stringify(left));
    writeFileSync(join(data.path, 'disposable'), '');
    mkdirSync(join(data.path, 'corridor/ledger'), { recursive: true });
    const lock = await DataDirectoryLock.take(data.path);
    expect(isRunning(identity)).toBe(false);
    lock.clear();
    expect(readdirSync(data.path).sort()).toEqual(['disposable', 'system.json']);
    lock.release();
    data.remove();
  });

  test('is possible again and again', async () => {
    const data = temporaryDirectory();
    await expect(failing(data.path)).rejects.toThrow('ended while starting');
    writeFileSync(join(data.path, 'result.json'), '');
    await expect(failing(data.path)).rejects.toThrow('ended while starting');
    expect(existsSync(join(data.path, 'result.json'))).toBe(false);
    data.remove();
  });

  test('is refused where something else is kept, which stays', async () => {
    const data = temporaryDirectory();
    writeFileSync(join(data.path, 'seeded'), '');
    await expect(failing(data.path)).rejects.toThrow('holds other data and is not cleared');
    expect(readdirSync(data.path)).toEqual(['seeded']);
    data.remove();
  });
});

describe('what outlives whom', () => {
  test('children of a parent that is killed are killed', async () => {
    const parent = spawn(process.execPath, [fixture('abandoned-parent.ts')], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [output] = (await once(parent.stdout, 'data')) as [Buffer];
    const child = JSON.parse(output.toString()) as ProcessIdentity;
    expect(isRunning(child)).toBe(true);
    parent.kill('SIGKILL');
    await expect.poll(() => isRunning(child), { timeout: 5000 }).toBe(false);
  });

  test('stop touches only a process that is still the one recorded', async () => {
    const data = temporaryDirectory();
    const bystander = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1 << 30)'], { stdio: 'ignore' });
    const identity = identityOf(bystander.pid ?? 0);
    const lock = await DataDirectoryLock.take(data.path);
    lock.set('bank', { pid: bystander.pid ?? 0, startTime: 'another' });
    const record = JSON.parse(readFileSync(join(data.path, 'system.json'), 'utf8')) as { main: ProcessIdentity };
    expect(record.main.pid).toBe(process.pid);
    lock.release();
    expect(await stopRunning(data.path)).toBe('not-running');
    expect(identity && isRunning(identity)).toBe(true);
    bystander.kill('SIGKILL');
    await once(bystander, 'exit');
    data.remove();
  });
});

describe('idle', () => {
  const status = (service: string, change: Partial<ServiceStatus> = {}): ServiceStatus => ({
    service,
    homes: ['330400'],
    idle: true,
    head: '0',
    published: {},
    consumed: {},
    halted: [],
    ...change,
  });

  test('a service that has work is a reason', () => {
    expect(unfinished(new Map([['a', status('issuance', { idle: false })]]))).toEqual(['a is not idle']);
  });

  test('an event that a consumer has not taken is a reason, whichever set published it', () => {
    const producer = ['a', status('issuance', { published: { '330400': 3 } })] as const;
    const consumer = (next: number) => ['b', status('ledger', { consumed: { '/issuance/330400': next } })] as const;
    expect(unfinished(new Map([producer, consumer(3)]))).toEqual(['b has 2 of 3 events of /issuance/330400']);
    expect(unfinished(new Map([producer, consumer(4)]))).toEqual([]);
  });

  test('quiet once is not enough while heads move', async () => {
    let reads = 0;
    await waitIdle(async () => {
      reads += 1;
      return new Map([['a', status('issuance', { published: { '330400': Math.min(reads, 3) } })]]);
    }, 5000);
    expect(reads).toBe(4);
  });

  test('what never becomes idle is named when the time is over', async () => {
    await expect(waitIdle(async () => new Map([['a', status('issuance', { idle: false })]]), 100)).rejects.toThrow('a is not idle');
  });
});

const processesOf = (dataDirectory: string): ProcessIdentity[] => {
  const record = JSON.parse(readFileSync(join(dataDirectory, 'system.json'), 'utf8')) as { processes: Record<string, ProcessIdentity> };
  return Object.values(record.processes);
};
