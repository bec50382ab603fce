import { describe } from 'vitest';
import { fourCombinations } from './four-combinations.ts';

describe('all homes in one set of processes', () => fourCombinations());
