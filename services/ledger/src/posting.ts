import { fiscalYearOf } from '@tongdui/calendar';
import type {
  amountRedeemed,
  amountReleased,
  amountReserved,
  amountRestored,
  CloudEvent,
  claimPayable,
  claimRejected,
  clawbackDue,
  clawbackWrittenOff,
  cycleNetted,
  DataOf,
  disputeDecided,
  EventDefinition,
  Instant,
  Party,
  PostingRow,
  paymentPaid,
  paymentRecovered,
  paymentReturned,
  potAppropriated,
  prefundMoved,
  Slice,
  transferReceived,
  transferSent,
  verticalSettled,
  voucherClosed,
  voucherIssued,
} from '@tongdui/contracts';

/**
 * The posting table: which double entries a money event means. One entry debits one account and credits one other of the same book,
 * for one pot where a pot is concerned, so that every figure of a book, a pot or a voucher is the sum of its entries. Fiscal years are
 * open until closing a year is built.
 */

type PotBucket = 'appropriated' | 'available' | 'committed' | 'reserved' | 'redeemed' | 'spent';

/** Names of accounts; the part after the colon is a party, or for `clearing` a cycle. */
type Account =
  | `pot:${PotBucket}`
  | 'expenditure'
  | 'payable:payee'
  | 'receivable:payee'
  | 'receivable:lab'
  | 'recoverable'
  | 'cash'
  | `due-to:${string}`
  | `due-from:${string}`
  | `prefund-at:${string}`
  | `prefund-of:${string}`
  | `clearing:${string}`;

type Line = { readonly account: Account; readonly side: 'debit' | 'credit'; readonly amountFen: number };

/** What an entry is about: every figure is drilled down by these. `debtor` and `creditor` are the pair whose debt moves. */
type Dimensions = {
  readonly pot?: string;
  readonly potFiscalYear?: number;
  readonly debtor?: string;
  readonly creditor?: string;
  readonly voucher?: string;
  readonly order?: string;
  readonly claim?: string;
  readonly payment?: string;
  readonly cycle?: string;
  readonly home?: string;
  readonly host?: string;
};

export type Entry = {
  readonly book: Party;
  readonly row: PostingRow;
  readonly lines: readonly [debit: Line, credit: Line];
  readonly dimensions: Dimensions;
  /** Of the business time of what happened, not of the posting. */
  readonly fiscalYear: number;
  readonly occurredAt: Instant;
};

/** The entries an event means, in the order in which they are posted; none for an event that moves no money. */
export const entriesOf = (event: CloudEvent): readonly Entry[] => {
  const post: ((data: never) => readonly Entry[]) | undefined = postings[(event.type.split('.')[2] ?? '') as keyof Postings];
  return post ? post(event.data as never).filter((entry) => entry.lines[0].amountFen > 0) : [];
};

type Postings = {
  readonly 'pot-appropriated': Posting<typeof potAppropriated>;
  readonly 'voucher-issued': Posting<typeof voucherIssued>;
  readonly 'amount-reserved': Posting<typeof amountReserved>;
  readonly 'amount-released': Posting<typeof amountReleased>;
  readonly 'amount-redeemed': Posting<typeof amountRedeemed>;
  readonly 'amount-restored': Posting<typeof amountRestored>;
  readonly 'voucher-closed': Posting<typeof voucherClosed>;
  readonly 'claim-payable': Posting<typeof claimPayable>;
  readonly 'claim-rejected': Posting<typeof claimRejected>;
  readonly 'payment-paid': Posting<typeof paymentPaid>;
  readonly 'payment-returned': Posting<typeof paymentReturned>;
  readonly 'clawback-due': Posting<typeof clawbackDue>;
  readonly 'payment-recovered': Posting<typeof paymentRecovered>;
  readonly 'clawback-written-off': Posting<typeof clawbackWrittenOff>;
  readonly 'dispute-decided': Posting<typeof disputeDecided>;
  readonly 'prefund-moved': Posting<typeof prefundMoved>;
  readonly 'cycle-netted': Posting<typeof cycleNetted>;
  readonly 'transfer-sent': Posting<typeof transferSent>;
  readonly 'transfer-received': Posting<typeof transferReceived>;
  readonly 'vertical-settled': Posting<typeof verticalSettled>;
};
type Posting<Definition extends Pick<EventDefinition, 'data'>> = (data: DataOf<Definition>) => readonly Entry[];

