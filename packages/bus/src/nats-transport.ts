import type { CloudEvent, Home, Producer } from '@tongdui/contracts';
import { type Msg, type MsgHdrs, NatsError, headers as natsHeaders } from 'nats';
import { NatsLink, realWall } from './nats-link.ts';
import { pullMessages } from './nats-pull.ts';
import { contentType, decode, describe, encode, ensureStream, type Names, namesOf, type StreamBounds } from './nats-streams.ts';
import { type Log, messageOf, silent, type Wall } from './seams.ts';
import { answering, requesting, sending } from './telemetry.ts';
import { type Address, type Subscription, type Transport, Unreachable } from './transport.ts';

export type NatsOptions = {
  /** `nats://host:port`, several separated by commas. */
  readonly url: string;
  /** Of this process, shown by the server. */
  readonly name: string;
  /** Lets several systems share one server. */
  readonly prefix?: string;
  /** Bounds of each home's stream. */
  readonly maxBytes?: number;
  readonly maxAgeMs?: number;
  readonly wall?: Wall;
  readonly log?: Log;
};

/** Returns at once and connects in the background; whatever the server loses is made anew. */
export const natsTransport = (options: NatsOptions): Transport => new NatsTransport(options);

const publishTimeoutMs = 5_000;
const answersUnderWayMax = 256;
const failedHeader = 'Tongdui-Failed';

class NatsTransport implements Transport {
  readonly #names: Names;
  readonly #bounds: StreamBounds;
  readonly #link: NatsLink;
  readonly #wall: Wall;
  readonly #log: Log;
  readonly #pulling = new Set<Subscription>();
  readonly #creating = new Map<Home, Promise<void>>();
  #closing: Promise<void> | undefined;
  #answersUnderWay = 0;

  constructor({
    url,
    name,
    prefix = '',
    maxBytes = 128 * 1024 * 1024,
    maxAgeMs = 3 * 24 * 3_600_000,
    wall = realWall,
    log = silent,
  }: NatsOptions) {
    this.#names = namesOf(prefix);
    this.#bounds = { maxBytes, maxAgeMs };
    this.#wall = wall;
    this.#log = log;
    this.#link = new NatsLink({ url, name, wall, log });
  }

  publish(producer: Producer, batch: readonly CloudEvent[]): Promise<void> {
    return sending(this.#names.events(producer), batch.length, async (headers) => {
      headers.set('Content-Type', contentType);
      const payload = encode(batch);
      try {
        await this.#store(producer, payload, headers);
      } catch (error) {
        if (!isMissing(error)) throw unreachable(error, 'events were not stored');
        await this.#createStream(producer.home);
        await this.#store(producer, payload, headers).catch((again: unknown) => {
          throw unreachable(again, 'events were not stored');
        });
      }
    });
  }

  async subscribe(name: string, homes: readonly Home[], deliver: (batch: readonly CloudEvent[]) => Promise<void>): Promise<Subscription> {
    const shared = { link: this.#link, names: this.#names, bounds: this.#bounds, wall: this.#wall, log: this.#log, name, deliver };
    const pullers = homes.map((home) => pullMessages({ ...shared, home }));
    const subscription: Subscription = {
      close: async () => {
        this.#pulling.delete(subscription);
        await Promise.all(pullers.map((puller) => puller.close()));
      },
    };
    this.#pulling.add(subscription);
    return subscription;
  }

  announce(producer: Producer, head: number): void {
    if (this.#link.connected()) this.#link.connection().publish(this.#names.head(producer), String(head));
  }

  onAnnounced(listener: (producer: Producer, head: number) => void): Subscription {
    return this.#link.lasting((connection) =>
      connection.subscribe(this.#names.anyHead, {
        callback: (error, message) => {
          const head = error ? Number.NaN : Number(message.string());
          if (Number.isSafeInteger(head) && head >= 0) listener(this.#names.producerOfHead(message.subject), head);
        },
      }),
    );
  }

  request(address: Address, payload: unknown, timeoutMs: number): Promise<unknown> {
    const subject = this.#names.request(address);
    return requesting(subject, async (headers) => {
      let reply: Msg;
      try {
        reply = await this.#link.connection().request(subject, encode(payload), { timeout: timeoutMs, headers });
      } catch (error) {
        throw unreachable(error, describe(address));
      }
      if (reply.headers?.has(failedHeader)) throw new Unreachable(`${describe(address)} failed to answer`);
      return decode(reply.data);
    });
  }

  respond(address: Address, answer: (payload: unknown) => Promise<unknown>): Subscription {
    const subject = this.#names.request(address);
    return this.#link.lasting((connection) =>
      connection.subscribe(subject, {
        queue: 'answers',
        callback: (error, message) => {
          if (!error) void this.#answer(subject, message, answer);
        },
      }),
    );
  }

  async probe(): Promise<void> {
    const connection = this.#link.connection();
    const patience = new AbortController();
    const answered = connection.flush().then(
      () => true,
      () => false,
    );
    const tooLate = this.#wall.sleep(2_000, patience.signal).then(() => false);
    const alive = await Promise.race([answered, tooLate]);
    patience.abort();
    if (!alive) throw new Unreachable('NATS does not answer');
  }

  close(): Promise<void> {
    this.#closing ??= (async () => {
      await Promise.all([...this.#pulling].map((subscription) => subscription.close()));
      await this.#link.close();
    })();
    return this.#closing;
  }

  async #store(producer: Producer, payload: Uint8Array, headers: MsgHdrs): Promise<void> {
    const reply = await this.#link.connection().request(this.#names.events(producer), payload, { timeout: publishTimeoutMs, headers });
    const stored = decode(reply.data) as { readonly error?: { readonly description?: string } } | null;
    if (stored?.error) throw new Unreachable(stored.error.description ?? 'the stream refused the message');
  }

  /** Many messages may find the stream missing at once; one of them makes it. */
  #createStream(home: Home): Promise<void> {
    const creating = this.#creating.get(home) ?? this.#makeStream(home).finally(() => this.#creating.delete(home));
    this.#creating.set(home, creating);
    return creating;
  }

  async #makeStream(home: Home): Promise<void> {
    try {
      await ensureStream(this.#link.connection(), this.#names, home, this.#bounds);
    } catch (error) {
      throw unreachable(error, 'the stream is missing and cannot be created');
    }
  }

  async #answer(subject: string, message: Msg, answer: (payload: unknown) => Promise<unknown>): Promise<void> {
    this.#answersUnderWay += 1;
    try {
      if (this.#answersUnderWay > answersUnderWayMax) throw new Error('too many requests are being answered');
      const answered = await answering(subject, message.headers, () => answer(decode(message.data)));
      message.respond(encode(answered));
    } catch (error) {
      this.#log.warn({ subject, error: messageOf(error) }, 'a request could not be answered');
      this.#respondFailed(message);
    } finally {
      this.#answersUnderWay -= 1;
    }
  }

  #respondFailed(message: Msg): void {
    try {
      const headers = natsHeaders();
      headers.set(failedHeader, '1');
      message.respond(encode(null), { headers });
    } catch {
      // The connection is gone; the asker's own timeout tells it.
    }
  }
}

/** No stream takes this subject. */
const isMissing = (error: unknown): boolean => error instanceof NatsError && error.code === '503';

const unreachable = (error: unknown, what: string): Unreachable =>
  error instanceof Unreachable ? error : new Unreachable(`${what}: ${messageOf(error)}`, { cause: error });
