import { randomUUID } from 'node:crypto';
import { memoryTransport, type Transport } from '@tongdui/bus';
import { type Actor, commandsOf, type Home, type Instant, idFrom, nounsOf, Text, Ulid, Uscc } from '@tongdui/contracts';
import { type Decider, type PartAnswer, record, refuse } from '@tongdui/decider';
import { handle } from '@tongdui/decider/handle';
import { answered, asked, type Request, streamOf } from '@tongdui/decider/operation';
import { type EventStore, type JsonObject, memoryEventStore } from '@tongdui/event-store';
import { z } from 'zod';
import { type AdjustableClock, adjustableClock } from './clock.ts';
import { commandRoute } from './command-route.ts';
import type { HostSeams } from './host.seams.ts';
import { nounRoutes } from './noun-route.ts';
import type { Problem } from './problems.ts';
import { type ReadModel, readModel } from './read-model.ts';
import { noCrash, silentLog, type WallClock } from './seams.ts';
import type { Effect, FollowedFact, Service, Work } from './service.ts';

/** For the tests of this package: time that moves when a test says so, and a service small enough to see through. */

export const songjiang = '310117' as Home;
export const jiaxing = '330400' as Home;
export const someTime = '2026-03-01T00:00:00.000Z' as Instant;
export const otherOrganisation = '91310117MA1J1ABC5P' as Uscc;
export const enterprise = '913100007109391355' as Uscc;

export class ManualWall implements WallClock {
  #nowMs = 1_770_000_000_000;
  #sleeping: { readonly untilMs: number; readonly wake: () => void }[] = [];
  /** Every pause that was asked for, in order: what a back-off looks like. */
  readonly slept: number[] = [];

