import type { CycleView, InvariantReport, PaymentView } from '@tongdui/contracts';
import { type Finding, found, same, together } from './findings.ts';
import { type Figures, tieOuts } from './tie-outs.ts';

export type { Finding } from './findings.ts';
export type { Figures } from './tie-outs.ts';

/** What an independent auditor has gathered from outside: only answers of the running system, of the bank, and the auditor's own notes. */
export type Evidence = {
  /** `GET /invariants` of every process. */
  readonly invariants: readonly InvariantReport[];
  /** `GET /tie-outs` of every process. */
  readonly figures: Figures;
  /** Events that an operator has left out: whatever follows from them is missing. */
  readonly skipped: readonly string[];
  readonly cycles: readonly Pick<CycleView, 'id' | 'status' | 'nets'>[];
  readonly payments: readonly Pick<PaymentView, 'id' | 'status' | 'reference' | 'amountFen'>[];
  /** Payment of every return (退汇) that was entered. */
  readonly returned: readonly string[];
  readonly bank: BankAudit;
  readonly commands: CommandEvidence;
  readonly rebuilt: Comparison;
};

/** What the bank says happened: how often each reference was paid. */
export type BankAudit = {
  readonly duplicates: readonly { readonly reference: string; readonly timesPaid: number }[];
  readonly paidAgain: readonly { readonly payment: string; readonly references: readonly string[] }[];
  readonly payments: readonly { readonly reference: string; readonly timesPaid: number; readonly amountFen: number }[];
};

/** Whoever sent commands has kept a list of those that were acknowledged, and asked some again. */
export type CommandEvidence = {
  readonly acknowledged: number;
  /** Acknowledged, and what they made cannot be read. */
  readonly missing: readonly string[];
  /** The same command again must be answered 200, with another body (where it has one) 409. */
  readonly replayed: readonly { readonly path: string; readonly sameBody: number; readonly otherBody?: number }[];
};

/** Answers before and after every read model was deleted and built again. */
export type Comparison = { readonly compared: number; readonly different: readonly string[] };

export const invariantNumbers = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11', '12', '13', '14', '15', '16'] as const;
export type InvariantNumber = (typeof invariantNumbers)[number];

/**
 * The sixteen invariants over a whole system. Each is held only when somebody has looked: a number that nobody reports on, or that was
 * checked over nothing, is a violation too.
 */
export const audit = (evidence: Evidence): Readonly<Record<InvariantNumber, Finding>> => {
  const own: Partial<Record<InvariantNumber, Finding>> = {
    '1': trialBalances(evidence),
    '9': paidOnce(evidence),
    '10': netsAreZero(evidence),
    '14': recordedOnce(evidence.commands),
    '15': found(
      evidence.rebuilt.compared,
      evidence.rebuilt.different.map((path) => `${path} differs after it was rebuilt`),
    ),
    '16': together([
      tieOuts({
        figures: evidence.figures,
        reconciledCycles: evidence.cycles.flatMap(({ id, status }) => (status === 'reconciled' ? [id] : [])),
      }),
      found(
        1,
        evidence.skipped.map((event) => `${event} was left out`),
      ),
    ]),
  };
  const findings = invariantNumbers.map((number) => {
    const reported = evidence.invariants.flatMap(({ invariants }) => invariants[number] ?? []);
    const finding = together([...reported, ...(own[number] ? [own[number]] : [])]);
    return [number, finding.checked === 0 ? together([finding, found(0, ['nobody has checked this'])]) : finding] as const;
  });
  return Object.fromEntries(findings) as Readonly<Record<InvariantNumber, Finding>>;
};

/** What each book comes to: nothing, when every entry balances inside it. */
export const trialBalanceFen = (figures: Pick<Figures, 'ledger'>): ReadonlyMap<string, number> => {
  const balances = new Map<string, number>();
  for (const { books } of figures.ledger)
    for (const [party, accounts] of Object.entries(books))
      balances.set(
        party,
        Object.values(accounts).reduce((sum, balance) => sum + balance, balances.get(party) ?? 0),
      );
  return balances;
};

const trialBalances = ({ figures }: Evidence): Finding =>
  together([...trialBalanceFen(figures)].map(([party, balance]) => same(`trial balance of ${party}`, balance, 0)));

const livePayments = new Set<PaymentView['status']>(['paid', 'recovered']);

/** The bank's own account of it: what counts as paid was paid once, and nothing else was, but for what has come back. */
const paidOnce = ({ bank, payments, returned }: Evidence): Finding => {
  const cameBack = new Map<string, number>();
  for (const payment of returned) cameBack.set(payment, (cameBack.get(payment) ?? 0) + 1);
  const atBank = new Map(bank.payments.map((payment) => [payment.reference, payment]));
  const live = payments.filter(({ status }) => livePayments.has(status));
  const wanted = new Map(live.map((payment) => [payment.reference as string | undefined, payment]));
  const paymentOf = (reference: string) => reference.slice(0, reference.lastIndexOf('-'));
  return found(bank.payments.length + payments.length, [
    ...bank.duplicates.map(({ reference, timesPaid }) => `the bank paid ${reference} ${timesPaid} times`),
    ...bank.paidAgain
      .filter(({ payment, references }) => references.length - (cameBack.get(payment) ?? 0) > 1)
      .map(({ payment, references }) => `the bank paid ${payment} under ${references.join(' and ')}`),
    ...live.flatMap(({ id, reference = '', amountFen }) => {
      const paid = atBank.get(reference);
      if (!paid || paid.timesPaid === 0) return [`${id} counts as paid, and the bank has not paid ${reference}`];
      return paid.amountFen === amountFen ? [] : [`${id} is of ${amountFen} fen, and the bank paid ${paid.amountFen}`];
    }),
    ...bank.payments
      .filter(({ reference, timesPaid }) => timesPaid > 0 && !wanted.has(reference) && !cameBack.has(paymentOf(reference)))
      .map(({ reference }) => `the bank paid ${reference}, which does not count as paid`),
  ]);
};

const netsAreZero = ({ cycles }: Evidence): Finding =>
  together(
    cycles.map(({ id, nets }) =>
      same(
        `sum of the nets of ${id}`,
        nets.reduce((sum, { netFen }) => sum + netFen, 0),
        0,
      ),
    ),
  );

const recordedOnce = ({ acknowledged, missing, replayed }: CommandEvidence): Finding =>
  found(acknowledged, [
    ...missing.map((path) => `${path} was acknowledged and cannot be found`),
    ...(replayed.length === 0 ? ['no command was sent again'] : []),
    ...replayed.flatMap(({ path, sameBody, otherBody }) => [
      ...(sameBody === 200 ? [] : [`${path} again was answered ${sameBody}`]),
      ...(otherBody === undefined || otherBody === 409 ? [] : [`${path} with another body was answered ${otherBody}`]),
    ]),
  ]);
