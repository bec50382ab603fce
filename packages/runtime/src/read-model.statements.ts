import type { DatabaseSync } from 'node:sqlite';
import { indexedColumns } from './read-model.search.ts';

export type Statements = ReturnType<typeof statementsOf>;

const columns = indexedColumns.map((column) => `"${column}"`);

/** Everything the read model says to SQLite, prepared once. */
export const statementsOf = (database: DatabaseSync) => {
  const sql = (text: string) => database.prepare(text);
  return {
    row: sql(`SELECT body, ${columns.join(', ')} FROM documents WHERE tbl = ? AND id = ?`),
    putRow: sql(`INSERT INTO documents (tbl, id, body, ${columns.join(', ')}) VALUES (?, ?, ?, ${columns.map(() => '?').join(', ')})
      ON CONFLICT (tbl, id) DO UPDATE SET body = excluded.body, ${columns.map((column) => `${column} = excluded.${column}`).join(', ')}`),
    putBody: sql('UPDATE documents SET body = ? WHERE tbl = ? AND id = ?'),
    putStatus: sql('UPDATE documents SET status = ?, body = ? WHERE tbl = ? AND id = ?'),
    dropRow: sql('DELETE FROM documents WHERE tbl = ? AND id = ?'),
    followed: sql("SELECT position FROM cursors WHERE name = 'followed'"),
    follow: sql("INSERT INTO cursors VALUES ('followed', ?) ON CONFLICT (name) DO UPDATE SET position = excluded.position"),
    next: sql('SELECT next FROM sequences WHERE producer = ?'),
    putNext: sql('INSERT INTO sequences VALUES (?, ?) ON CONFLICT (producer) DO UPDATE SET next = excluded.next'),
    undatedWork: sql('SELECT id, kind, home, due_at, data, position FROM work WHERE due_at IS NULL ORDER BY position, id'),
    dueWork: sql('SELECT id, kind, home, due_at, data, position FROM work WHERE due_at > ? AND due_at <= ? ORDER BY position, id'),
    countWork: sql('SELECT kind, count(*) AS pending, sum(due_at IS NULL OR due_at <= ?) AS dueNow FROM work GROUP BY kind ORDER BY kind'),
    putWork: sql(`INSERT INTO work (id, kind, home, due_at, data, position) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, home = excluded.home, due_at = excluded.due_at, data = excluded.data, position = excluded.position`),
    dropWork: sql('DELETE FROM work WHERE id = ?'),
    workPosition: sql('SELECT position FROM work WHERE id = ?'),
    notes: sql('SELECT key, note FROM notes WHERE kind = ? ORDER BY key'),
    putNote: sql('INSERT INTO notes VALUES (?, ?, ?) ON CONFLICT (kind, key) DO UPDATE SET note = excluded.note'),
    dropNote: sql('DELETE FROM notes WHERE kind = ? AND key = ?'),
  };
};
