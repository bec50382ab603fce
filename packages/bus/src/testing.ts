import type { CloudEvent, Home, Instant, Producer } from '@tongdui/contracts';
import type { EventStore, NewFact, StoredFact } from '@tongdui/event-store';
import { type PublishedEventDraft, sealEvent } from './published.ts';
import type { Wall } from './seams.ts';

/** For the tests of this package: time that moves only when a test says so, and a producer small enough to see through. */

export class ManualWall implements Wall {
  #nowMs = 0;
  #sleeping: { readonly untilMs: number; readonly wake: () => void }[] = [];

  nowMs(): number {
    return this.#nowMs;
  }

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      this.#sleeping.push({ untilMs: this.#nowMs + milliseconds, wake: resolve });
      signal?.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  advance(milliseconds: number): void {
    this.#nowMs += milliseconds;
    const due = this.#sleeping.filter(({ untilMs }) => untilMs <= this.#nowMs);
    this.#sleeping = this.#sleeping.filter(({ untilMs }) => untilMs > this.#nowMs);
    for (const { wake } of due) wake();
  }

  /** Lets everything run that can, and time pass, until the condition holds. */
  async until(condition: () => boolean, what = condition.toString()): Promise<void> {
    for (let turn = 0; turn < 5_000; turn += 1) {
      if (condition()) return;
      await drained();
      this.#advanceToNext();
    }
    throw new Error(`never happened: ${what}`);
  }

  #advanceToNext(): void {
    const nextMs = this.#sleeping.reduce((least, { untilMs }) => Math.min(least, untilMs), this.#nowMs + 1_000);
    this.advance(Math.max(nextMs - this.#nowMs, 1));
  }

  async pass(milliseconds: number): Promise<void> {
    let passed = false;
    void this.sleep(milliseconds).then(() => {
      passed = true;
    });
    await this.until(() => passed);
    await drained();
  }
}

/** The event loop has nothing more to do without a timer. */
const drained = async (): Promise<void> => {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

export const home = '310117' as Home;
export const otherHome = '330400' as Home;
export const redemption: Producer = { service: 'redemption', home };
export const clearing: Producer = { service: 'clearing', home };

export const draftOf = (text: string, amount: number): PublishedEventDraft => ({
  type: 'g60.redemption.tested.v1',
  subject: `subject-${text}`,
  time: '2026-03-01T00:00:00.000Z' as Instant,
  data: { text, amount, nested: { 长三角: '科创走廊' } },
});

/** What a producer publishes: consecutive events with a right chain. */
export const publishedBy = (producer: Producer, count: number): CloudEvent[] => {
  let previous: { sequence: number; hash: string | undefined } = { sequence: 0, hash: undefined };
  return Array.from({ length: count }, (_, index) => {
    const fact = { stream: `${producer.service}.${producer.home}.thing-${index % 3}`, revision: index } as StoredFact;
    const { event, hash } = sealEvent(producer, draftOf(String(index), index), fact, 0, previous);
    previous = { sequence: index + 1, hash };
    return event;
  });
};

/** A fact whose publication is described by its data: `events` of them. */
export const factOf = (id: number, events: number): NewFact => ({
  id: `00000000-0000-4000-8000-${String(id).padStart(12, '0')}`,
  type: 'Tested',
  data: { id, events },
  metadata: {},
});
export const publishTested = (fact: StoredFact): PublishedEventDraft[] =>
  Array.from({ length: Number(fact.data.events) }, (_, index) => draftOf(`${Number(fact.data.id)}/${index}`, index));

export const appendFact = async (store: EventStore, stream: string, fact: NewFact): Promise<void> => {
  const last = await store.readLast(stream);
  const result = await store.append(stream, last?.revision ?? -1, [fact]);
  if (result.is !== 'appended') throw new Error(`not appended: ${result.is}`);
};

/** Sequences as numbers, to read in a failing test. */
export const sequencesOf = (events: readonly CloudEvent[]): number[] => events.map((event) => Number(event.sequence));
export const countingFrom1 = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
