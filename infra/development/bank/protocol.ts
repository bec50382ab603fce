import { BankAccount, LocalDate, Member, PositiveFen, Uscc } from '@tongdui/contracts';
import { z } from 'zod';

/** What the bank takes and answers over HTTP. A payment rail adapter mirrors these shapes; nothing else of the bank is for others. */

/** A reference names one try at paying: `<payment id>-<instruction number>`. The bank only asks that it is short and plain. */
export const Reference = z
  .string()
  .regex(/^[A-Za-z0-9]+(-[A-Za-z0-9]+)*$/, 'a reference is words of letters and digits joined by hyphens')
  .max(120);

/** `PUT /payments/{reference}`. The value date is the payer's business date; without it the bank takes today's date in Asia/Shanghai. */
export const PaymentOrder = z.strictObject({
  payerCity: Member,
  payeeUscc: Uscc,
  account: BankAccount,
  amountFen: PositiveFen,
  valueDate: LocalDate.optional(),
});
export type PaymentOrder = z.infer<typeof PaymentOrder>;

/** The answer to `PUT /payments/{reference}`. After `unknown` only the statement tells what happened. */
export const PaymentAnswer = z.discriminatedUnion('outcome', [
  z.strictObject({ reference: Reference, outcome: z.literal('paid'), bankTransactionId: z.string(), valueDate: LocalDate }),
  z.strictObject({ reference: Reference, outcome: z.literal('failed'), reason: z.string(), valueDate: LocalDate }),
  z.strictObject({ reference: Reference, outcome: z.literal('unknown') }),
]);
export type PaymentAnswer = z.infer<typeof PaymentAnswer>;

/** The answer to `GET /payments/{reference}`, always 200. Only `never-seen` permits sending again. */
export const PaymentFound = z.discriminatedUnion('status', [
  z.strictObject({ reference: Reference, status: z.literal('paid'), bankTransactionId: z.string(), valueDate: LocalDate }),
  z.strictObject({ reference: Reference, status: z.literal('failed'), reason: z.string(), valueDate: LocalDate }),
  z.strictObject({ reference: Reference, status: z.literal('pending') }),
  z.strictObject({ reference: Reference, status: z.literal('never-seen') }),
]);
export type PaymentFound = z.infer<typeof PaymentFound>;

/** `GET /statements/{city}?date=&after=&limit=`. */
export const StatementQuery = z.strictObject({
  date: LocalDate.optional(),
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(1000).default(200),
});

export const StatementLine = z.strictObject({
  line: z.int().min(1),
  reference: Reference,
  outcome: z.enum(['paid', 'failed']),
  bankTransactionId: z.string(),
  payeeUscc: Uscc,
  amountFen: PositiveFen,
  valueDate: LocalDate,
});
export type StatementLine = z.infer<typeof StatementLine>;

/** `next` is there when more lines follow; pass it as `after`. */
export const Statement = z.strictObject({ city: Member, lines: z.array(StatementLine), next: z.int().optional() });
export type Statement = z.infer<typeof Statement>;

/**
 * `PUT /rules/{key}`; the key is a payment reference, the beginning of one up to a hyphen (a payment id), or a payee's USCC.
 * `turnsOut` is what an unknown, slow or crashed payment turns out to be. An `unknown` without it stays pending until a rule for it says;
 * the other two are paid without it. `delayMs` belongs to `slow`.
 */
export const Rule = z.strictObject({
  outcome: z.enum(['paid', 'failed', 'unknown', 'crash-before-answer', 'slow']),
  turnsOut: z.enum(['paid', 'failed']).optional(),
  delayMs: z.int().min(0).max(60_000).default(5000),
});
export type Rule = z.infer<typeof Rule>;

/** `GET /audit`. `duplicates` are references paid more than once, `paidAgain` payments paid under more than one reference: both must be empty. */
export const Audit = z.strictObject({
  references: z.int(),
  duplicates: z.array(z.strictObject({ reference: Reference, timesPaid: z.int() })),
  paidAgain: z.array(z.strictObject({ payment: Reference, references: z.array(Reference) })),
  totals: z.record(z.string(), z.strictObject({ payments: z.int(), paidFen: z.int(), requests: z.int() })),
  payments: z.array(z.strictObject({ reference: Reference, requests: z.int(), timesPaid: z.int(), amountFen: PositiveFen })).max(10_000),
});
export type Audit = z.infer<typeof Audit>;
