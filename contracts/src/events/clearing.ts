import { z } from 'zod';
import { ClaimId, CycleMonth, Fen, LocalDate, Member, PaymentId, PaymentReference, PositiveFen, Route } from '../vocabulary.ts';
import { event, memberPair, occurred, pair, paymentMovement } from './definition.ts';

export const agreementPublished = event(
  'clearing',
  'agreement-published',
  { en: 'A version of a bilateral agreement was published', zh: '双边协议版本发布' },
  {
    home: Member,
    host: Member,
    version: z.int().min(1),
    route: Route,
    /** The prefund the home city is to keep at the host city. */
    prefundFen: Fen,
    effectiveFrom: LocalDate,
    legalBasis: z.string(),
    verification: z.enum(['official', 'press', 'default']),
    ...occurred,
  },
);

export const prefundMoved = event(
  'clearing',
  'prefund-moved',
  { en: 'A prefund was deposited or withdrawn', zh: '预付金存入或提取' },
  { ...memberPair, movementId: z.string(), direction: z.enum(['deposited', 'withdrawn']), amountFen: PositiveFen, ...occurred },
  ['prefund-moved'],
);

export const drawGranted = event(
  'clearing',
  'draw-granted',
  { en: 'A queued draw on a prefund was granted', zh: '排队的预付金占用已放行' },
  {
    ...memberPair,
    paymentId: PaymentId,
    reference: PaymentReference,
    amountFen: PositiveFen,
    ...occurred,
  },
);

/** Why one party owes another. Reverse obligations come from returns, recoveries and lost disputes. */
export const ObligationKind = z
  .enum(['host-fronted', 'cost-share', 'reverse-host-fronted', 'reverse-cost-share'])
  .meta({ id: 'ObligationKind' });
export type ObligationKind = z.infer<typeof ObligationKind>;

export const obligationAccrued = event(
  'clearing',
  'obligation-accrued',
  { en: 'One party came to owe another', zh: '应付义务产生' },
  {
    ...pair,
    obligationId: z.string(),
    kind: ObligationKind,
    amountFen: PositiveFen,
    paymentId: PaymentId,
    reference: PaymentReference,
    claimId: ClaimId,
    ...occurred,
  },
);

export const pairCutOff = event(
  'clearing',
  'pair-cut-off',
  { en: 'A pair closed its segment for a cycle', zh: '双边账期截止' },
  {
    ...memberPair,
    cycle: CycleMonth,
    obligations: z.int().min(0),
    totalFen: Fen,
    /** Everything ever accrued by this pair. */
    runningTotalFen: Fen,
    ...occurred,
  },
);

export const pairConfirmed = event(
  'clearing',
  'pair-confirmed',
  { en: 'The debtor confirmed what the creditor declared', zh: '债务方确认账单' },
  {
    ...memberPair,
    cycle: CycleMonth,
    obligations: z.int().min(0),
    totalFen: Fen,
    ...occurred,
  },
);

export const disputeDecided = event(
  'clearing',
  'dispute-decided',
  { en: 'A disputed obligation was decided', zh: '争议裁定' },
  {
    ...paymentMovement,
    debtor: Member,
    creditor: Member,
    obligationId: z.string(),
    wonBy: z.enum(['debtor', 'creditor']),
    reason: z.string(),
  },
  ['dispute-won', 'after-dispute'],
);

export const verticalSettled = event(
  'clearing',
  'vertical-settled',
  { en: 'A party outside the cycle settled with a member', zh: '纵向结算' },
  { ...pair, settlementId: z.string(), amountFen: PositiveFen, obligations: z.array(z.string()).max(1_000), ...occurred },
  ['vertical-settled'],
);

/** When the steps of a cycle are due; data of the corridor's rules. */
export const CycleTerms = z
  .strictObject({
    declarationDayOfMonth: z.int().min(1).max(28),
    confirmationWorkingDays: z.int().min(0).max(60),
    transferWorkingDays: z.int().min(0).max(60),
    disputeDays: z.int().min(0).max(365),
  })
  .meta({ id: 'CycleTerms' });
export type CycleTerms = z.infer<typeof CycleTerms>;

export const cycleCalled = event(
  'clearing',
  'cycle-called',
  { en: 'The month ended: every pair closes its segment', zh: '账期截止通知' },
  {
    cycle: CycleMonth,
    declareBy: LocalDate,
    confirmBy: LocalDate,
    terms: CycleTerms,
    ...occurred,
  },
);

export const Transfer = z
  .strictObject({ transferId: z.string(), payer: Member, receiver: Member, amountFen: PositiveFen })
  .meta({ id: 'Transfer' });
export type Transfer = z.infer<typeof Transfer>;
export const GrossEntry = z.strictObject({ debtor: Member, creditor: Member, amountFen: PositiveFen }).meta({ id: 'GrossEntry' });
export type GrossEntry = z.infer<typeof GrossEntry>;
/** Positive: the party receives. */
export const NetPosition = z.strictObject({ party: Member, netFen: z.int() }).meta({ id: 'NetPosition' });
export type NetPosition = z.infer<typeof NetPosition>;

export const cycleNetted = event(
  'clearing',
  'cycle-netted',
  { en: 'A cycle was netted into transfers', zh: '多边轧差完成' },
  {
    cycle: CycleMonth,
    gross: z.array(GrossEntry),
    nets: z.array(NetPosition),
    transfers: z.array(Transfer),
    transferBy: LocalDate,
    /** Debtors that send no transfer: their obligations of the cycle are settled. */
    settledDebtors: z.array(Member),
    ...occurred,
  },
  ['netted'],
);

export const transferSent = event(
  'clearing',
  'transfer-sent',
  { en: 'A treasury sent a transfer', zh: '划款已发出' },
  { cycle: CycleMonth, transferId: z.string(), payer: Member, receiver: Member, amountFen: PositiveFen, ...occurred },
  ['transfer-sent'],
);

export const transferReceived = event(
  'clearing',
  'transfer-received',
  { en: 'A treasury received a transfer', zh: '划款已收到' },
  {
    cycle: CycleMonth,
    transferId: z.string(),
    payer: Member,
    receiver: Member,
    amountFen: PositiveFen,
    /** The payer, when this was its last outgoing transfer of the cycle. */
    settledDebtors: z.array(Member),
    ...occurred,
  },
  ['transfer-received'],
);

export const cycleReconciled = event(
  'clearing',
  'cycle-reconciled',
  { en: 'A cycle was reconciled', zh: '账期对账完成' },
  {
    cycle: CycleMonth,
    ...occurred,
  },
);

export const clearingEvents = [
  agreementPublished,
  prefundMoved,
  drawGranted,
  obligationAccrued,
  pairCutOff,
  pairConfirmed,
  disputeDecided,
  verticalSettled,
  cycleCalled,
  cycleNetted,
  transferSent,
  transferReceived,
  cycleReconciled,
] as const;
