import type { AccountBalance, Actor, EntriesPage, EntriesQuery, EntryView, Home, Party, Role, TrialBalanceView } from '@tongdui/contracts';
import type { Rows } from '@tongdui/runtime/service';
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
 * A page in the order of the journal. Filters on a voucher, an order, its claim, a payment, a cycle or a
 * counterparty follow pointers; the others read along the book and may answer a short page with a `next` that goes on.
 */
export const entriesPageOf = (rows: Rows, party: Party, home: Home, query: EntriesQuery): EntriesPage | undefined => {
  if (!rows.get('books', party)) return undefined;
  const limit = Number(query.limit ?? limitDefault);
  const pointer = pointerFor(query);
  const items: EntryView[] = [];
  let last = query.cursor ?? `${party}-`;
  for (let lookedAt = 0; lookedAt < lookedAtMax; lookedAt += pageRows) {
    const candidates = pointer === undefined ? along(rows, party, home, last) : following(rows, party, home, pointer, last);
    for (const entry of candidates) {
      if (items.length === limit) return { items, next: nextOf(party, query, last) };
      last = entry.id;
      if (matches(entry, query)) items.push(entry);
    }
    if (candidates.length < pageRows) return { items };
  }
  return { items, next: nextOf(party, query, last) };
};

const along = (rows: Rows, party: Party, home: Home, after: string): EntryView[] =>
  rows.list<EntryView>('entries', { home, after, limit: pageRows }).filter(({ book }) => book === party);

const following = (rows: Rows, party: Party, home: Home, value: string, after: string): EntryView[] =>
  rows
    .list<PointerRow>('entryPointers', { home, after: pointerOf(party, value, after), limit: pageRows })
    .filter((pointer) => pointer.book === party && pointer.value === value)
    .flatMap(({ entry }) => rows.get<EntryView>('entries', entry) ?? []);

type PointerRow = { readonly book: string; readonly value: string; readonly entry: string };

const pointerFor = ({ voucher, order, claim, payment, cycle, account }: EntriesQuery): string | undefined => {
  if (voucher !== undefined) return voucher;
  if (order !== undefined) return order;
  if (payment !== undefined) return payment;
  // A claim takes its order's name, followed by the milestone.
  if (claim !== undefined) return claim.replace('-claim-', '-order-').replace(/-\d+$/, '');
  return cycle ?? (account !== undefined && isRare(account) ? account : undefined);
};

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
