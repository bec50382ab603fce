import type {
  ClaimId,
  CycleMonth,
  DataOf,
  DisputeGround,
  disputeDecided,
  Fen,
  Instant,
  LocalDate,
  ObligationId,
  ObligationKind,
  PaymentId,
  PaymentReference,
} from '@tongdui/contracts';

/** What a dispute won by the debtor has to repeat of the payment: everything of the event but the dispute itself. */
export type DisputablePayment = Omit<
  DataOf<typeof disputeDecided>,
  'debtor' | 'creditor' | 'obligationId' | 'wonBy' | 'reason' | 'occurredAt'
>;

/** How a draw stood before a fact ended it. */
export type DrawWas = 'unseen' | 'queued' | 'granted';

type PrefundFact =
  | { readonly type: 'PrefundDeposited'; readonly movementId: string; readonly amountFen: Fen; readonly at: Instant }
  | { readonly type: 'PrefundWithdrawn'; readonly movementId: string; readonly amountFen: Fen; readonly at: Instant }
  | {
      readonly type: 'DrawQueued';
      readonly paymentId: PaymentId;
      readonly reference: PaymentReference;
      readonly amountFen: Fen;
      readonly at: Instant;
    }
  | {
      readonly type: 'DrawGranted';
      readonly paymentId: PaymentId;
      readonly reference: PaymentReference;
      readonly amountFen: Fen;
      /** It had been queued before, so whoever asked learns of the grant by an event. */
      readonly waited: boolean;
      /** More of the queue could be granted than one append holds. */
      readonly more: boolean;
      readonly at: Instant;
    }
  /** Of a draw never seen: a tombstone that refuses it when it comes late. */
  | {
      readonly type: 'DrawReleased';
      readonly reference: PaymentReference;
      readonly was: DrawWas;
      readonly amountFen: Fen;
      readonly at: Instant;
    };

type ObligationFact =
  | {
      readonly type: 'ObligationAccrued';
      readonly obligationId: ObligationId;
      readonly kind: ObligationKind;
      readonly amountFen: Fen;
      readonly paymentId: PaymentId;
      readonly reference: PaymentReference;
      readonly claimId: ClaimId;
      /** The draw that a host-fronted obligation takes the place of. */
      readonly draw?: { readonly was: DrawWas; readonly amountFen: Fen };
      readonly payment?: DisputablePayment;
      readonly at: Instant;
    }
  /** The money of a payment came back by itself, so a dispute about it has nothing left to give. */
  | { readonly type: 'ReversalNoted'; readonly reference: PaymentReference; readonly at: Instant }
  | {
      readonly type: 'ObligationDisputed';
      readonly obligationId: ObligationId;
      readonly reason: DisputeGround;
      readonly amountFen: Fen;
      readonly cycle: CycleMonth;
      readonly dueAt: Instant;
      readonly at: Instant;
    }
  | { readonly type: 'DisputeEscalated'; readonly obligationId: ObligationId; readonly at: Instant }
  /** The joint office finds for the debtor: the payer is asked first whether the money has come back by another way. */
  | {
      readonly type: 'RulingAsked';
      readonly obligationId: ObligationId;
      readonly reason: string;
      readonly paymentId: PaymentId;
      readonly instruction: number;
      readonly at: Instant;
    }
  | {
      readonly type: 'DisputeRuled';
      readonly obligationId: ObligationId;
      readonly wonBy: 'debtor' | 'creditor';
      readonly reason: string;
      readonly amountFen: Fen;
      readonly payment: DisputablePayment;
      readonly at: Instant;
    }
  | {
      readonly type: 'VerticallySettled';
      readonly settlementId: string;
      readonly amountFen: Fen;
      readonly hostFrontedFen: Fen;
      readonly obligations: readonly ObligationId[];
      readonly at: Instant;
    }
  /** The two below only say of single obligations what the facts of their segment or settlement have decided. */
  | { readonly type: 'ObligationNetted'; readonly obligationId: ObligationId; readonly cycle: CycleMonth; readonly at: Instant }
  | {
      readonly type: 'ObligationSettled';
      readonly obligationId: ObligationId;
      readonly cycle?: CycleMonth;
      readonly settlementId?: string;
      readonly at: Instant;
    };

type SegmentFact =
  | {
      readonly type: 'SegmentSealed';
      readonly cycle: CycleMonth;
      readonly obligations: number;
      readonly totalFen: Fen;
      readonly runningTotalFen: Fen;
      readonly declareBy: LocalDate;
      readonly confirmBy: LocalDate;
      readonly disputeDays: number;
      readonly at: Instant;
    }
  | { readonly type: 'SegmentDeclared'; readonly cycle: CycleMonth; readonly totalFen: Fen; readonly at: Instant }
  | {
      readonly type: 'SegmentConfirmed';
      readonly cycle: CycleMonth;
      readonly obligations: number;
      readonly totalFen: Fen;
      readonly at: Instant;
    }
  /** Silence counts as a dispute of what can be disputed: these obligations leave one by one, then the rest is carried over. */
  | {
      readonly type: 'SegmentUnanswered';
      readonly cycle: CycleMonth;
      readonly totalFen: Fen;
      readonly cause: 'not-confirmed' | 'not-netted';
      /** When the joint office is to rule on them. */
      readonly dueAt: Instant;
      readonly at: Instant;
    }
  /** What is left of it waits for the next cut-off: somebody was silent, or the cycle was netted without hearing of the confirmation. */
  | {
      readonly type: 'SegmentCarriedOver';
      readonly cycle: CycleMonth;
      readonly totalFen: Fen;
      readonly cause: 'not-declared' | 'not-confirmed' | 'not-netted';
      readonly at: Instant;
    }
  | { readonly type: 'SegmentNetted'; readonly cycle: CycleMonth; readonly totalFen: Fen; readonly at: Instant }
  | {
      readonly type: 'SegmentSettled';
      readonly cycle: CycleMonth;
      readonly totalFen: Fen;
      readonly hostFrontedFen: Fen;
      readonly at: Instant;
    };

export type Fact = PrefundFact | ObligationFact | SegmentFact;
