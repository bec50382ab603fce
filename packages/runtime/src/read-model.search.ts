import type { RowFilter } from './service.ts';

/** Alternatives: a row may be seen when any of them matches. `'all'` sees everything. */
export type Visible = 'all' | readonly RowFilter[];
export type PageQuery = { readonly table: string; readonly filter: RowFilter; readonly visible: Visible };
export type Search = { readonly text: string; readonly values: readonly (string | number)[] };

export const indexedColumns = ['home', 'host', 'status', 'enterprise', 'lab', 'voucher', 'order', 'payment', 'cycle'] as const;

/**
 * The statement for one page, undefined when nothing may be seen. One ordered, limited search per alternative: a condition with OR would
 * read and sort every row of a city.
 */
export const searchOf = ({ table, filter, visible }: PageQuery): Search | undefined => {
  const alternatives: readonly RowFilter[] = visible === 'all' ? [{}] : visible;
  if (alternatives.length === 0) return undefined;
  const limit = filter.limit ?? -1;
  const values: (string | number)[] = [];
  const searches = alternatives.map((alternative) => {
    const conditions = ['tbl = ?'];
    values.push(table);
    for (const one of [filter, alternative]) {
      for (const column of indexedColumns) {
        if (one[column] === undefined) continue;
        conditions.push(`"${column}" = ?`);
        values.push(one[column]);
      }
    }
    if (filter.after !== undefined) {
      conditions.push('id > ?');
      values.push(filter.after);
    }
    values.push(limit);
    return `SELECT id, body FROM documents WHERE ${conditions.join(' AND ')} ORDER BY id LIMIT ?`;
  });
  if (searches.length === 1) return { text: searches[0]!, values };
  return {
    text: `${searches.map((search) => `SELECT * FROM (${search})`).join(' UNION ')} ORDER BY id LIMIT ?`,
    values: [...values, limit],
  };
};
