import { expect } from 'vitest';
import { simulate } from './simulate.ts';

/** Two hundred histories in the tests of this folder, half of them in each of two files: each file has a core of its own. */
export const seeds = 200;
export const commands = 200;

/** Plays every second history from this one on. */
export const playFrom = async (first: 1 | 2): Promise<void> => {
  for (let seed = first; seed <= seeds; seed += 2) {
    const { failure } = await simulate({ seed, commands });
    expect(failure, `make simulate SEED=${seed}`).toBeUndefined();
  }
};
