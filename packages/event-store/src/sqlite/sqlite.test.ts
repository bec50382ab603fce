import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { eventStoreConformance, followUntil, ids, landed, newFact, newFacts } from '../conformance.ts';
import { type EventStore, noStream, StoreUnavailable } from '../port.ts';
import { type SqliteOptions, sqliteEventStore } from './store.ts';

let folder: string;
let file: string;
let opened: EventStore[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tongdui-event-store-'));
  file = join(folder, 'facts.db');
  opened = [];
});

afterEach(async () => {
  for (const store of opened) await store.close();
  rmSync(folder, { recursive: true });
});

async function open(options: Partial<SqliteOptions> = {}): Promise<EventStore> {
  const store = await sqliteEventStore({ file, ...options });
  opened.push(store);
  return store;
}

eventStoreConformance('sqlite', async () => ({
  store: await open(),
  reopen: async () => {
    await opened.at(-1)?.close();
    return open();
  },
  dispose: async () => {},
}));

describe('a process that is killed', () => {
  test('while it appends under load has kept every fact it acknowledged, and its lock is gone', async () => {
    const child = appender([file, '100000']);
    const acknowledged: string[] = [];
    for await (const line of createInterface({ input: child.stdout! })) {
      if (acknowledged.push(line) === 3_000) child.kill('SIGKILL');
    }
    expect(acknowledged.length).toBeLessThan(100_000);
    const store = await open();
    const facts = await followUntil(store, 3_000);
    const stored = new Set(facts.map((fact) => `${fact.stream} ${fact.id}`));
    expect(acknowledged.filter((line) => !stored.has(line))).toEqual([]);
    landed(await store.append('a.h.one', noStream, [newFact()]));
  }, 30_000);
});

describe('one writer', () => {
  test('a second opener is refused and told which file is held, in another process and in this one', async () => {
    await open();
    await expect(open()).rejects.toThrow(`${file} is held by another process`);
    const child = appender([file, '1']);
    const [line] = (await once(createInterface({ input: child.stdout! }), 'line')) as string[];
    expect(line).toContain(`refused cannot open ${file}: ${file} is held by another process`);
  });

  test('a reader in another process sees what is written, live, and cannot write', async () => {
    const writer = appender([file, '2000']);
    await once(createInterface({ input: writer.stdout! }), 'line');
    const reader = await open({ readOnly: true, pollMs: 20 });
    expect(reader.onlyWriter).toBe(false);
    const facts = await followUntil(reader, 2_000);
    expect(new Set(ids(facts)).size).toBe(facts.length);
    expect(facts.every((fact, index) => index === 0 || fact.position > facts[index - 1]!.position)).toBe(true);
    await expect(reader.append('a.h.one', noStream, [newFact()])).rejects.toThrow('reading only');
    await reader.probe();
  }, 30_000);
});

describe('group commit', () => {
  test('appends of one turn that follow each other in one stream share a transaction, and a loser among them fails alone', async () => {
    const store = await open();
    const [first, second, loser, third] = await Promise.all([
      store.append('a.h.one', noStream, newFacts(2)),
      store.append('a.h.one', 1, newFacts(2)),
      store.append('a.h.one', 1, newFacts(1)),
      store.append('a.h.one', 3, newFacts(1)),
    ]);
    expect([first.is, second.is, third.is]).toEqual(['appended', 'appended', 'appended']);
    expect(loser).toEqual({ is: 'wrong-expected-revision', actualRevision: 3 });
    expect(new Set((await store.read('a.h.one')).map((fact) => fact.recordedAt)).size).toBe(1);
  });
});

describe('a file that takes no more writes', () => {
  test('makes appends unavailable, loses nothing acknowledged, and takes the resent facts when there is room again', async ({ skip }) => {
    if (spawnSync('prlimit', ['--version']).error) return skip('prlimit is needed to make writes fail, and is not here');
    const child = appender([file, '1500'], ['prlimit', '--fsize=700000:unlimited']);
    const acknowledged: string[] = [];
    let refusals = 0;
    for await (const line of createInterface({ input: child.stdout! })) {
      if (!line.startsWith('unavailable')) acknowledged.push(line);
      else if (refusals++ === 100) spawnSync('prlimit', ['--pid', String(child.pid), '--fsize=unlimited']);
    }
    expect(refusals).toBeGreaterThan(100);
    const facts = await followUntil(await open(), 1_500);
    expect(facts.map((fact) => `${fact.stream} ${fact.id}`).sort()).toEqual(acknowledged.sort());
  }, 30_000);
});

describe('a worker thread that dies', () => {
  test('leaves no call without an answer', async () => {
    const started = once(process, 'worker') as Promise<[Worker]>;
    const store = await open();
    const [worker] = await started;
    const following = followUntil(store, 1);
    const appending = Array.from({ length: 10 }, (_, number) => store.append(`a.h.${number}`, noStream, [newFact()]));
    const reading = store.read('a.h.1');
    await Promise.allSettled([worker.terminate(), reading]);
    for (const result of await Promise.all(appending)) expect(['appended', 'unavailable']).toContain(result.is);
    expect((await store.append('a.h.late', noStream, [newFact()])).is).toBe('unavailable');
    await expect(store.read('a.h.1')).rejects.toThrow(StoreUnavailable);
    await expect(store.probe()).rejects.toThrow(StoreUnavailable);
    await following.catch((error: Error) => expect(error).toBeInstanceOf(StoreUnavailable));
    await store.close();
  });
});

test('a folder that is not there is said at once', async () => {
  await expect(open({ file: join(folder, 'missing', 'facts.db') })).rejects.toThrow(StoreUnavailable);
});

test('the time of a fact is the clock that was given', async () => {
  const store = await open({ now: () => '2026-01-02T03:04:05.678Z' });
  await store.append('a.h.one', noStream, [newFact()]);
  expect((await store.readLast('a.h.one'))?.recordedAt).toBe('2026-01-02T03:04:05.678Z');
  expect((await followUntil(store, 1))[0]?.recordedAt).toBe('2026-01-02T03:04:05.678Z');
});

function appender(args: string[], wrapper: string[] = []): ChildProcess {
  const [command, ...rest] = [...wrapper, process.execPath, fileURLToPath(new URL('./appender.child.ts', import.meta.url)), ...args];
  return spawn(command!, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
}
