import { describe, expect, test } from 'vitest';
import { StoreUnavailable } from '../port.ts';
import { failureOf, positionOf, positionText, storedFact } from './wire.ts';

describe('positions', () => {
  test('compare as strings the way they compare as numbers, and come back as they went', () => {
    const positions = [
      { commit: 0n, prepare: 0n },
      { commit: 9n, prepare: 9n },
      { commit: 10n, prepare: 0n },
      { commit: 10n, prepare: 10n },
      { commit: 2n ** 63n, prepare: 1n },
    ];
    const texts = positions.map((position) => positionText(position)!);
    expect(texts).toEqual(texts.toSorted());
    expect(texts.map(positionOf)).toEqual(positions);
    expect('' < texts[0]!).toBe(true);
  });

  test('of 2^64-1, or missing, are no positions', () => {
    expect(positionText({ commit: 2n ** 64n - 1n, prepare: 2n ** 64n - 1n })).toBeUndefined();
    expect(positionText(undefined)).toBeUndefined();
  });

  test('of another store are refused', () => {
    expect(() => positionOf('0000000000000001')).toThrow('no position of an EventStoreDB');
  });
});

describe('failures', () => {
  test.each([
    ['a raw gRPC error of a server that is down', Object.assign(new Error('14 UNAVAILABLE'), { code: 14 })],
    ['a read of a server that is down', Object.assign(new Error('down'), { type: 'unavailable', code: 14 })],
    ['a server that starts', Object.assign(new Error('2 UNKNOWN: Server Is Not Ready'), { type: 'unknown', code: 2 })],
    ['a time-out of the server', Object.assign(new Error(''), { type: 'timeout', code: 10 })],
    ['a deadline', Object.assign(new Error(''), { type: 'deadline-exceeded', code: 4 })],
    ['a cancelled call', Object.assign(new Error(''), { type: 'cancelled', code: 1 })],
    ['another leader', Object.assign(new Error(''), { type: 'not-leader' })],
    ['no answer in time', new StoreUnavailable('no answer within 5000 ms')],
    ['anything else', 'what?'],
    ['nothing', undefined],
  ])('%s is unavailable: the outcome is not known', (_, error) => {
    expect(failureOf(error).is).toBe('unavailable');
  });

  test('a wrong expected version says where the stream is', () => {
    const wrong = { type: 'wrong-expected-version', expectedVersion: 3n };
    expect(failureOf({ ...wrong, actualVersion: 7n })).toEqual({ is: 'wrong-expected-revision', actualRevision: 7 });
    expect(failureOf({ ...wrong, actualVersion: 'no_stream' })).toEqual({ is: 'wrong-expected-revision', actualRevision: -1 });
  });

  test('a refusal is no outage, whether the client typed it or not', () => {
    expect(failureOf(Object.assign(new Error(''), { type: 'access-denied' })).is).toBe('refused');
    expect(failureOf(Object.assign(new Error(''), { code: 7 })).is).toBe('refused');
    const metadata = { getMap: () => ({ exception: 'stream-deleted' }) };
    expect(failureOf(Object.assign(new Error(''), { code: 9, metadata })).is).toBe('refused');
  });
});

test('an event is a fact without the prefix; without a position it has none', () => {
  const event = {
    id: 'id',
    type: 'Happened',
    data: { a: 1 },
    metadata: undefined,
    streamId: 'run-a.h.one',
    revision: 4n,
    isJson: true as const,
    created: new Date(0),
  };
  const fact = storedFact({ ...event, position: { commit: 2n ** 64n - 1n, prepare: 2n ** 64n - 1n } }, 'run-');
  expect(fact).toEqual({
    id: 'id',
    type: 'Happened',
    data: { a: 1 },
    metadata: {},
    stream: 'a.h.one',
    revision: 4,
    position: '',
    recordedAt: '1970-01-01T00:00:00.000Z',
  });
});
