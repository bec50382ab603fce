import type { Instant } from '@tongdui/contracts';
import { unreachable } from '@tongdui/decider';
import type { EventDraft, FollowedFact } from '@tongdui/runtime/service';
import type { Fact as AgreementFact } from './agreement.decider.ts';
import type { Fact as CycleFact } from './cycle.decider.ts';
import type { Fact as PairFact } from './pair.decider.ts';

/** Private facts to contract events, one fact at a time. */
export const publish = (followed: FollowedFact): readonly EventDraft[] => {
  const { fact, noun, home, key } = followed;
  // What is stored under a noun was recorded by its decider.
  const event =
    noun === 'pair'
      ? pairEvent(key, fact as unknown as PairFact)
      : noun === 'cycle'
        ? cycleEvent(fact as unknown as CycleFact)
        : agreementEvent(fact as unknown as AgreementFact);
  return event ? [{ ...event, subject: `${home}-${noun}-${key}`, time: fact.at as Instant }] : [];
};

type Event = Pick<EventDraft, 'type' | 'data'>;

const pairEvent = (pair: string, fact: PairFact): Event | undefined => {
  const between = { debtor: pair.slice(0, 6), creditor: pair.slice(7) };
  const occurredAt = fact.at;
  switch (fact.type) {
    case 'PrefundDeposited':
    case 'PrefundWithdrawn': {
      const direction = fact.type === 'PrefundDeposited' ? 'deposited' : 'withdrawn';
      return { type: 'prefund-moved', data: { ...between, movementId: fact.movementId, direction, amountFen: fact.amountFen, occurredAt } };
    }
    case 'DrawGranted': {
      const { paymentId, reference, amountFen, waited } = fact;
      // Who was granted at once has the answer already.
      return waited ? { type: 'draw-granted', data: { ...between, paymentId, reference, amountFen, occurredAt } } : undefined;
    }
    case 'ObligationAccrued': {
      const { obligationId, kind, amountFen, paymentId, reference, claimId } = fact;
      return { type: 'obligation-accrued', data: { ...between, obligationId, kind, amountFen, paymentId, reference, claimId, occurredAt } };
    }
    case 'SegmentSealed': {
      const { cycle, obligations, totalFen, runningTotalFen } = fact;
      return { type: 'pair-cut-off', data: { ...between, cycle, obligations, totalFen, runningTotalFen, occurredAt } };
    }
    case 'SegmentConfirmed': {
      const { cycle, obligations, totalFen } = fact;
      return { type: 'pair-confirmed', data: { ...between, cycle, obligations, totalFen, occurredAt } };
    }
    case 'DisputeRuled': {
      const { obligationId, wonBy, reason, payment } = fact;
      return { type: 'dispute-decided', data: { ...payment, ...between, obligationId, wonBy, reason, occurredAt } };
    }
    case 'VerticallySettled': {
      const { settlementId, amountFen, obligations } = fact;
      return { type: 'vertical-settled', data: { ...between, settlementId, amountFen, obligations, occurredAt } };
    }
    case 'DrawQueued':
    case 'DrawReleased':
    case 'ReversalNoted':
    case 'ObligationDisputed':
    case 'DisputeEscalated':
    case 'RulingAsked':
    case 'ObligationNetted':
    case 'ObligationSettled':
    case 'SegmentDeclared':
    case 'SegmentUnanswered':
    case 'SegmentCarriedOver':
    case 'SegmentNetted':
    case 'SegmentSettled':
      return undefined;
    default:
      return unreachable(fact);
  }
};

const cycleEvent = (fact: CycleFact): Event | undefined => {
  switch (fact.type) {
    case 'CycleCalled': {
      const { cycle, declareBy, confirmBy, terms, at } = fact;
      return { type: 'cycle-called', data: { cycle, declareBy, confirmBy, terms, occurredAt: at } };
    }
    case 'CycleNetted': {
      const { cycle, gross, nets, transfers, transferBy, settledDebtors, at } = fact;
      return { type: 'cycle-netted', data: { cycle, gross, nets, transfers, transferBy, settledDebtors, occurredAt: at } };
    }
    case 'TransferSent': {
      const { cycle, transferId, payer, receiver, amountFen, at } = fact;
      return { type: 'transfer-sent', data: { cycle, transferId, payer, receiver, amountFen, occurredAt: at } };
    }
    case 'TransferReceived': {
      const { cycle, transferId, payer, receiver, amountFen, settledDebtors, at } = fact;
      return { type: 'transfer-received', data: { cycle, transferId, payer, receiver, amountFen, settledDebtors, occurredAt: at } };
    }
    case 'CycleReconciled':
      return { type: 'cycle-reconciled', data: { cycle: fact.cycle, occurredAt: fact.at } };
    case 'CycleOpened':
    case 'PairSealed':
    case 'PairConfirmed':
    case 'CycleNoticed':
      return undefined;
    default:
      return unreachable(fact);
  }
};

const agreementEvent = (fact: AgreementFact): Event => {
  const { type: _, at, ...version } = fact;
  return { type: 'agreement-published', data: { ...version, occurredAt: at } };
};
