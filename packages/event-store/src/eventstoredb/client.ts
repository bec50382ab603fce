import {
  type AllStreamRecordedEvent,
  BACKWARDS,
  END,
  EventStoreDBClient,
  FORWARDS,
  jsonEvent,
  NO_STREAM,
  type RecordedEvent,
  START,
  type StreamingRead,
  streamNameFilter,
} from '@eventstore/db-client';
import type { EncodedFact } from '../encode.ts';
import { beginning, noStream, type Position, StoreUnavailable } from '../port.ts';
import type { FeedListener, OpenFeed } from './feed.ts';
import { failureOf, positionOf, storedFact } from './wire.ts';

export type ClientOptions = { readonly connectionString: string; readonly callTimeoutMs: number };

/** The calls of the EventStoreDB client this package makes, each one bounded in time and none able to crash the process later. */
export class BoundedClient {
  readonly #client: EventStoreDBClient;
  readonly #credentials: { readonly username: string; readonly password: string };
  readonly #callTimeoutMs: number;

  constructor({ connectionString, callTimeoutMs }: ClientOptions) {
    this.#client = EventStoreDBClient.connectionString(throwing(connectionString));
    this.#credentials = credentialsOf(connectionString);
    this.#callTimeoutMs = callTimeoutMs;
  }

