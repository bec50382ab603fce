import type { CloudEvent, Producer } from '@tongdui/contracts';
import { type Consumer, type ConsumerOptions, consumer } from './consumer.ts';
import type { Effects, HaltedLine } from './effects.ts';
import { type Fate, type MemoryHub, memoryHub } from './memory-transport.ts';
import type { Measure } from './seams.ts';
import { home, ManualWall } from './testing.ts';
import type { Subscription, Transport } from './transport.ts';

/** A broker, producers and a consumer that can be started again, all in memory. */
export class ConsumerFixture {
  readonly wall = new ManualWall();
  readonly hub: MemoryHub;
  readonly broker: Transport;
  readonly ledger = new Ledger();
  readonly measures: Measure[] = [];
  readonly #running: Consumer[] = [];

  constructor(options: { readonly fate?: () => Fate; readonly delayMs?: () => number } = {}) {
    const schedule = (job: () => void, delayMs: number) => {
      const totalMs = delayMs + (options.delayMs?.() ?? 0);
      if (totalMs > 0) void this.wall.sleep(totalMs).then(job);
      else queueMicrotask(job);
    };
    this.hub = memoryHub({ schedule, ...(options.fate ? { fate: options.fate } : {}) });
    this.broker = this.hub.connect('producers');
  }

  async start(options: Partial<ConsumerOptions> = {}): Promise<Consumer> {
    const { nextSequence, apply, skipped, lines } = this.ledger;
    const settled = () => this.ledger.settled();
    const started = await consumer({
      transport: this.hub.connect('consumer'),
      name: 'tested',
      homes: [home],
      nextSequence,
      apply,
      settled,
      skipped,
      lines,
      wall: this.wall,
      observe: (measure) => void this.measures.push(measure),
      ...options,
    });
    this.#running.push(started);
    return started;
  }

  answerFeed(events: readonly CloudEvent[], name = 'feed'): Subscription {
    const [, service, at] = events[0]!.source.split('/');
    const address = { service, home: at, verb: 'feed' } as Parameters<Transport['respond']>[0];
    return this.hub.connect(name).respond(address, async (asked) => {
      const { from, max } = asked as { from: number; max: number };
      return { events: events.slice(from - 1, from - 1 + max), head: events.length };
    });
  }

  measured(is: Measure['is']): number {
    return this.measures.filter((measure) => measure.is === is).length;
  }

  async close(): Promise<void> {
    await Promise.all(this.#running.splice(0).map((each) => each.close()));
  }
}

/** Applies events one by one to a list, whose length says which is next: a failure leaves those before it applied. */
export class Ledger implements Effects {
  readonly applied = new Map<string, CloudEvent[]>();
  readonly skips: string[] = [];
  readonly halted = new Map<string, HaltedLine>();
  /** Called before an event is applied; throws to make it fail. */
  beforeEach: (event: CloudEvent) => void = () => {};

  /** Answers whether what was applied is durable. */
  settled: () => Promise<void> = async () => {};

  readonly nextSequence = (producer: Producer): number => this.of(producer).length + 1;
  readonly apply = async (events: readonly CloudEvent[], producer: Producer): Promise<void> => {
    for (const event of events) {
      await Promise.resolve();
      this.beforeEach(event);
      this.of(producer).push(event);
    }
  };
  readonly skipped = async (event: CloudEvent, reason: string, by: string, producer: Producer): Promise<void> => {
    this.skips.push(`${by} skipped ${Number(event.sequence)}: ${reason}`);
    this.of(producer).push(event);
  };
  readonly lines = {
    load: () => [...this.halted.values()],
    save: (line: HaltedLine) => {
      this.halted.set(`${line.producer.service}.${line.producer.home}`, line);
    },
    remove: (producer: Producer) => {
      this.halted.delete(`${producer.service}.${producer.home}`);
    },
  };

  of(producer: Producer): CloudEvent[] {
    const key = `${producer.service}.${producer.home}`;
    const events = this.applied.get(key) ?? [];
    this.applied.set(key, events);
    return events;
  }
}
