import type { BookView, EntryView, Home, Party } from '@tongdui/contracts';
import type { FactProjection, FollowedFact } from '@tongdui/runtime/service';
import type { Fact } from './journal.decider.ts';

/** Sums of one account of a book, or of one account of a pot. */
export type BalanceRow = {
  readonly home: Home;
  readonly book: Party;
  readonly account: string;
  readonly pot?: string;
  readonly fiscalYear?: number;
  readonly debitFen: number;
  readonly creditFen: number;
};

type EntryPosted = Extract<Fact, { type: 'EntryPosted' }>;
type Side = 'debit' | 'credit';

/** Undefined for facts about the month itself: what it opens with is already the sum of the entries before it. */
const entryOf = ({ fact }: FollowedFact): EntryPosted | undefined =>
  fact.type === 'EntryPosted' ? (fact as unknown as EntryPosted) : undefined;

const posted = (followed: FollowedFact): EntryPosted => followed.fact as unknown as EntryPosted;

/** Sorts like the journal within one book. */
const entryRowId = (book: string, { key, revision }: Pick<FollowedFact, 'key' | 'revision'>): string =>
  `${book}-${key}-${String(revision).padStart(10, '0')}`;

const index = (body: { readonly home?: unknown }) => ({ home: body.home as Home });

const entries: FactProjection = {
  table: 'entries',
  noun: 'journal',
  rowId: (followed) => {
    const entry = entryOf(followed);
    return entry && entryRowId(entry.book, followed);
  },
  project: (_before, followed) => {
    const { entryId, book, row, lines, dimensions, fiscalYear, occurredAt, postedOn, event } = posted(followed);
    const id = entryRowId(book, followed);
    return { id, book, home: followed.home, row, lines, dimensions, fiscalYear, occurredAt, postedOn, event, entryId } as unknown as Record<
      keyof EntryView,
      string
    >;
  },
  // The entries of one voucher, order, payment or cycle are found without reading the whole book.
  index: (body) => {
    const { home, dimensions } = body as unknown as EntryView & { readonly home: Home };
    const { voucher, order, payment, cycle } = dimensions;
    return {
      home,
      ...(voucher === undefined ? {} : { voucher }),
      ...(order === undefined ? {} : { order }),
      ...(payment === undefined ? {} : { payment }),
      ...(cycle === undefined ? {} : { cycle }),
    };
  },
};

/** Accounts with a party or a cycle in their name are rare among the entries of a book; the others are met on every page. */
export const isRare = (account: string): boolean => /:\d{6}$/.test(account);

/** Where the entries of a rare account are found. An entry has two accounts, so the account cannot be a column of its row. */
const rareAccount = (side: Side): FactProjection => ({
  table: 'entryPointers',
  noun: 'journal',
  rowId: (followed) => {
    const entry = entryOf(followed);
    const account = entry && lineOf(entry, side).account;
    return account === undefined || !isRare(account) ? undefined : pointerOf(entry!.book, account, entryRowId(entry!.book, followed));
  },
  project: (_before, followed) => {
    const entry = posted(followed);
    return { home: followed.home, book: entry.book, account: lineOf(entry, side).account, entry: entryRowId(entry.book, followed) };
  },
  index,
});

export const pointerOf = (book: string, account: string, rowId: string): string => `${book}/${account}/${rowId}`;

const lineOf = (entry: EntryPosted, side: Side) => entry.lines[side === 'debit' ? 0 : 1];

/** An entry touches two accounts, so each table of sums is written from both sides. */
const balances = (side: Side): FactProjection => ({
  table: 'balances',
  noun: 'journal',
  rowId: (followed) => {
    const entry = entryOf(followed);
    return entry && `${entry.book}/${lineOf(entry, side).account}`;
  },
  project: (before, followed) => {
    const entry = posted(followed);
    return summed(before, side, lineOf(entry, side).amountFen, {
      home: followed.home,
      book: entry.book,
      account: lineOf(entry, side).account,
    });
  },
  index,
});

const potBalances = (side: Side): FactProjection => ({
  table: 'potBalances',
  noun: 'journal',
  rowId: (followed) => {
    const entry = entryOf(followed);
    if (!entry?.dimensions.pot) return undefined;
    const { account } = lineOf(entry, side);
    return account.startsWith('pot:') || account === 'expenditure' ? `${entry.dimensions.pot}/${account}` : undefined;
  },
  project: (before, followed) => {
    const entry = posted(followed);
    const { account, amountFen } = lineOf(entry, side);
    const { pot, potFiscalYear } = entry.dimensions;
    return summed(before, side, amountFen, { home: followed.home, book: entry.book, account, pot: pot!, fiscalYear: potFiscalYear! });
  },
  index,
});

const summed = (before: object | undefined, side: Side, amountFen: number, names: Omit<BalanceRow, 'debitFen' | 'creditFen'>) => {
  const { debitFen, creditFen } = (before as BalanceRow | undefined) ?? { debitFen: 0, creditFen: 0 };
  return {
    ...names,
    debitFen: debitFen + (side === 'debit' ? amountFen : 0),
    creditFen: creditFen + (side === 'credit' ? amountFen : 0),
  };
};

const books: FactProjection = {
  table: 'books',
  noun: 'journal',
  rowId: (followed) => entryOf(followed)?.book,
  project: (before, followed) => {
    const known = before as BookView | undefined;
    const { book, postedOn } = posted(followed);
    const entriesCount = (known?.entries ?? 0) + 1;
    return {
      party: book,
      home: followed.home,
      entries: entriesCount,
      firstPostedOn: known?.firstPostedOn ?? postedOn,
      lastPostedOn: postedOn,
    };
  },
  index,
};

export const projections: readonly FactProjection[] = [
  books,
  entries,
  rareAccount('debit'),
  rareAccount('credit'),
  balances('debit'),
  balances('credit'),
  potBalances('debit'),
  potBalances('credit'),
];
