import { eventDefinitions, postingRows } from '@tongdui/contracts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { historyOf, steps } from './history.fixtures.ts';
import { type Entry, entriesOf } from './posting.ts';
import { members } from './world.fixtures.ts';

const sumsOf = (entries: readonly Entry[], key: (entry: Entry, account: string) => string | undefined): Map<string, number> => {
  const sums = new Map<string, number>();
  for (const entry of entries)
    for (const { account, side, amountFen } of entry.lines) {
      const name = key(entry, account);
      if (name !== undefined) sums.set(name, (sums.get(name) ?? 0) + (side === 'debit' ? amountFen : -amountFen));
    }
  return sums;
};
const nonZero = (sums: ReadonlyMap<string, number>): Record<string, number> => Object.fromEntries([...sums].filter(([, fen]) => fen !== 0));

const property = (holds: (entries: Entry[], history: ReturnType<typeof historyOf>) => void) =>
  fc.assert(
    fc.property(steps, (plan) => {
      const history = historyOf(plan);
      holds(history.events.flatMap(entriesOf), history);
    }),
    { numRuns: 150 },
  );

describe('whatever happened', () => {
  test('every entry balances inside one book, so every trial balance is zero', () => {
    property((entries) => {
      for (const { lines } of entries) {
        expect(lines[0].amountFen).toBe(lines[1].amountFen);
        expect([lines[0].side, lines[1].side]).toEqual(['debit', 'credit']);
      }
      expect(nonZero(sumsOf(entries, ({ book }) => book))).toEqual({});
    });
  });

  test('each bucket of a pot holds what the movements came to, and none is negative', () => {
    property((entries, { expected }) => {
      const pots = sumsOf(entries, ({ dimensions }, account) =>
        account.startsWith('pot:') && account !== 'pot:appropriated' ? `${dimensions.pot} ${account.slice(4)}` : undefined,
      );
      const wanted = new Map(
        [...expected.pots].flatMap(([pot, buckets]) => [...buckets].map(([bucket, fen]) => [`${pot} ${bucket}`, fen] as const)),
      );
      expect(nonZero(pots)).toEqual(nonZero(wanted));
      expect([...pots.values()].filter((fen) => fen < 0)).toEqual([]);
    });
  });

  test('what a owes b in the book of a is what b has from a in the book of b, and both are what is not yet netted or settled', () => {
    property((entries, { expected }) => {
      const dueTo = sumsOf(entries, ({ book }, account) => (account.startsWith('due-to:') ? `${book}>${account.slice(7)}` : undefined));
      const dueFrom = sumsOf(entries, ({ book }, account) => (account.startsWith('due-from:') ? `${account.slice(9)}>${book}` : undefined));
      const owed = nonZero(expected.owed);
      expect(nonZero(new Map([...dueTo].map(([pair, fen]) => [pair, -fen])))).toEqual(owed);
      expect(nonZero(dueFrom)).toEqual(owed);
    });
  });

  test('the payable of an owner is its slices of claims that are payable and not paid', () => {
    property((entries, { expected }) => {
      const payable = sumsOf(entries, ({ book }, account) => (account === 'payable:payee' ? book : undefined));
      expect(nonZero(new Map([...payable].map(([book, fen]) => [book, -fen])))).toEqual(nonZero(expected.payable));
    });
  });

  test("an owner's expenditure is what its pots have spent", () => {
    property((entries, { expected }) => {
      expect(nonZero(sumsOf(entries, ({ book }, account) => (account === 'expenditure' ? book : undefined)))).toEqual(
        nonZero(expected.spent),
      );
    });
  });

  test('clearing is zero in every book once the transfers of a cycle are received', () => {
    property((entries) => {
      expect(nonZero(sumsOf(entries, ({ book }, account) => (account.startsWith('clearing:') ? `${book} ${account}` : undefined)))).toEqual(
        {},
      );
    });
  });

  test('a prefund is the same at both ends', () => {
    property((entries, { expected }) => {
      const at = sumsOf(entries, ({ book }, account) => (account.startsWith('prefund-at:') ? `${book}>${account.slice(11)}` : undefined));
      const of = sumsOf(entries, ({ book }, account) => (account.startsWith('prefund-of:') ? `${account.slice(11)}>${book}` : undefined));
      expect(nonZero(at)).toEqual(nonZero(expected.prefunds));
      expect(nonZero(new Map([...of].map(([pair, fen]) => [pair, -fen])))).toEqual(nonZero(expected.prefunds));
    });
  });

  test('an entry of an account that names a party says which pair it is about', () => {
    property((entries) => {
      for (const { book, lines, dimensions } of entries) {
        if (!lines.some(({ account }) => /^(due-to|due-from|prefund-at|prefund-of):/.test(account))) continue;
        expect([dimensions.debtor, dimensions.creditor]).toContain(book);
        expect(dimensions.debtor).not.toBe(dimensions.creditor);
      }
    });
  });
});

