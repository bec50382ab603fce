import { type CloudEvent, type Home, type Producer, sourceOf } from '@tongdui/contracts';
import { type Address, type Subscription, type Transport, Unreachable } from './transport.ts';

/** What becomes of one delivery of a message to one consumer. */
export type Fate = 'deliver' | 'drop' | 'duplicate';

export type MemoryHubOptions = {
  /**
   * Runs a job after a delay. By default jobs without a delay run in the next microtask and the others wait for `runLater()`; a test or a
   * simulation passes its own queue to delay and reorder, or to run on virtual time.
   */
  readonly schedule?: (job: () => void, delayMs: number) => void;
  /** Asked for each delivery; everything is delivered by default. */
  readonly fate?: (batch: readonly CloudEvent[], consumer: string) => Fate;
};

/** A broker in memory, without timers or chance of its own. */
export interface MemoryHub {
  connect(name: string): Transport;
  /** Cuts a connected transport off: it publishes, hears and answers nothing. Messages wait for it. */
  partition(name: string): void;
  heal(name: string): void;
  /** Runs the jobs with a delay that wait by default: redeliveries and timeouts. */
  runLater(): void;
  /** Forgets every message and consumer, as when the broker's disk is lost. Connected subscribers get what is published from then on. */
  wipe(): void;
}

export const memoryHub = (options: MemoryHubOptions = {}): MemoryHub => new Hub(options);

/** One transport on a hub of its own. */
export const memoryTransport = (options: MemoryHubOptions = {}): Transport => memoryHub(options).connect('alone');

type Message = { readonly id: number; readonly home: Home; readonly text: string; readonly batch: readonly CloudEvent[] };
type Deliver = (batch: readonly CloudEvent[]) => Promise<void>;
/** Outlives its subscription: what is not acknowledged waits for the next one of this name. */
type Durable = { readonly name: string; readonly home: Home; readonly unacknowledged: Map<number, Message>; reader: Reader | undefined };
type Reader = { readonly peer: MemoryPeer; readonly deliver: Deliver };
type Responder = { readonly peer: MemoryPeer; readonly answer: (payload: unknown) => Promise<unknown> };

const retainedMax = 10_000;
const redeliverAfterMs = 1_000;

class Hub implements MemoryHub {
  readonly #schedule: (job: () => void, delayMs: number) => void;
  readonly #fate: (batch: readonly CloudEvent[], consumer: string) => Fate;
  readonly #later: (() => void)[] = [];
  readonly #peers = new Map<string, MemoryPeer>();
  readonly #durables = new Map<string, Durable>();
  readonly #responders = new Map<string, Responder[]>();
  readonly #listeners = new Set<{ readonly peer: MemoryPeer; readonly listener: (producer: Producer, head: number) => void }>();
  #retained: Message[] = [];
  #lastMessage = 0;

  constructor(options: MemoryHubOptions) {
    this.#schedule = options.schedule ?? ((job, delayMs) => (delayMs > 0 ? this.#later.push(job) : queueMicrotask(job)));
    this.#fate = options.fate ?? (() => 'deliver');
  }

  connect(name: string): Transport {
    const peer = new MemoryPeer(name, this);
    this.#peers.set(name, peer);
    return peer;
  }

  partition(name: string): void {
    this.#peerNamed(name).reachable = false;
  }

