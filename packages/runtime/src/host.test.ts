import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memoryHub } from '@tongdui/bus';
import { type Instant, sourceOf } from '@tongdui/contracts';
import { type EventStore, memoryEventStore, type NewFact } from '@tongdui/event-store';
import { afterEach, expect, test } from 'vitest';
import { type Host, host } from './host.ts';
import { readModel } from './read-model.ts';
import { counterId, counterService, drained, jiaxing, ManualWall, type Stage, songjiang, stage } from './testing.ts';

const one = counterId(songjiang, 1);
const running: Host[] = [];
afterEach(async () => {
  for (const each of running.splice(0)) void each.stop();
});

const begin = async (seams: Stage) => {
  const service = counterService(seams.store, seams.wall);
  const started = host(service, seams);
  running.push(started);
  await seams.wall.until(() => started.isStarted());
  return { service, host: started, idle: () => seams.wall.until(async () => (await started.status()).idle) };
};

test('facts become rows, work and events; events become commands and copies; then all is idle', async () => {
  const seams = stage();
  const { service, host: running, idle } = await begin(seams);
  await service.run(one, { type: 'Open', enterprise: 'E' });
  await service.run(one, { type: 'Add', amount: 5, by: 'a' });
  await idle();
  expect(seams.readModel.get('counters', one)).toEqual({
    id: one,
    home: songjiang,
    status: 'open',
    total: 5,
    enterprise: 'E',
    note: 'by a',
    revision: 1,
  });
  expect(seams.readModel.get('counters', counterId(jiaxing, 1))).toMatchObject({ total: 5, home: jiaxing });
  expect(seams.readModel.get('echoes', one)).toEqual({ id: one, times: 1 });
  expect(service.performed.map((work) => work.id).sort()).toEqual([`greet-${one}`, `greet-${counterId(jiaxing, 1)}`]);
  const status = await running.status();
  expect(status).toMatchObject({ idle: true, published: { [songjiang]: 1, [jiaxing]: 0 }, work: [], performing: 0, halted: [] });
  expect(status.consumed[sourceOf({ service: 'registry', home: songjiang })]).toBe(2);
  expect(status.followed).toBe(status.head);
});

test('many events of one batch lead to one append per touched stream', async () => {
  const memory = memoryEventStore({ epoch: 'first' });
  const touched: string[] = [];
  const store = {
    ...memory,
    epoch: 'first',
    onlyWriter: true,
    append: (stream: string, ...rest: [number, readonly NewFact[]]) => {
      touched.push(stream);
      return memory.append(stream, ...rest);
    },
    read: memory.read.bind(memory),
    readLast: memory.readLast.bind(memory),
    follow: memory.follow.bind(memory),
    head: memory.head.bind(memory),
  } as EventStore;
  const seams = stage({ store });
  const { service, idle } = await begin(seams);
  await service.run(one, { type: 'Open' });
  await Promise.all(Array.from({ length: 20 }, (_, index) => service.run(one, { type: 'Add', amount: 1 + index, by: `p${index}` })));
  await idle();
  const echoed = `registry.${jiaxing}.${counterId(jiaxing, 1).slice(7)}`;
  expect((await store.read(echoed)).map((fact) => fact.type)).toEqual(['Opened', ...Array.from({ length: 20 }, () => 'Added')]);
  expect(touched.filter((stream) => stream === echoed)).toHaveLength(1);
});

test('effects for a home that is served elsewhere are left to that process', async () => {
  const seams = stage({ homes: [songjiang] });
  const { service, idle } = await begin(seams);
  await service.run(one, { type: 'Open' });
  await service.run(one, { type: 'Add', amount: 5, by: 'a' });
  await idle();
  expect(seams.readModel.get('echoes', one)).toEqual({ id: one, times: 1 });
  expect(await seams.store.readLast(`registry.${jiaxing}.${counterId(jiaxing, 1).slice(7)}`)).toBeUndefined();
});

test('a message that comes twice has its effects and its copies once', async () => {
  const hub = memoryHub({ fate: () => 'duplicate' });
  const seams = stage({ transport: hub.connect('registry') });
  const { service, idle } = await begin(seams);
  await service.run(one, { type: 'Open' });
  await service.run(one, { type: 'Add', amount: 5, by: 'a' });
  await idle();
  expect(seams.readModel.get('echoes', one)).toEqual({ id: one, times: 1 });
  expect(seams.readModel.get('counters', counterId(jiaxing, 1))).toMatchObject({ total: 5 });
});