describe('the posting table', () => {
  test('feeds each row by exactly one event', () => {
    const fed = eventDefinitions.flatMap(({ posts }) => posts);
    expect([...fed].sort()).toEqual([...postingRows].sort());
  });

  test('takes every event that names money, but for those that move none', () => {
    const namesMoney = ({ data }: { data: { shape: object } }) => /"(\w+Fen|slices|transfers)":/.test(JSON.stringify(data.shape));
    const posted = eventDefinitions.filter(({ posts }) => posts.length > 0).map(({ name }) => name);
    expect(
      eventDefinitions
        .filter(namesMoney)
        .map(({ name }) => name)
        .filter((name) => !posted.includes(name)),
    ).toEqual([
      // Caps, and a price: nobody has paid anything.
      'policy-published',
      'offering-changed',
      // Its claims are rejected or clawed back by events of their own.
      'invoice-red-lettered',
      // Only its outcome moves money; what was payable stays payable.
      'payment-instructed',
      'payment-failed',
      'payment-unknown',
      // What is to be kept, not what was deposited.
      'agreement-published',
      // Reserved on a prefund, which is whole until the payment is paid.
      'draw-granted',
      // Posted with the payment that it comes from.
      'obligation-accrued',
      // Sums of obligations; netting moves them.
      'pair-cut-off',
      'pair-confirmed',
    ]);
  });

  test('has entries for every row, made from the event that feeds it, and from no other', () => {
    const rowsOfType = new Map<string, Set<string>>();
    fc.assert(
      fc.property(steps, (plan) => {
        for (const event of historyOf(plan).events) {
          const rows = rowsOfType.get(event.type) ?? new Set();
          rowsOfType.set(event.type, rows);
          for (const { row } of entriesOf(event)) rows.add(row);
        }
      }),
      { numRuns: 200, seed: 60 },
    );
    const feeding = eventDefinitions.filter(({ posts }) => posts.length > 0);
    expect(Object.fromEntries(feeding.map(({ type, posts }) => [type, [...posts].sort()]))).toEqual(
      Object.fromEntries(feeding.map(({ type }) => [type, [...(rowsOfType.get(type) ?? [])].sort()])),
    );
  });
});

const [home, host, third, province] = [members[0]!, members[1]!, members[2]!, '330000'];
const at = '2026-03-31T16:30:00.000Z';
const slice = (owner: string, amountFen: number) => ({ potId: `pot of ${owner}`, owner, fiscalYear: 2025, amountFen });
const payment = (payer: string, ...slices: ReturnType<typeof slice>[]) => ({
  home,
  host,
  payer,
  route: payer === home ? 'home-direct' : 'host-fronted',
  voucherId: 'v',
  orderId: 'o',
  claimId: 'c',
  paymentId: 'p',
  amountFen: slices.reduce((sum, { amountFen }) => sum + amountFen, 0),
  slices,
  occurredAt: at,
});
const postedOf = (name: string, data: object): Entry[] => [
  ...entriesOf({ type: `g60.some.${name}.v1`, data } as unknown as Parameters<typeof entriesOf>[0]),
];
/** `book: debit / credit amount` */
const written = (name: string, data: object): string[] =>
  postedOf(name, data).map(({ book, lines: [debit, credit] }) => `${book}: ${debit.account} / ${credit.account} ${debit.amountFen}`);

