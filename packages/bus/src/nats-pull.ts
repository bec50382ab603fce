import type { CloudEvent, Home } from '@tongdui/contracts';
import { createInbox, type Msg, type NatsConnection, type Subscription as NatsSubscription, nanos } from 'nats';
import type { NatsLink } from './nats-link.ts';
import { ackWaitMs, decodeBatch, ensureConsumer, ensureStream, type Names, type StreamBounds } from './nats-streams.ts';
import { backOffMs, type Log, messageOf, type Wall } from './seams.ts';
import { processing } from './telemetry.ts';
import type { Subscription } from './transport.ts';

export type PullOptions = {
  readonly link: NatsLink;
  readonly names: Names;
  readonly bounds: StreamBounds;
  readonly name: string;
  readonly home: Home;
  readonly deliver: (batch: readonly CloudEvent[]) => Promise<void>;
  readonly wall: Wall;
  readonly log: Log;
};

/** Pulls the messages of one home for one durable consumer, for ever, and makes stream and consumer anew whenever they are gone. */
export const pullMessages = (options: PullOptions): Subscription => new Puller(options);

const underWayMax = 128;
const pullExpiresMs = 5_000;

type Pull = { readonly inbox: string; readonly ask: number; received: number; readonly ended: PromiseWithResolvers<'ended' | 'gone'> };

/**
 * Speaks the pull protocol itself: `fetch` of the client leaves a listener behind on every call, and its `consume` does not say
 * when a consumer has to be made anew.
 */
class Puller implements Subscription {
  readonly #options: PullOptions;
  readonly #stopping = new AbortController();
  readonly #underWay = new Map<Msg, Promise<void>>();
  readonly #running: Promise<unknown>;
  readonly #unwatch: () => void;
  #pull: Pull | undefined;
  #roomWanted: (() => void) | undefined;
  #inbox: { readonly connection: NatsConnection; readonly subject: string; readonly subscription: NatsSubscription } | undefined;
  #ensuredIn = -1;
  #pulls = 0;

  constructor(options: PullOptions) {
    this.#options = options;
    this.#unwatch = options.link.watch(() => this.#pull?.ended.resolve('ended'));
    this.#running = Promise.all([this.#run(), this.#keepWorking()]);
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    this.#unwatch();
    this.#pull?.ended.resolve('ended');
    this.#roomWanted?.();
    this.#options.link.wake();
    await this.#running;
    if (this.#inbox && !this.#inbox.connection.isClosed()) this.#inbox.subscription.unsubscribe();
    await Promise.all(this.#underWay.values());
  }

  async #run(): Promise<void> {
    const { link, wall, log, name, home } = this.#options;
    const { signal } = this.#stopping;
    for (let failures = 0; !signal.aborted; ) {
      const connection = await link.established(signal);
      if (!connection) return;
      try {
        await this.#ensure(connection);
        await this.#room();
        if (!signal.aborted) await this.#pullOnce(connection);
        failures = 0;
      } catch (error) {
        this.#ensuredIn = -1;
        failures += 1;
        if (failures > 1) log.warn({ consumer: name, home, failures, error: messageOf(error) }, 'messages cannot be pulled; trying on');
        await wall.sleep(backOffMs(failures, 100, 5_000), signal);
      }
    }
  }

  async #ensure(connection: NatsConnection): Promise<void> {
    const { link, names, bounds, name, home } = this.#options;
    const generation = link.generation();
    if (this.#ensuredIn === generation) return;
    await ensureStream(connection, names, home, bounds);
    await ensureConsumer(connection, names, name, home);
    this.#ensuredIn = generation;
  }

  /** One request for messages; ends when it is filled, expires, or the connection is lost. */
  async #pullOnce(connection: NatsConnection): Promise<void> {
    const { names, name, home, wall } = this.#options;
    this.#pulls += 1;
    const inbox = `${this.#inboxOn(connection)}.${this.#pulls}`;
    const pull: Pull = { inbox, ask: underWayMax - this.#underWay.size, received: 0, ended: Promise.withResolvers() };
    this.#pull = pull;
    const patience = new AbortController();
    // The server says when a request expires; when it says nothing, something is lost and the request is made anew.
    void wall.sleep(pullExpiresMs + 2_000, patience.signal).then(() => pull.ended.resolve('gone'));
    const request = JSON.stringify({ batch: pull.ask, expires: nanos(pullExpiresMs) });
    connection.publish(`$JS.API.CONSUMER.MSG.NEXT.${names.stream(home)}.${names.consumer(name)}`, request, { reply: inbox });
    const end = await pull.ended.promise;
    this.#pull = undefined;
    patience.abort();
    if (end === 'gone' && !this.#stopping.signal.aborted) throw new Error('the stream or the consumer is gone');
  }

  #inboxOn(connection: NatsConnection): string {
    if (this.#inbox?.connection === connection) return this.#inbox.subject;
    const subject = createInbox();
    const subscription = connection.subscribe(`${subject}.*`, {
      callback: (error, message) => (error ? undefined : this.#receive(message)),
    });
    this.#inbox = { connection, subject, subscription };
    return subject;
  }

  #receive(message: Msg): void {
    const pull = this.#pull;
    const status = message.headers?.code;
    if (status && !message.reply) {
      if (message.subject !== pull?.inbox || status === 100) return;
      const expired = status === 408 || status === 404;
      pull.ended.resolve(expired ? 'ended' : 'gone');
      return;
    }
    if (pull) pull.received += 1;
    this.#underWay.set(message, this.#handle(message));
    if (pull && pull.received >= pull.ask) pull.ended.resolve('ended');
  }

  async #handle(message: Msg): Promise<void> {
    const { deliver, log, name, home, names } = this.#options;
    await Promise.resolve();
    try {
      const batch = decodedOr(message, () =>
        log.error({ consumer: name, home }, 'a message holds no batch of events; the feed has what it should have held'),
      );
      if (batch) await processing(names.stream(home), batch.length, message.headers, () => deliver(batch));
      this.#answer(message, batch ? '+ACK' : '+TERM');
    } catch {
      const delayMs = backOffMs(deliveriesOf(message), 1_000, 30_000);
      this.#answer(message, `-NAK ${JSON.stringify({ delay: nanos(delayMs) })}`);
    }
    this.#underWay.delete(message);
    if (this.#underWay.size <= underWayMax / 2) this.#roomWanted?.();
  }

  /** An answer lost with the connection only means that the message comes again. */
  #answer(message: Msg, answer: string): void {
    if (this.#options.link.connected()) message.respond(answer);
  }

  async #room(): Promise<void> {
    if (this.#underWay.size <= underWayMax / 2) return;
    await new Promise<void>((resolve) => {
      this.#roomWanted = resolve;
    });
    this.#roomWanted = undefined;
  }

  /** Effects may take longer than the server waits for an acknowledgement. */
  async #keepWorking(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await this.#options.wall.sleep(ackWaitMs / 3, signal);
      for (const message of this.#underWay.keys()) this.#answer(message, '+WPI');
    }
  }
}

const decodedOr = (message: Msg, complain: () => void): readonly CloudEvent[] | undefined => {
  try {
    return decodeBatch(message.data);
  } catch {
    complain();
    return undefined;
  }
};

/** How often the server has delivered this message, from its reply subject; servers with domains put two tokens more. */
const deliveriesOf = (message: Msg): number => {
  const tokens = message.reply?.split('.') ?? [];
  return Math.max(1, Number(tokens.length > 10 ? tokens[6] : tokens[4]) || 1);
};
