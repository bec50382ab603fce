import {
  type Actor,
  bookHomeOf,
  type EntriesQuery,
  type Home,
  ledgerNouns,
  ledgerQueries,
  type Party,
  type QueryRoute,
} from '@tongdui/contracts';
import {
  type Endpoint,
  FailureError,
  failure,
  nounRoutes,
  type PlainCall,
  type PlainEndpoint,
  type Rows,
  type Visible,
} from '@tongdui/runtime';
import { entriesPageOf, mayRead, readableHomes, trialBalanceOf } from './books.operations.ts';

/** What the routes read, and where other homes are served. */
export type Reading = {
  readonly rows: Rows;
  readonly homes: readonly Home[];
  readonly cityUrls: Readonly<Record<string, string>>;
};

export const routes = (reading: Reading): readonly Endpoint[] => [
  nounRoutes(ledgerNouns.books, { visible: visibleBooks }),
  bookRoute(ledgerQueries.trialBalance, reading, trialBalanceOf),
  bookRoute(ledgerQueries.entries, reading, (rows, party, home, query) => entriesPageOf(rows, party, home, query as EntriesQuery)),
];

const visibleBooks = (actor: Actor): Visible => {
  const readable = readableHomes(actor);
  return readable === 'all' ? 'all' : readable.map((home) => ({ home }));
};

/** A question to one book: parse, check where the book is kept and who asks, answer. */
const bookRoute = (
  route: QueryRoute,
  { rows, homes, cityUrls }: Reading,
  answer: (rows: Rows, party: Party, home: Home, query: unknown) => object | undefined,
): PlainEndpoint => ({
  is: 'plain',
  method: 'GET',
  path: route.path,
  run: ({ actor, params, query }: PlainCall) => {
    const named = route.params.safeParse(params);
    if (!named.success) throw new FailureError(failure('not-found'));
    const party = named.data.party as Party;
    const home = keptAt(party);
    if (!homes.includes(home)) throw misdirected(cityUrls[home], home, route.path.replace('{party}', party));
    // What one may not see does not exist: a book's mere existence would say something.
    if (!mayRead(actor, home)) throw new FailureError(failure('not-found'));
    const asked = route.query.safeParse(query);
    if (!asked.success) {
      const issues = asked.error.issues.map(({ path, message }) => ({ path: ['query', ...path.map(String)].join('.'), message }));
      throw new FailureError(failure('invalid-request', { issues }));
    }
    const json = answer(rows, party, home, asked.data);
    if (json === undefined) throw new FailureError(failure('not-found'));
    return { json };
  },
});

/** A six-digit code may be of a district whose province is no part of the corridor. */
const keptAt = (party: Party): Home => {
  try {
    return bookHomeOf(party);
  } catch {
    throw new FailureError(failure('not-found'));
  }
};

const misdirected = (url: string | undefined, home: Home, path: string): FailureError =>
  new FailureError(
    failure('misdirected', { detail: `${home} keeps this book`, ...(url === undefined ? {} : { location: `${url}${path}` }) }),
  );
