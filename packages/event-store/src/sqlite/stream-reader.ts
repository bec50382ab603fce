import type { DatabaseSync } from 'node:sqlite';
import type { Row, StreamAsk } from './messages.ts';

export const factColumns = 'position, stream, revision, id, type, recorded_at, data, metadata';

/** Rows of single streams. */
export const streamReader = (database: DatabaseSync): ((ask: StreamAsk) => readonly Row[]) => {
  const prepared = (text: string) => {
    const statement = database.prepare(text);
    statement.setReturnArrays(true);
    return statement;
  };
  const part = prepared(`SELECT ${factColumns} FROM facts WHERE stream = ? AND revision >= ? ORDER BY revision LIMIT ?`);
  const last = prepared(`SELECT ${factColumns} FROM facts WHERE stream = ? ORDER BY revision DESC LIMIT 1`);
  return (ask) => {
    const rows: readonly unknown[] = 'lastOf' in ask ? last.all(ask.lastOf) : part.all(ask.stream, ask.from, ask.max);
    return rows as readonly Row[];
  };
};
