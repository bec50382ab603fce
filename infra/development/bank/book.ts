import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { Audit, PaymentAnswer, PaymentFound, PaymentOrder, Rule, Statement, StatementLine } from './protocol.ts';

export type Instructed =
  | { readonly kind: 'differs' }
  /** `behaviour` is how the very first answer is given; a retry is always answered plainly. */
  | { readonly kind: 'recorded'; readonly first: boolean; readonly answer: PaymentAnswer; readonly behaviour: Rule };

/** The bank's book: every payment asked for, every movement made, every statement line, in one file that is synced before an answer. */
export class Book {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(dataDirectory: string) {
    mkdirSync(dataDirectory, { recursive: true });
    this.#database = new DatabaseSync(join(dataDirectory, 'bank.sqlite'), { timeout: 5000 });
    this.#database.exec(schema);
    const synchronous = this.#database.prepare('PRAGMA synchronous').get()?.synchronous;
    if (synchronous !== 2) throw new Error('the bank needs synchronous=FULL');
  }

  /** Carries out a payment once: the same reference again answers the same, with another body it differs. */
  instruct(reference: string, order: PaymentOrder, today: string): Instructed {
    return this.#transaction(() => {
      const body = canonical(order);
      const known = this.#payment(reference);
      if (known) {
        if (known.body !== body) return { kind: 'differs' };
        this.#prepared('UPDATE payment SET requests = requests + 1 WHERE reference = ?').run(reference);
        return { kind: 'recorded', first: false, answer: answerOf(known), behaviour: plainlyPaid };
      }
      const rule = this.#ruleFor(reference, order.payeeUscc) ?? plainlyPaid;
      const valueDate = order.valueDate ?? today;
      const told = toldUnder(rule);
      this.#prepared(
        'INSERT INTO payment (reference, city, payee, amountFen, valueDate, body, told, transactionId, requests) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1)',
      ).run(reference, order.payerCity, order.payeeUscc, order.amountFen, valueDate, body, told, randomUUID());
      const truth = told === 'unknown' ? rule.turnsOut : told;
      if (truth) this.#settle(reference, truth);
      const payment = this.#payment(reference);
      if (!payment) throw new Error('a payment just written is not there');
      return { kind: 'recorded', first: true, answer: answerOf(payment), behaviour: rule };
    });
  }

  find(reference: string): PaymentFound {
    const payment = this.#payment(reference);
    if (!payment) return { reference, status: 'never-seen' };
    const answer = answerOf(payment);
    if (answer.outcome === 'unknown') return { reference, status: 'pending' };
    const { outcome, ...rest } = answer;
    return { ...rest, status: outcome } as PaymentFound;
  }

  statement(city: string, query: { date?: string | undefined; after: number; limit: number }): Statement {
    const rows = this.#prepared(
      `SELECT l.line, p.reference, l.outcome, p.transactionId AS bankTransactionId, p.payee AS payeeUscc, p.amountFen, p.valueDate
         FROM statementLine l JOIN payment p USING (reference)
         WHERE p.city = ? AND (? IS NULL OR p.valueDate = ?) AND l.line > ? ORDER BY l.line LIMIT ?`,
    ).all(city, query.date ?? null, query.date ?? null, query.after, query.limit + 1) as unknown as StatementLine[];
    const lines = rows.slice(0, query.limit).map((row) => ({ ...row }));
    const last = lines.at(-1);
    return { city: city as Statement['city'], lines, ...(rows.length > query.limit && last ? { next: last.line } : {}) };
  }

  /** Keeps the rule; one that says what an unknown turns out to be also settles the pending payments it covers. */
  setRule(key: string, rule: Rule): void {
    this.#transaction(() => {
      this.#prepared('INSERT INTO rule (key, rule) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET rule = excluded.rule').run(
        key,
        JSON.stringify(rule),
      );
      if (!rule.turnsOut) return;
      const pending = this.#prepared(
        "SELECT reference, payee FROM payment WHERE told = 'unknown' AND reference NOT IN (SELECT reference FROM statementLine)",
      ).all() as { reference: string; payee: string }[];
      for (const { reference, payee } of pending)
        if (payee === key || reference === key || reference.startsWith(`${key}-`)) this.#settle(reference, rule.turnsOut);
    });
  }

  audit(): Audit {
    const payments = this.#prepared(
      `SELECT p.reference, p.city, p.requests, p.amountFen, (SELECT count(*) FROM movement m WHERE m.reference = p.reference) AS timesPaid
         FROM payment p ORDER BY p.rowid`,
    ).all() as { reference: string; city: string; requests: number; amountFen: number; timesPaid: number }[];
    const totals = new Map<string, { payments: number; paidFen: number; requests: number }>();
    const paidUnder = new Map<string, string[]>();
    for (const { reference, city, requests, amountFen, timesPaid } of payments) {
      const total = totals.get(city) ?? { payments: 0, paidFen: 0, requests: 0 };
      totals.set(city, {
        payments: total.payments + (timesPaid > 0 ? 1 : 0),
        paidFen: total.paidFen + timesPaid * amountFen,
        requests: total.requests + requests,
      });
      const payment = reference.slice(0, reference.lastIndexOf('-'));
      if (timesPaid > 0 && payment) paidUnder.set(payment, [...(paidUnder.get(payment) ?? []), reference]);
    }
    return {
      references: payments.length,
      duplicates: payments.filter(({ timesPaid }) => timesPaid > 1).map(({ reference, timesPaid }) => ({ reference, timesPaid })),
      paidAgain: [...paidUnder].filter(([, references]) => references.length > 1).map(([payment, references]) => ({ payment, references })),
      totals: Object.fromEntries(totals),
      payments: payments
        .slice(0, 10_000)
        .map(
          ({ reference, requests, timesPaid, amountFen }) => ({ reference, requests, timesPaid, amountFen }) as Audit['payments'][number],
        ),
    };
  }

  close(): void {
    this.#database.close();
  }

  /** Moves the money, if it moves, and writes the statement line. Movements have no unique key: the audit counts what really happened. */
  #settle(reference: string, outcome: 'paid' | 'failed'): void {
    if (outcome === 'paid') this.#prepared('INSERT INTO movement (reference) VALUES (?)').run(reference);
    this.#prepared('INSERT INTO statementLine (reference, outcome) VALUES (?, ?)').run(reference, outcome);
  }

  /** The longest beginning of the reference that has a rule, else the payee's rule. */
  #ruleFor(reference: string, payee: string): Rule | undefined {
    const words = reference.split('-');
    const keys = words.map((_, index) => words.slice(0, words.length - index).join('-'));
    for (const key of [...keys, payee]) {
      const row = this.#prepared('SELECT rule FROM rule WHERE key = ?').get(key);
      if (row) return JSON.parse(String(row.rule)) as Rule;
    }
    return undefined;
  }

  #prepared(text: string): StatementSync {
    const statement = this.#statements.get(text) ?? this.#database.prepare(text);
    this.#statements.set(text, statement);
    return statement;
  }

  #payment(reference: string): PaymentRow | undefined {
    return this.#prepared('SELECT * FROM payment WHERE reference = ?').get(reference) as PaymentRow | undefined;
  }

  #transaction<Result>(work: () => Result): Result {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.#database.exec('COMMIT');
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }
}

