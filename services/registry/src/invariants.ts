import type { InvariantReport, OfferingView } from '@tongdui/contracts';
import type { Rows } from '@tongdui/runtime/service';

/** The registry moves no money; the only amounts it knows are published tariffs, and they are whole fen like all others. */
export const invariantsOf = (rows: Pick<Rows, 'list'>): InvariantReport => {
  const offerings = rows.list<OfferingView>('offerings');
  const violations = offerings.flatMap(({ id, tariffFen }) =>
    tariffFen === undefined || (Number.isSafeInteger(tariffFen) && tariffFen >= 0) ? [] : [`the tariff of ${id} is ${tariffFen}`],
  );
  return {
    service: 'registry',
    invariants: { '1': { held: violations.length === 0, checked: offerings.length, violations: violations.slice(0, 20) } },
  };
};
