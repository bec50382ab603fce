import { type Actor, corridorHome } from '@tongdui/contracts';
import type { Visible } from './read-model.search.ts';
import type { RowIndex } from './service.ts';

/** Who may read which rows: one's own organisation, one's own city, and at G60 auditors, the joint office and operators everything. */
export const visibleTo = (actor: Actor): Visible => {
  if (actor.org !== undefined) return [{ enterprise: actor.org }, { lab: actor.org }];
  if (actor.city === corridorHome && actor.roles.some((role) => corridorReaders.has(role))) return 'all';
  if (actor.roles.some((role) => role !== 'enterprise' && role !== 'lab')) return [{ home: actor.city }, { host: actor.city }];
  return [];
};

const corridorReaders: ReadonlySet<string> = new Set(['auditor', 'joint-office', 'operator']);

export const isVisible = (visible: Visible, row: RowIndex): boolean =>
  visible === 'all' ||
  visible.some((one) =>
    (['home', 'host', 'status', 'enterprise', 'lab'] as const).every((column) => one[column] === undefined || one[column] === row[column]),
  );
