import { expect, test } from 'vitest';
import { simulate } from './simulate.ts';
import { commands, playFrom, seeds } from './testing.ts';

test('a history is the same each time: every fact in order', async () => {
  const [one, again] = [await simulate({ seed: 7, commands }), await simulate({ seed: 7, commands })];
  expect(one.facts).toBeGreaterThan(500);
  expect(again).toEqual(one);
  expect((await simulate({ seed: 8, commands })).digest).not.toBe(one.digest);
});

test(`${seeds / 2} odd histories hold every invariant and come to their end, whatever fails`, { timeout: 600_000 }, () => playFrom(1));
