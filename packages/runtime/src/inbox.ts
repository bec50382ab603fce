import { type Consumer, consumer, type HaltedLine } from '@tongdui/bus';
import { type CloudEvent, homes as corridorHomes, type Producer, sequenceOf, sourceOf } from '@tongdui/contracts';
import { uuidv5 } from '@tongdui/decider/uuid';
import type { HostSeams } from './host.seams.ts';
import type { Draft } from './read-model.ts';
import type { EventProjection, Service } from './service.ts';

/** An event that an operator left out for good; it stays visible as a tie-out that fails. */
export type SkippedEvent = {
  readonly producer: Producer;
  readonly sequence: number;
  readonly eventId: string;
  readonly eventType: string;
  readonly reason: string;
  readonly by: string;
};

/** Takes in what the whole corridor publishes: effects first, then copies and the next sequence in one transaction; when that is in the file, the broker is told. */
export const inbox = (service: Service, seams: HostSeams): Promise<Consumer> => {
  const { readModel, transport, wall, log, measure } = seams;
  const copy = copier(service);
  const effect = effector(service, seams);
  const noted = (change: (draft: Draft) => void): Promise<void> => {
    readModel.transact(change);
    return readModel.written();
  };
  return consumer({
    transport,
    name: consumerName(service.name, seams),
    homes: corridorHomes,
    services: service.hears,
    wall,
    log,
    ...(measure ? { observe: measure } : {}),
    nextSequence: (producer) => readModel.nextSequence(sourceOf(producer)),
    apply: async (events, producer) => {
      await effect(events);
      readModel.transact((draft) => {
        for (const event of events) copy(draft, event);
        draft.next(sourceOf(producer), sequenceOf(events.at(-1)!) + 1);
      });
      seams.crash('consumer.after-commit');
    },
    settled: () => readModel.written(),
    skipped: async (event, reason, by, producer) => {
      const note: SkippedEvent = { producer, sequence: sequenceOf(event), eventId: event.id, eventType: event.type, reason, by };
      readModel.transact((draft) => {
        draft.note('skipped', `${sourceOf(producer)}/${event.sequence}`, note);
        draft.next(sourceOf(producer), sequenceOf(event) + 1);
      });
      // What an operator is told is done must outlive a crash.
      await readModel.written();
    },
    lines: {
      load: () => readModel.notes<HaltedLine>('halted').map(({ note }) => note),
      save: (line) => noted((draft) => draft.note('halted', sourceOf(line.producer), line)),
      remove: (producer) => noted((draft) => draft.forget('halted', sourceOf(producer))),
    },
  });
};

/** Each process of a service has consumers of its own, since each keeps copies of its own. */
const consumerName = (service: string, { homes, replica }: HostSeams): string => {
  const served = homes.length === corridorHomes.length ? 'all' : [...homes].sort().join('-');
  return [service, served, ...(replica === undefined ? [] : [replica])].join('-');
};

/** `g60.issuance.policy-published.v1` is `policy-published`. */
const shortTypeOf = (type: string): string => type.split('.')[2] ?? type;

const copier = (service: Service) => {
  const byType = new Map<string, EventProjection[]>();
  for (const projection of service.copies) for (const type of projection.types) byType.set(type, [...(byType.get(type) ?? []), projection]);
  return (draft: Draft, event: CloudEvent) => {
    for (const projection of byType.get(shortTypeOf(event.type)) ?? []) {
      const id = projection.rowId(event);
      if (id === undefined) continue;
      const before = draft.body(projection.table, id);
      const after = projection.project(before, event);
      if (after === before) continue;
      if (after === undefined) draft.remove(projection.table, id);
      else draft.put(projection.table, id, after, projection.index);
    }
  };
};

/** A refusal that says nothing about the event: the same command is tried again for ever. */
class EffectDelayed extends Error {
  override name = 'EffectDelayed';
  readonly transient = true;
}

const transientReasons = new Set(['contended', 'store-unavailable']);

const effector = (service: Service, { homes, crash }: HostSeams) => {
  const served = new Set<string>(homes);
  return async (events: readonly CloudEvent[]): Promise<void> => {
    const effects = events.flatMap((event) =>
      service.effects(event).map((effect) => ({ event, ...effect, ...streamParts(effect.stream) })),
    );
    const here = effects.filter(({ home }) => served.has(home));
    if (here.length === 0) return;
    crash('consumer.before-effects');
    // All are handed over in one turn, so that each stream decides its commands together, in this order, with one append.
    const settled = await Promise.allSettled(
      here.map(async ({ event, noun, stream, command, step }) => {
        const handler = service.handlers[noun];
        if (!handler) throw new Error(`${service.name} has no handler for streams of ${noun}`);
        const ran = await handler.run(stream, { command: command as never, id: uuidv5(step, event.id) });
        if (ran.is === 'accepted') return;
        const text = `${event.type} ${event.id}: ${stream} refused ${step}: ${ran.reason}`;
        throw transientReasons.has(ran.reason) ? new EffectDelayed(text) : new Error(text);
      }),
    );
    const failures = settled.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
    // A real failure is told before a delay: it is the one that an operator must see.
    if (failures.length > 0) throw failures.find((failure) => !(failure instanceof EffectDelayed)) ?? failures[0];
    crash('consumer.after-effects');
  };
};

const streamParts = (stream: string): { home: string; noun: string } => {
  const [, home = '', name = ''] = stream.split('.');
  return { home, noun: name.slice(0, name.indexOf('-')) };
};
