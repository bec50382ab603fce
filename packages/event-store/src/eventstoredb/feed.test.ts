import { describe, expect, test } from 'vitest';
import type { Followed, StoredFact } from '../port.ts';
import { type FeedListener, followFeed } from './feed.ts';
import { Heads } from './heads.ts';
import { positionText } from './wire.ts';

describe('a feed that ends', () => {
  test('is followed by another one after the last fact, and nothing comes twice or out of order', async () => {
    const scripts: ((listener: FeedListener) => void)[] = [
      (listener) => {
        for (const number of [1, 2, 2, 1, 3]) listener.fact(fact(number));
        listener.ended();
      },
      (listener) => listener.ended(),
      (listener) => {
        for (const number of [3, 4]) listener.fact(fact(number));
        listener.caughtUp();
      },
    ];
    const { told, openedAfter } = await run(scripts, (all) => all.at(-1)?.is === 'caught-up');
    expect(numbers(told)).toEqual([1, 2, 3, 4]);
    expect(openedAfter).toEqual([position(0), position(3), position(3)]);
  });

  test('before it has caught up is not said to have caught up', async () => {
    const scripts = [
      (listener: FeedListener) => {
        listener.fact(fact(1));
        listener.caughtUp();
        listener.fellBehind();
        listener.fact(fact(2));
        listener.ended();
      },
      (listener: FeedListener) => {
        listener.fact(fact(3));
        listener.caughtUp();
      },
    ];
    const { told } = await run(scripts, (all) => all.at(-1)?.is === 'caught-up');
    expect(told.filter((followed) => followed.is === 'caught-up')).toHaveLength(1);
    expect(numbers(told)).toEqual([1, 2, 3]);
  });
});

test('a slow follower holds the feed up instead of filling memory, and misses nothing', async () => {
  const said: string[] = [];
  const feed = (listener: FeedListener) => {
    for (let number = 1; number <= 4_500; number++) listener.fact(fact(number));
    listener.caughtUp();
  };
  const { told } = await run([feed], (all) => all.at(-1)?.is === 'caught-up', said);
  expect(numbers(told)).toHaveLength(4_500);
  expect(Math.max(...told.map((followed) => (followed.is === 'facts' ? followed.facts.length : 0)))).toBe(500);
  expect(said).toEqual(['paused', 'resumed', 'cancelled']);
});

describe('the head of a store', () => {
  const log = ['other', 'run-epoch', 'run-a.1', 'run-b.1', 'other', '$stats', 'run-a.2', 'other', 'other'];

  test.each([
    [['run-'], 6],
    [['run-a.'], 6],
    [['run-b.'], 3],
    [['run-c.'], undefined],
    [['run-b.', 'run-a.1'], 3],
    [[''], 8],
  ])('under %s is the newest fact there, and never older than the store', async (prefixes, index) => {
    const expected = index === undefined ? '' : position(index);
    expect(await new Heads(reader(log).read, 'run-epoch').head(prefixes)).toBe(expected);
  });

  test('is not looked for again where it was looked for before', async () => {
    const many = ['run-epoch', 'run-a.1', ...Array.from({ length: 5_000 }, () => 'other')];
    const { read, counts } = reader(many);
    const heads = new Heads(read, 'run-epoch');
    expect(await heads.head(['run-'])).toBe(position(1));
    const first = counts.read;
    many.push('other');
    expect(await heads.head(['run-'])).toBe(position(1));
    expect(first).toBeGreaterThan(5_000);
    expect(counts.read - first).toBeLessThanOrEqual(20);
    many.push('run-a.2');
    expect(await heads.head(['run-'])).toBe(position(many.length - 1));
  });

  test('of an empty server is the beginning', async () => {
    expect(await new Heads(reader([]).read, 'run-epoch').head([''])).toBe('');
  });
});

async function run(scripts: ((listener: FeedListener) => void)[], done: (told: Followed[]) => boolean, said: string[] = []) {
  const openedAfter: string[] = [];
  const told: Followed[] = [];
  const open = (after: string, listener: FeedListener) => {
    openedAfter.push(after);
    const script = scripts.shift();
    setImmediate(() => script?.(listener));
    return { pause: () => said.push('paused'), resume: () => said.push('resumed'), cancel: () => said.push('cancelled') };
  };
  for await (const followed of followFeed(open, { after: position(0), stop: AbortSignal.timeout(10_000), retryMs: 1 })) {
    told.push(followed);
    if (done(told)) break;
  }
  return { told, openedAfter };
}

function fact(number: number): StoredFact {
  const place = { stream: 'a.h.one', revision: number, position: position(number), recordedAt: '' };
  return { id: String(number), type: 'Happened', data: {}, metadata: {}, ...place };
}

function numbers(told: readonly Followed[]): number[] {
  return told.flatMap((followed) => (followed.is === 'facts' ? followed.facts.map((fact) => fact.revision) : []));
}

function position(number: number): string {
  return positionText({ commit: BigInt(number), prepare: BigInt(number) })!;
}

/** Reads a log of stream names backwards, from a position inclusive, as the server does. */
function reader(log: readonly string[]) {
  const counts = { read: 0 };
  const read = async (before: string | undefined, max: number) => {
    const from = before === undefined ? log.length - 1 : Number(before.split('/')[0]);
    const events = [];
    for (let index = from; index >= 0 && events.length < max; index--) {
      events.push({ streamId: log[index]!, position: { commit: BigInt(index), prepare: BigInt(index) } });
    }
    counts.read += events.length;
    return events;
  };
  return { read, counts };
}
