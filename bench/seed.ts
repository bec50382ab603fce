import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { sqliteEventStore } from '@tongdui/event-store';
import { ulid } from 'ulid';

/**
 * A past for redemption's store, written beneath the port before the system starts: orders that were proposed, taken on by their lab and
 * then left to expire. They touch no voucher and no other service, so every book stays true.
 */
export const seedFacts = async (dataDirectory: string, facts: number): Promise<void> => {
  const directory = join(dataDirectory, 'corridor/redemption');
  mkdirSync(directory, { recursive: true });
  const file = join(directory, 'redemption.facts.db');
  // The store makes its own tables.
  await (await sqliteEventStore({ file })).close();
  const database = new DatabaseSync(file);
  database.exec('PRAGMA synchronous = OFF; BEGIN');
  const insert = database.prepare(
    'INSERT INTO facts (position, stream, revision, id, type, recorded_at, data, metadata) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  );
  for (let position = 1; position <= facts; ) {
    const { stream, history } = expiredOrder();
    for (const [revision, { type, metadata = {}, ...data }] of history.entries()) {
      insert.run(position, stream, revision, randomUUID(), type, Date.parse(data.at), JSON.stringify(data), JSON.stringify(metadata));
      position += 1;
    }
  }
  database.exec('COMMIT; PRAGMA wal_checkpoint(TRUNCATE)');
  database.close();
};

const homes = ['330400', '330100', '310117', '320500'] as const;
let orders = 0;

type Past = { readonly type: string; readonly at: string; readonly metadata?: object } & Readonly<Record<string, unknown>>;

const expiredOrder = (): { readonly stream: string; readonly history: readonly Past[] } => {
  orders += 1;
  const home = homes[orders % homes.length] ?? '330400';
  const host = homes[(orders + 1) % homes.length] ?? '330100';
  const key = ulid();
  const orderId = `${home}-order-${key}`;
  const enterprise = `91${home}MA${String(orders).padStart(7, '0')}X`;
  const parties = { orderId, home, host, enterprise, voucherId: `${home}-voucher-${ulid()}` };
  const request = { key: `PUT /orders/${orderId}`, hash: createHash('sha256').update(key).digest('hex') };
  const acceptance = { key: `PUT /orders/${orderId}/lab-acceptance`, hash: createHash('sha256').update('{}').digest('hex') };
  const proposed = {
    lab: `91${host}MA00000007`,
    offeringId: `${host}-offering-${key}`,
    category: 'testing',
    dueAt: '2026-02-20T16:00:00.000Z',
  };
  return {
    stream: `redemption.${home}.order-${key}`,
    history: [
      { type: 'OrderProposed', ...parties, ...proposed, at: '2026-01-21T02:00:00.000Z', metadata: { request } },
      { type: 'OrderAcceptedByLab', at: '2026-01-22T02:00:00.000Z', metadata: { request: acceptance } },
      { type: 'OrderEnded', ...parties, cause: 'expired', reason: 'the proposal expired', at: '2026-02-20T16:00:00.000Z' },
    ],
  };
};
