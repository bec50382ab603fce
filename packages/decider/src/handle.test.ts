import { type AppendResult, type EventStore, memoryEventStore, type NewFact } from '@tongdui/event-store';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { outcomeOf, type PartAnswer } from './coordination.ts';
import { alreadySo, corrupt, type Decider, record, refuse } from './decision.ts';
import { type Command, handle } from './handle.ts';

type Add = { readonly type: 'Add'; readonly amount: number; readonly once?: string };
type Added = { readonly type: 'Added'; readonly amount: number; readonly once?: string };
type Sum = { readonly total: number; readonly once: readonly string[] };

/** Adds up to a hundred; an addition named `once` counts once. */
const purse: Decider<Add, Sum, Added, 'too-much'> = {
  initial: { total: 0, once: [] },
  decide: ({ amount, once }, state) => {
    if (once !== undefined && state.once.includes(once)) return alreadySo;
    if (state.total + amount > 100) return refuse('too-much');
    return record({ type: 'Added', amount, ...(once === undefined ? {} : { once }) });
  },
  evolve: ({ total, once }, fact) => ({ total: total + fact.amount, once: fact.once === undefined ? once : [...once, fact.once] }),
};

/** Entered and left only when it is open; leaving a door that was never opened cannot happen. */
const onceOpen: Decider<'Open' | 'Enter' | 'Leave', boolean, { readonly type: 'Opened' | 'Entered' | 'Left' }, 'closed'> = {
  initial: false,
  decide: (command, isOpen) => {
    if (command === 'Open') return record({ type: 'Opened' });
    if (command === 'Enter') return isOpen ? record({ type: 'Entered' }) : refuse('closed');
    return isOpen ? record({ type: 'Left' }) : corrupt('left before it was opened');
  },
  evolve: () => true,
};

let nowMs = 0;
const wall = {
  nowMs: () => nowMs,
  sleep: (milliseconds: number) => {
    nowMs += milliseconds;
    return new Promise<void>((resolve) => setImmediate(resolve));
  },
};
let ids = 0;
const add = (amount: number, more: Partial<Command<Add>> & { once?: string } = {}): Command<Add> => {
  const { once, ...rest } = more;
  ids += 1;
  return { id: `c-${ids}`, command: { type: 'Add', amount, ...(once === undefined ? {} : { once }) }, ...rest };
};

/** A store that answers appends as told before it goes on as it is. */
const answering = (
  store: EventStore,
  script: ((append: () => Promise<AppendResult>) => Promise<AppendResult>)[],
): EventStore & { sent: (readonly NewFact[])[] } => {
  const sent: (readonly NewFact[])[] = [];
  return {
    epoch: store.epoch,
    onlyWriter: store.onlyWriter,
    read: (stream, options) => store.read(stream, options),
    readLast: (stream) => store.readLast(stream),
    follow: (options) => store.follow(options),
    head: (prefixes) => store.head(prefixes),
    probe: () => store.probe(),
    close: () => store.close(),
    sent,
    append: (stream, expected, facts) => {
      sent.push(facts);
      const step = script.shift();
      const append = () => store.append(stream, expected, facts);
      return step ? step(append) : append();
    },
  };
};
const unavailable = { is: 'unavailable', message: 'test' } as const;