  nowMs(): number {
    return this.#nowMs;
  }

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    this.slept.push(milliseconds);
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const sleeper = { untilMs: this.#nowMs + milliseconds, wake: resolve };
      this.#sleeping.push(sleeper);
      signal?.addEventListener('abort', () => {
        this.#sleeping = this.#sleeping.filter((other) => other !== sleeper);
        resolve();
      });
    });
  }

  advance(milliseconds: number): void {
    this.#nowMs += milliseconds;
    const due = this.#sleeping.filter(({ untilMs }) => untilMs <= this.#nowMs);
    this.#sleeping = this.#sleeping.filter(({ untilMs }) => untilMs > this.#nowMs);
    for (const { wake } of due) wake();
  }

  /** Lets everything run that can, and time pass from sleeper to sleeper, until the condition holds. */
  async until(condition: () => boolean | Promise<boolean>): Promise<void> {
    for (let turn = 0; turn < 5_000; turn += 1) {
      if (await condition()) return;
      await drained();
      if (await condition()) return;
      const nextMs = this.#sleeping.reduce((least, { untilMs }) => Math.min(least, untilMs), this.#nowMs + 1_000);
      this.advance(Math.max(nextMs - this.#nowMs, 1));
    }
    throw new Error(`never happened: ${condition.toString()}`);
  }
}

/** The event loop has nothing more to do without time passing. */
export const drained = async (): Promise<void> => {
  for (let turn = 0; turn < 4; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

/** A counter: opened by a lab, added to, closed by a timer, echoed at another home when it is published. */
export type CounterCommand =
  | { readonly type: 'Open'; readonly enterprise?: string; readonly closesAt?: string }
  | { readonly type: 'Add'; readonly amount: number; readonly by: string }
  | { readonly type: 'Close' };
export type CounterFact =
  | { readonly type: 'Opened'; readonly enterprise?: string; readonly closesAt?: string }
  | { readonly type: 'Added'; readonly amount: number; readonly by: string }
  | { readonly type: 'Closed' };
export type CounterReason = 'counter-unknown' | 'counter-closed' | 'counter-full';
type CounterState = { readonly is: 'unknown' | 'open' | 'closed'; readonly total: number; readonly by: readonly string[] };

const counter: Decider<CounterCommand, CounterState, CounterFact, CounterReason> = {
  initial: { is: 'unknown', total: 0, by: [] },
  decide: (command, state) => {
    if (command.type === 'Open') return state.is === 'unknown' ? record({ ...command, type: 'Opened' as const }) : record();
    if (state.is === 'unknown') return refuse('counter-unknown');
    if (command.type === 'Close') return state.is === 'closed' ? record() : record({ type: 'Closed' as const });
    if (state.by.includes(command.by)) return record();
    if (state.is === 'closed') return refuse('counter-closed');
    if (state.total + command.amount > 1_000) return refuse('counter-full');
    return record({ type: 'Added' as const, amount: command.amount, by: command.by });
  },
  evolve: (state, fact) => {
    if (fact.type === 'Opened') return { ...state, is: 'open' };
    if (fact.type === 'Closed') return { ...state, is: 'closed' };
    return { ...state, total: state.total + fact.amount, by: [...state.by, fact.by] };
  },
};

export const counterId = (home: Home, number: number): string => `${home}-counter-01J${String(number).padStart(23, '0')}`;
const CounterId = z.string().regex(/^(\d{6}|G60)-counter-[0-9A-Z]{26}$/);

const project = (body: JsonObject | undefined, { fact, home, key, revision }: FollowedFact): JsonObject | undefined => {
  const before = body ?? { id: `${home}-counter-${key}`, home, status: 'open', total: 0 };
  if (fact.type === 'Opened') return { ...before, enterprise: fact.enterprise, note: undefined, revision };
  if (fact.type === 'Added')
    return { ...before, total: Number(before.total) + Number(fact.amount), note: `by ${String(fact.by)}`, revision };
  return { ...before, status: 'closed', revision };
};
const index = (body: JsonObject) => ({
  home: body.home as Home,
  status: body.status as string,
  ...(body.enterprise ? { enterprise: body.enterprise as string } : {}),
});

export type CounterService = Service & {
  readonly performed: Work[];
  /** Replace it to make work fail or wait. */
  onPerform: (work: Work) => Promise<void>;
  run(id: string, command: CounterCommand, commandId?: string): ReturnType<ReturnType<typeof handlerOf>['run']>;
};
const handlerOf = (store: EventStore, wall: WallClock) => handle(store, counter, { wall });

/** What `added` of a counter means elsewhere: the counter with the same ulid at Jiaxing is opened and added to. */
const echo = (id: string, amount: number): Effect[] => {
  const stream = streamOf('registry', idFrom(id, 'counter', { home: jiaxing }));
  return [
    { stream, command: { type: 'Open' } satisfies CounterCommand, step: 'open' },
    { stream, command: { type: 'Add', amount, by: `echo-${id}-${amount}` } satisfies CounterCommand, step: 'add' },
  ];
};

export const counterService = (store: EventStore, wall: WallClock): CounterService => {
  const handler = handlerOf(store, wall);
  const service: CounterService = {
    name: 'registry',
    publish: ({ fact, home, key }) => {
      const id = `${home}-counter-${key}`;
      return home === songjiang && fact.type === 'Added'
        ? [{ type: 'counter-added', subject: id, time: someTime, data: { id, amount: fact.amount } }]
        : [];
    },
    projections: [{ table: 'counters', noun: 'counter', rowId: ({ home, key }) => `${home}-counter-${key}`, project, index }],
    hears: ['registry', 'issuance'],
    copies: [
      {
        table: 'echoes',
        types: ['counter-added'],
        rowId: ({ subject }) => subject,
        project: (body, event) => ({ id: event.subject, times: Number(body?.times ?? 0) + 1 }),
        index: () => ({ home: songjiang }),
      },
    ],
    effects: ({ data }) => echo(data.id as string, data.amount as number),
    work: ({ fact, home, key }) => {
      const id = `${home}-counter-${key}`;
      if (fact.type === 'Opened')
        return { opens: [{ id: `greet-${id}`, kind: 'greet', home, data: { id } }, ...closing(fact.closesAt, id, home)] };
      return fact.type === 'Closed' ? { closes: [`close-${id}`] } : {};
    },
    perform: async (work) => {
      await service.onPerform(work);
      if (work.kind === 'close') await service.run(work.data.id as string, { type: 'Close' });
      service.performed.push(work);
    },
    asks: async (ask): Promise<PartAnswer> => ({ is: 'yes', data: ask }),
    handlers: { counter: handler },
    performed: [],
    onPerform: async () => {},
    run: (id, command, commandId = randomUUID()) => handler.run(streamOf('registry', id), { command, id: commandId }),
  };
  return service;
};

const closing = (closesAt: unknown, id: string, home: Home): Work[] =>
  typeof closesAt === 'string' ? [{ id: `close-${id}`, kind: 'close', home, dueAt: closesAt as Instant, data: { id } }] : [];

export type Stage = HostSeams & {
  readonly wall: ManualWall;
  readonly clock: AdjustableClock;
  readonly readModel: ReadModel;
  readonly transport: Transport;
};

export const stage = (given: Partial<HostSeams> = {}): Stage => {
  const store = given.store ?? memoryEventStore({ epoch: 'first' });
  const homes = given.homes ?? [songjiang, jiaxing];
  return {
    transport: memoryTransport(),
    clock: adjustableClock({ initial: someTime }),
    wall: new ManualWall(),
    log: silentLog,
    crash: noCrash,
    readModel: readModel({ file: ':memory:', epoch: store.epoch, homes }),
    ...given,
    store,
    homes,
  } as Stage;
};

const command = commandsOf('registry');
const openCounter = command({
  operation: 'openCounter',
  path: '/counters/{id}',
  params: { id: CounterId },
  body: z.strictObject({ enterprise: Uscc.optional(), remark: Text.optional() }),
  roles: ['reviewer', 'enterprise'],
  en: 'Opens a counter',
  zh: '开设计数器',
});
const addToCounter = command({
  operation: 'addToCounter',
  path: '/counters/{id}/additions/{addition}',
  params: { id: CounterId, addition: Ulid },
  body: z.strictObject({ amount: z.int().min(1).max(10_000) }),
  roles: ['reviewer'],
  en: 'Adds to a counter',
  zh: '增加计数',
});
const counters = nounsOf('registry')(
  'counters',
  CounterId,
  z.strictObject({
    id: CounterId,
    home: z.string(),
    status: z.string(),
    total: z.int(),
    enterprise: z.string().optional(),
    note: z.string().optional(),
  }),
  { en: 'Counters', zh: '计数器' },
);

const problems: Record<CounterReason, Problem> = {
  'counter-unknown': { status: 404, zh: '没有该计数器', en: 'No such counter' },
  'counter-closed': { status: 409, zh: '计数器已关闭', en: 'The counter is closed' },
  'counter-full': { status: 409, zh: '计数器已满', en: 'The counter is full' },
};

export const counterRoutes = (store: EventStore, wall: WallClock) => {
  const handler = handlerOf(store, wall);
  const run = async (request: Request, id: string, counterCommand: CounterCommand) =>
    answered(id, await handler.run(streamOf('registry', id), asked(request, counterCommand)));
  return [
    commandRoute(
      openCounter,
      (request, { id, enterprise: owner }) => run(request, id, { type: 'Open', ...(owner ? { enterprise: owner } : {}) }),
      problems,
    ),
    commandRoute(addToCounter, (request, { id, addition, amount }) => run(request, id, { type: 'Add', amount, by: addition }), problems),
    nounRoutes(counters),
  ];
};

export const reviewer: Actor = { sub: 'r-1', city: songjiang, roles: ['reviewer'] };