  heal(name: string): void {
    const peer = this.#peerNamed(name);
    peer.reachable = true;
    for (const durable of this.#durables.values()) if (durable.reader?.peer === peer) this.#deliverAll(durable);
  }

  runLater(): void {
    for (const job of this.#later.splice(0)) job();
  }

  wipe(): void {
    this.#retained = [];
    for (const durable of this.#durables.values()) durable.unacknowledged.clear();
  }

  publish(producer: Producer, batch: readonly CloudEvent[]): void {
    this.#lastMessage += 1;
    const message = { id: this.#lastMessage, home: producer.home, text: JSON.stringify(batch), batch };
    this.#retained.push(message);
    if (this.#retained.length > retainedMax) this.#retained.shift();
    for (const durable of this.#durables.values()) if (durable.home === message.home) this.#enqueue(durable, message);
  }

  attach(name: string, home: Home, reader: Reader): () => void {
    const key = `${name} ${home}`;
    const known = this.#durables.get(key);
    const durable: Durable = known ?? { name, home, unacknowledged: new Map(), reader: undefined };
    durable.reader = reader;
    this.#durables.set(key, durable);
    if (known) this.#deliverAll(durable);
    else for (const message of this.#retained) if (message.home === home) this.#enqueue(durable, message);
    return () => {
      if (durable.reader === reader) durable.reader = undefined;
    };
  }

  announce(producer: Producer, head: number): void {
    for (const { peer, listener } of this.#listeners) this.#schedule(() => peer.reachable && !peer.closed && listener(producer, head), 0);
  }

  listen(peer: MemoryPeer, listener: (producer: Producer, head: number) => void): () => void {
    const entry = { peer, listener };
    this.#listeners.add(entry);
    return () => this.#listeners.delete(entry);
  }

  respond(address: Address, responder: Responder): () => void {
    const key = keyOf(address);
    this.#responders.set(key, [...(this.#responders.get(key) ?? []), responder]);
    return () => {
      this.#responders.set(
        key,
        (this.#responders.get(key) ?? []).filter((other) => other !== responder),
      );
    };
  }

  request(address: Address, payload: unknown, timeoutMs: number): Promise<unknown> {
    const responder = this.#responders.get(keyOf(address))?.find(({ peer }) => peer.reachable && !peer.closed);
    return new Promise((resolve, reject) => {
      const fail = (reason: string) => reject(new Unreachable(`${keyOf(address)}: ${reason}`));
      if (!responder) return this.#schedule(() => fail('nobody answers'), 0);
      this.#schedule(() => fail('no answer in time'), timeoutMs);
      this.#schedule(() => {
        responder.answer(wire(payload)).then(
          (answer) => this.#schedule(() => (responder.peer.reachable ? resolve(wire(answer)) : undefined), 0),
          () => fail('the answer failed'),
        );
      }, 0);
    });
  }

  #enqueue(durable: Durable, message: Message): void {
    const fate = this.#fate(message.batch, durable.name);
    if (fate === 'drop') return;
    durable.unacknowledged.set(message.id, message);
    this.#deliverLater(durable, message, 0);
    if (fate === 'duplicate') this.#deliverLater(durable, message, 0, true);
  }

  #deliverAll(durable: Durable): void {
    for (const message of durable.unacknowledged.values()) this.#deliverLater(durable, message, 0);
  }

  #deliverLater(durable: Durable, message: Message, delayMs: number, again = false): void {
    this.#schedule(() => {
      const { reader } = durable;
      if (!reader?.peer.reachable || !(again || durable.unacknowledged.has(message.id))) return;
      reader.peer.track(
        reader.deliver(JSON.parse(message.text) as CloudEvent[]).then(
          () => {
            durable.unacknowledged.delete(message.id);
          },
          () => this.#deliverLater(durable, message, redeliverAfterMs),
        ),
      );
    }, delayMs);
  }

  #peerNamed(name: string): MemoryPeer {
    const peer = this.#peers.get(name);
    if (!peer) throw new Error(`no transport is called ${name}`);
    return peer;
  }
}

class MemoryPeer implements Transport {
  readonly name: string;
  readonly #hub: Hub;
  readonly #underWay = new Set<Promise<void>>();
  readonly #detach = new Set<() => void>();
  reachable = true;
  closed = false;

  constructor(name: string, hub: Hub) {
    this.name = name;
    this.#hub = hub;
  }

  async publish(producer: Producer, batch: readonly CloudEvent[]): Promise<void> {
    this.#mustReach();
    this.#hub.publish(producer, batch);
  }

  async subscribe(name: string, homes: readonly Home[], deliver: Deliver): Promise<Subscription> {
    const detach = homes.map((home) => this.#hub.attach(name, home, { peer: this, deliver }));
    const subscription = this.#subscription(() => {
      for (const each of detach) each();
    });
    return {
      close: async () => {
        await subscription.close();
        await Promise.all(this.#underWay);
      },
    };
  }

  announce(producer: Producer, head: number): void {
    if (this.reachable && !this.closed) this.#hub.announce(producer, head);
  }

  onAnnounced(listener: (producer: Producer, head: number) => void): Subscription {
    return this.#subscription(this.#hub.listen(this, listener));
  }

  async request(address: Address, payload: unknown, timeoutMs: number): Promise<unknown> {
    this.#mustReach();
    const answer = await this.#hub.request(address, payload, timeoutMs);
    this.#mustReach();
    return answer;
  }

  respond(address: Address, answer: (payload: unknown) => Promise<unknown>): Subscription {
    return this.#subscription(this.#hub.respond(address, { peer: this, answer }));
  }

  async probe(): Promise<void> {
    this.#mustReach();
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const detach of this.#detach) detach();
    await Promise.all(this.#underWay);
  }

  track(delivery: Promise<void>): void {
    const tracked: Promise<void> = delivery.finally(() => this.#underWay.delete(tracked));
    this.#underWay.add(tracked);
  }

  #subscription(detach: () => void): Subscription {
    this.#detach.add(detach);
    return {
      close: async () => {
        detach();
        this.#detach.delete(detach);
      },
    };
  }

  #mustReach(): void {
    if (!this.reachable || this.closed) throw new Unreachable(`${this.name} is cut off`);
  }
}

const keyOf = (address: Address): string => `${sourceOf(address)}/${address.verb}`;
const wire = (value: unknown): unknown => JSON.parse(JSON.stringify(value ?? null));
