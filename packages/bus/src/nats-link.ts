import { setTimeout as delay } from 'node:timers/promises';
import { connect, Events, type NatsConnection } from 'nats';
import { backOffMs, type Log, messageOf, type Wall } from './seams.ts';
import { type Subscription, Unreachable } from './transport.ts';

/** A connection that is there, or is being brought back: at the start, after a loss, and after a server that turned us away. */
export class NatsLink {
  readonly #options: { readonly url: string; readonly name: string; readonly wall: Wall; readonly log: Log };
  readonly #stopping = new AbortController();
  readonly #lasting = new Set<Lasting>();
  readonly #watchers = new Set<() => void>();
  readonly #running: Promise<void>;
  #connection: NatsConnection | undefined;
  #connected = false;
  #generation = 0;
  #changed: PromiseWithResolvers<void> = Promise.withResolvers();

  constructor(options: { readonly url: string; readonly name: string; readonly wall: Wall; readonly log: Log }) {
    this.#options = options;
    this.#running = this.#run();
  }

  /** The connection while the server is there; rejecting at once is better than sending into a buffer. */
  connection(): NatsConnection {
    if (!this.#connected || !this.#connection) throw new Unreachable('not connected to NATS');
    return this.#connection;
  }

  connected(): boolean {
    return this.#connected;
  }

  /** Counts connections: what the server was told before may have been forgotten in a later one. */
  generation(): number {
    return this.#generation;
  }

  /** Calls the listener at every gain or loss of the connection. */
  watch(listener: () => void): () => void {
    this.#watchers.add(listener);
    return () => this.#watchers.delete(listener);
  }

  /** Resolves when connected; undefined when the signal aborted before. */
  async established(signal: AbortSignal): Promise<NatsConnection | undefined> {
    while (!this.#connected && !signal.aborted && !this.#stopping.signal.aborted) await this.#changed.promise;
    return this.#connected && !signal.aborted ? this.#connection : undefined;
  }

  /** Holds something on every connection from now on, e.g. a subscription. The client keeps subscriptions over reconnects of one connection. */
  lasting(open: (connection: NatsConnection) => { unsubscribe(): void }): Subscription {
    const entry: Lasting = { open, opened: undefined };
    this.#lasting.add(entry);
    if (this.#connection && !this.#connection.isClosed()) entry.opened = open(this.#connection);
    return {
      close: async () => {
        this.#lasting.delete(entry);
        if (this.#connection && !this.#connection.isClosed()) entry.opened?.unsubscribe();
      },
    };
  }

  /** Ends waiting of `established` for those whose signal aborted. */
  wake(): void {
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers();
    resolve();
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    const patience = new AbortController();
    const drained = this.#connected ? this.#connection?.drain().catch(() => {}) : undefined;
    // A frozen server never confirms; what is not flushed then is delivered or announced again.
    await Promise.race([drained, this.#options.wall.sleep(2_000, patience.signal)]);
    patience.abort();
    await this.#connection?.close();
    this.#set(false);
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      try {
        const connection = await this.#connect();
        if (signal.aborted) return await connection.close();
        attempt = 0;
        await this.#use(connection);
      } catch (error) {
        if (attempt === 1) this.#options.log.warn({ url: this.#options.url, error: messageOf(error) }, 'NATS is unreachable; trying on');
      }
      await this.#options.wall.sleep(backOffMs(attempt + 1, 100, 2_000), signal);
    }
  }

  #connect(): Promise<NatsConnection> {
    return connect({
      servers: this.#options.url.split(','),
      name: this.#options.name,
      timeout: 5_000,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 250,
      pingInterval: 10_000,
      maxPingOut: 2,
      ignoreAuthErrorAbort: true,
      noAsyncTraces: true,
    });
  }

  async #use(connection: NatsConnection): Promise<void> {
    this.#connection = connection;
    void this.#listen(connection);
    for (const entry of this.#lasting) entry.opened = entry.open(connection);
    this.#set(true);
    await connection.closed();
    this.#set(false);
  }

  /** The client never ends this iteration, not even when the connection closes. */
  async #listen(connection: NatsConnection): Promise<void> {
    for await (const event of connection.status()) {
      if (connection !== this.#connection || connection.isClosed()) return;
      if (event.type === Events.Disconnect) this.#set(false);
      if (event.type === Events.Reconnect) this.#set(true);
    }
  }

  #set(connected: boolean): void {
    if (connected) this.#generation += 1;
    if (connected !== this.#connected) {
      const fields = { url: this.#options.url };
      if (connected) this.#options.log.info(fields, 'connected to NATS');
      else if (!this.#stopping.signal.aborted) this.#options.log.warn(fields, 'lost the connection to NATS');
    }
    this.#connected = connected;
    for (const listener of this.#watchers) listener();
    this.wake();
  }
}

type Lasting = {
  readonly open: (connection: NatsConnection) => { unsubscribe(): void };
  opened: { unsubscribe(): void } | undefined;
};

export const realWall: Wall = {
  nowMs: () => Date.now(),
  sleep: async (milliseconds, signal) => {
    await delay(milliseconds, undefined, signal ? { signal } : {}).catch(() => {});
  },
};
