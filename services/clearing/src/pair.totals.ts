import { unreachable } from '@tongdui/decider';
import type { Fact } from './pair.facts.ts';

/** What a pair comes to, from its facts alone: the decider and the row of the pair count the same way. */
export type Totals = {
  readonly prefundFen: number;
  /** Host-fronted and not settled. */
  readonly drawnFen: number;
  /** Granted and not yet paid, failed or cancelled. */
  readonly inFlightFen: number;
  readonly queued: number;
  readonly queuedFen: number;
  readonly unnettedFen: number;
  readonly unsettledFen: number;
  readonly disputedFen: number;
  readonly runningTotalFen: number;
};

export const nothing: Totals = {
  prefundFen: 0,
  drawnFen: 0,
  inFlightFen: 0,
  queued: 0,
  queuedFen: 0,
  unnettedFen: 0,
  unsettledFen: 0,
  disputedFen: 0,
  runningTotalFen: 0,
};

/** What a payment may still draw. Cost-shares and reverse obligations are no part of it. */
export const headroomOf = (totals: Totals): number => totals.prefundFen - totals.drawnFen - totals.inFlightFen;

/** 7000 or 9000 once drawn and in flight reach that many basis points of the prefund. */
export const alertOf = ({ prefundFen, drawnFen, inFlightFen }: Totals): 0 | 7_000 | 9_000 => {
  const usedFen = BigInt(drawnFen + inFlightFen);
  const reaches = (bps: bigint) => usedFen > 0n && usedFen * 10_000n >= BigInt(prefundFen) * bps;
  if (reaches(9_000n)) return 9_000;
  return reaches(7_000n) ? 7_000 : 0;
};

export const count = (totals: Totals, fact: Fact): Totals => {
  switch (fact.type) {
    case 'PrefundDeposited':
      return { ...totals, prefundFen: totals.prefundFen + fact.amountFen };
    case 'PrefundWithdrawn':
      return { ...totals, prefundFen: totals.prefundFen - fact.amountFen };
    case 'DrawQueued':
      return { ...totals, queued: totals.queued + 1, queuedFen: totals.queuedFen + fact.amountFen };
    case 'DrawGranted': {
      const before = fact.waited ? withoutDraw(totals, { was: 'queued', amountFen: fact.amountFen }) : totals;
      return { ...before, inFlightFen: before.inFlightFen + fact.amountFen };
    }
    case 'DrawReleased':
      return withoutDraw(totals, fact);
    case 'ObligationAccrued': {
      const before = fact.draw ? withoutDraw(totals, fact.draw) : totals;
      return {
        ...before,
        drawnFen: before.drawnFen + (fact.kind === 'host-fronted' ? fact.amountFen : 0),
        unnettedFen: before.unnettedFen + fact.amountFen,
        unsettledFen: before.unsettledFen + fact.amountFen,
        runningTotalFen: before.runningTotalFen + fact.amountFen,
      };
    }
    case 'ObligationDisputed':
      return { ...totals, disputedFen: totals.disputedFen + fact.amountFen };
    case 'DisputeRuled':
      return { ...totals, disputedFen: totals.disputedFen - fact.amountFen };
    case 'SegmentNetted':
      return { ...totals, unnettedFen: totals.unnettedFen - fact.totalFen };
    case 'SegmentSettled':
      return { ...totals, unsettledFen: totals.unsettledFen - fact.totalFen, drawnFen: totals.drawnFen - fact.hostFrontedFen };
    case 'VerticallySettled':
      return {
        ...totals,
        unnettedFen: totals.unnettedFen - fact.amountFen,
        unsettledFen: totals.unsettledFen - fact.amountFen,
        drawnFen: totals.drawnFen - fact.hostFrontedFen,
      };
    case 'ReversalNoted':
    case 'DisputeEscalated':
    case 'RulingAsked':
    case 'ObligationNetted':
    case 'ObligationSettled':
    case 'SegmentSealed':
    case 'SegmentDeclared':
    case 'SegmentConfirmed':
    case 'SegmentUnanswered':
    case 'SegmentCarriedOver':
      return totals;
    default:
      return unreachable(fact);
  }
};

const withoutDraw = (totals: Totals, draw: { readonly was: 'unseen' | 'queued' | 'granted'; readonly amountFen: number }): Totals => {
  switch (draw.was) {
    case 'unseen':
      return totals;
    case 'queued':
      return { ...totals, queued: totals.queued - 1, queuedFen: totals.queuedFen - draw.amountFen };
    case 'granted':
      return { ...totals, inFlightFen: totals.inFlightFen - draw.amountFen };
    default:
      return unreachable(draw.was);
  }
};
