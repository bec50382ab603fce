import { test } from 'vitest';
import { playFrom, seeds } from './testing.ts';

test(`${seeds / 2} even histories hold every invariant and come to their end, whatever fails`, { timeout: 600_000 }, () => playFrom(2));
