import type { Instant, LocalDate } from '@tongdui/contracts';

/**
 * Dates of Asia/Shanghai (fixed +08:00) and the deadlines counted in them. Whole-number arithmetic on the proleptic Gregorian
 * calendar (the days-from-civil algorithm of Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms"), no host time zone.
 * Working days are Monday to Friday until the State Council's swap days are data.
 */

const daysFromCivil = (year: number, month: number, day: number): number => {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
};

const dayNumber = (date: LocalDate): number => daysFromCivil(Number(date.slice(0, 4)), Number(date.slice(5, 7)), Number(date.slice(8, 10)));

const two = (value: number) => String(value).padStart(2, '0');

const dateOfDay = (days: number): LocalDate => {
  const z = days + 719_468;
  const era = Math.floor(z / 146_097);
  const dayOfEra = z - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1_460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shifted = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1;
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}` as LocalDate;
};

/** The date in Asia/Shanghai at an instant: from 16:00 UTC it is the next day there. */
export const dateOf = (at: Instant): LocalDate => {
  const utcDate = at.slice(0, 10) as LocalDate;
  return Number(at.slice(11, 13)) >= 16 ? addDays(utcDate, 1) : utcDate;
};

export const addDays = (date: LocalDate, days: number): LocalDate => dateOfDay(dayNumber(date) + days);

/** First instant of a date in Asia/Shanghai. */
export const startOf = (date: LocalDate): Instant => `${addDays(date, -1)}T16:00:00.000Z` as Instant;

/** First instant after a date: a deadline "by this date" has passed when the time is at or after it. */
export const endOf = (date: LocalDate): Instant => `${date}T16:00:00.000Z` as Instant;

export const fiscalYearOf = (at: Instant): number => Number(dateOf(at).slice(0, 4));

/** 1970-01-01 was a Thursday. */
const isWorkingDay = (days: number): boolean => {
  const weekday = (((days + 3) % 7) + 7) % 7;
  return weekday < 5;
};

/** The n-th working day after a date; the date itself does not count. */
export const addWorkingDays = (date: LocalDate, workingDays: number): LocalDate => {
  let day = dayNumber(date);
  for (let left = workingDays; left > 0; ) {
    day += 1;
    if (isWorkingDay(day)) left -= 1;
  }
  return dateOfDay(day);
};

/** The same day some months earlier, or the last day of that month. */
export const addMonths = (date: LocalDate, months: number): LocalDate => {
  const total = Number(date.slice(0, 4)) * 12 + Number(date.slice(5, 7)) - 1 + months;
  const year = Math.floor(total / 12);
  const month = total - year * 12 + 1;
  const lastDay = daysFromCivil(month === 12 ? year + 1 : year, month === 12 ? 1 : month + 1, 1) - daysFromCivil(year, month, 1);
  return dateOfDay(daysFromCivil(year, month, Math.min(Number(date.slice(8, 10)), lastDay)));
};

/** An instant some minutes later. */
export const addMinutes = (at: Instant, minutes: number): Instant => {
  const minute = Number(at.slice(11, 13)) * 60 + Number(at.slice(14, 16)) + minutes;
  const days = Math.floor(minute / 1_440);
  const rest = minute - days * 1_440;
  return `${addDays(at.slice(0, 10) as LocalDate, days)}T${two(Math.floor(rest / 60))}:${two(rest % 60)}${at.slice(16)}` as Instant;
};

/** Month of a settlement cycle: `202603`. */
export const monthOf = (date: LocalDate): string => date.slice(0, 4) + date.slice(5, 7);
export const firstDayOf = (month: string): LocalDate => `${month.slice(0, 4)}-${month.slice(4)}-01` as LocalDate;
export const nextMonth = (month: string): string => monthOf(addMonths(firstDayOf(month), 1));