describe('handle', () => {
  test('commands that wait together share one append and are decided one after the other', async () => {
    const store = answering(memoryEventStore(), []);
    const { run } = handle(store, purse, { wall });
    const ran = await Promise.all(Array.from({ length: 64 }, () => run('s.G60.p-1', add(7))));
    expect(ran.filter(({ is }) => is === 'accepted')).toHaveLength(14);
    expect(ran.filter((answer) => answer.is === 'refused' && answer.reason === 'too-much')).toHaveLength(50);
    expect(store.sent).toHaveLength(1);
  });

  test('a command that arrives at any moment of a round is decided once', async () => {
    for (let moment = 0; moment < 40; moment += 1) {
      const store = answering(memoryEventStore(), []);
      const { run } = handle(store, purse, { wall });
      const first = run('s.G60.p-1', add(1));
      for (let tick = 0; tick < moment; tick += 1) await Promise.resolve();
      await Promise.all([first, run('s.G60.p-1', add(1))]);
      expect(store.sent.flat()).toHaveLength(2);
    }
  });

  test('the same command again is recognised, before any rule is looked at', async () => {
    const { run } = handle(memoryEventStore(), purse, { wall });
    const request = { key: 'PUT /purses/1/additions/1', hash: 'a' };
    const first = await run('s.G60.p-1', add(60, { id: 'one', request }));
    const again = await run('s.G60.p-1', add(60, { id: 'one', request }));
    expect([first, again]).toMatchObject([
      { is: 'accepted', repeated: false },
      { is: 'accepted', repeated: true, facts: [], state: { total: 60 } },
    ]);
    expect(await run('s.G60.p-1', add(61, { id: 'two', request: { ...request, hash: 'b' } }))).toMatchObject({ reason: 'id-reused' });
  });

  test('a retry is recognised by another process too', async () => {
    const store = memoryEventStore();
    const request = { key: 'PUT /purses/1/additions/1', hash: 'a' };
    await handle(store, purse, { wall }).run('s.G60.p-1', add(60, { request }));
    expect(await handle(store, purse, { wall }).run('s.G60.p-1', add(60, { request }))).toMatchObject({ repeated: true });
  });

  test('a command is not refused by a read that began before it was asked', async () => {
    const store = memoryEventStore();
    let readUnderWay: Promise<void> | undefined;
    let goOn = () => {};
    const shared: EventStore = {
      ...answering(store, []),
      onlyWriter: false,
      read: async (stream, options) => {
        const facts = await store.read(stream, options);
        await readUnderWay;
        return facts;
      },
    };
    const other = handle(shared, onceOpen, { wall });
    const { run } = handle(shared, onceOpen, { wall });
    readUnderWay = new Promise((resolve) => {
      goOn = resolve;
    });
    const early = run('s.G60.door-1', { id: 'early', command: 'Enter' });
    await new Promise((resolve) => setImmediate(resolve));
    readUnderWay = undefined;
    expect(await other.run('s.G60.door-1', { id: 'open', command: 'Open' })).toMatchObject({ is: 'accepted' });
    const late = run('s.G60.door-1', { id: 'late', command: 'Enter' });
    goOn();
    expect(await early).toMatchObject({ reason: 'closed' });
    expect(await late).toMatchObject({ is: 'accepted' });
  });

  test('another decision under the same command id is not taken for the one that is stored', async () => {
    const store = memoryEventStore();
    const shared = { ...answering(store, []), onlyWriter: false };
    const [one, other] = [handle(shared, purse, { wall }), handle(shared, purse, { wall })];
    await other.current('s.G60.p-1');
    await one.run('s.G60.p-1', add(60, { id: 'work' }));
    expect(await other.run('s.G60.p-1', add(50, { id: 'work' }))).toMatchObject({ reason: 'too-much' });
    expect((await other.current('s.G60.p-1')).state.total).toBe(60);
  });

  test('a contradiction to what was remembered is looked at again where others write too', async () => {
    const shared = { ...answering(memoryEventStore(), []), onlyWriter: false };
    const { run } = handle(shared, onceOpen, { wall });
    await run('s.G60.door-1', { id: 'first', command: 'Enter' });
    await handle(shared, onceOpen, { wall }).run('s.G60.door-1', { id: 'open', command: 'Open' });
    expect(await run('s.G60.door-1', { id: 'leave', command: 'Leave' })).toMatchObject({ is: 'accepted' });
  });

  test('a stale revision is refused and changes nothing', async () => {
    const { run, current } = handle(memoryEventStore(), purse, { wall });
    await run('s.G60.p-1', add(1));
    expect(await run('s.G60.p-1', add(1, { expectedRevision: 3 }))).toMatchObject({ reason: 'stale-revision' });
    expect(await run('s.G60.p-1', add(1, { expectedRevision: 0 }))).toMatchObject({ is: 'accepted', revision: 1 });
    expect((await current('s.G60.p-1')).state.total).toBe(2);
  });

  test('a lost race is decided again on the newer state', async () => {
    const store = memoryEventStore();
    const [one, other] = [handle(store, purse, { wall }), handle(store, purse, { wall })];
    await one.run('s.G60.p-1', add(40));
    await other.run('s.G60.p-1', add(40));
    expect(await one.run('s.G60.p-1', add(40))).toMatchObject({ reason: 'too-much' });
    expect(await one.run('s.G60.p-1', add(20))).toMatchObject({ is: 'accepted', state: { total: 100 } });
  });

  test('three lost races are reported, not retried for ever', async () => {
    const lost = async () => ({ is: 'wrong-expected-revision', actualRevision: 7 }) as const;
    const store = answering(memoryEventStore(), [lost, lost, lost]);
    expect(await handle(store, purse, { wall }).run('s.G60.p-1', add(1))).toMatchObject({ reason: 'contended' });
  });

  test('while an outcome is unknown the identical facts are sent again, and nothing else', async () => {
    const landed = async (append: () => Promise<AppendResult>) => {
      await append();
      return unavailable;
    };
    const store = answering(memoryEventStore(), [landed, async () => unavailable]);
    const { run } = handle(store, purse, { wall });
    const [first, second] = await Promise.all([run('s.G60.p-1', add(30)), run('s.G60.p-1', add(30)).then((ran) => ran)]);
    expect([first, second]).toMatchObject([{ is: 'accepted' }, { is: 'accepted', state: { total: 60 } }]);
    expect(store.sent.map((facts) => facts.map((fact) => fact.id))).toEqual(
      [store.sent[0], store.sent[0], store.sent[0]].map((facts) => facts?.map((fact) => fact.id)),
    );
    expect(await store.read('s.G60.p-1')).toHaveLength(2);
  });

  test('an append that was given up on and had landed is not appended again by the next command', async () => {
    const landed = async (append: () => Promise<AppendResult>) => {
      await append();
      return unavailable;
    };
    const store = answering(memoryEventStore(), [landed]);
    const { run } = handle(store, purse, { wall, outcomeTimeoutMs: 0 });
    const request = { key: 'PUT /purses/1/additions/1', hash: 'a' };
    const command = add(60, { request });
    expect(await run('s.G60.p-1', command)).toMatchObject({ reason: 'store-unavailable' });
    expect(await run('s.G60.p-1', command)).toMatchObject({ is: 'accepted', repeated: true, state: { total: 60 } });
    expect(await store.read('s.G60.p-1')).toHaveLength(1);
  });

  test('an exception in a decider reaches its caller, and the stream goes on', async () => {
    const broken: typeof purse = {
      ...purse,
      decide: (command, state) =>
        command.amount === 13
          ? (() => {
              throw new Error('bug');
            })()
          : purse.decide(command, state),
    };
    const { run } = handle(memoryEventStore(), broken, { wall });
    await expect(run('s.G60.p-1', add(13))).rejects.toThrow('bug');
    expect(await run('s.G60.p-1', add(1))).toMatchObject({ is: 'accepted' });
  });

  test('until resolves as soon as the condition holds', async () => {
    const timers: (() => void)[] = [];
    const patient = {
      nowMs: () => 0,
      sleep: (_: number, signal?: AbortSignal) =>
        new Promise<void>((resolve) => {
          timers.push(resolve);
          signal?.addEventListener('abort', () => resolve());
        }),
    };
    const { run, until } = handle(memoryEventStore(), purse, { wall: patient });
    const waiting = until('s.G60.p-1', ({ total }) => total >= 10, 2_000);
    await run('s.G60.p-1', add(4));
    await run('s.G60.p-1', add(6));
    expect((await waiting).state.total).toBe(10);
  });

  test('whatever the order, never above the limit, and what was accepted is recorded exactly once', async () => {
    const commands = fc.array(fc.record({ amount: fc.integer({ min: 1, max: 40 }), key: fc.integer({ min: 1, max: 6 }) }), {
      maxLength: 30,
    });
    await fc.assert(
      fc.asyncProperty(commands, fc.integer({ min: 1, max: 3 }), async (wishes, writers) => {
        const store = memoryEventStore();
        const handlers = Array.from({ length: writers }, () => handle(store, purse, { wall }));
        const ran = await Promise.all(
          wishes.map(({ amount, key }, index) =>
            (handlers[index % writers] as (typeof handlers)[0]).run(
              's.G60.p-1',
              add(amount, { request: { key: String(key), hash: String(amount) } }),
            ),
          ),
        );
        const facts = await store.read('s.G60.p-1');
        const total = facts.reduce((sum, fact) => sum + Number(fact.data.amount), 0);
        expect(total).toBeLessThanOrEqual(100);
        expect(new Set(facts.map((fact) => (fact.metadata.request as { key: string }).key)).size).toBe(facts.length);
        expect(ran.filter((answer) => answer.is === 'accepted' && !answer.repeated)).toHaveLength(facts.length);
      }),
      { numRuns: 60 },
    );
  });
});

describe('the outcome of a coordination', () => {
  const yes: PartAnswer<number> = { is: 'yes', data: 1 };
  const no: PartAnswer<number> = { is: 'no', reason: 'pot-short' };
  test.each([
    ['all yes commits', [yes, yes], { is: 'commit', data: [1, 1] }],
    ['any no refuses, once every part has answered', [yes, no], { is: 'refuse', reason: 'pot-short' }],
    ['a part that has not answered may still say yes', [no, undefined], { is: 'waiting' }],
    ['a queued part is neither', [yes, { is: 'queued' } as const], { is: 'queued' }],
    [
      'the reason is that of the first part in order',
      [{ is: 'no', reason: 'allowance-short' } as const, no],
      { is: 'refuse', reason: 'allowance-short' },
    ],
  ])('%s', (_, answers, outcome) => {
    expect(outcomeOf(answers)).toEqual(outcome);
  });
});
