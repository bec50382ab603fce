import type { Instant } from '@tongdui/contracts';
import { given } from '@tongdui/decider/testing';
import { expect, test } from 'vitest';
import { type Command, type Fact, months } from './months.decider.ts';

const at = '2026-03-01T00:00:00.000Z' as Instant;
const begun = (month: string): Fact => ({ type: 'MonthBegun', month, at });
const begin = (month: string): Command => ({ type: 'BeginMonth', month, at });

test('the first month begins', () => {
  expect(given(months).when(begin('202603'))).toEqual({ accepted: true, facts: [begun('202603')] });
});

test('a later month begins, also when months between had no events', () => {
  expect(given(months, begun('202603')).when(begin('202606'))).toEqual({ accepted: true, facts: [begun('202606')] });
});

test.each(['202603', '202602', '202512'])('after March, %s is already so: the journal never goes backwards', (month) => {
  expect(given(months, begun('202603')).when(begin(month))).toEqual({ accepted: true, facts: [] });
});