const postings: Postings = {
  'pot-appropriated': (data) => perPot(data, 'appropriated', 'pot:available', 'pot:appropriated'),
  'voucher-issued': (data) => perPot(data, 'issued', 'pot:committed', 'pot:available'),
  'amount-reserved': (data) => perPot(data, 'contract-registered', 'pot:reserved', 'pot:committed'),
  'amount-released': (data) => perPot(data, 'released', `pot:${data.returnsTo}`, 'pot:reserved'),
  'amount-redeemed': (data) => [
    ...perPot(data, 'accepted', 'pot:redeemed', 'pot:reserved'),
    ...perPot({ ...data, slices: data.released }, 'unused-difference', `pot:${data.returnsTo}`, 'pot:reserved'),
  ],
  'amount-restored': (data) => perPot(data, 'restored', `pot:${data.returnsTo}`, 'pot:redeemed'),
  'voucher-closed': (data) => perPot(data, 'voucher-closed', 'pot:available', 'pot:committed'),
  'claim-payable': (data) => [
    ...perPot(data, 'payable', 'pot:spent', 'pot:redeemed'),
    ...perPot(data, 'payable', 'expenditure', 'payable:payee'),
  ],
  'claim-rejected': (data) =>
    data.wasPayable
      ? [
          ...perPot(data, 'rejected-after-payable', 'pot:redeemed', 'pot:spent'),
          ...perPot(data, 'rejected-after-payable', 'payable:payee', 'expenditure'),
        ]
      : [],
  'payment-paid': (data) => paid(data),
  'payment-returned': (data) => comesBack(data, 'returned', 'payable:payee'),
  'clawback-due': (data) => perPot(data, 'clawback-due', 'receivable:payee', 'recoverable'),
  'payment-recovered': (data) => [...comesBack(data, 'recovered', 'receivable:payee'), ...unspent(data, 'after-recovered')],
  'clawback-written-off': (data) => perPot(data, 'clawback-written-off', 'recoverable', 'receivable:payee'),
  'dispute-decided': (data) => (data.wonBy === 'debtor' ? disputeWon(data) : []),
  'prefund-moved': (data) => {
    const at: Account = `prefund-at:${data.creditor}`;
    const of: Account = `prefund-of:${data.debtor}`;
    return data.direction === 'deposited'
      ? [entry(data, data.debtor, 'prefund-moved', at, 'cash'), entry(data, data.creditor, 'prefund-moved', 'cash', of)]
      : [entry(data, data.debtor, 'prefund-moved', 'cash', at), entry(data, data.creditor, 'prefund-moved', of, 'cash')];
  },
  'cycle-netted': (data) =>
    data.gross.flatMap(({ debtor, creditor, amountFen }) => {
      const about = { cycle: data.cycle, occurredAt: data.occurredAt, amountFen };
      return [
        entry(about, debtor, 'netted', `due-to:${creditor}`, `clearing:${data.cycle}`),
        entry(about, creditor, 'netted', `clearing:${data.cycle}`, `due-from:${debtor}`),
      ];
    }),
  'transfer-sent': (data) => [entry(transferOf(data), data.payer, 'transfer-sent', `clearing:${data.cycle}`, 'cash')],
  'transfer-received': (data) => [entry(transferOf(data), data.receiver, 'transfer-received', 'cash', `clearing:${data.cycle}`)],
  'vertical-settled': (data) => [
    entry(data, data.debtor, 'vertical-settled', `due-to:${data.creditor}`, 'cash'),
    entry(data, data.creditor, 'vertical-settled', 'cash', `due-from:${data.debtor}`),
  ],
};

type Payment =
  | DataOf<typeof paymentPaid>
  | DataOf<typeof paymentReturned>
  | DataOf<typeof paymentRecovered>
  | DataOf<typeof disputeDecided>;

/**
 * Who paid decides what it means: a host that fronts is owed by the home city, whatever route an agreement names. The home city's
 * own slices leave its payable at once; another owner's slice makes that owner owe the home city.
 */
const paid = (data: DataOf<typeof paymentPaid>): Entry[] => {
  const { home, payer } = data;
  const fronted = payer !== home;
  const row: PostingRow = fronted ? 'paid-host-fronted' : 'paid-home-direct';
  const from: Account = fronted ? `due-to:${payer}` : 'cash';
  const slices = data.slices.flatMap((slice) =>
    slice.owner === party(home)
      ? [sliceEntry(data, slice, slice.owner, row, 'payable:payee', from)]
      : [
          sliceEntry(data, slice, slice.owner, row, 'payable:payee', `due-to:${home}`),
          sliceEntry(data, slice, party(home), row, `due-from:${slice.owner}`, from),
        ],
  );
  return fronted ? [entry(data, party(payer), row, `due-from:${home}`, 'cash'), ...slices] : slices;
};

/** Money of a payment that came back to its payer, who passes it on to the home city, which passes it on to each owner. */
const comesBack = (data: Payment, row: 'returned' | 'recovered', cleared: 'payable:payee' | 'receivable:payee'): Entry[] =>
  data.payer === data.home
    ? passedOn(data, row, 'cash', cleared)
    : [entry(data, party(data.payer), row, 'cash', `due-to:${data.home}`), ...passedOn(data, row, `due-from:${data.payer}`, cleared)];

