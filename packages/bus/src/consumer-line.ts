import { type CloudEvent, type Producer, sequenceOf, sourceOf } from '@tongdui/contracts';
import { Inbox, type Ready } from './consumer-inbox.ts';
import { type Effects, type HaltedLine, isTransient } from './effects.ts';
import { readFeed } from './feed.ts';
import { eventHash } from './published.ts';
import { backOffMs, type Log, messageOf, type Observe, type Wall } from './seams.ts';
import type { Slots } from './slots.ts';
import { type Transport, Unreachable } from './transport.ts';

type LineOptions = Effects & {
  readonly transport: Transport;
  /** Of the consumer, for the log. */
  readonly name: string;
  readonly wall: Wall;
  readonly log: Log;
  readonly observe: Observe;
  readonly applyMax: number;
  readonly signal: AbortSignal;
  readonly slots: Slots;
};

const failuresMax = 5;
const patienceMs = 1_000;

/** Everything one consumer keeps about one producer. Messages are hints; where they do not fit, the producer's feed decides. */
export class ProducerLine {
  readonly #producer: Producer;
  readonly #options: LineOptions;
  readonly #inbox: Inbox;
  #head = 0;
  #halted: HaltedLine | undefined;
  #pumping: Promise<void> | undefined;
  /** Something changed since the last look. */
  #wanted = false;
  #watching = false;
  #operating = false;
  /** The feed is read up to here even when no message waits. */
  #repairThrough = 0;
  #feedFailures = 0;
  #feedNotBeforeMs = 0;
  #transientFailures = 0;
  #batchFailures = 0;
  /** Up to here events are applied one by one, to find the failing one. */
  #singlyThrough = 0;
  #failing = { sequence: 0, failures: 0 };

  constructor(producer: Producer, next: number, options: LineOptions) {
    if (!Number.isSafeInteger(next) || next < 1)
      throw new Error(`the next sequence of ${sourceOf(producer)} is ${next}, expected 1 or more`);
    this.#producer = producer;
    this.#options = options;
    this.#inbox = new Inbox(next);
  }

  next(): number {
    return this.#inbox.next;
  }

  head(): number {
    return this.#head;
  }

  halted(): HaltedLine | undefined {
    return this.#halted;
  }

  idle(): boolean {
    return this.#halted !== undefined || (!this.#pumping && this.#inbox.isEmpty() && this.#head < this.#inbox.next);
  }