test('a timer fires when business time is moved past it, once, and not before', async () => {
  const seams = stage();
  const { service, idle } = await begin(seams);
  await service.run(one, { type: 'Open', closesAt: '2026-03-05T00:00:00.000Z' });
  await idle();
  seams.clock.moveTo('2026-03-04T23:59:59.999Z' as Instant);
  await idle();
  expect(service.performed.map((work) => work.kind)).toEqual(['greet']);
  seams.clock.moveTo('2026-03-05T00:00:00.000Z' as Instant);
  await idle();
  expect(service.performed.map((work) => work.kind)).toEqual(['greet', 'close']);
  expect(seams.readModel.get('counters', one)).toMatchObject({ status: 'closed' });
});

test('a timer that a fact has closed does not fire', async () => {
  const seams = stage();
  const { service, idle } = await begin(seams);
  await service.run(one, { type: 'Open', closesAt: '2026-03-05T00:00:00.000Z' });
  await service.run(one, { type: 'Close' });
  await idle();
  seams.clock.moveTo('2026-04-01T00:00:00.000Z' as Instant);
  await idle();
  expect(service.performed.map((work) => work.kind)).toEqual(['greet']);
});

test('work that fails is tried again after 1, 2, 4 … 60 seconds', async () => {
  const seams = stage();
  const { service, idle } = await begin(seams);
  const startedMs = seams.wall.nowMs();
  const attemptsMs: number[] = [];
  service.onPerform = async () => {
    attemptsMs.push(seams.wall.nowMs() - startedMs);
    if (attemptsMs.length < 9) throw new Error('not yet');
  };
  await service.run(one, { type: 'Open' });
  await idle();
  const pauses = attemptsMs.slice(1).map((at, index) => at - attemptsMs[index]!);
  expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  expect(service.performed).toHaveLength(1);
});

test('work that waits long for others does not hold up the rest', async () => {
  const seams = stage();
  const { service } = await begin(seams);
  service.onPerform = (work) => (work.home === songjiang ? new Promise<void>(() => {}) : Promise.resolve());
  await Promise.all(Array.from({ length: 300 }, (_, index) => service.run(counterId(songjiang, index + 1), { type: 'Open' })));
  await drained();
  await service.run(counterId(jiaxing, 999), { type: 'Open' });
  await seams.wall.until(() => service.performed.length === 1);
});

test.each([
  'follower.before-commit',
  'follower.after-commit',
  'consumer.before-effects',
  'consumer.after-effects',
  'consumer.after-commit',
  'work.before-perform',
  'work.after-perform',
])('after a crash at %s everything goes on from what is durable', async (point) => {
  const file = join(mkdtempSync(join(tmpdir(), 'tongdui-')), 'read-model.db');
  const homes = [songjiang, jiaxing];
  const disk = memoryEventStore({ epoch: 'first' });
  const hub = memoryHub();
  const wall = new ManualWall();
  const rows = readModel({ file, epoch: 'first', homes, wall });
  let crashed = false;
  const dying = stage({
    wall,
    store: disk,
    transport: hub.connect('before'),
    readModel: rows,
    crash: (name) => {
      if (name !== point || crashed) return;
      crashed = true;
      // What a kill leaves behind: what is durable, and nobody who goes on.
      hub.partition('before');
      rows.crash();
      rows.close();
      throw new Error('killed');
    },
  });
  const first = counterService(disk, dying.wall);
  host(first, dying);
  await drained();
  await first.run(one, { type: 'Open', closesAt: '2026-03-05T00:00:00.000Z' });
  await first.run(one, { type: 'Add', amount: 3, by: 'a' });
  await dying.wall.until(() => crashed);

  const after = stage({ store: disk.reopen(), transport: hub.connect('after'), readModel: readModel({ file, epoch: 'first', homes }) });
  const { service, idle } = await begin(after);
  await idle();
  after.clock.moveTo('2026-03-05T00:00:00.000Z' as Instant);
  await idle();
  expect(after.readModel.get('counters', one)).toMatchObject({ total: 3, status: 'closed' });
  expect(after.readModel.get('echoes', one)).toEqual({ id: one, times: 1 });
  expect(after.readModel.get('counters', counterId(jiaxing, 1))).toMatchObject({ total: 3 });
  expect([...first.performed, ...service.performed].map(({ id }) => id)).toContain(`greet-${one}`);
});