type PaymentRow = {
  reference: string;
  body: string;
  told: 'paid' | 'failed' | 'unknown';
  transactionId: string;
  valueDate: string;
};

/** What the payer is told, or would be told if the answer arrived. */
const toldUnder = (rule: Rule): PaymentRow['told'] =>
  rule.outcome === 'crash-before-answer' || rule.outcome === 'slow' ? (rule.turnsOut ?? 'paid') : rule.outcome;

const plainlyPaid: Rule = { outcome: 'paid', delayMs: 0 };

const answerOf = ({ reference, told, transactionId, valueDate }: PaymentRow): PaymentAnswer => {
  const date = valueDate as Extract<PaymentAnswer, { outcome: 'paid' }>['valueDate'];
  if (told === 'paid') return { reference, outcome: told, bankTransactionId: transactionId, valueDate: date };
  if (told === 'failed') return { reference, outcome: told, reason: 'the account was refused', valueDate: date };
  return { reference, outcome: told };
};

/** The order's fields in a fixed order, so that the same body in another order of keys is the same body. */
const canonical = ({ payerCity, payeeUscc, account, amountFen, valueDate }: PaymentOrder): string =>
  JSON.stringify([payerCity, payeeUscc, account.cnaps, account.number, account.name, amountFen, valueDate ?? null]);

const schema = `
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE IF NOT EXISTS payment (
  reference TEXT PRIMARY KEY, city TEXT NOT NULL, payee TEXT NOT NULL, amountFen INTEGER NOT NULL, valueDate TEXT NOT NULL,
  body TEXT NOT NULL, told TEXT NOT NULL, transactionId TEXT NOT NULL, requests INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS movement (reference TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS movementByReference ON movement (reference);
CREATE TABLE IF NOT EXISTS statementLine (line INTEGER PRIMARY KEY, reference TEXT NOT NULL, outcome TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS rule (key TEXT PRIMARY KEY, rule TEXT NOT NULL) STRICT;
`;
