import { type CloudEvent, sequenceOf } from '@tongdui/contracts';
import { chainProblem, envelopeProblem, eventHash } from './published.ts';
import { Unreachable } from './transport.ts';

/** Events that can be applied now, with their hashes; or, when there are none, why the feed's own next event cannot. */
export type Ready = {
  readonly events: readonly CloudEvent[];
  readonly hashes: readonly string[];
  readonly problem: { readonly event: CloudEvent; readonly text: string } | undefined;
};

type Message = {
  readonly events: readonly CloudEvent[];
  readonly first: number;
  readonly last: number;
  /** Does not fit the chain: only the feed is believed about these sequences. */
  doubtful: boolean;
  readonly resolve: () => void;
  readonly reject: (reason: Error) => void;
};

const messagesMax = 256;

/** What has arrived from one producer and is not applied: messages in any order, and a page of the feed. */
export class Inbox {
  next: number;
  #previousHash: string | undefined;
  #messages: Message[] = [];
  #page: { readonly events: readonly CloudEvent[]; readonly first: number } | undefined;

  constructor(next: number) {
    this.next = next;
  }

  /** Resolves when `next` has passed these consecutive events; undefined when it has already. */
  add(events: readonly CloudEvent[]): Promise<void> | undefined {
    const first = sequenceOf(events[0]!);
    const last = first + events.length - 1;
    if (last < this.next) return undefined;
    if (this.#messages.length >= messagesMax) return Promise.reject(new Unreachable('too many messages wait already'));
    return new Promise<void>((resolve, reject) => {
      this.#messages.push({ events, first, last, doubtful: false, resolve, reject });
    });
  }

  /** Events of the producer's feed from `next` on: these count, whatever messages say. */
  setPage(events: readonly CloudEvent[]): void {
    this.#page = { events, first: this.next };
  }

  /** No message waits and no page is left. */
  isEmpty(): boolean {
    return this.#messages.length === 0 && this.#page === undefined;
  }

  takeReady(max: number): Ready {
    if (this.#page && this.next < this.#page.first + this.#page.events.length) return this.#readyOfPage(this.#page, max);
    this.#page = undefined;
    const events: CloudEvent[] = [];
    const hashes: string[] = [];
    while (events.length < max) {
      const wanted = this.next + events.length;
      const message = this.#messages.find((candidate) => !candidate.doubtful && candidate.first <= wanted && wanted <= candidate.last);
      if (!message) break;
      const rest = message.events.slice(wanted - message.first, wanted - message.first + max - events.length);
      const before = events.length;
      if (!this.#chain(rest, events, hashes)) continue;
      // A broken chain does not tell which of the two events is wrong, so nothing of this message is believed.
      message.doubtful = true;
      events.length = before;
      hashes.length = before;
    }
    return { events, hashes, problem: undefined };
  }

  /** `hash` is that of the event before `next`, when it is known. */
  advance(next: number, hash: string | undefined): void {
    this.next = next;
    this.#previousHash = hash;
    if (this.#page && next >= this.#page.first + this.#page.events.length) this.#page = undefined;
    const passed = this.#messages.filter((message) => message.last < next);
    if (passed.length === 0) return;
    this.#messages = this.#messages.filter((message) => message.last >= next);
    for (const message of passed) message.resolve();
  }

  resolveAll(): void {
    for (const message of this.#clear()) message.resolve();
  }

  rejectAll(reason: Error): void {
    for (const message of this.#clear()) message.reject(reason);
  }

  #clear(): Message[] {
    this.#page = undefined;
    return this.#messages.splice(0);
  }

  #readyOfPage(page: { readonly events: readonly CloudEvent[]; readonly first: number }, max: number): Ready {
    const events: CloudEvent[] = [];
    const hashes: string[] = [];
    const start = this.next - page.first;
    const problem = this.#chain(page.events.slice(start, start + max), events, hashes);
    if (!problem || events.length > 0) return { events, hashes, problem: undefined };
    // The feed is asked again for what it got wrong, so that a correction there is seen.
    this.#page = undefined;
    return { events, hashes, problem };
  }

  /** Moves candidates over while they continue the chain; answers the first that does not. */
  #chain(candidates: readonly CloudEvent[], events: CloudEvent[], hashes: string[]): Ready['problem'] {
    for (const event of candidates) {
      const text = envelopeProblem(event) ?? chainProblem(event, this.next + events.length, hashes.at(-1) ?? this.#previousHash);
      if (text) return { event, text };
      events.push(event);
      hashes.push(eventHash(event));
    }
    return undefined;
  }
}
