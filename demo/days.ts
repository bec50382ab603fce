import { addDays } from '@tongdui/calendar';
import type { Instant, LocalDate } from '@tongdui/contracts';

/** Day 0 of the demo: a Monday, and the first working day of the two months in which orders are proposed. */
const firstDay = '2026-03-02';

export const dateOfDay = (day: number): LocalDate => addDays(firstDay as LocalDate, day);

/** Nine o'clock in the morning, when the offices open. */
export const morningOf = (day: number): Instant => `${dateOfDay(day)}T01:00:00.000Z` as Instant;

export const dayOf = (date: string): number => Math.round((Date.parse(date) - Date.parse(firstDay)) / 86_400_000);
