import { randomUUID } from 'node:crypto';
import type { Appended, AppendResult, EventStore, JsonObject, NewFact, Position, StoredFact } from '../port.ts';

export type ConformanceSubject = {
  /** Empty. */
  readonly store: EventStore;
  /** Closes the store and opens the same facts again; absent where nothing is kept. */
  readonly reopen?: () => Promise<EventStore>;
  /** Makes every call fail for a while; absent where a test cannot do that. */
  readonly outage?: { readonly begin: () => void; readonly end: () => void };
  /** Closes whatever is open and removes what was stored. */
  readonly dispose: () => Promise<void>;
};

export type Subject = () => ConformanceSubject;

export function newFact(data: JsonObject = {}, metadata: JsonObject = {}): NewFact {
  return { id: randomUUID(), type: 'SomethingHappened', data, metadata };
}

export function newFacts(count: number): NewFact[] {
  return Array.from({ length: count }, (_, number) => newFact({ number }));
}

/** The result as appended, or a failing test. */
export function landed(result: AppendResult): Appended {
  if (result.is !== 'appended') throw new Error(`expected an append to land: ${JSON.stringify(result)}`);
  return result;
}

/** Follows until `count` facts have come and the store has said that there is no more. */
export async function followUntil(
  store: EventStore,
  count: number,
  { prefixes = [''], after = '' }: { prefixes?: readonly string[]; after?: Position } = {},
): Promise<StoredFact[]> {
  const facts: StoredFact[] = [];
  for await (const followed of store.follow({ prefixes, after, signal: AbortSignal.timeout(20_000) })) {
    if (followed.is === 'facts') facts.push(...followed.facts);
    else if (facts.length >= count) return facts;
  }
  throw new Error(`only ${facts.length} of ${count} facts were followed within 20 s`);
}

export function ids(facts: readonly { readonly id: string }[]): string[] {
  return facts.map((fact) => fact.id);
}