  /**
   * Credentials on every call select the client's plain append instead of its batch path (trap 1), whose pending appends sit in one map of
   * the whole module: another client's failure rejects them, and while the server is frozen no deadline fires. An insecure server ignores them.
   * The revision is exact or NO_STREAM, never `any`, under which a new id followed by an old one is appended twice (trap 4).
   */
  async append(
    streamName: string,
    expectedRevision: number,
    facts: readonly EncodedFact[],
  ): Promise<{ revision: number; position: Appended }> {
    // Parsed from the text that was encoded, so a BigInt, which would hang the client for ever (trap 2), cannot be in it.
    const events = facts.map((fact) =>
      jsonEvent({ id: fact.id, type: fact.type, data: JSON.parse(fact.data), metadata: JSON.parse(fact.metadata) }),
    );
    const result = await this.#bounded(
      this.#client.appendToStream(streamName, events, {
        expectedRevision: expectedRevision === noStream ? NO_STREAM : BigInt(expectedRevision),
        credentials: this.#credentials,
        deadline: this.#callTimeoutMs,
      }),
    );
    return { revision: Number(result.nextExpectedRevision), position: result.position };
  }

  /** From a revision, inclusive (trap 7). */
  readForwards(streamName: string, from: number, max: number): Promise<RecordedEvent[]> {
    return this.#collect(
      this.#client.readStream(streamName, {
        direction: FORWARDS,
        fromRevision: BigInt(from),
        maxCount: max,
        credentials: this.#credentials,
      }),
    );
  }

  /** Backwards needs END, not a number (trap 8). */
  readLast(streamName: string): Promise<RecordedEvent[]> {
    return this.#collect(
      this.#client.readStream(streamName, { direction: BACKWARDS, fromRevision: END, maxCount: 1, credentials: this.#credentials }),
    );
  }

  /** The newest first, of all streams: `readAll` ignores a filter (trap 7), so the caller picks. */
  readAllBackwards(before: Position | undefined, max: number): Promise<AllStreamRecordedEvent[]> {
    return this.#collect(
      this.#client.readAll({
        direction: BACKWARDS,
        fromPosition: before === undefined ? END : positionOf(before),
        maxCount: max,
        credentials: this.#credentials,
      }),
    );
  }

  /**
   * `fromPosition` of a subscription is exclusive (trap 7). No `checkpointReached` is passed: a throw in it would be unhandled, and its
   * position may lie beyond facts that are still on their way.
   */
  feed(prefixes: readonly string[], factPrefix: string): OpenFeed {
    return (after, listener) => {
      // Every prefix empty would mean the server's own streams too; those begin with a dollar sign.
      const filter = prefixes.includes('')
        ? streamNameFilter({ regex: '^[^$]', maxSearchWindow })
        : streamNameFilter({ prefixes: [...prefixes], maxSearchWindow });
      const subscription = this.#client.subscribeToAll({
        fromPosition: after === beginning ? START : positionOf(after),
        filter,
        credentials: this.#credentials,
      });
      return attach(subscription, listener, factPrefix, this.#callTimeoutMs);
    };
  }

  /** After an append the process stays alive until this (trap 9). The caller has drained its appends; what hangs is left after a while. */
  async dispose(): Promise<void> {
    await this.#bounded(this.#client.dispose()).catch(() => {});
  }

  /** The client's deadline does not fire in every state of a connection, so this one does. */
  async #bounded<T>(call: Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const timer = setTimeout(() => reject(noAnswer(this.#callTimeoutMs)), this.#callTimeoutMs + graceMs);
    call.then(resolve, reject);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Reads have no deadline of their own: as long as events arrive they may take their time. A missing stream is empty (trap 8). */
  #collect<E extends RecordedEvent>(read: StreamingRead<{ event?: E }>): Promise<E[]> {
    return new Promise((resolve, reject) => {
      const events: E[] = [];
      // `break` out of a read, or leaving it to itself, leaks the call (trap 6).
      const leave = () => {
        clearTimeout(timer);
        read.cancel().catch(() => {});
      };
      const timer = setTimeout(() => {
        leave();
        reject(noAnswer(this.#callTimeoutMs));
      }, this.#callTimeoutMs);
      read.on('data', ({ event }) => {
        timer.refresh();
        if (event !== undefined) events.push(event);
      });
      read.once('end', () => {
        clearTimeout(timer);
        resolve(events);
      });
      read.once('close', () => {
        clearTimeout(timer);
        reject(new StoreUnavailable('the read ended early'));
      });
      // Never removed: an error without a listener would crash the process, also one that comes after the answer.
      read.on('error', (error: unknown) => {
        leave();
        const failure = failureOf(error);
        if (failure.is === 'stream-missing') resolve([]);
        else reject(failure.is === 'unavailable' ? new StoreUnavailable(failure.message) : error);
      });
    });
  }
}

type Appended = { readonly commit: bigint; readonly prepare: bigint } | undefined;
type Subscription = ReturnType<EventStoreDBClient['subscribeToAll']>;

function attach(subscription: Subscription, listener: FeedListener, factPrefix: string, confirmTimeoutMs: number) {
  let ended = false;
  let caughtUp = false;
  // `unsubscribe` still delivers a few buffered events (trap 6), so handling stops here, whatever comes.
  const leave = () => {
    ended = true;
    clearTimeout(unconfirmed);
    subscription.unsubscribe().catch(() => {});
  };
  const end = () => {
    if (ended) return;
    leave();
    listener.ended();
  };
  // A frozen server takes the connection and says nothing; once confirmed, the client's keep-alive notices silence.
  const unconfirmed = setTimeout(end, confirmTimeoutMs);
  const tellWhenDrained = () => {
    if (!caughtUp || subscription.readableLength > 0) return;
    caughtUp = false;
    listener.caughtUp();
  };
  subscription.on('confirmation', () => clearTimeout(unconfirmed));
  // Fires from server 23.10 on (trap 7), and ahead of events that wait in the client's buffer.
  subscription.on('caughtUp', () => {
    clearTimeout(unconfirmed);
    if (ended) return;
    caughtUp = true;
    tellWhenDrained();
  });
  subscription.on('fellBehind', () => {
    caughtUp = false;
    if (!ended) listener.fellBehind();
  });
  subscription.on('data', ({ event }) => {
    if (ended || event === undefined) return;
    if (event.isJson && !event.streamId.startsWith('$')) listener.fact(storedFact(event, factPrefix));
    tellWhenDrained();
  });
  subscription.on('error', end);
  subscription.on('end', end);
  subscription.on('close', end);
  return { pause: () => subscription.pause(), resume: () => subscription.resume(), cancel: leave };
}

/** `throwOnAppendFailure=false` reports a wrong `nextExpectedRevision` (trap 3), so a connection string may not ask for it. */
function throwing(connectionString: string): string {
  if (/throwOnAppendFailure=false/i.test(connectionString)) {
    throw new TypeError('the event store needs throwOnAppendFailure: remove it from the connection string');
  }
  return connectionString;
}

function credentialsOf(connectionString: string): { username: string; password: string } {
  const found = /^esdb(?:\+discover)?:\/\/([^:@/]+):([^@]+)@/.exec(connectionString);
  if (found === null) return { username: 'none', password: 'none' };
  return { username: decodeURIComponent(found[1]!), password: decodeURIComponent(found[2]!) };
}

function noAnswer(timeoutMs: number): StoreUnavailable {
  return new StoreUnavailable(`no answer within ${timeoutMs} ms`);
}

const maxSearchWindow = 500;
/** The client's own deadline comes first, because it also ends the call. */
const graceMs = 500;
