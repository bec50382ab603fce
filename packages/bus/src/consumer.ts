import { type CloudEvent, type Home, type Producer, type ServiceName, sequenceOf, serviceNames, sourceOf } from '@tongdui/contracts';
import { ProducerLine } from './consumer-line.ts';
import type { Effects, HaltedLine } from './effects.ts';
import { envelopeProblem, producersOf } from './published.ts';
import { type Log, type Observe, silent, type Wall } from './seams.ts';
import { slotsOf } from './slots.ts';
import type { Transport } from './transport.ts';

export type ConsumerOptions = Effects & {
  readonly transport: Transport;
  /** Names this consumer at the broker; the same across restarts, another for each service. */
  readonly name: string;
  readonly homes: readonly Home[];
  /** Whose events are wanted; all services by default. */
  readonly services?: readonly ServiceName[];
  readonly wall: Wall;
  readonly log?: Log;
  readonly observe?: Observe;
  /** Most events in one `apply`. */
  readonly applyMax?: number;
  /** Most producers served at the same time. */
  readonly parallel?: number;
};

export interface Consumer {
  status(): ConsumerStatus;
  /** Tries a halted line again from the event that failed. */
  redrive(producer: Producer): Promise<void>;
  /** Gives up the event a line halted at and goes on behind it. Rejects with `Unreachable` when the producer cannot be asked for the event. */
  skip(producer: Producer, reason: string, by: string): Promise<void>;
  /** Lets effects under way finish, hands the rest back to the broker. */
  close(): Promise<void>;
}

/** Keys are event sources, `/<service>/<home>`. */
export type ConsumerStatus = {
  /** Sequence wanted next. */
  readonly next: ReadonlyMap<string, number>;
  /** Newest sequence each producer has told of; 0 when it has not been heard. */
  readonly heads: ReadonlyMap<string, number>;
  readonly halted: readonly HaltedLine[];
  /** Nothing waits, nothing is being applied, and every line has all its producer told of or is halted. */
  readonly idle: boolean;
};

/** Applies what producers publish, each event exactly once per persisted sequence and in order, however the broker treats the messages. */
export const consumer = async (options: ConsumerOptions): Promise<Consumer> => {
  const { transport, homes, log = silent, observe = () => {}, services = serviceNames } = options;
  const stopping = new AbortController();
  const slots = slotsOf(options.parallel ?? 8);
  const shared = { ...options, log, observe, applyMax: options.applyMax ?? 500, signal: stopping.signal, slots };
  const haltedBefore = new Map((await options.lines.load()).map((line) => [sourceOf(line.producer), line]));
  const lines = new Map<string, ProducerLine>();
  for (const producer of producersOf(services, homes)) {
    const next = await options.nextSequence(producer);
    const line = new ProducerLine(producer, next, shared);
    await line.stayHalted(haltedBefore.get(sourceOf(producer)));
    lines.set(sourceOf(producer), line);
  }
  const lineOf = (producer: Producer): ProducerLine => {
    const line = lines.get(sourceOf(producer));
    if (!line) throw new Error(`${options.name} does not consume ${sourceOf(producer)}`);
    return line;
  };

  const announcements = transport.onAnnounced((producer, head) => lines.get(sourceOf(producer))?.announced(head));
  const subscription = await transport.subscribe(options.name, services.length === 0 ? [] : homes, async (batch) => {
    await Promise.all(runsOf(batch, log).map(async (run) => lines.get(run.source)?.deliver(run.events)));
    await options.settled();
  });
  for (const line of lines.values()) void line.catchUp();

  return {
    status: () => statusOf(lines),
    redrive: (producer) => lineOf(producer).redrive(),
    skip: (producer, reason, by) => lineOf(producer).skip(reason, by),
    close: async () => {
      stopping.abort();
      await Promise.all([...lines.values()].map((line) => line.finish()));
      await Promise.all([announcements.close(), subscription.close()]);
    },
  };
};

const statusOf = (lines: ReadonlyMap<string, ProducerLine>): ConsumerStatus => ({
  next: new Map([...lines].map(([source, line]) => [source, line.next()])),
  heads: new Map([...lines].map(([source, line]) => [source, line.head()])),
  halted: [...lines.values()].flatMap((line) => line.halted() ?? []),
  idle: [...lines.values()].every((line) => line.idle()),
});

type Run = { readonly source: string; readonly events: CloudEvent[] };

/** Events of one producer that follow each other. What is no event is left out: the feed has the original. */
const runsOf = (batch: readonly CloudEvent[], log: Log): readonly Run[] => {
  const runs: Run[] = [];
  for (const event of batch) {
    const problem = envelopeProblem(event);
    if (problem) {
      log.warn({ problem }, 'a message held something that is no event');
      continue;
    }
    const run = runs.at(-1);
    const last = run?.events.at(-1);
    if (run && last && run.source === event.source && sequenceOf(event) === sequenceOf(last) + 1) run.events.push(event);
    else runs.push({ source: event.source, events: [event] });
  }
  return runs;
};