test('a deleted read model is rebuilt to the same bytes', async () => {
  const seams = stage();
  const { service, idle, host: first } = await begin(seams);
  for (let number = 1; number <= 30; number += 1) {
    await service.run(counterId(songjiang, number), { type: 'Open', enterprise: `E${number % 3}`, closesAt: '2026-03-05T00:00:00.000Z' });
    await service.run(counterId(songjiang, number), { type: 'Add', amount: number, by: 'a' });
    if (number % 7 === 0) await drained();
  }
  await idle();
  const bytes = (of: Stage) => ['counters', 'echoes'].map((table) => of.readModel.page({ table, filter: {}, visible: 'all' }));
  expect(bytes(seams)[0]).toHaveLength(60);
  void first.stop();
  await drained();

  const rebuilt = stage({ store: seams.store, transport: seams.transport });
  const { idle: idleAgain, host: second } = await begin(rebuilt);
  await idleAgain();
  expect(bytes(rebuilt)).toEqual(bytes(seams));
  expect((await second.status()).work).toEqual((await first.status()).work);
});

test('an event whose effect is refused halts only its line; an operator skips it, and that stays visible', async () => {
  const seams = stage();
  const { service, host: running, idle } = await begin(seams);
  await service.run(counterId(jiaxing, 1), { type: 'Open' });
  await service.run(counterId(jiaxing, 1), { type: 'Close' });
  await service.run(one, { type: 'Open' });
  await service.run(one, { type: 'Add', amount: 5, by: 'a' });
  await seams.wall.until(async () => (await running.status()).halted.length === 1);
  const producer = { service: 'registry', home: songjiang } as const;
  expect(running.lines().halted[0]).toMatchObject({ producer, sequence: 1, reason: expect.stringContaining('counter-closed') });
  await running.skip(producer, 'the counter was closed by mistake', 'operator-1');
  await service.run(one, { type: 'Add', amount: 7, by: 'b' });
  await seams.wall.until(() => running.lines().halted.length === 1);
  expect(running.lines().skipped).toMatchObject([{ producer, sequence: 1, reason: 'the counter was closed by mistake', by: 'operator-1' }]);
  await running.skip(producer, 'again', 'operator-1');
  await idle();
});

test('what an operator has been told about a line outlives a crash that follows at once', async () => {
  const wall = new ManualWall();
  const store = memoryEventStore({ epoch: 'first' });
  const rows = readModel({ file: ':memory:', epoch: 'first', homes: [songjiang, jiaxing], wall });
  const seams = stage({ wall, store, readModel: rows });
  const { service, host: running } = await begin(seams);
  await service.run(counterId(jiaxing, 1), { type: 'Open' });
  await service.run(counterId(jiaxing, 1), { type: 'Close' });
  await service.run(one, { type: 'Open' });
  await service.run(one, { type: 'Add', amount: 5, by: 'a' });
  await wall.until(async () => (await running.status()).halted.length === 1);
  let told = false;
  void running.skip({ service: 'registry', home: songjiang }, 'closed by mistake', 'operator-1').then(() => {
    told = true;
  });
  await wall.until(() => told);
  rows.crash();
  expect([running.lines().halted, running.lines().skipped.map(({ reason }) => reason)]).toEqual([[], ['closed by mistake']]);
});

test('stopping lets work under way finish, publishes what was decided, and leaves the rest for the next start', async () => {
  const seams = stage();
  const { service, host: running } = await begin(seams);
  let finish: () => void = () => {};
  service.onPerform = () =>
    new Promise<void>((resolve) => {
      finish = resolve;
    });
  await service.run(one, { type: 'Open' });
  await service.run(one, { type: 'Add', amount: 5, by: 'a' });
  await seams.wall.until(async () => (await running.status()).performing === 1);
  let stopped = false;
  void running.stop().then(() => {
    stopped = true;
  });
  await drained();
  expect(stopped).toBe(false);
  finish();
  await seams.wall.until(() => stopped);
  expect(service.performed).toHaveLength(1);
  expect((await seams.store.readLast(`registry.${songjiang}.published`))?.revision).toBe(0);
});
