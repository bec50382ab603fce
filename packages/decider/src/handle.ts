import { type Attributes, SpanStatusCode, trace } from '@opentelemetry/api';
import {
  type AppendResult,
  appendBytesMax,
  appendFactsMax,
  type EventStore,
  type JsonObject,
  type NewFact,
  noStream,
  type Position,
  StoreUnavailable,
} from '@tongdui/event-store';
import type { Decider } from './decision.ts';
import { uuidv5 } from './uuid.ts';

/** Refusals that any stream can answer, beside its own. */
export type HandleReason =
  /** This command id was used before, with another body. */
  | 'id-reused'
  /** The caller named a revision (If-Match) that is no longer the latest. */
  | 'stale-revision'
  /** Three races for the stream were lost. */
  | 'contended'
  /** The event store did not answer; whether the facts landed is settled before anything else is appended to the stream. */
  | 'store-unavailable';

export type Command<C> = {
  readonly command: C;
  /** Identity of this try: facts get the ids uuidv5(id, index). A retry has the same id. */
  readonly id: string;
  /** A client's command: the key it chose (method and path) and the hash of its body, kept with the facts to recognise the retry. */
  readonly request?: { readonly key: string; readonly hash: string };
  readonly expectedRevision?: number;
};

export type Ran<State, Fact, Reason extends string> =
  | {
      readonly is: 'accepted';
      /** Empty: already so. */
      readonly facts: readonly Fact[];
      /** This very command was recorded before. */
      readonly repeated: boolean;
      readonly state: State;
      readonly revision: number;
      readonly position: Position;
    }
  | { readonly is: 'refused'; readonly reason: Reason | HandleReason; readonly state: State };

export type Current<State> = { readonly state: State; readonly revision: number; readonly position: Position };

export interface Handler<C, State, Fact, Reason extends string> {
  run(stream: string, command: Command<C>): Promise<Ran<State, Fact, Reason>>;
  /** The latest state: from the cache when this process is the only writer, else read. Rejects with `StoreUnavailable`. */
  current(stream: string): Promise<Current<State>>;
  /** Resolves with the state as soon as the condition holds, or as it is when the time is over. */
  until(stream: string, holds: (state: State) => boolean, timeoutMs: number): Promise<Current<State>>;
}

type Wall = { nowMs(): number; sleep(milliseconds: number, signal?: AbortSignal): Promise<void> };

export type HandleOptions = {
  readonly wall: Wall;
  /** Streams whose state is remembered. */
  readonly cacheMax?: number;
  /** How long a command waits for the store to say whether an append landed. */
  readonly outcomeTimeoutMs?: number;
};

type Entry<State> = { state: State; revision: number; position: Position; requests: Map<string, string> };
type Waiting<C, State, Fact, Reason extends string> = {
  readonly command: Command<C>;
  readonly answer: (ran: Ran<State, Fact, Reason>) => void;
  readonly fail: (error: unknown) => void;
};
type Queue<C, State, Fact, Reason extends string> = {
  waiting: Waiting<C, State, Fact, Reason>[];
  /** Somebody is on it. A command that arrives between two rounds, when nothing waits, must not start a second drain: both would settle the same commands. */
  draining: boolean;
  /** An append whose outcome is unknown: resent unchanged before anything else. */
  unsettled?: { readonly expected: number; readonly batch: readonly NewFact[] };
};

const attemptsMax = 3;
const factIds = 'b7d4a9d2-8f43-4d9c-9a0c-5f9c0f2d7c11';
const tracer = trace.getTracer('@tongdui/decider');

/**
 * Runs commands against the streams of one kind of entity. Commands for the same stream queue up; what waits is decided one
 * after the other and appended together, so a busy stream costs one append per round and not one per command.
 */
