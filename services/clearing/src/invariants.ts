import type { ClearingFigures, CycleView, DrawView, InvariantReport, ObligationView, PairView, SegmentView } from '@tongdui/contracts';
import type { Rows } from '@tongdui/runtime/service';
import { netted } from './netting.ts';

/** This service's part of the system's invariants, as an auditor can run them over the rows. */
export const invariantsOf = (rows: Pick<Rows, 'list'>): InvariantReport => {
  const pairs = rows.list<PairView>('pairs');
  const obligations = rows.list<ObligationView>('obligations');
  const segments = rows.list<SegmentView>('segments');
  const cycles = rows.list<CycleView>('cycles');
  const draws = rows.list<DrawView>('draws');
  const figures = [...pairs, ...obligations, ...segments, ...draws];
  return {
    service: 'clearing',
    invariants: {
      '1': reported(figures.length, figures.flatMap(notWholeFen)),
      '10': reported(obligations.length + cycles.length, [
        ...unequalTotals(pairs, obligations),
        ...unequalSegments(segments, obligations),
        ...cycles.flatMap(wrongNetting),
      ]),
      '11': reported(pairs.length + draws.length, [...pairs.flatMap(overdrawn), ...unequalDraws(pairs, draws)]),
      '12': reported(cycles.length, segmentsOutsideTheirCycle(cycles, segments)),
    },
  };
};

/** Per pair, for the comparison with the other services' figures. */
export const figuresOf = (rows: Pick<Rows, 'list'>): ClearingFigures => ({
  pairs: Object.fromEntries(
    rows
      .list<PairView>('pairs')
      .map(({ id, unnettedFen, unsettledFen, prefundFen, drawnFen, inFlightFen, queued }) => [
        id,
        { unnettedFen, unsettledFen, prefundFen, drawnFen, inFlightFen, queued },
      ]),
  ),
});

const violationsMax = 20;
const reported = (checked: number, violations: readonly string[]) => ({
  held: violations.length === 0,
  checked,
  violations: violations.slice(0, violationsMax),
});

const notWholeFen = (row: { readonly id: string }): string[] =>
  Object.entries(row).flatMap(([name, value]) =>
    name.endsWith('Fen') && name !== 'headroomFen' && !(Number.isSafeInteger(value) && Number(value) >= 0)
      ? [`${name} of ${row.id} is ${value}`]
      : [],
  );

/** Sums by a key, of amounts. */
const sums = <Row>(rows: readonly Row[], keyOf: (row: Row) => string | undefined, amountOf: (row: Row) => number): Map<string, number> => {
  const found = new Map<string, number>();
  for (const row of rows) {
    const key = keyOf(row);
    if (key !== undefined) found.set(key, (found.get(key) ?? 0) + amountOf(row));
  }
  return found;
};

const amountOf = ({ amountFen }: { readonly amountFen: number }): number => amountFen;

/** What a pair says it accrued and still has open is what its single obligations say. */
const unequalTotals = (pairs: readonly PairView[], obligations: readonly ObligationView[]): string[] => {
  const accrued = sums(obligations, ({ pair }) => pair, amountOf);
  const open = sums(obligations, ({ pair, status }) => (status === 'accrued' || status === 'disputed' ? pair : undefined), amountOf);
  const unsettled = sums(obligations, ({ pair, status }) => (status === 'settled' ? undefined : pair), amountOf);
  const disputed = sums(obligations, ({ pair, status }) => (status === 'disputed' ? pair : undefined), amountOf);
  return pairs.flatMap(({ id, runningTotalFen, unnettedFen, unsettledFen, disputedFen }) => [
    ...differs(`accrued by ${id}`, runningTotalFen, accrued.get(id)),
    ...differs(`not netted of ${id}`, unnettedFen, open.get(id)),
    ...differs(`not settled of ${id}`, unsettledFen, unsettled.get(id)),
    ...differs(`disputed of ${id}`, disputedFen, disputed.get(id)),
  ]);
};

const isClosed = ({ status }: SegmentView): boolean => status === 'netted' || status === 'settled';

/** A closed segment comes to what it was confirmed for, and to the obligations that name its cycle: each is in at most one. */
const unequalSegments = (segments: readonly SegmentView[], obligations: readonly ObligationView[]): string[] => {
  const closed = sums(obligations, ({ pair, cycle }) => (cycle === undefined ? undefined : `${pair}-${cycle}`), amountOf);
  const known = new Set(segments.filter(isClosed).map(({ id }) => id));
  const strays = [...closed.keys()].flatMap((id) => (known.has(id) ? [] : [`obligations are in ${id}, which is not closed`]));
  return [
    ...strays,
    ...segments.filter(isClosed).flatMap(({ id, confirmedFen }) => differs(`segment ${id}`, confirmedFen ?? 0, closed.get(id))),
  ];
};

/** Nets are computed again from the gross. */
const wrongNetting = ({ id, gross, nets, transfers }: CycleView): string[] => {
  if (nets.length === 0) return [];
  const again = netted(
    id,
    nets.map(({ party }) => party),
    gross,
  );
  const sum = nets.reduce((total, { netFen }) => total + netFen, 0);
  const bare = transfers.map(({ transferId, payer, receiver, amountFen }) => ({ transferId, payer, receiver, amountFen }));
  return [
    ...differs(`nets of ${id}`, sum, 0),
    ...(JSON.stringify(again.nets) === JSON.stringify(nets) ? [] : [`nets of ${id} do not follow from its gross`]),
    ...(JSON.stringify(again.transfers) === JSON.stringify(bare) ? [] : [`transfers of ${id} do not follow from its nets`]),
  ];
};

const overdrawn = ({ id, headroomFen, prefundFen, drawnFen, inFlightFen }: PairView): string[] => [
  ...(headroomFen < 0 ? [`the headroom of ${id} is ${headroomFen} fen`] : []),
  ...differs(`headroom of ${id}`, headroomFen, prefundFen - drawnFen - inFlightFen),
];

const unequalDraws = (pairs: readonly PairView[], draws: readonly DrawView[]): string[] => {
  const granted = sums(draws, ({ pair, status }) => (status === 'granted' ? pair : undefined), amountOf);
  const queued = sums(draws, ({ pair, status }) => (status === 'queued' ? pair : undefined), amountOf);
  return pairs.flatMap(({ id, inFlightFen, queuedFen }) => [
    ...differs(`in flight of ${id}`, inFlightFen, granted.get(id)),
    ...differs(`queued of ${id}`, queuedFen, queued.get(id)),
  ]);
};

/** What a netted cycle says of a pair is what the pair closed for it, where the pair is kept here and has heard of the netting. */
const segmentsOutsideTheirCycle = (cycles: readonly CycleView[], segments: readonly SegmentView[]): string[] => {
  const closed = new Map(cycles.filter(({ nets }) => nets.length > 0).map((cycle) => [cycle.id as string, cycle]));
  return segments.filter(isClosed).flatMap(({ id, pair, cycle, confirmedFen }) => {
    const netting = closed.get(cycle);
    if (!netting) return [];
    const inGross = netting.gross.find(({ debtor, creditor }) => `${debtor}-${creditor}` === pair)?.amountFen ?? 0;
    return differs(`segment ${id} in its cycle`, confirmedFen ?? 0, inGross);
  });
};

const differs = (what: string, stated: number, counted = 0): string[] =>
  stated === counted ? [] : [`${what}: stated ${stated}, counted ${counted} fen`];
