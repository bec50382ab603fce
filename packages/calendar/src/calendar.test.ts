import type { Instant, LocalDate } from '@tongdui/contracts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addDays, addMinutes, addMonths, addWorkingDays, dateOf, endOf, fiscalYearOf, nextMonth, startOf } from './index.ts';

const date = (text: string) => text as LocalDate;
const anyDate = fc
  .date({ min: new Date('1990-01-01'), max: new Date('2099-12-31'), noInvalidDate: true })
  .map((value) => value.toISOString().slice(0, 10) as LocalDate);

test('days are counted as the platform calendar counts them', () => {
  fc.assert(
    fc.property(anyDate, fc.integer({ min: -3_000, max: 3_000 }), (from, days) => {
      expect(addDays(from, days)).toBe(new Date(Date.parse(from) + days * 86_400_000).toISOString().slice(0, 10));
    }),
  );
});

test('an instant belongs to the date of Shanghai', () => {
  expect(dateOf('2026-02-28T15:59:59.999Z' as Instant)).toBe('2026-02-28');
  expect(dateOf('2026-02-28T16:00:00.000Z' as Instant)).toBe('2026-03-01');
  expect(fiscalYearOf('2026-12-31T16:00:00.000Z' as Instant)).toBe(2027);
});

test('a date starts where the day before ends', () => {
  fc.assert(
    fc.property(anyDate, (day) => {
      expect(startOf(addDays(day, 1))).toBe(endOf(day));
    }),
  );
  expect(dateOf(startOf(date('2026-03-01')))).toBe('2026-03-01');
  expect(dateOf(endOf(date('2026-03-01')))).toBe('2026-03-02');
});

test('working days skip Saturday and Sunday', () => {
  expect(addWorkingDays(date('2026-03-06'), 1)).toBe('2026-03-09');
  expect(addWorkingDays(date('2026-03-07'), 5)).toBe('2026-03-13');
  expect(addWorkingDays(date('2026-03-02'), 0)).toBe('2026-03-02');
});

test('months end where the month ends', () => {
  expect(addMonths(date('2026-03-31'), -1)).toBe('2026-02-28');
  expect(addMonths(date('2024-01-31'), 1)).toBe('2024-02-29');
  expect(addMonths(date('2026-12-15'), 1)).toBe('2027-01-15');
  expect(nextMonth('202612')).toBe('202701');
});

test('minutes pass midnight', () => {
  expect(addMinutes('2026-03-01T23:55:12.345Z' as Instant, 10)).toBe('2026-03-02T00:05:12.345Z');
});
