import type { BookView, InvariantReport, LedgerFigures } from '@tongdui/contracts';
import type { Rows } from '@tongdui/runtime/service';
import type { BalanceRow } from './ledger.projection.ts';

/**
 * Invariant 1: entries balance, so every book's trial balance is zero. Invariant 3: a pot has not committed, reserved, redeemed and spent
 * more than was appropriated; it holds once every published event has been posted, because producers are unordered among themselves.
 */
export const invariantsOf = (rows: Rows): InvariantReport => {
  const books = rows.list<BookView>('books');
  const sums = new Map<string, number>();
  for (const { book, debitFen, creditFen } of rows.list<BalanceRow>('balances'))
    sums.set(book, (sums.get(book) ?? 0) + debitFen - creditFen);
  const unbalanced = [...sums].flatMap(([book, sum]) => (sum === 0 ? [] : [`the trial balance of ${book} is ${sum} fen`]));
  const pots = potsOf(rows);
  return {
    service: 'ledger',
    invariants: {
      '1': reported(
        books.reduce((sum, book) => sum + book.entries, 0),
        unbalanced,
      ),
      '3': reported(
        pots.size,
        [...pots].flatMap(([pot, accounts]) => overdrawn(pot, accounts)),
      ),
    },
  };
};

const violationsMax = 20;
const reported = (checked: number, violations: readonly string[]) => ({
  held: violations.length === 0,
  checked,
  violations: violations.slice(0, violationsMax),
});

const taken = ['pot:committed', 'pot:reserved', 'pot:redeemed', 'pot:spent'];

const overdrawn = (pot: string, accounts: ReadonlyMap<string, number>): string[] => {
  const takenFen = taken.reduce((sum, account) => sum + (accounts.get(account) ?? 0), 0);
  const appropriatedFen = -(accounts.get('pot:appropriated') ?? 0);
  const negative = [...accounts].filter(([account, fen]) => fen < 0 && account.startsWith('pot:') && account !== 'pot:appropriated');
  return [
    ...(takenFen > appropriatedFen ? [`${pot} has taken ${takenFen} of ${appropriatedFen} fen`] : []),
    ...negative.map(([account, fen]) => `${account} of ${pot} is ${fen} fen`),
  ];
};

const potsOf = (rows: Rows): Map<string, Map<string, number>> => {
  const pots = new Map<string, Map<string, number>>();
  for (const { pot, account, debitFen, creditFen } of rows.list<BalanceRow>('potBalances')) {
    const accounts = pots.get(pot!) ?? new Map<string, number>();
    pots.set(pot!, accounts.set(account, debitFen - creditFen));
  }
  return pots;
};

/** What an auditor compares with the other services' figures. */
export const figuresOf = (rows: Rows): LedgerFigures => {
  const books = new Map<string, Map<string, number>>();
  for (const { book, account, debitFen, creditFen } of rows.list<BalanceRow>('balances')) {
    const accounts = books.get(book) ?? new Map<string, number>();
    books.set(book, accounts.set(account, debitFen - creditFen));
  }
  return {
    books: nested(books),
    pots: nested(potsOf(rows)),
    expenditureFen: nested(byYear(rows, 'expenditure')),
    spentFen: nested(byYear(rows, 'pot:spent')),
    entries: rows.list<BookView>('books').reduce((sum, book) => sum + book.entries, 0),
  };
};

/** By owner and the fiscal year of the pots. */
const byYear = (rows: Rows, wanted: string): Map<string, Map<string, number>> => {
  const owners = new Map<string, Map<string, number>>();
  for (const { book, account, fiscalYear, debitFen, creditFen } of rows.list<BalanceRow>('potBalances')) {
    if (account !== wanted) continue;
    const years = owners.get(book) ?? new Map<string, number>();
    owners.set(book, years.set(String(fiscalYear), (years.get(String(fiscalYear)) ?? 0) + debitFen - creditFen));
  }
  return owners;
};

const nested = (maps: ReadonlyMap<string, ReadonlyMap<string, number>>): Record<string, Record<string, number>> =>
  Object.fromEntries([...maps].map(([name, map]) => [name, Object.fromEntries(map)]));
