import type { ClearingFigures, IssuanceFigures, LedgerFigures, RedemptionFigures } from '@tongdui/contracts';
import { type Finding, found, same, together } from './findings.ts';

/** Figures of all processes; a service that runs in several has one report from each. */
export type Figures = {
  readonly issuance: readonly IssuanceFigures[];
  readonly redemption: readonly RedemptionFigures[];
  readonly clearing: readonly ClearingFigures[];
  readonly ledger: readonly LedgerFigures[];
};

/** What the services' figures must say of each other once every published event has been consumed. */
export const tieOuts = ({
  figures,
  reconciledCycles,
}: {
  readonly figures: Figures;
  readonly reconciledCycles: readonly string[];
}): Finding => {
  const books = nested(figures.ledger.map((ledger) => ledger.books));
  return together([
    perPot(figures),
    perOwner(figures, books),
    perPair(figures, books),
    together(
      reconciledCycles.flatMap((cycle) =>
        [...books].map(([party, accounts]) => same(`clearing:${cycle} of ${party}`, accounts.get(`clearing:${cycle}`), 0)),
      ),
    ),
  ]);
};

const perPot = ({ issuance, redemption, ledger }: Figures): Finding => {
  const granted = nested(issuance.map(({ pots }) => figuresOf(pots)));
  const held = nested(redemption.map(({ pots }) => figuresOf(pots)));
  const accounts = nested(ledger.map(({ pots }) => pots));
  const pots = new Set([...granted.keys(), ...held.keys(), ...accounts.keys()]);
  return together(
    [...pots].flatMap((pot) => {
      const of = (figure: string) => held.get(pot)?.get(figure) ?? 0;
      const booked = (bucket: string) => accounts.get(pot)?.get(`pot:${bucket}`) ?? 0;
      const grantedFen = granted.get(pot)?.get('grantedFen') ?? 0;
      return [
        same(`committed of ${pot}, ledger and vouchers`, booked('committed'), of('availableFen')),
        same(`reserved of ${pot}, ledger and vouchers`, booked('reserved'), of('reservedFen')),
        same(`redeemed of ${pot}, ledger and claims not yet payable`, booked('redeemed'), of('awaitingFen')),
        same(`spent of ${pot}, ledger and claims from payable on`, booked('spent'), of('spentFen')),
        same(`redeemed of ${pot}, vouchers and claims`, of('redeemedFen'), of('awaitingFen') + of('spentFen') + of('recoveredFen')),
        same(`appropriated of ${pot}, ledger and issuance`, -booked('appropriated'), granted.get(pot)?.get('appropriatedFen')),
        same(`granted of ${pot}, issuance and ledger`, grantedFen, sum(['committed', 'reserved', 'redeemed', 'spent'].map(booked))),
      ];
    }),
  );
};

const perOwner = ({ redemption, ledger }: Figures, books: Nested): Finding => {
  const payable = merged(redemption.map(({ payableFen }) => payableFen));
  const expenditure = nested(ledger.map(({ expenditureFen }) => expenditureFen));
  const spent = nested(ledger.map(({ spentFen }) => spentFen));
  const owners = new Set([...books.keys(), ...payable.keys(), ...expenditure.keys(), ...spent.keys()]);
  return together(
    [...owners].flatMap((owner) => {
      const years = new Set([...(expenditure.get(owner)?.keys() ?? []), ...(spent.get(owner)?.keys() ?? [])]);
      return [
        same(`payable:payee of ${owner}, ledger and claims`, -(books.get(owner)?.get('payable:payee') ?? 0), payable.get(owner)),
        ...[...years].map((year) =>
          same(`expenditure and spent of ${owner} in ${year}`, expenditure.get(owner)?.get(year), spent.get(owner)?.get(year)),
        ),
      ];
    }),
  );
};

const perPair = ({ clearing }: Figures, books: Nested): Finding => {
  const pairs = nested(clearing.map((figures) => figuresOf(figures.pairs)));
  const inBooks = [...books].flatMap(([party, accounts]) =>
    [...accounts.keys()].flatMap((account) => {
      const [kind, other = ''] = account.split(':');
      if (kind === 'due-to' || kind === 'prefund-at') return [`${party}-${other}`];
      return kind === 'due-from' || kind === 'prefund-of' ? [`${other}-${party}`] : [];
    }),
  );
  return together(
    [...new Set([...pairs.keys(), ...inBooks])].flatMap((pair) => {
      const [debtor = '', creditor = ''] = pair.split('-');
      const of = (figure: string) => pairs.get(pair)?.get(figure) ?? 0;
      const booked = (party: string, account: string) => books.get(party)?.get(account) ?? 0;
      const taken = of('drawnFen') + of('inFlightFen');
      return [
        same(`due-to and un-netted obligations of ${pair}`, -booked(debtor, `due-to:${creditor}`), of('unnettedFen')),
        same(`due-from and un-netted obligations of ${pair}`, booked(creditor, `due-from:${debtor}`), of('unnettedFen')),
        same(`prefund-at and prefund of ${pair}`, booked(debtor, `prefund-at:${creditor}`), of('prefundFen')),
        same(`prefund-of and prefund of ${pair}`, -booked(creditor, `prefund-of:${debtor}`), of('prefundFen')),
        found(1, of('prefundFen') >= taken ? [] : [`the prefund of ${pair} is ${of('prefundFen')} fen, drawn and in flight are ${taken}`]),
      ];
    }),
  );
};

type Nested = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** Only what is a number of a row: names of owners are not summed. */
const figuresOf = (rows: Readonly<Record<string, Readonly<Record<string, unknown>>>>): Record<string, Record<string, number>> =>
  Object.fromEntries(
    Object.entries(rows).map(([name, row]) => [
      name,
      Object.fromEntries(Object.entries(row).filter((entry): entry is [string, number] => typeof entry[1] === 'number')),
    ]),
  );

const nested = (reports: readonly Readonly<Record<string, Readonly<Record<string, number>>>>[]): Nested => {
  const names = new Set(reports.flatMap((report) => Object.keys(report)));
  return new Map([...names].map((name) => [name, merged(reports.map((report) => report[name] ?? {}))]));
};

const merged = (reports: readonly Readonly<Record<string, number>>[]): ReadonlyMap<string, number> => {
  const totals = new Map<string, number>();
  for (const report of reports) for (const [name, value] of Object.entries(report)) totals.set(name, (totals.get(name) ?? 0) + value);
  return totals;
};

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
