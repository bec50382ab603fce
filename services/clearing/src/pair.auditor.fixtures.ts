import { addDays, dateOf, endOf } from '@tongdui/calendar';
import { expect } from 'vitest';
import type { Fact } from './pair.facts.ts';
import type { State } from './pair.state.ts';
import { headroomOf } from './pair.totals.ts';

/**
 * An independent reading of a pair's facts: plain lists, recounted every time. Tests compare the decider's state with it, so a rule
 * that is wrong in `decide`, `evolve` or `count` shows as a difference.
 */
export const auditor = () => {
  const obligations = new Map<
    string,
    { kind: string; amount: number; netted?: string; settled?: string; disputed: boolean; told?: string }
  >();
  const segments = new Map<string, { ids: string[]; declared?: boolean; confirmed?: number; unanswered?: string; disputeDays: number }>();
  const ruled = new Set<string>();
  const referenceOf = new Map<string, string>();
  const reversed = new Set<string>();
  const queue: { reference: string; amount: number }[] = [];
  const flights = new Map<string, number>();
  let open: string[] = [];
  let prefund = 0;
  const sum = (ids: Iterable<string>) => [...ids].reduce((total, id) => total + obligations.get(id)!.amount, 0);
  const where = (test: (one: { kind: string; amount: number; netted?: string; settled?: string; disputed: boolean }) => boolean) =>
    sum([...obligations].flatMap(([id, one]) => (test(one) ? [id] : [])));
  const isDisputable = (id: string) =>
    obligations.get(id)!.kind === 'host-fronted' && !ruled.has(id) && !reversed.has(referenceOf.get(id)!);
  const endDraw = (reference: string) => {
    flights.delete(reference);
    const place = queue.findIndex((one) => one.reference === reference);
    if (place >= 0) queue.splice(place, 1);
  };

  const take = (fact: Fact) => {
    switch (fact.type) {
      case 'PrefundDeposited':
        prefund += fact.amountFen;
        return;
      case 'PrefundWithdrawn':
        prefund -= fact.amountFen;
        return;
      case 'DrawQueued':
        queue.push({ reference: fact.reference, amount: fact.amountFen });
        return;
      case 'DrawGranted':
        if (fact.waited) expect(queue.shift(), 'first in, first out').toEqual({ reference: fact.reference, amount: fact.amountFen });
        else expect(queue, 'nobody overtakes the queue').toEqual([]);
        flights.set(fact.reference, fact.amountFen);
        return;
      case 'DrawReleased':
        endDraw(fact.reference);
        return;
      case 'ObligationAccrued':
        expect(obligations.has(fact.obligationId), 'one obligation for ever').toBe(false);
        obligations.set(fact.obligationId, { kind: fact.kind, amount: fact.amountFen, disputed: false });
        referenceOf.set(fact.obligationId, fact.reference);
        open.push(fact.obligationId);
        if (fact.kind === 'host-fronted') endDraw(fact.reference);
        return;
      case 'SegmentSealed':
        expect([fact.obligations, fact.totalFen]).toEqual([open.length, sum(open)]);
        segments.set(fact.cycle, { ids: open, disputeDays: fact.disputeDays });
        open = [];
        return;
      case 'ObligationDisputed': {
        const segment = segments.get(fact.cycle)!;
        expect(segment.ids).toContain(fact.obligationId);
        expect(isDisputable(fact.obligationId)).toBe(true);
        expect(fact.reason === 'silence', 'silence speaks once, for the whole segment').toBe(segment.unanswered !== undefined);
        expect(fact.dueAt, 'every dispute has its clock').toBe(segment.unanswered ?? endOf(addDays(dateOf(fact.at), segment.disputeDays)));
        segment.ids = segment.ids.filter((id) => id !== fact.obligationId);
        obligations.get(fact.obligationId)!.disputed = true;
        return;
      }
      case 'DisputeRuled':
        obligations.get(fact.obligationId)!.disputed = false;
        ruled.add(fact.obligationId);
        if (fact.wonBy === 'debtor') reversed.add(referenceOf.get(fact.obligationId)!);
        open.push(fact.obligationId);
        return;
      case 'ReversalNoted':
        reversed.add(fact.reference);
        return;
      case 'SegmentDeclared':
        segments.get(fact.cycle)!.declared = true;
        return;
      case 'SegmentUnanswered': {
        const segment = segments.get(fact.cycle)!;
        expect([segment.declared, segment.unanswered], 'only a declaration can be left unanswered, once').toEqual([true, undefined]);
        expect(fact.cause).toBe(segment.confirmed === undefined ? 'not-confirmed' : 'not-netted');
        expect(fact.totalFen).toBe(sum(segment.ids));
        expect(fact.dueAt).toBe(endOf(addDays(dateOf(fact.at), segment.disputeDays)));
        segment.unanswered = fact.dueAt;
        return;
      }
      case 'SegmentConfirmed':
        expect(segments.get(fact.cycle)!.unanswered).toBeUndefined();
        expect(fact.totalFen).toBe(sum(segments.get(fact.cycle)!.ids));
        segments.get(fact.cycle)!.confirmed = fact.totalFen;
        return;
      case 'SegmentCarriedOver': {
        const { ids, declared } = segments.get(fact.cycle)!;
        expect(fact.totalFen).toBe(sum(ids));
        if (declared) expect(ids.filter(isDisputable), 'no debtor puts off by silence what it could have disputed').toEqual([]);
        open.push(...ids);
        segments.delete(fact.cycle);
        return;
      }
      case 'SegmentNetted':
        expect(segments.get(fact.cycle)!.unanswered, 'silence is never netted').toBeUndefined();
        expect(sum(segments.get(fact.cycle)!.ids)).toBe(fact.totalFen);
        for (const id of segments.get(fact.cycle)!.ids) {
          const one = obligations.get(id)!;
          expect(one.netted, 'in at most one closed cycle').toBeUndefined();
          one.netted = fact.cycle;
        }
        return;
      case 'SegmentSettled':
        for (const id of segments.get(fact.cycle)!.ids) obligations.get(id)!.settled = fact.cycle;
        return;
      case 'VerticallySettled':
        open = open.filter((id) => !fact.obligations.some((settled) => settled === id));
        for (const id of fact.obligations) {
          expect(obligations.get(id)!.settled).toBeUndefined();
          obligations.get(id)!.settled = fact.settlementId;
          obligations.get(id)!.netted = fact.settlementId;
        }
        return;
      case 'ObligationNetted':
        obligations.get(fact.obligationId)!.told = 'netted';
        return;
      case 'ObligationSettled':
        obligations.get(fact.obligationId)!.told = 'settled';
        return;
      default:
        return;
    }
  };

  const agreesWith = (state: State) => {
    const inFlight = [...flights.values()].reduce((total, amount) => total + amount, 0);
    const drawn = where((one) => one.kind === 'host-fronted' && one.settled === undefined);
    expect(state.totals).toEqual({
      prefundFen: prefund,
      drawnFen: drawn,
      inFlightFen: inFlight,
      queued: queue.length,
      queuedFen: queue.reduce((total, one) => total + one.amount, 0),
      unnettedFen: where((one) => one.netted === undefined),
      unsettledFen: where((one) => one.settled === undefined),
      disputedFen: where((one) => one.disputed),
      runningTotalFen: where(() => true),
    });
    expect(prefund - drawn - inFlight, 'headroom never goes negative').toBeGreaterThanOrEqual(0);
    expect(queue[0] === undefined || queue[0].amount > headroomOf(state.totals), 'what fits is granted at once').toBe(true);
    expect(state.open.totalFen).toBe(sum(open));
    expect(state.open.items.size).toBe(open.length);
  };

  /** After every piece of follow-up work: no segment waits half disputed. */
  const leavesNothingToSilence = () => {
    for (const { unanswered } of segments.values()) expect(unanswered).toBeUndefined();
  };

  /** After every mark was given: each obligation was told exactly what became of it. */
  const wasTold = () => {
    for (const one of obligations.values()) expect(one.told).toBe(one.settled ? 'settled' : one.netted ? 'netted' : undefined);
  };

  return { take, agreesWith, leavesNothingToSilence, wasTold };
};
