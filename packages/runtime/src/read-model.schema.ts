import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { indexedColumns } from './read-model.search.ts';

/** Raise it when a table below changes: an older file is emptied and rebuilt. */
const schemaVersion = 2;

/** Opens the file, and empties it when it was built for something else: another store epoch, other homes, an older schema. */
export const openDatabase = (file: string, identity: string): DatabaseSync => {
  if (file !== ':memory:') mkdirSync(dirname(file), { recursive: true });
  const database = new DatabaseSync(file, { timeout: 5_000 });
  // Losing the last commits to a power cut only means following a little again, so commits need not wait for the disk.
  // A checkpoint does wait, so it comes seldom.
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 8000');
  database.exec('CREATE TABLE IF NOT EXISTS built_for (identity TEXT NOT NULL) STRICT');
  const wanted = `${schemaVersion} ${identity}`;
  const found = database.prepare('SELECT identity FROM built_for').get()?.identity;
  if (found === wanted) return database;
  database.exec('BEGIN IMMEDIATE');
  for (const table of tables) database.exec(`DROP TABLE IF EXISTS ${table}`);
  database.exec(schema);
  database.exec('DELETE FROM built_for');
  database.prepare('INSERT INTO built_for VALUES (?)').run(wanted);
  database.exec('COMMIT');
  return database;
};

const tables = ['documents', 'cursors', 'sequences', 'work', 'notes'];

const schema = `
CREATE TABLE documents (
  tbl TEXT NOT NULL, id TEXT NOT NULL, ${indexedColumns.map((column) => `"${column}" TEXT`).join(', ')}, body TEXT NOT NULL,
  PRIMARY KEY (tbl, id)
) STRICT;
${indexedColumns
  .map((column) => `CREATE INDEX documents_by_${column} ON documents (tbl, "${column}", id) WHERE "${column}" IS NOT NULL;`)
  .join('\n')}
CREATE TABLE cursors (name TEXT PRIMARY KEY, position TEXT NOT NULL) STRICT;
CREATE TABLE sequences (producer TEXT PRIMARY KEY, next INTEGER NOT NULL) STRICT;
CREATE TABLE work (id TEXT PRIMARY KEY, kind TEXT NOT NULL, home TEXT NOT NULL, due_at TEXT, data TEXT NOT NULL, position TEXT NOT NULL) STRICT;
CREATE INDEX work_by_due ON work (due_at);
CREATE TABLE notes (kind TEXT NOT NULL, key TEXT NOT NULL, note TEXT NOT NULL, PRIMARY KEY (kind, key)) STRICT;
`;
