import type { CloudEvent } from '@tongdui/contracts';
import { type NatsServer, startNats } from '@tongdui/testkit/nats';
import { connect } from 'nats';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Consumer, consumer } from './consumer.ts';
import { realWall } from './nats-link.ts';
import { natsTransport } from './nats-transport.ts';
import { Ledger } from './testing.consumer.ts';
import { clearing, countingFrom1, home, publishedBy, redemption, sequencesOf } from './testing.ts';
import { type Address, type Transport, Unreachable } from './transport.ts';

// A loaded machine starts servers slowly, and a lost pull request is noticed after seven seconds.
vi.setConfig({ testTimeout: 30_000 });

const feed: Address = { ...redemption, verb: 'feed' };
let server: NatsServer;
const opened: { close(): Promise<void> }[] = [];

beforeEach(async () => {
  server = await startNats();
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.close()));
  await server.stop();
});

const open = (name = 'test', prefix = ''): Transport => {
  const transport = natsTransport({ url: server.url, name, prefix });
  opened.push(transport);
  return transport;
};
const until = (condition: () => boolean | Promise<boolean>, timeout = 15_000) =>
  vi.waitFor(async () => expect(await condition()).toBe(true), { timeout, interval: 20 });
const connected = async (transport: Transport): Promise<Transport> => {
  await until(() =>
    transport.probe().then(
      () => true,
      () => false,
    ),
  );
  return transport;
};
const answerFeed = (transport: Transport, events: readonly CloudEvent[]) =>
  transport.respond(feed, async (asked) => {
    const { from, max } = asked as { from: number; max: number };
    return { events: events.slice(from - 1, from - 1 + max), head: events.length };
  });
const consume = async (transport: Transport, ledger: Ledger, name = 'tested'): Promise<Consumer> => {
  const { nextSequence, apply, settled, skipped, lines } = ledger;
  const started = await consumer({ transport, name, homes: [home], nextSequence, apply, settled, skipped, lines, wall: realWall });
  opened.unshift(started);
  return started;
};

describe('messages over NATS', () => {
  test('bring the same events, unchanged, to every consumer', async () => {
    const events = publishedBy(redemption, 30);
    const producer = await connected(open());
    const ledgers = [new Ledger(), new Ledger()];
    await consume(open('first'), ledgers[0]!, 'first');
    for (let from = 0; from < 30; from += 10) await producer.publish(redemption, events.slice(from, from + 10));
    await consume(open('second'), ledgers[1]!, 'second');
    for (const ledger of ledgers) {
      await until(() => ledger.of(redemption).length === 30);
      expect(ledger.of(redemption)).toEqual(events);
    }
  });

  test('carry the CloudEvents batch content type and stay within their prefix', async () => {
    const events = publishedBy(redemption, 2);
    const [here, there] = [await connected(open('here', 'blue')), await connected(open('there', 'green'))];
    const heard: CloudEvent[] = [];
    await there.subscribe('tested', [home], async (batch) => void heard.push(...batch));
    await there.publish(clearing, publishedBy(clearing, 1));
    await here.publish(redemption, events);
    await until(() => heard.length > 0);
    const connection = await connect({ servers: server.url });
    const stored = await (await connection.jetstreamManager()).streams.getMessage(`blue-G60-${home}`, {
      last_by_subj: `blue.g60.${home}.redemption`,
    });
    await connection.close();
    expect(stored.header.get('Content-Type')).toBe('application/cloudevents-batch+json');
    expect(stored.json()).toEqual(events);
    expect(heard.map((event) => event.source)).toEqual([`/clearing/${home}`]);
  });

  test('come again when they could not be handled', async () => {
    const producer = await connected(open());
    let attempts = 0;
    await producer.subscribe('tested', [home], async () => {
      attempts += 1;
      if (attempts < 2) throw new Error('not now');
    });
    await producer.publish(redemption, publishedBy(redemption, 1));
    await until(() => attempts === 2);
  });

  test('wait for a consumer that is away, and are not delivered again after their acknowledgement', async () => {
    const producer = await connected(open());
    const seen: number[][] = [];
    const deliver = async (batch: readonly CloudEvent[]) => void seen.push(sequencesOf(batch));
    const first = await producer.subscribe('tested', [home], deliver);
    const events = publishedBy(redemption, 3);
    await producer.publish(redemption, events.slice(0, 1));
    await until(() => seen.length === 1);
    await first.close();
    await producer.publish(redemption, events.slice(1));
    await producer.subscribe('tested', [home], deliver);
    await until(() => seen.length === 2);
    expect(seen).toEqual([[1], [2, 3]]);
  });
});

