import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type EventStore, eventStoreDbEventStore, type NewFact, noStream, sqliteEventStore } from '@tongdui/event-store';
import { alternately, rateOf } from './measure.ts';

/** The event store through its port, against what node:sqlite does by itself with the same table, durability and grouping. */

export const concurrencies = [1, 20, 64, 200] as const;
export type Compared = { readonly floor: number; readonly subject: number; readonly ratio: number };

const data = { orderId: '310117-order-01JNA2B3C4D5E6F7G8H9JKMNPQ', home: '310117', note: '' };
/** Facts of 670 bytes, metadata included. */
const dataOf670Bytes = { ...data, note: 'x'.repeat(670 - JSON.stringify(data).length - '{}'.length) };
const factOf = (): NewFact => ({ id: randomUUID(), type: 'OrderProposed', data: dataOf670Bytes, metadata: {} });

/** Ratio of durable appends per second, each loop writing to a stream of its own. */
export const compareAppends = async (directory: string, concurrency: number, rounds: number, durationMs: number): Promise<Compared> => {
  const beneath = mkdtempSync(join(directory, 'append-'));
  const bare = bareStore(join(beneath, 'bare.db'));
  const store = await sqliteEventStore({ file: join(beneath, 'port.db') });
  try {
    return await alternately(
      rounds,
      () =>
        rateOf(
          concurrency,
          durationMs,
          appending((stream, revision, fact) => bare.append(stream, revision, fact)),
        ),
      () => rateOf(concurrency, durationMs, appending(throughPort(store))),
    );
  } finally {
    bare.close();
    await store.close();
    rmSync(beneath, { recursive: true, force: true });
  }
};

/** Appends per second on a live EventStoreDB; there is no floor to compare with. */
export const eventStoreDbAppends = async (connectionString: string, concurrency: number, durationMs: number): Promise<number> => {
  const store = await eventStoreDbEventStore({ connectionString, prefix: `bench-${randomUUID()}-` });
  try {
    await rateOf(concurrency, durationMs / 4, appending(throughPort(store)));
    return await rateOf(concurrency, durationMs, appending(throughPort(store)));
  } finally {
    await store.close();
  }
};

/** Ratio of facts per second when everything stored is read in order and given out as objects. */
export const compareScans = async (directory: string, facts: number, rounds: number): Promise<Compared> => {
  const beneath = mkdtempSync(join(directory, 'scan-'));
  const file = join(beneath, 'facts.db');
  const store = await sqliteEventStore({ file });
  try {
    const streams = Array.from({ length: 200 }, (_, number) => `redemption.310117.order-${number}`);
    let left = facts;
    await Promise.all(
      streams.map(async (stream) => {
        for (let revision = noStream; left > 0; revision += 50) {
          left -= 50;
          await store.append(stream, revision, Array.from({ length: 50 }, factOf));
        }
      }),
    );
    return await alternately(
      rounds,
      async () => bareScan(file),
      () => portScan(store),
    );
  } finally {
    await store.close();
    rmSync(beneath, { recursive: true, force: true });
  }
};

type Append = (stream: string, revision: number, fact: NewFact) => Promise<unknown>;

const throughPort =
  (store: EventStore): Append =>
  async (stream, revision, fact) => {
    const result = await store.append(stream, revision, [fact]);
    if (result.is !== 'appended') throw new Error(`an append of the benchmark was answered ${result.is}`);
  };

/** Every loop has its stream, and every run has new ones. */
const appending = (append: Append) => {
  const run = randomUUID();
  const revisions: number[] = [];
  return async (loop: number) => {
    const revision = revisions[loop] ?? noStream;
    revisions[loop] = revision + 1;
    await append(`redemption.310117.order-${run}-${loop}`, revision, factOf());
  };
};

/** Group commit at its simplest: what waits is one transaction. No thread, no revision check, no recognition of retries. */
const bareStore = (file: string) => {
  const database = openBare(file);
  const insert = database.prepare('INSERT INTO facts VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
  let position = 0;
  let waiting: { readonly values: readonly (string | number)[]; readonly resolve: () => void }[] = [];
  const commit = () => {
    const group = waiting;
    waiting = [];
    database.exec('BEGIN IMMEDIATE');
    for (const { values } of group) insert.run(...values);
    database.exec('COMMIT');
    for (const { resolve } of group) resolve();
  };
  return {
    append: (stream: string, revision: number, fact: NewFact): Promise<void> =>
      new Promise((resolve) => {
        position += 1;
        const texts = [fact.id, fact.type, Date.now(), JSON.stringify(fact.data), JSON.stringify(fact.metadata)];
        waiting.push({ values: [position, stream, revision + 1, ...texts], resolve });
        if (waiting.length === 1) setImmediate(commit);
      }),
    close: () => database.close(),
  };
};

/** The store's own table, so that both write the same bytes. */
const openBare = (file: string): DatabaseSync => {
  const database = new DatabaseSync(file);
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
    CREATE TABLE facts (position INTEGER PRIMARY KEY, stream TEXT NOT NULL, revision INTEGER NOT NULL, id TEXT NOT NULL, type TEXT NOT NULL,
      recorded_at INTEGER NOT NULL, data TEXT NOT NULL, metadata TEXT NOT NULL);
    CREATE UNIQUE INDEX facts_of_streams ON facts (stream, revision);`);
  return database;
};

type Row = readonly [number, string, number, string, string, number, string, string];

const bareScan = (file: string): number => {
  const database = new DatabaseSync(file, { readOnly: true });
  const slice = database.prepare('SELECT * FROM facts WHERE position > ? ORDER BY position LIMIT 500');
  slice.setReturnArrays(true);
  const begunMs = performance.now();
  let facts = 0;
  for (let after = 0; ; ) {
    const rows = (slice.all(after) as unknown as Row[]).map(([position, stream, revision, id, type, recordedAt, text, metadata]) => ({
      ...{ position, stream, revision, id, type, recordedAt },
      data: JSON.parse(text) as unknown,
      metadata: JSON.parse(metadata) as unknown,
    }));
    facts += rows.length;
    const last = rows.at(-1);
    if (!last) break;
    after = last.position;
  }
  const rate = (facts * 1_000) / (performance.now() - begunMs);
  database.close();
  return rate;
};

const portScan = async (store: EventStore): Promise<number> => {
  const stop = new AbortController();
  const begunMs = performance.now();
  let facts = 0;
  for await (const followed of store.follow({ prefixes: ['redemption.310117.'], after: '', signal: stop.signal })) {
    if (followed.is === 'caught-up') break;
    facts += followed.facts.length;
  }
  return (facts * 1_000) / (performance.now() - begunMs);
};
