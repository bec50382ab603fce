import type { AllowanceView, ApplicationView, InvariantReport, IssuanceFigures, PotView } from '@tongdui/contracts';
import type { Rows } from '@tongdui/runtime/service';

/** This service's part of the system's invariants, as an auditor can run them over the rows. */
export const invariantsOf = (rows: Pick<Rows, 'list'>): InvariantReport => {
  const pots = rows.list<PotView>('pots');
  const allowances = rows.list<AllowanceView>('allowances');
  const applications = rows.list<ApplicationView>('applications');
  return {
    service: 'issuance',
    invariants: {
      '1': checked([...pots, ...allowances, ...applications], amountsAreWhole),
      '3': checked(pots, potHolds),
      '4': checked(allowances, ({ id, usedFen, capFen }) =>
        usedFen >= 0 && usedFen <= capFen ? undefined : `${id} has used ${usedFen} of ${capFen} fen`,
      ),
      '13': checked(applications, peopleAreDistinct),
    },
  };
};

/** Per pot, what was appropriated and what vouchers hold of it: compared with the vouchers' buckets and the ledger's accounts. */
export const figuresOf = (rows: Pick<Rows, 'list'>): IssuanceFigures => ({
  pots: Object.fromEntries(
    rows.list<PotView>('pots').map(({ id, owner, appropriatedFen, grantedFen }) => [id, { owner, appropriatedFen, grantedFen }]),
  ),
});

const violationsMax = 20;

const checked = <Row>(rows: readonly Row[], violationOf: (row: Row) => string | undefined): InvariantReport['invariants'][string] => {
  const violations = rows.flatMap((row) => violationOf(row) ?? []);
  return { held: violations.length === 0, checked: rows.length, violations: violations.slice(0, violationsMax) };
};

const amountsAreWhole = (row: PotView | AllowanceView | ApplicationView): string | undefined => {
  const amounts = Object.entries(row).filter(([name]) => name.endsWith('Fen'));
  const broken = amounts.find(([, amount]) => !Number.isSafeInteger(amount) || Number(amount) < 0);
  if (broken) return `${broken[0]} of ${row.id} is ${broken[1]}`;
  if (!('slices' in row) || !row.slices || row.faceFen === undefined) return undefined;
  const sumFen = row.slices.reduce((sum, slice) => sum + slice.amountFen, 0);
  return sumFen === row.faceFen ? undefined : `the slices of ${row.id} sum to ${sumFen}, not to its face of ${row.faceFen} fen`;
};

const potHolds = ({ id, grantedFen, appropriatedFen }: PotView): string | undefined =>
  grantedFen >= 0 && grantedFen <= appropriatedFen ? undefined : `${id} has granted ${grantedFen} of ${appropriatedFen} fen`;

const peopleAreDistinct = ({ id, submittedBy, checkedBy, approvedBy, secondApprovedBy }: ApplicationView): string | undefined => {
  const people = [submittedBy, checkedBy, approvedBy, secondApprovedBy].filter((person) => person !== undefined);
  return new Set(people).size === people.length ? undefined : `one person acted twice on ${id}`;
};