export const handle = <C, State, Fact extends { readonly type: string }, Reason extends string>(
  store: EventStore,
  decider: Decider<C, State, Fact, Reason>,
  options: HandleOptions,
): Handler<C, State, Fact, Reason> => {
  type Answer = Ran<State, Fact, Reason>;
  const { wall, cacheMax = 50_000, outcomeTimeoutMs = 5_000 } = options;
  const cache = new Map<string, Entry<State>>();
  const queues = new Map<string, Queue<C, State, Fact, Reason>>();
  const watchers = new Map<string, Set<(current: Current<State>) => void>>();

  const remember = (stream: string, entry: Entry<State>) => {
    const known = cache.get(stream);
    if (known && known.revision > entry.revision) return known;
    cache.delete(stream);
    cache.set(stream, entry);
    if (cache.size > cacheMax) cache.delete(cache.keys().next().value as string);
    for (const watcher of watchers.get(stream) ?? []) watcher(entry);
    return entry;
  };

  const load = async (stream: string): Promise<Entry<State>> => {
    const known = cache.get(stream);
    const entry: Entry<State> = known
      ? { ...known, requests: new Map(known.requests) }
      : { state: decider.initial, revision: noStream, position: '', requests: new Map() };
    for (const fact of await store.read(stream, { from: entry.revision + 1 })) {
      entry.state = decider.evolve(entry.state, { ...fact.data, type: fact.type } as unknown as Fact);
      entry.revision = fact.revision;
      entry.position = fact.position;
      const request = fact.metadata.request as { key: string; hash: string } | undefined;
      if (request) entry.requests.set(request.key, request.hash);
    }
    return remember(stream, entry);
  };

  /** Decides what waits, up to one append's worth, on a draft of the state. Answers that need no append are given in `settled`. */
  const decideAll = (entry: Entry<State>, waiting: readonly Waiting<C, State, Fact, Reason>[]) => {
    const draft = { ...entry, requests: new Map(entry.requests) };
    const batch: NewFact[] = [];
    const appended: {
      readonly item: Waiting<C, State, Fact, Reason>;
      readonly facts: readonly Fact[];
      readonly state: State;
      readonly revision: number;
    }[] = [];
    const settled: { readonly item: Waiting<C, State, Fact, Reason>; readonly answer: Answer }[] = [];
    let bytes = 0;
    let taken = 0;
    for (const item of waiting) {
      const { command, id, request, expectedRevision } = item.command;
      const refused = (reason: Reason | HandleReason): Answer => ({ is: 'refused', reason, state: draft.state });
      const accepted = (repeated: boolean): Answer => ({
        is: 'accepted',
        facts: [],
        repeated,
        state: draft.state,
        revision: draft.revision,
        position: draft.position,
      });
      const before = request && draft.requests.get(request.key);
      let answer: Answer | undefined;
      if (request && before !== undefined) answer = before === request.hash ? accepted(true) : refused('id-reused');
      else if (expectedRevision !== undefined && expectedRevision !== draft.revision) answer = refused('stale-revision');
      if (!answer) {
        const decision = decider.decide(command, draft.state);
        if (!decision.accepted) answer = refused(decision.reason);
        else if (decision.facts.length === 0) answer = accepted(false);
        else {
          let size = 0;
          const facts = decision.facts.map((fact, index): NewFact => {
            const { type, ...data } = fact;
            const text = JSON.stringify(fact);
            const metadata = request && index === 0 ? { request } : {};
            size += (text.length + JSON.stringify(metadata).length + 100) * 2;
            // Stores tell a resent append by these ids. Two processes that do the same work may come to different decisions under one command
            // id: what it says is part of the id, so that the second one loses the revision check instead of being taken for the first.
            return { id: uuidv5(`${id}/${index}/${text}`, factIds), type, data: data as JsonObject, metadata };
          });
          if (batch.length > 0 && (batch.length + facts.length > appendFactsMax || bytes + size > appendBytesMax)) break;
          bytes += size;
          batch.push(...facts);
          draft.state = decision.facts.reduce(decider.evolve, draft.state);
          draft.revision += facts.length;
          if (request) draft.requests.set(request.key, request.hash);
          appended.push({ item, facts: decision.facts, state: draft.state, revision: draft.revision });
        }
      }
      if (answer) settled.push({ item, answer });
      taken += 1;
    }
    return { draft, batch, appended, settled, taken };
  };

  /** Resends the identical batch until the store says what became of it, or the time is over. */
  const settle = async (
    stream: string,
    queue: Queue<C, State, Fact, Reason>,
    expected: number,
    batch: readonly NewFact[],
  ): Promise<AppendResult> => {
    const givenUpAtMs = wall.nowMs() + outcomeTimeoutMs;
    for (let pause = 25; ; pause = Math.min(pause * 2, 1_000)) {
      const result = await store.append(stream, expected, batch);
      if (result.is !== 'unavailable') {
        delete queue.unsettled;
        return result;
      }
      queue.unsettled = { expected, batch };
      if (wall.nowMs() >= givenUpAtMs) return result;
      await wall.sleep(pause);
    }
  };

  /**
   * What was asked before the state was read; a command that arrives meanwhile waits for the next round, because a read that began before
   * it may not show what its sender has seen. What was remembered while others write too is good for an append only, which is checked:
   * a refusal and a contradiction to it are decided again on what is stored.
   */
  const decided = async (stream: string, asked: readonly Waiting<C, State, Fact, Reason>[]) => {
    const cached = cache.get(stream);
    if (!cached) return decideAll(await load(stream), asked);
    try {
      const remembered = decideAll(cached, asked);
      if (remembered.batch.length > 0 || store.onlyWriter) return remembered;
    } catch (error) {
      if (store.onlyWriter) throw error;
    }
    return decideAll(await load(stream), asked);
  };

  /** One round: what waits is decided and appended. False when the race was lost and the same commands must be decided again. */
  const round = async (stream: string, queue: Queue<C, State, Fact, Reason>): Promise<'lost' | 'progress'> => {
    if (queue.unsettled) {
      const result = await settle(stream, queue, queue.unsettled.expected, queue.unsettled.batch);
      cache.delete(stream);
      if (result.is === 'unavailable') throw new StoreUnavailable(result.message);
    }
    const { draft, batch, appended, settled, taken } = await decided(stream, [...queue.waiting]);
    if (batch.length > 0) {
      const result = await settle(stream, queue, draft.revision - batch.length, batch);
      if (result.is === 'unavailable') throw new StoreUnavailable(result.message);
      if (result.is === 'wrong-expected-revision') {
        cache.delete(stream);
        return 'lost';
      }
      draft.position = result.position;
      remember(stream, draft);
    }
    queue.waiting.splice(0, taken);
    for (const { item, facts, state, revision } of appended)
      item.answer({ is: 'accepted', facts, repeated: false, state, revision, position: draft.position });
    for (const { item, answer } of settled) item.answer(answer.is === 'accepted' ? { ...answer, position: draft.position } : answer);
    return 'progress';
  };

  const drain = async (stream: string, queue: Queue<C, State, Fact, Reason>) => {
    let lost = 0;
    while (queue.waiting.length > 0) {
      try {
        lost = (await round(stream, queue)) === 'lost' ? lost + 1 : 0;
        if (lost >= attemptsMax) refuseAll(queue, 'contended');
      } catch (error) {
        // After a bug the cached state is not to be trusted.
        if (!(error instanceof StoreUnavailable)) cache.delete(stream);
        if (error instanceof StoreUnavailable) refuseAll(queue, 'store-unavailable');
        else for (const item of queue.waiting.splice(0)) item.fail(error);
      }
    }
    queue.draining = false;
    if (!queue.unsettled) queues.delete(stream);
  };

  const refuseAll = (queue: Queue<C, State, Fact, Reason>, reason: HandleReason) => {
    for (const item of queue.waiting.splice(0)) item.answer({ is: 'refused', reason, state: decider.initial });
  };

  const enqueue = (stream: string, command: Command<C>) =>
    new Promise<Answer>((resolve, reject) => {
      const queue = queues.get(stream) ?? { waiting: [], draining: false };
      queue.waiting.push({ command, answer: resolve, fail: reject });
      queues.set(stream, queue);
      if (queue.draining) return;
      queue.draining = true;
      // Whatever arrives in this turn of the event loop shares the round.
      queueMicrotask(() => void drain(stream, queue));
    });

  const current = async (stream: string): Promise<Current<State>> => {
    const cached = cache.get(stream);
    return cached && store.onlyWriter ? cached : load(stream);
  };

  return {
    run: (stream, command) => traced('handle', { 'tongdui.stream': stream }, () => enqueue(stream, command)),
    current,
    until: async (stream, holds, timeoutMs) => {
      const deadline = new AbortController();
      let met: Current<State> | undefined;
      const watcher = (seen: Current<State>) => {
        if (met || !holds(seen.state)) return;
        met = seen;
        // A reason of our own spares the error, with its stack, that would be made for none.
        deadline.abort('met');
      };
      const watching = watchers.get(stream) ?? new Set();
      watchers.set(stream, watching.add(watcher));
      try {
        watcher(await current(stream));
        // Another process may write the stream too; then only reading again shows it.
        const step = store.onlyWriter ? timeoutMs : 200;
        for (let waited = 0; !met && waited < timeoutMs; waited += step) {
          await wall.sleep(step, deadline.signal);
          if (!met) watcher(await current(stream));
        }
        return met ?? (await current(stream));
      } finally {
        watching.delete(watcher);
        if (watching.size === 0) watchers.delete(stream);
      }
    },
  };
};

const traced = async <T>(name: string, attributes: Attributes, run: () => Promise<T>): Promise<T> =>
  tracer.startActiveSpan(name, { attributes }, async (span) => {
    try {
      return await run();
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  });
