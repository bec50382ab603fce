import { expect, test } from 'vitest';
import { alternately, quantile } from './measure.ts';

test('a quantile is one of the values, by nearest rank', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect([quantile(hundred, 0.5), quantile(hundred, 0.99), quantile(hundred, 1), quantile([], 0.5)]).toEqual([50, 99, 100, 0]);
});

test('floor and subject take turns and the first pair does not count', async () => {
  const order: string[] = [];
  const compared = await alternately(
    2,
    async () => order.push('floor') * 0 + 100,
    async () => order.push('subject') * 0 + 50,
  );
  expect(order).toEqual(['floor', 'subject', 'subject', 'floor', 'floor', 'subject']);
  expect(compared).toEqual({ floor: 100, subject: 50, ratio: 0.5 });
});