describe('a server that', () => {
  test('is not there at the start is found when it comes', async () => {
    await server.kill();
    const transport = open();
    const ledger = new Ledger();
    const events = publishedBy(redemption, 3);
    await consume(transport, ledger);
    await expect(transport.publish(redemption, events)).rejects.toThrow(Unreachable);
    await expect(transport.probe()).rejects.toThrow(Unreachable);
    await server.start();
    await connected(transport);
    await transport.publish(redemption, events);
    await until(() => ledger.of(redemption).length === 3);
  });

  test('is killed and restarted loses nothing that was acknowledged, and goes on', async () => {
    const transport = await connected(open());
    const ledger = new Ledger();
    const events = publishedBy(redemption, 6);
    const published = events.slice(0, 3);
    answerFeed(transport, published);
    await consume(transport, ledger);
    await transport.publish(redemption, published);
    await until(() => ledger.of(redemption).length === 3);
    published.push(...events.slice(3));
    await server.kill();
    await expect(transport.request(feed, {}, 2_000)).rejects.toThrow(Unreachable);
    await server.start();
    await connected(transport);
    await transport.publish(redemption, events.slice(3));
    await until(() => ledger.of(redemption).length === 6);
    expect(sequencesOf(ledger.of(redemption))).toEqual(countingFrom1(6));
  });

  test('lost its whole store is filled anew, and the feed brings what was in it', async () => {
    const transport = await connected(open());
    const ledger = new Ledger();
    const events = publishedBy(redemption, 9);
    const published = events.slice(0, 3);
    answerFeed(transport, published);
    await consume(transport, ledger);
    await transport.publish(redemption, published);
    await until(() => ledger.of(redemption).length === 3);
    published.push(...events.slice(3));
    await server.kill();
    await server.wipe();
    await server.start();
    await connected(transport);
    await transport.publish(redemption, events.slice(6));
    await until(() => ledger.of(redemption).length === 9);
    const late = new Ledger();
    await consume(await connected(open('late')), late, 'late');
    transport.announce(redemption, 9);
    await until(() => late.of(redemption).length === 9);
    expect(late.of(redemption)).toEqual(events);
  });

  test('lost a stream or a consumer while running gets them again', async () => {
    const transport = await connected(open());
    const ledger = new Ledger();
    const events = publishedBy(redemption, 6);
    const published = events.slice(0, 2);
    answerFeed(transport, published);
    await consume(transport, ledger);
    await transport.publish(redemption, published);
    await until(() => ledger.of(redemption).length === 2);
    published.push(...events.slice(2));
    const connection = await connect({ servers: server.url });
    const manager = await connection.jetstreamManager();
    await manager.consumers.delete(`G60-${home}`, 'tested');
    await transport.publish(redemption, events.slice(2, 4));
    await until(() => ledger.of(redemption).length === 4);
    await manager.streams.delete(`G60-${home}`);
    await transport.publish(redemption, events.slice(4));
    await until(() => ledger.of(redemption).length === 6);
    await connection.close();
  });

  test('is frozen makes requests unreachable in time, and is used again when it thaws', async () => {
    const transport = await connected(open());
    transport.respond({ ...redemption, verb: 'ask' }, async () => 'here');
    await until(() =>
      transport.request({ ...redemption, verb: 'ask' }, {}, 500).then(
        () => true,
        () => false,
      ),
    );
    server.pause();
    // The signal takes effect a moment later.
    await until(() =>
      transport.request({ ...redemption, verb: 'ask' }, {}, 300).then(
        () => false,
        (error: unknown) => error instanceof Unreachable,
      ),
    );
    server.resume();
    await until(() =>
      transport.request({ ...redemption, verb: 'ask' }, {}, 500).then(
        (answer) => answer === 'here',
        () => false,
      ),
    );
  });
});

describe('a request over NATS', () => {
  test('is unreachable at once when nobody answers', async () => {
    const transport = await connected(open());
    const before = performance.now();
    await expect(transport.request(feed, {}, 5_000)).rejects.toThrow(Unreachable);
    expect(performance.now() - before).toBeLessThan(1_000);
  });

  test('is unreachable at once when the answer fails, and when it takes too long', async () => {
    const transport = await connected(open());
    const failing = transport.respond(feed, () => Promise.reject(new Error('secret detail')));
    const before = performance.now();
    await expect(transport.request(feed, {}, 5_000)).rejects.toThrow('/redemption/310117/feed failed to answer');
    expect(performance.now() - before).toBeLessThan(1_000);
    await failing.close();
    transport.respond(feed, () => new Promise(() => {}));
    await expect(transport.request(feed, {}, 100)).rejects.toThrow(Unreachable);
  });

  test('is answered by one of several that could, and announcements reach all', async () => {
    const transports = await Promise.all([connected(open('a')), connected(open('b'))]);
    const answered: string[] = [];
    const heard: unknown[] = [];
    for (const [index, transport] of transports.entries()) {
      transport.respond(feed, async (payload) => void answered.push(`${index} ${JSON.stringify(payload)}`));
      transport.onAnnounced((producer, head) => heard.push({ index, producer, head }));
      await transport.probe();
    }
    expect(await transports[0]!.request(feed, { from: 1 }, 1_000)).toBeNull();
    transports[1]!.announce(redemption, 7);
    await until(() => heard.length === 2);
    expect(heard).toEqual(
      expect.arrayContaining([
        { index: 0, producer: redemption, head: 7 },
        { index: 1, producer: redemption, head: 7 },
      ]),
    );
    expect(answered.length).toBe(1);
  });
});