describe('a payment', () => {
  test('of the home city itself, from its own pot', () => {
    expect(written('payment-paid', payment(home, slice(home, 7)))).toEqual(['330400: payable:payee / cash 7']);
  });

  test('of the home city, from the pots of others: they owe it their shares', () => {
    expect(written('payment-paid', payment(home, slice(third, 3), slice(province, 4)))).toEqual([
      '330100: payable:payee / due-to:330400 3',
      '330400: due-from:330100 / cash 3',
      '330000: payable:payee / due-to:330400 4',
      '330400: due-from:330000 / cash 4',
    ]);
  });

  test('fronted by the host: it pays the whole, the home city owes it and is owed by the other owners, the host among them', () => {
    expect(written('payment-paid', payment(host, slice(home, 5), slice(host, 2), slice(third, 1)))).toEqual([
      '310117: due-from:330400 / cash 8',
      '330400: payable:payee / due-to:310117 5',
      '310117: payable:payee / due-to:330400 2',
      '330400: due-from:310117 / due-to:310117 2',
      '330100: payable:payee / due-to:330400 1',
      '330400: due-from:330100 / due-to:310117 1',
    ]);
  });

  test('refunded to an enterprise is paid by the home city and fronts nothing, whatever route the agreement names', () => {
    expect(written('payment-paid', { ...payment(home, slice(home, 7)), route: 'host-fronted' })).toEqual([
      '330400: payable:payee / cash 7',
    ]);
  });

  test('that is returned to the home city', () => {
    expect(written('payment-returned', payment(home, slice(home, 5), slice(third, 2)))).toEqual([
      '330400: cash / payable:payee 5',
      '330400: cash / due-to:330100 2',
      '330100: due-from:330400 / payable:payee 2',
    ]);
  });

  test('that is recovered by the host: it owes the home city, which owes the other owners; the pots have it again', () => {
    expect(written('payment-recovered', payment(host, slice(home, 5), slice(third, 2)))).toEqual([
      '310117: cash / due-to:330400 7',
      '330400: due-from:310117 / receivable:payee 5',
      '330400: due-from:310117 / due-to:330100 2',
      '330100: due-from:330400 / receivable:payee 2',
      '330400: recoverable / expenditure 5',
      '330100: recoverable / expenditure 2',
      '330400: pot:available / pot:spent 5',
      '330100: pot:available / pot:spent 2',
    ]);
  });

  test('whose dispute the home city has won: the host owes it and collects from its lab', () => {
    const dispute = { ...payment(host, slice(home, 5), slice(third, 2)), debtor: home, creditor: host, obligationId: 'x' };
    expect(written('dispute-decided', { ...dispute, wonBy: 'debtor' })).toEqual([
      '310117: receivable:lab / due-to:330400 7',
      '330400: due-from:310117 / recoverable 5',
      '330400: due-from:310117 / due-to:330100 2',
      '330100: due-from:330400 / recoverable 2',
      '330400: recoverable / expenditure 5',
      '330100: recoverable / expenditure 2',
      '330400: pot:available / pot:spent 5',
      '330100: pot:available / pot:spent 2',
    ]);
    expect(written('dispute-decided', { ...dispute, wonBy: 'creditor' })).toEqual([]);
    expect(() => written('dispute-decided', { ...dispute, wonBy: 'debtor', debtor: third })).toThrow('is not about a payment');
  });
});

describe('an entry', () => {
  test('carries what it is about, and the fiscal year in Shanghai of what happened', () => {
    const [entry] = postedOf('payment-paid', payment(home, slice(third, 3)));
    expect(entry).toMatchObject({ fiscalYear: 2026, occurredAt: at, row: 'paid-home-direct' });
    expect(entry?.dimensions).toEqual({
      pot: `pot of ${third}`,
      potFiscalYear: 2025,
      debtor: third,
      creditor: home,
      voucher: 'v',
      order: 'o',
      claim: 'c',
      payment: 'p',
      home,
      host,
    });
  });

  test('of the home city that passes a debt on is about the debt it then has itself', () => {
    const entry = postedOf('payment-paid', payment(host, slice(third, 3))).find(({ book }) => book === home);
    expect(entry?.lines.map(({ account }) => account)).toEqual([`due-from:${third}`, `due-to:${host}`]);
    expect(entry?.dimensions).toMatchObject({ debtor: home, creditor: host });
  });

  test('is of the new year from midnight in Shanghai', () => {
    expect(postedOf('clawback-due', { ...payment(home, slice(home, 1)), occurredAt: '2026-12-31T15:59:59.999Z' })[0]?.fiscalYear).toBe(
      2026,
    );
    expect(postedOf('clawback-due', { ...payment(home, slice(home, 1)), occurredAt: '2026-12-31T16:00:00.000Z' })[0]?.fiscalYear).toBe(
      2027,
    );
  });

  test('is not made for a slice of nothing, nor for an event that moves no money', () => {
    expect(written('clawback-due', payment(home, slice(home, 0)))).toEqual([]);
    expect(written('claim-rejected', { ...payment(home, slice(home, 5)), wasPayable: false })).toEqual([]);
    expect(written('payment-instructed', payment(home, slice(home, 5)))).toEqual([]);
  });
});