  /** A line that was halted before the restart stays so, unless its event was dealt with just before the crash. */
  async stayHalted(line: HaltedLine | undefined): Promise<void> {
    if (!line) return;
    if (line.sequence >= this.#inbox.next) this.#halted = line;
    else await this.#options.lines.remove(this.#producer);
  }

  /** Resolves when these events are applied, known, or left to the feed of a halted line. */
  async deliver(events: readonly CloudEvent[]): Promise<void> {
    if (this.#halted) return;
    if (this.#options.signal.aborted) throw new Unreachable('the consumer is closing');
    const received = this.#inbox.add(events);
    if (!received) return this.#options.observe({ is: 'duplicate', producer: this.#producer, events: events.length });
    this.#pump();
    return received;
  }

  /** What was published while nobody listened here is read at once, without waiting to be told that there is something. */
  async catchUp(): Promise<void> {
    // The connection may take a moment, and the producer may be starting too. Whoever cannot be reached after that announces himself.
    for (let attempt = 1; attempt <= 6 && this.#head === 0 && !this.#options.signal.aborted; attempt += 1) {
      try {
        await this.#readMissed();
        break;
      } catch {
        await this.#pause(attempt);
      }
    }
    this.announced(this.#head);
  }

  async #readMissed(): Promise<void> {
    const { transport, slots, signal } = this.#options;
    while (!this.#halted && !signal.aborted) {
      const from = this.#inbox.next;
      const page = await slots.run(() => readFeed(transport, this.#producer, from));
      this.#head = Math.max(this.#head, page.head);
      if (page.events.length === 0) return;
      await this.deliver(page.events);
      if (this.#inbox.next === from) return;
    }
  }

  announced(head: number): void {
    this.#head = Math.max(head, this.#head);
    if (head >= this.#inbox.next && !this.#halted && !this.#watching) {
      this.#watching = true;
      void this.#watch();
    }
  }

  async redrive(): Promise<void> {
    await this.#operate((line) => this.#resume(line));
  }

  async skip(reason: string, by: string): Promise<void> {
    await this.#operate(async (line) => {
      const page = await readFeed(this.#options.transport, this.#producer, line.sequence, 1);
      const event = page.events[0];
      if (!event || sequenceOf(event) !== line.sequence)
        throw new Unreachable(`${sourceOf(this.#producer)} does not show event ${line.sequence}`);
      await this.#options.skipped(event, reason, by, this.#producer);
      this.#options.log.warn({ ...this.#about(), sequence: line.sequence, reason, by }, 'an operator skipped an event');
      this.#inbox.advance(line.sequence + 1, eventHash(event));
      await this.#resume(line);
    });
  }

  async finish(): Promise<void> {
    await this.#pumping;
    this.#inbox.rejectAll(new Unreachable('the consumer is closing'));
  }

  #pump(): void {
    this.#wanted = true;
    this.#pumping ??= this.#work();
  }

  async #work(): Promise<void> {
    const { signal, log } = this.#options;
    // What arrives in the same turn is applied together.
    await Promise.resolve();
    while (this.#wanted && !signal.aborted && !this.#halted) {
      this.#wanted = false;
      try {
        if (await this.#round()) this.#wanted = true;
      } catch (error) {
        log.error({ ...this.#about(), error: messageOf(error) }, 'a line of the consumer failed unexpectedly and goes on');
        await this.#pause(++this.#transientFailures);
        this.#wanted = true;
      }
    }
    this.#pumping = undefined;
  }

  /** One batch or one page of the feed. Answers whether there may be more to do. */
  async #round(): Promise<boolean> {
    const singly = this.#inbox.next <= this.#singlyThrough;
    const ready = this.#inbox.takeReady(singly ? 1 : this.#options.applyMax);
    if (ready.events.length > 0) await this.#apply(ready);
    else if (ready.problem) await this.#failed([ready.problem.event], new Error(ready.problem.text));
    else if (!this.#inbox.isEmpty() || this.#repairThrough >= this.#inbox.next) return this.#readFeed();
    else return false;
    return true;
  }

  async #apply({ events, hashes }: Ready): Promise<void> {
    const first = this.#inbox.next;
    try {
      await this.#options.slots.run(() => this.#options.apply(events, this.#producer));
    } catch (error) {
      // Effects and the next sequence are durable together, so what is persisted says how much was applied before the failure.
      const persisted = await this.#options.nextSequence(this.#producer);
      if (persisted > first) this.#inbox.advance(persisted, hashes[persisted - first - 1]);
      return this.#failed(events.slice(persisted > first ? persisted - first : 0), error);
    }
    this.#inbox.advance(first + events.length, hashes.at(-1));
    this.#transientFailures = 0;
    this.#batchFailures = 0;
    this.#options.observe({ is: 'applied', producer: this.#producer, events: events.length });
  }

  async #failed(events: readonly CloudEvent[], error: unknown): Promise<void> {
    if (events.length === 0) return;
    const transient = isTransient(error);
    const fields = { ...this.#about(), sequence: this.#inbox.next, events: events.length, transient, error: messageOf(error) };
    this.#options.observe({ is: 'apply-failed', producer: this.#producer, transient });
    this.#options.log.warn(fields, 'events could not be applied');
    if (transient) return this.#pause(++this.#transientFailures);
    if (events.length > 1) {
      this.#batchFailures += 1;
      if (this.#batchFailures >= 2) this.#singlyThrough = this.#inbox.next + events.length - 1;
      return this.#pause(this.#batchFailures);
    }
    const failures = this.#failing.sequence === this.#inbox.next ? this.#failing.failures + 1 : 1;
    this.#failing = { sequence: this.#inbox.next, failures };
    if (failures >= failuresMax) return this.#halt(events[0], error);
    await this.#pause(failures);
  }

  async #halt(event: CloudEvent | undefined, error: unknown): Promise<void> {
    const { lines, log, observe, wall } = this.#options;
    const eventId = String(event?.id);
    const eventType = String(event?.type);
    const line = {
      producer: this.#producer,
      sequence: this.#inbox.next,
      eventId,
      eventType,
      reason: messageOf(error),
      haltedAtMs: wall.nowMs(),
    };
    this.#halted = line;
    log.error(
      { ...this.#about(), sequence: line.sequence, eventId, eventType, reason: line.reason },
      'a line is halted; redrive it, or skip the event',
    );
    observe({ is: 'line-halted', producer: this.#producer });
    // When this is lost, a restart tries the event five times more and halts again.
    try {
      await lines.save(line);
    } catch (saveError) {
      log.error({ ...this.#about(), error: messageOf(saveError) }, 'a halted line could not be saved');
    }
    this.#inbox.resolveAll();
  }

  async #operate(work: (line: HaltedLine) => Promise<void>): Promise<void> {
    if (!this.#halted) throw new Error(`the line of ${sourceOf(this.#producer)} is not halted`);
    if (this.#operating) throw new Error(`someone is already working on the line of ${sourceOf(this.#producer)}`);
    this.#operating = true;
    try {
      await this.#pumping;
      await work(this.#halted);
    } finally {
      this.#operating = false;
    }
  }

  async #resume(line: HaltedLine): Promise<void> {
    await this.#options.lines.remove(this.#producer);
    this.#failing = { sequence: 0, failures: 0 };
    this.#batchFailures = 0;
    this.#halted = undefined;
    this.#feedNotBeforeMs = 0;
    this.#repairThrough = Math.max(this.#head, line.sequence);
    this.#options.observe({ is: 'line-resumed', producer: this.#producer });
    this.#pump();
  }

  /** Reads on where the messages have a gap. Answers false when that must wait. */
  async #readFeed(): Promise<boolean> {
    const { transport, wall, log, observe, slots } = this.#options;
    if (wall.nowMs() < this.#feedNotBeforeMs) return this.#giveBack('the feed was unreachable a moment ago');
    try {
      const page = await slots.run(() => readFeed(transport, this.#producer, this.#inbox.next));
      this.#feedFailures = 0;
      this.#head = Math.max(this.#head, page.head);
      observe({ is: 'feed-read', producer: this.#producer, events: page.events.length });
      if (page.events.length === 0) return this.#giveBack(`the feed ends at ${page.head}`);
      this.#inbox.setPage(page.events);
      return true;
    } catch (error) {
      if (!isTransient(error)) throw error;
      this.#feedFailures += 1;
      this.#feedNotBeforeMs = wall.nowMs() + backOffMs(this.#feedFailures, 500, 30_000);
      observe({ is: 'feed-unreachable', producer: this.#producer });
      log.warn({ ...this.#about(), next: this.#inbox.next, error: messageOf(error) }, 'events are missing and the feed is unreachable');
      return this.#giveBack('events before these are missing and the feed is unreachable');
    }
  }

  /** The broker delivers again later; announcements lead back to the feed in any case. */
  #giveBack(reason: string): false {
    this.#repairThrough = 0;
    this.#inbox.rejectAll(new Unreachable(reason));
    return false;
  }

  /** Messages are given a second to arrive before the feed is read; while some do arrive, the feed is not needed. */
  async #watch(): Promise<void> {
    const { wall, signal } = this.#options;
    let before = 0;
    while (!signal.aborted && !this.#halted && this.#head >= this.#inbox.next) {
      before = this.#inbox.next;
      await wall.sleep(patienceMs, signal);
      if (this.#inbox.next === before && !this.#pumping) break;
    }
    this.#watching = false;
    if (signal.aborted || this.#halted || this.#head < this.#inbox.next) return;
    this.#repairThrough = this.#head;
    this.#feedNotBeforeMs = 0;
    this.#pump();
  }

  #pause(attempt: number): Promise<void> {
    return this.#options.wall.sleep(backOffMs(attempt, 200, 10_000), this.#options.signal);
  }

  #about(): object {
    return { consumer: this.#options.name, ...this.#producer };
  }
}