/** The host city owes the home city what it fronted wrongly, and has it to collect from its lab. */
const disputeWon = (data: DataOf<typeof disputeDecided>): Entry[] => {
  const { home, payer, debtor, creditor } = data;
  if (debtor !== home || creditor !== payer || payer === home)
    throw new Error(`the dispute of ${data.obligationId} is not about a payment that ${creditor} fronted for ${debtor}`);
  return [
    entry(data, party(payer), 'dispute-won', 'receivable:lab', `due-to:${home}`),
    ...passedOn(data, 'dispute-won', `due-from:${payer}`, 'recoverable'),
    ...unspent(data, 'after-dispute'),
  ];
};

const passedOn = (
  data: Payment,
  row: 'returned' | 'recovered' | 'dispute-won',
  into: Account,
  cleared: 'payable:payee' | 'receivable:payee' | 'recoverable',
): Entry[] =>
  data.slices.flatMap((slice) =>
    slice.owner === party(data.home)
      ? [sliceEntry(data, slice, slice.owner, row, into, cleared)]
      : [
          sliceEntry(data, slice, party(data.home), row, into, `due-to:${slice.owner}`),
          sliceEntry(data, slice, slice.owner, row, `due-from:${data.home}`, cleared),
        ],
  );

const unspent = (data: Payment, row: 'after-recovered' | 'after-dispute'): Entry[] => [
  ...perPot(data, row, 'recoverable', 'expenditure'),
  ...perPot(data, row, 'pot:available', 'pot:spent'),
];

/** What the data of any event may say about an entry. */
type About = {
  readonly occurredAt: Instant;
  readonly home?: string;
  readonly host?: string;
  readonly debtor?: string;
  readonly creditor?: string;
  readonly voucherId?: string;
  readonly orderId?: string;
  readonly claimId?: string;
  readonly paymentId?: string;
  readonly cycle?: string;
};

const perPot = (data: About & { readonly slices: readonly Slice[] }, row: PostingRow, debit: Account, credit: Account): Entry[] =>
  data.slices.map((slice) => sliceEntry(data, slice, slice.owner, row, debit, credit));

const sliceEntry = (about: About, slice: Slice, book: Party, row: PostingRow, debit: Account, credit: Account): Entry => {
  const whole = entry({ ...about, amountFen: slice.amountFen }, book, row, debit, credit);
  return { ...whole, dimensions: { pot: slice.potId, potFiscalYear: slice.fiscalYear, ...whole.dimensions } };
};

const entry = (
  about: About & { readonly amountFen: number },
  book: Party | (string & {}),
  row: PostingRow,
  debit: Account,
  credit: Account,
): Entry => ({
  book: party(book),
  row,
  lines: [
    { account: debit, side: 'debit', amountFen: about.amountFen },
    { account: credit, side: 'credit', amountFen: about.amountFen },
  ],
  dimensions: dimensionsOf(about, pairOf(book, credit) ?? pairOf(book, debit)),
  fiscalYear: fiscalYearOf(about.occurredAt),
  occurredAt: about.occurredAt,
});

const dimensionsOf = (about: About, pair: Pick<Dimensions, 'debtor' | 'creditor'> | undefined): Dimensions => {
  const debtor = pair?.debtor ?? about.debtor;
  const creditor = pair?.creditor ?? about.creditor;
  return {
    ...(debtor === undefined ? {} : { debtor }),
    ...(creditor === undefined ? {} : { creditor }),
    ...(about.voucherId === undefined ? {} : { voucher: about.voucherId }),
    ...(about.orderId === undefined ? {} : { order: about.orderId }),
    ...(about.claimId === undefined ? {} : { claim: about.claimId }),
    ...(about.paymentId === undefined ? {} : { payment: about.paymentId }),
    ...(about.cycle === undefined ? {} : { cycle: about.cycle }),
    ...(about.home === undefined ? {} : { home: about.home }),
    ...(about.host === undefined ? {} : { host: about.host }),
  };
};

/** The pair whose debt an account of a book holds. An entry between two of them (a home city passing a debt on) is about the credited one. */
const pairOf = (book: string, account: Account): Pick<Dimensions, 'debtor' | 'creditor'> | undefined => {
  const [kind, other = ''] = account.split(':');
  if (kind === 'due-to' || kind === 'prefund-at') return { debtor: book, creditor: other };
  if (kind === 'due-from' || kind === 'prefund-of') return { debtor: other, creditor: book };
  return undefined;
};

const transferOf = (data: DataOf<typeof transferSent> | DataOf<typeof transferReceived>) => ({
  occurredAt: data.occurredAt,
  amountFen: data.amountFen,
  cycle: data.cycle,
  debtor: data.payer,
  creditor: data.receiver,
});

/** A member keeps its book under its own code. */
const party = (code: string): Party => code as Party;
