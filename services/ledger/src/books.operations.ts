import type { AccountBalance, Actor, EntriesPage, EntriesQuery, EntryView, Home, Party, Role, TrialBalanceView } from '@tongdui/contracts';
import type { RowFilter, Rows } from '@tongdui/runtime/service';
import { type BalanceRow, isRare, pointerOf } from './ledger.projection.ts';

/** Questions to the books, beneath HTTP. A book is read at the home that keeps it. */

const cityReaders: readonly Role[] = ['treasurer', 'auditor', 'budget-officer'];
const corridorReaders: readonly Role[] = ['auditor', 'joint-office'];
const corridor = 'G60' as Home;

/** A city's finance people and auditor read the books kept there; auditors and the joint office at G60 read all. */
export const readableHomes = (actor: Actor): 'all' | readonly Home[] => {
  const { city, roles } = actor;
  if (city === corridor) return roles.some((role) => corridorReaders.includes(role)) ? 'all' : [];
  return roles.some((role) => cityReaders.includes(role)) ? [city] : [];
};

export const mayRead = (actor: Actor, home: Home): boolean => {
  const readable = readableHomes(actor);
  return readable === 'all' || readable.includes(home);
};

export const trialBalanceOf = (rows: Rows, party: Party, home: Home): TrialBalanceView | undefined => {
  if (!rows.get('books', party)) return undefined;
  const accounts = balancesOf(rows, party, home).map(
    ({ account, debitFen, creditFen }): AccountBalance => ({ account, debitFen, creditFen, balanceFen: debitFen - creditFen }),
  );
  const debitFen = accounts.reduce((sum, account) => sum + account.debitFen, 0);
  const creditFen = accounts.reduce((sum, account) => sum + account.creditFen, 0);
  return { party, home, accounts, debitFen, creditFen, balanced: debitFen === creditFen };
};

/** Accounts of a book in the order of their names: a few dozen, and one for each cycle. */
const balancesOf = (rows: Rows, party: Party, home: Home): BalanceRow[] => {
  const found: BalanceRow[] = [];
  for (let after = `${party}/`; ; ) {
    const page = rows.list<BalanceRow>('balances', { home, after, limit: pageRows });
    const own = page.filter(({ book }) => book === party);
    found.push(...own);
    if (own.length < pageRows) return found;
    after = `${party}/${own.at(-1)!.account}`;
  }
};

const pageRows = 500;
const limitDefault = 50;
/** Entries looked at for one page: a rare match must not make one request read a whole book. */
const lookedAtMax = 2_000;

/**
 * A page in the order of the journal. A filter on a voucher, an order, its claim, a payment, a cycle or a counterparty finds its entries
 * by an index; the others read along the book and may answer a short page with a `next` that goes on.
 */
export const entriesPageOf = (rows: Rows, party: Party, home: Home, query: EntriesQuery): EntriesPage | undefined => {
  if (!rows.get('books', party)) return undefined;
  const limit = Number(query.limit ?? limitDefault);
  const items: EntryView[] = [];
  let last = query.cursor ?? `${party}-`;
  for (let lookedAt = 0; lookedAt < lookedAtMax; lookedAt += pageRows) {
    const candidates = candidatesFor(rows, party, home, query, last);
    for (const entry of candidates) {
      if (items.length === limit) return { items, next: nextOf(party, query, last) };
      last = entry.id;
      if (matches(entry, query)) items.push(entry);
    }
    if (candidates.length < pageRows) return { items };
  }
  return { items, next: nextOf(party, query, last) };
};

/** Without the home where something rarer is asked for: SQLite would be free to go through everything of the home instead. */
const candidatesFor = (rows: Rows, party: Party, home: Home, query: EntriesQuery, after: string): EntryView[] => {
  const { voucher, order, claim, payment, cycle, account } = query;
  if (voucher !== undefined) return along(rows, party, { voucher, after });
  if (order !== undefined) return along(rows, party, { order, after });
  if (payment !== undefined) return along(rows, party, { payment, after });
  // A claim takes its order's name, followed by the milestone.
  if (claim !== undefined) return along(rows, party, { order: claim.replace('-claim-', '-order-').replace(/-\d+$/, ''), after });
  if (cycle !== undefined) return along(rows, party, { cycle, after });
  return account !== undefined && isRare(account) ? ofRareAccount(rows, party, home, account, after) : along(rows, party, { home, after });
};

const along = (rows: Rows, party: Party, filter: RowFilter): EntryView[] =>
  rows.list<EntryView>('entries', { ...filter, limit: pageRows }).filter(({ book }) => book === party);

const ofRareAccount = (rows: Rows, party: Party, home: Home, value: string, after: string): EntryView[] =>
  rows
    .list<PointerRow>('entryPointers', { home, after: pointerOf(party, value, after), limit: pageRows })
    .filter((pointer) => pointer.book === party && pointer.account === value)
    .flatMap(({ entry }) => rows.get<EntryView>('entries', entry) ?? []);

type PointerRow = { readonly book: string; readonly account: string; readonly entry: string };

const matches = (entry: EntryView, query: EntriesQuery): boolean => {
  const { dimensions } = entry;
  return (
    (['voucher', 'order', 'claim', 'payment', 'pot', 'cycle'] as const).every(
      (name) => query[name] === undefined || query[name] === dimensions[name],
    ) &&
    (query.account === undefined || entry.lines.some(({ account }) => account === query.account))
  );
};

const nextOf = (party: Party, query: EntriesQuery, cursor: string): string => {
  const { after: _waitedFor, cursor: _before, ...rest } = query;
  const params = new URLSearchParams(Object.entries(rest).filter((pair): pair is [string, string] => pair[1] !== undefined));
  params.set('cursor', cursor);
  return `/books/${party}/entries?${params}`;
};
