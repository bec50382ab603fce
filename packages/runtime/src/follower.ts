import type { Home } from '@tongdui/contracts';
import type { Position, StoredFact } from '@tongdui/event-store';
import { backOffMs, type HostSeams, messageOf } from './host.seams.ts';
import type { Draft, OpenWork } from './read-model.ts';
import type { FactProjection, FollowedFact, Service } from './service.ts';

/** Follows the service's own facts into rows and work. */
export type Follower = {
  /** Everything stored at the start is in the rows. */
  readonly caughtUp: Promise<void>;
  isCaughtUp(): boolean;
  /** True as soon as the fact at this position is in the rows, false when the time is over. */
  waitFor(position: Position, timeoutMs: number): Promise<boolean>;
  stop(): Promise<void>;
};

export type FollowedWork = { readonly opened: readonly OpenWork[]; readonly closed: readonly string[] };

export const follower = (service: Service, seams: HostSeams, onWork: (work: FollowedWork) => void): Follower => {
  const { store, readModel, wall, log, crash } = seams;
  const stopping = new AbortController();
  const waiting = new Set<{ readonly position: Position; readonly reached: AbortController }>();
  const apply = applier(service);
  let isCaughtUp = false;
  let sayCaughtUp: () => void = () => {};
  const caughtUp = new Promise<void>((resolve) => {
    sayCaughtUp = resolve;
  });

  const take = (facts: readonly StoredFact[]) => {
    const followed = readModel.followed();
    const fresh = facts.filter((fact) => fact.position > followed);
    if (fresh.length === 0) return;
    crash('follower.before-commit');
    const work = readModel.transact((draft) => apply(draft, fresh));
    crash('follower.after-commit');
    seams.measure?.({ is: 'followed', facts: fresh.length });
    onWork(work);
    const reached = readModel.followed();
    for (const waiter of waiting) if (waiter.position <= reached) waiter.reached.abort('reached');
  };

  const run = async () => {
    const prefixes = prefixesOf(service.name, seams.homes);
    for (let attempt = 1; !stopping.signal.aborted; attempt += 1) {
      try {
        for await (const followed of store.follow({ prefixes, after: readModel.followed(), signal: stopping.signal })) {
          if (stopping.signal.aborted) return;
          attempt = 0;
          if (followed.is === 'facts') take(followed.facts);
          else {
            if (!isCaughtUp) readModel.caughtUp();
            isCaughtUp = true;
            sayCaughtUp();
          }
        }
      } catch (error) {
        // A projection that fails is a bug; going on without the fact would leave the rows wrong for ever.
        if (!stopping.signal.aborted)
          log.error({ service: service.name, attempt, error: messageOf(error) }, 'the read model cannot follow its facts and tries again');
      }
      await wall.sleep(backOffMs(attempt, 200, 10_000), stopping.signal);
    }
  };
  const running = run();

  return {
    caughtUp,
    isCaughtUp: () => isCaughtUp,
    waitFor: async (position, timeoutMs) => {
      if (readModel.followed() >= position) return true;
      const waiter = { position, reached: new AbortController() };
      waiting.add(waiter);
      await wall.sleep(timeoutMs, AbortSignal.any([waiter.reached.signal, stopping.signal]));
      waiting.delete(waiter);
      return readModel.followed() >= position;
    },
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
};

export const prefixesOf = (service: string, homes: readonly Home[]): string[] => homes.map((home) => `${service}.${home}.`);

/** A stored fact with its stream's name taken apart; undefined for the published streams, which repeat what facts said. */
export const followedOf = (stored: StoredFact): FollowedFact | undefined => {
  const { stream } = stored;
  const homeAt = stream.indexOf('.') + 1;
  const nounAt = stream.indexOf('.', homeAt) + 1;
  const keyAt = stream.indexOf('-', nounAt) + 1;
  if (keyAt === 0) return undefined;
  return {
    fact: { ...stored.data, type: stored.type },
    id: stored.id,
    stream,
    home: stream.slice(homeAt, nounAt - 1) as Home,
    noun: stream.slice(nounAt, keyAt - 1),
    key: stream.slice(keyAt),
    revision: stored.revision,
    position: stored.position,
  };
};

const applier = (service: Service) => {
  const byNoun = new Map<string, FactProjection[]>();
  for (const projection of service.projections) byNoun.set(projection.noun, [...(byNoun.get(projection.noun) ?? []), projection]);
  return (draft: Draft, facts: readonly StoredFact[]): FollowedWork => {
    const opened = new Map<string, OpenWork>();
    const closed = new Set<string>();
    for (const stored of facts) {
      const followed = followedOf(stored);
      if (!followed) continue;
      for (const projection of byNoun.get(followed.noun) ?? []) projectFact(draft, projection, followed);
      const change = service.work(followed);
      for (const id of change.closes ?? []) {
        opened.delete(id);
        closed.add(id);
      }
      for (const work of change.opens ?? []) opened.set(work.id, { work, position: followed.position });
    }
    // Work that a batch opens and closes is never written; work it opens again replaces what was there.
    for (const id of closed) draft.closeWork(id);
    for (const { work, position } of opened.values()) draft.open(work, position);
    draft.follow(facts.at(-1)!.position);
    return { opened: [...opened.values()], closed: [...closed] };
  };
};

const projectFact = (draft: Draft, projection: FactProjection, followed: FollowedFact) => {
  const id = projection.rowId(followed);
  if (id === undefined) return;
  const before = draft.body(projection.table, id);
  const after = projection.project(before, followed);
  if (after === before) return;
  if (after === undefined) draft.remove(projection.table, id);
  else draft.put(projection.table, id, after, projection.index);
};
