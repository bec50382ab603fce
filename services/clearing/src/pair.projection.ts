import { type DrawView, homeOfPair, type ObligationView, type PairView, partiesOf, type SegmentView } from '@tongdui/contracts';
import type { JsonObject } from '@tongdui/event-store';
import type { FactProjection, FollowedFact, RowIndex } from '@tongdui/runtime/service';
import type { Fact } from './pair.decider.ts';
import { alertOf, count, headroomOf, nothing, type Totals } from './pair.totals.ts';

/** Rows of the pairs: totals per pair, and one row for each obligation, segment and draw. */

const factOf = (followed: FollowedFact): Fact => followed.fact as unknown as Fact;
const pairOf = (followed: FollowedFact): PairView['id'] => followed.key as PairView['id'];

const table = <View extends { readonly id: string }>(
  name: string,
  rowId: FactProjection['rowId'],
  project: (before: View | undefined, fact: Fact, followed: FollowedFact) => View | undefined,
  index: (view: View) => Omit<RowIndex, 'home'> & { readonly pair: string },
): FactProjection => ({
  table: name,
  noun: 'pair',
  rowId,
  // What is in the table was projected here, so it is a view.
  project: (before, followed) =>
    project(before as unknown as View | undefined, factOf(followed), followed) as unknown as JsonObject | undefined,
  index: (body) => {
    const { pair, ...rest } = index(body as unknown as View);
    return { home: homeOfPair(pair), host: partiesOf(pair).debtor, ...rest };
  },
});

const pairs = table<PairView>(
  'pairs',
  (followed) => followed.key,
  (before, fact, followed) => {
    const totals = totalsOf(before);
    const after = count(totals, fact);
    return before && after === totals ? before : pairView(pairOf(followed), after);
  },
  ({ id }) => ({ pair: id }),
);

const totalsOf = (view: PairView | undefined): Totals => {
  if (!view) return nothing;
  const { prefundFen, drawnFen, inFlightFen, queued, queuedFen, unnettedFen, unsettledFen, disputedFen, runningTotalFen } = view;
  return { prefundFen, drawnFen, inFlightFen, queued, queuedFen, unnettedFen, unsettledFen, disputedFen, runningTotalFen };
};

const pairView = (id: PairView['id'], totals: Totals): PairView =>
  ({ id, ...partiesOf(id), ...totals, headroomFen: headroomOf(totals), alertBps: alertOf(totals) }) as PairView;

const obligations = table<ObligationView>(
  'obligations',
  (followed) => {
    const fact = factOf(followed);
    return 'obligationId' in fact ? fact.obligationId : undefined;
  },
  (before, fact, followed) => {
    if (fact.type === 'ObligationAccrued') {
      const { obligationId: id, kind, amountFen, paymentId, reference, claimId, at: accruedAt } = fact;
      const pair = pairOf(followed);
      return { id, pair, ...partiesOf(pair), kind, amountFen, paymentId, reference, claimId, accruedAt, status: 'accrued' };
    }
    if (!before) return undefined;
    switch (fact.type) {
      case 'ObligationDisputed':
        return { ...before, status: 'disputed', dispute: { reason: fact.reason, raisedAt: fact.at, dueAt: fact.dueAt, escalated: false } };
      case 'DisputeEscalated':
        return before.dispute ? { ...before, dispute: { ...before.dispute, escalated: true } } : before;
      case 'DisputeRuled': {
        const ruling = { wonBy: fact.wonBy, reason: fact.reason, ruledAt: fact.at };
        return { ...before, status: 'accrued', ...(before.dispute ? { dispute: { ...before.dispute, ruling } } : {}) };
      }
      case 'ObligationNetted':
        return { ...before, status: 'netted', cycle: fact.cycle };
      case 'ObligationSettled':
        return {
          ...before,
          status: 'settled',
          ...(fact.cycle ? { cycle: fact.cycle } : {}),
          ...(fact.settlementId ? { settlementId: fact.settlementId } : {}),
        };
      default:
        return before;
    }
  },
  ({ pair, status }) => ({ pair, status }),
);

const segments = table<SegmentView>(
  'segments',
  (followed) => {
    const fact = factOf(followed);
    const isAbout = fact.type === 'ObligationDisputed' || fact.type.startsWith('Segment');
    return isAbout && 'cycle' in fact ? `${followed.key}-${fact.cycle}` : undefined;
  },
  (before, fact, followed) => {
    if (fact.type === 'SegmentSealed') {
      const { cycle, obligations: number, totalFen, declareBy, confirmBy } = fact;
      const pair = pairOf(followed);
      const sealed = {
        id: `${pair}-${cycle}`,
        pair,
        cycle,
        obligations: number,
        totalFen,
        disputedFen: noFen,
        declareBy,
        confirmBy,
        escalated: false,
      };
      return totalFen === 0 ? { ...sealed, status: 'confirmed', confirmedFen: noFen } : { ...sealed, status: 'sealed' };
    }
    if (!before) return undefined;
    switch (fact.type) {
      case 'ObligationDisputed':
        return { ...before, disputedFen: (before.disputedFen + fact.amountFen) as SegmentView['disputedFen'] };
      case 'SegmentDeclared':
        return { ...before, status: 'declared', declaredFen: fact.totalFen };
      case 'SegmentConfirmed':
        return { ...before, status: 'confirmed', confirmedFen: fact.totalFen };
      case 'SegmentUnanswered':
        return { ...before, status: 'unanswered', escalated: fact.cause !== 'not-netted' };
      case 'SegmentCarriedOver':
        return { ...before, status: 'carried-over', escalated: fact.cause !== 'not-netted' };
      case 'SegmentNetted':
        return { ...before, status: 'netted' };
      case 'SegmentSettled':
        return { ...before, status: 'settled' };
      default:
        return before;
    }
  },
  ({ pair, status }) => ({ pair, status }),
);

const noFen = 0 as SegmentView['totalFen'];

const draws = table<DrawView>(
  'draws',
  (followed) => {
    const fact = factOf(followed);
    if (fact.type === 'DrawQueued' || fact.type === 'DrawGranted' || fact.type === 'DrawReleased') return fact.reference;
    return fact.type === 'ObligationAccrued' && fact.draw ? fact.reference : undefined;
  },
  (before, fact, followed) => {
    if (fact.type === 'DrawQueued' || (fact.type === 'DrawGranted' && !fact.waited)) {
      const { reference: id, paymentId, amountFen, at: askedAt } = fact;
      return { id, pair: pairOf(followed), paymentId, amountFen, status: fact.type === 'DrawQueued' ? 'queued' : 'granted', askedAt };
    }
    // A release of a draw never seen leaves its tombstone in the stream and nothing to show.
    if (!before) return undefined;
    const status = fact.type === 'DrawGranted' ? 'granted' : fact.type === 'DrawReleased' ? 'released' : 'used';
    return { ...before, status };
  },
  ({ pair, status }) => ({ pair, status }),
);

export const pairProjections: readonly FactProjection[] = [pairs, obligations, segments, draws];
