import { homes } from '@tongdui/contracts';
import { describe } from 'vitest';
import { fourCombinations } from './four-combinations.ts';
import { hangzhou, jiaxing } from './story.ts';

const own: readonly string[] = [hangzhou, jiaxing];

describe('two cities in sets of processes of their own', () =>
  fourCombinations([
    { name: 'hangzhou', cities: homes.filter((home) => home === hangzhou) },
    { name: 'jiaxing', cities: homes.filter((home) => home === jiaxing) },
    { name: 'corridor', cities: homes.filter((home) => !own.includes(home)) },
  ]));
