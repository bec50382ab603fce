import { expect, test } from 'vitest';
import { planted } from './planted.ts';
import type { Plant } from './plants.ts';
import { simulate } from './simulate.ts';
import { commands, seeds } from './testing.ts';

test.each(planted)('a planted bug is caught: $name', { timeout: 600_000 }, async (plant) => {
  expect(await firstCaught(plant)).toBeLessThanOrEqual(seeds);
});

const firstCaught = async (plant: Plant): Promise<number> => {
  for (let seed = 1; seed <= seeds; seed += 1) {
    const { failure, shape } = await simulate({ seed, commands, plant });
    if (!failure) continue;
    process.stdout.write(
      `planted: ${plant.name}; caught at seed ${seed} (${shape}), after ${failure.commands} commands: ${failure.violation.slice(0, 160)}\n`,
    );
    return seed;
  }
  return Number.POSITIVE_INFINITY;
};
