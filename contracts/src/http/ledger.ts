import { z } from 'zod';
import { postingRows } from '../events/definition.ts';
import {
  bookHomeOf,
  ClaimId,
  CycleMonth,
  FiscalYear,
  Home,
  Instant,
  LocalDate,
  OrderId,
  Party,
  PaymentId,
  PositiveFen,
  PotId,
  type Role,
  type ServiceName,
  VoucherId,
} from '../vocabulary.ts';
import { nounsOf } from './route.ts';

/** The ledger takes no commands: it posts what the other services publish. */
export const ledgerCommands = {};

/** A question beside one resource and the list of its kind: `GET` with a query of its own. */
export type QueryRoute = {
  readonly service: ServiceName;
  readonly operation: string;
  /** OpenAPI form. */
  readonly path: string;
  readonly params: z.ZodObject;
  readonly query: z.ZodObject;
  readonly answer: z.ZodObject;
  readonly roles: readonly Role[];
  readonly summary: { readonly en: string; readonly zh: string };
};

const accountPattern =
  /^(pot:(appropriated|available|committed|reserved|redeemed|spent)|expenditure|payable:payee|receivable:payee|receivable:lab|recoverable|cash|(due-to|due-from|prefund-at|prefund-of):\d{6}|clearing:20\d\d(0[1-9]|1[0-2]))$/;

export const LedgerAccount = z
  .string()
  .regex(accountPattern, 'an account of the posting table, like pot:spent or due-to:330100')
  .meta({ id: 'LedgerAccount', description: 'Account of a book; the part after the colon is a party, or a settlement month for clearing' });

/** Roles that read books: those of their own city's books, and at G60 every book. */
export const bookReaders = ['treasurer', 'auditor', 'budget-officer', 'joint-office'] as const satisfies readonly Role[];

const SignedFen = z.int().meta({ id: 'SignedFen', description: 'Money in whole fen; debit positive, credit negative' });

export const BookView = z
  .strictObject({
    party: Party,
    /** The home that keeps the book. */
    home: Home,
    entries: z.int().min(1),
    firstPostedOn: LocalDate,
    lastPostedOn: LocalDate,
  })
  .meta({ id: 'Book', description: 'The book of a member city, a province or a district' });
export type BookView = z.infer<typeof BookView>;

export const AccountBalance = z
  .strictObject({ account: LedgerAccount, debitFen: z.int().min(0), creditFen: z.int().min(0), balanceFen: SignedFen })
  .meta({ id: 'AccountBalance' });
export type AccountBalance = z.infer<typeof AccountBalance>;

export const TrialBalanceView = z
  .strictObject({
    party: Party,
    home: Home,
    accounts: z.array(AccountBalance),
    debitFen: z.int().min(0),
    creditFen: z.int().min(0),
    /** Debits equal credits. Anything else is a bug. */
    balanced: z.boolean(),
  })
  .meta({ id: 'TrialBalance', description: 'Every account of a book with its sums' });
export type TrialBalanceView = z.infer<typeof TrialBalanceView>;

export const EntryLine = z
  .strictObject({ account: LedgerAccount, side: z.enum(['debit', 'credit']), amountFen: PositiveFen })
  .meta({ id: 'EntryLine' });

export const EntryDimensions = z
  .strictObject({
    pot: PotId.optional(),
    potFiscalYear: FiscalYear.optional(),
    debtor: Party.optional(),
    creditor: Party.optional(),
    voucher: VoucherId.optional(),
    order: OrderId.optional(),
    claim: ClaimId.optional(),
    payment: PaymentId.optional(),
    cycle: CycleMonth.optional(),
    home: Home.optional(),
    host: Home.optional(),
  })
  .meta({ id: 'EntryDimensions', description: 'What an entry is about' });

export const EntryView = z
  .strictObject({
    /** `<party>-<month>-<place in the journal>`: in the order of the journal. */
    id: z.string(),
    book: Party,
    home: Home,
    row: z.enum(postingRows),
    lines: z.array(EntryLine).length(2),
    dimensions: EntryDimensions,
    fiscalYear: FiscalYear,
    occurredAt: Instant,
    postedOn: LocalDate,
    /** The evidence: the published event this entry was posted from. */
    event: z.strictObject({ id: z.uuid(), type: z.string(), source: z.string(), sequence: z.int().min(1), time: Instant }),
    /** `<event id>.<party>.<place among the entries of this event>` */
    entryId: z.string(),
  })
  .meta({ id: 'Entry', description: 'Double entry of one book' });
export type EntryView = z.infer<typeof EntryView>;

export const EntriesPage = z
  .strictObject({
    items: z.array(EntryView),
    /** Path of the next page. A filtered page may hold fewer entries than asked for, and still have a next one. */
    next: z.string().optional(),
  })
  .meta({ id: 'EntriesPage' });
export type EntriesPage = z.infer<typeof EntriesPage>;

const after = z.string().max(1_000).optional().describe('Answer of a command: wait until its effect can be read');

export const EntriesQuery = z.strictObject({
  limit: z
    .string()
    .regex(/^([1-9]\d?|1\d\d|200)$/, 'a whole number from 1 to 200')
    .optional(),
  cursor: z
    .string()
    .regex(/^\d{6}-\d{6}-\d{10}$/, 'the id of the last entry of a page')
    .optional(),
  account: LedgerAccount.optional(),
  voucher: VoucherId.optional(),
  order: OrderId.optional(),
  claim: ClaimId.optional(),
  payment: PaymentId.optional(),
  pot: PotId.optional(),
  cycle: CycleMonth.optional(),
  after,
});
export type EntriesQuery = z.infer<typeof EntriesQuery>;

const noun = nounsOf('ledger');

export const ledgerNouns = {
  books: noun('books', Party, BookView, { en: 'Books of the parties', zh: '各方账簿' }, (id) => bookHomeOf(id as Party)),
};

export const ledgerQueries = {
  trialBalance: {
    service: 'ledger',
    operation: 'trialBalance',
    path: '/books/{party}/trial-balance',
    params: z.strictObject({ party: Party }),
    query: z.strictObject({ after }),
    answer: TrialBalanceView,
    roles: bookReaders,
    summary: { en: 'Trial balance of a book', zh: '试算平衡表' },
  },
  entries: {
    service: 'ledger',
    operation: 'entries',
    path: '/books/{party}/entries',
    params: z.strictObject({ party: Party }),
    query: EntriesQuery,
    answer: EntriesPage,
    roles: bookReaders,
    summary: { en: 'Entries of a book, in the order of its journal', zh: '账簿分录（按记账顺序）' },
  },
} as const satisfies Record<string, QueryRoute>;
