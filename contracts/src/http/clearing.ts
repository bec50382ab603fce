import { z } from 'zod';
import { CycleTerms, GrossEntry, NetPosition, ObligationKind, Transfer } from '../events/clearing.ts';
import {
  bookHomeOf,
  ClaimId,
  CycleMonth,
  corridorHome,
  Fen,
  type Home,
  Instant,
  isMember,
  LocalDate,
  Member,
  Party,
  PaymentId,
  PaymentReference,
  PositiveFen,
  Route,
  Text,
  Ulid,
} from '../vocabulary.ts';
import { AttemptNumber, commandsOf, Nothing, nounsOf } from './route.ts';

/** HTTP of clearing: agreements and cycles are decided by G60, a pair by the home that keeps its creditor's book. */

const partiesOf = (pair: string): { debtor: Party; creditor: Party } => ({
  debtor: pair.slice(0, 6) as Party,
  creditor: pair.slice(7, 13) as Party,
});

const hasBook = (party: Party): boolean => {
  try {
    return Boolean(bookHomeOf(party));
  } catch {
    return false;
  }
};

const betweenParties = z
  .string()
  .regex(/^\d{6}-\d{6}$/, 'a pair is <debtor>-<creditor>, like 330400-310117')
  .refine((pair) => partiesOf(pair).debtor !== partiesOf(pair).creditor, 'nobody owes themselves')
  .refine(
    (pair) => hasBook(partiesOf(pair).debtor) && hasBook(partiesOf(pair).creditor),
    'no member keeps the book of one of these parties',
  );
const bothMembers = (pair: string) => isMember(partiesOf(pair).debtor) && isMember(partiesOf(pair).creditor);

/** Who owes whom: `<debtor>-<creditor>`. */
export const PairId = betweenParties.brand<'PairId'>().meta({ id: 'PairId', description: '<debtor>-<creditor>' });
export type PairId = z.infer<typeof PairId>;
/** Two members: their obligations are netted in the monthly cycle. */
export const MemberPairId = betweenParties
  .refine(bothMembers, 'both parties of this pair must be members')
  .brand<'PairId'>()
  .meta({ id: 'MemberPairId', description: '<debtor>-<creditor>, both members' });
/** With a party that is not a member: settled vertically, never netted. */
export const VerticalPairId = betweenParties
  .refine((pair) => !bothMembers(pair), 'members settle in the monthly cycle')
  .brand<'PairId'>()
  .meta({ id: 'VerticalPairId', description: '<debtor>-<creditor>, one of them not a member' });
/** `<home>-<host>` of a bilateral agreement. */
export const AgreementId = betweenParties
  .refine(bothMembers, 'an agreement is between two members')
  .brand<'AgreementId'>()
  .meta({ id: 'AgreementId', description: '<home>-<host>' });
export type AgreementId = z.infer<typeof AgreementId>;

const reference = '\\d{6}-payment-[0-7][0-9A-HJKMNP-TV-Z]{25}-[1-9]\\d?-[1-9]\\d{0,2}';
/** The natural key of an obligation, for ever: pair, kind and the payment it comes from. */
export const ObligationId = z
  .string()
  .regex(new RegExp(`^\\d{6}-\\d{6}-(${ObligationKind.options.join('|')})-${reference}$`))
  .brand<'ObligationId'>()
  .meta({ id: 'ObligationId', description: '<debtor>-<creditor>-<kind>-<payment reference>' });
export type ObligationId = z.infer<typeof ObligationId>;

/** `<yyyymm>-<payer>-<receiver>`. */
export const TransferId = z
  .string()
  .regex(/^20\d{4}-\d{6}-\d{6}$/)
  .brand<'TransferId'>()
  .meta({ id: 'TransferId', description: '<yyyymm>-<payer>-<receiver>' });
export type TransferId = z.infer<typeof TransferId>;

/** A pair is decided where its creditor's book is kept. Any id that starts with the pair will do. */
export const homeOfPair = (id: string): Home => bookHomeOf(partiesOf(id).creditor);
export { partiesOf };

export const PublishAgreement = z
  .strictObject({
    route: Route,
    /** What the home city is to keep at the host city. */
    prefundFen: Fen,
    effectiveFrom: LocalDate,
    legalBasis: Text,
    verification: z.enum(['official', 'press', 'default']),
  })
  .meta({ id: 'PublishAgreement' });
export const MovePrefund = z.strictObject({ amountFen: PositiveFen }).meta({ id: 'MovePrefund' });
/** What a treasurer says the segment of a cycle amounts to. */
export const StatedTotal = z.strictObject({ totalFen: Fen }).meta({ id: 'StatedTotal' });
/** The only grounds on which a debtor may dispute. */
export const DisputeReason = z.enum(['duplicate', 'wrong-amount', 'wrong-payee', 'unpaid', 'red-letter']).meta({ id: 'DisputeReason' });
export type DisputeReason = z.infer<typeof DisputeReason>;
/** What a dispute rests on: what the debtor said, or that it said nothing to a declaration before the deadline. */
export const DisputeGround = z.enum([...DisputeReason.options, 'silence']).meta({ id: 'DisputeGround' });
export type DisputeGround = z.infer<typeof DisputeGround>;
export const RaiseDispute = z.strictObject({ reason: DisputeReason }).meta({ id: 'RaiseDispute' });
export const RuleDispute = z.strictObject({ wonBy: z.enum(['debtor', 'creditor']), reason: Text }).meta({ id: 'RuleDispute' });
/** Whole obligations only: the amount must be their sum. */
export const SettleVertically = z
  .strictObject({ amountFen: PositiveFen, obligations: z.array(ObligationId).min(1).max(1_000) })
  .meta({ id: 'SettleVertically' });
export const OpenCycle = z.strictObject({ terms: CycleTerms }).meta({ id: 'OpenCycle' });

const command = commandsOf('clearing');
const atPair = (params: { pair: string }) => homeOfPair(params.pair);
const atCorridor = () => corridorHome;

export const clearingCommands = {
  publishAgreement: command({
    operation: 'publishAgreement',
    path: '/agreements/{agreement}/versions/{n}',
    params: { agreement: AgreementId, n: AttemptNumber },
    body: PublishAgreement,
    roles: ['joint-office'],
    en: 'Publish the next version of the agreement between a home and a host city (joint office)',
    zh: '发布双边协议新版本（联席办）',
    home: atCorridor,
  }),
  depositPrefund: command({
    operation: 'depositPrefund',
    path: '/pairs/{pair}/deposits/{id}',
    params: { pair: MemberPairId, id: Ulid },
    body: MovePrefund,
    roles: ['treasurer'],
    en: 'Record a deposit of the debtor’s prefund (treasurer of the creditor)',
    zh: '登记预付金存入（债权方财政）',
    home: atPair,
  }),
  withdrawPrefund: command({
    operation: 'withdrawPrefund',
    path: '/pairs/{pair}/withdrawals/{id}',
    params: { pair: MemberPairId, id: Ulid },
    body: MovePrefund,
    roles: ['treasurer'],
    en: 'Give back prefund that nothing draws on (treasurer of the creditor)',
    zh: '退还未占用的预付金（债权方财政）',
    home: atPair,
  }),
  settleVertically: command({
    operation: 'settleVertically',
    path: '/pairs/{pair}/vertical-settlements/{id}',
    params: { pair: VerticalPairId, id: Ulid },
    body: SettleVertically,
    roles: ['treasurer'],
    en: 'Record that a party outside the cycle settled whole obligations (treasurer where the creditor’s book is kept)',
    zh: '登记与非成员方的纵向结算（债权方账簿所在地财政）',
    home: atPair,
  }),
  declareSegment: command({
    operation: 'declareSegment',
    path: '/pairs/{pair}/cycles/{cycle}/declaration',
    params: { pair: MemberPairId, cycle: CycleMonth },
    body: StatedTotal,
    roles: ['treasurer'],
    en: 'Declare what the debtor owes for a cycle (treasurer of the creditor)',
    zh: '申报账期应收（债权方财政）',
    home: atPair,
  }),
  confirmSegment: command({
    operation: 'confirmSegment',
    path: '/pairs/{pair}/cycles/{cycle}/confirmation',
    params: { pair: MemberPairId, cycle: CycleMonth },
    body: StatedTotal,
    roles: ['treasurer'],
    en: 'Confirm what was declared, less what is disputed (treasurer of the debtor)',
    zh: '确认账期应付（债务方财政）',
    home: atPair,
  }),
  disputeObligation: command({
    operation: 'disputeObligation',
    path: '/pairs/{pair}/obligations/{id}/dispute',
    params: { pair: MemberPairId, id: ObligationId },
    body: RaiseDispute,
    roles: ['treasurer'],
    en: 'Dispute a host-fronted obligation before its cycle is confirmed (treasurer of the debtor)',
    zh: '对代付义务提出争议（债务方财政）',
    home: atPair,
  }),
  ruleDispute: command({
    operation: 'ruleDispute',
    path: '/pairs/{pair}/obligations/{id}/ruling',
    params: { pair: MemberPairId, id: ObligationId },
    body: RuleDispute,
    roles: ['joint-office'],
    en: 'Rule on a disputed obligation (joint office)',
    zh: '裁定争议（联席办）',
    home: atPair,
  }),
  openCycle: command({
    operation: 'openCycle',
    path: '/cycles/{cycle}',
    params: { cycle: CycleMonth },
    body: OpenCycle,
    roles: ['joint-office'],
    en: 'Open the first settlement cycle; every later one opens by itself (joint office)',
    zh: '开启首个清算账期（联席办）',
    home: atCorridor,
  }),
  netCycle: command({
    operation: 'netCycle',
    path: '/cycles/{cycle}/netting',
    params: { cycle: CycleMonth },
    body: Nothing,
    roles: ['joint-office'],
    en: 'Net what was confirmed, once every pair has answered or the deadline has passed (joint office)',
    zh: '多边轧差（联席办）',
    home: atCorridor,
  }),
  noticeCycle: command({
    operation: 'noticeCycle',
    path: '/cycles/{cycle}/notice',
    params: { cycle: CycleMonth },
    body: Nothing,
    roles: ['joint-office'],
    en: 'Send the settlement notice to the cities (joint office)',
    zh: '下达清算通知（联席办）',
    home: atCorridor,
  }),
  sendTransfer: command({
    operation: 'sendTransfer',
    path: '/cycles/{cycle}/transfers/{id}/sent',
    params: { cycle: CycleMonth, id: TransferId },
    body: Nothing,
    roles: ['treasurer'],
    en: 'Record that a transfer was sent (treasurer of the payer)',
    zh: '登记划款已发出（付款方财政）',
    home: atCorridor,
  }),
  receiveTransfer: command({
    operation: 'receiveTransfer',
    path: '/cycles/{cycle}/transfers/{id}/receipt',
    params: { cycle: CycleMonth, id: TransferId },
    body: Nothing,
    roles: ['treasurer'],
    en: 'Record that a transfer was received (treasurer of the receiver)',
    zh: '登记划款已收到（收款方财政）',
    home: atCorridor,
  }),
  reconcileCycle: command({
    operation: 'reconcileCycle',
    path: '/cycles/{cycle}/reconciliation',
    params: { cycle: CycleMonth },
    body: Nothing,
    roles: ['joint-office'],
    en: 'Close a cycle whose transfers were all received (joint office)',
    zh: '账期对账关闭（联席办）',
    home: atCorridor,
  }),
};

const AgreementVersion = PublishAgreement.extend({ version: z.int().min(1), publishedAt: Instant });
export const AgreementView = z
  .strictObject({ id: AgreementId, home: Member, host: Member, versions: z.array(AgreementVersion) })
  .meta({ id: 'AgreementView' });
export type AgreementView = z.infer<typeof AgreementView>;

export const PairView = z
  .strictObject({
    id: PairId,
    debtor: Party,
    creditor: Party,
    prefundFen: Fen,
    /** Host-fronted and not yet settled: what the prefund covers. */
    drawnFen: Fen,
    /** Payments granted and not yet confirmed, failed or cancelled. */
    inFlightFen: Fen,
    /** Prefund less drawn less in flight; below zero only if a bank confirmed a payment that was never granted. */
    headroomFen: z.int(),
    queued: z.int().min(0),
    queuedFen: Fen,
    /** Drawn and in flight reach this many basis points of the prefund: 0, 7000 or 9000. */
    alertBps: z.union([z.literal(0), z.literal(7_000), z.literal(9_000)]),
    /** Accrued and neither netted nor settled vertically, disputed ones included. */
    unnettedFen: Fen,
    /** Accrued and not yet settled. */
    unsettledFen: Fen,
    disputedFen: Fen,
    /** Everything ever accrued. */
    runningTotalFen: Fen,
  })
  .meta({ id: 'PairView' });
export type PairView = z.infer<typeof PairView>;

export const ObligationView = z
  .strictObject({
    id: ObligationId,
    pair: PairId,
    debtor: Party,
    creditor: Party,
    kind: ObligationKind,
    amountFen: PositiveFen,
    paymentId: PaymentId,
    reference: PaymentReference,
    claimId: ClaimId,
    accruedAt: Instant,
    status: z.enum(['accrued', 'disputed', 'netted', 'settled']),
    /** The closed cycle it is in, for a pair of members. */
    cycle: CycleMonth.optional(),
    /** The vertical settlement that settled it. */
    settlementId: z.string().optional(),
    dispute: z
      .strictObject({
        reason: DisputeGround,
        raisedAt: Instant,
        dueAt: Instant,
        escalated: z.boolean(),
        ruling: z.strictObject({ wonBy: z.enum(['debtor', 'creditor']), reason: Text, ruledAt: Instant }).optional(),
      })
      .optional(),
  })
  .meta({ id: 'ObligationView' });
export type ObligationView = z.infer<typeof ObligationView>;

/** What a pair sealed for one cycle, and how far its two treasuries are with it. */
export const SegmentView = z
  .strictObject({
    id: z.string(),
    pair: PairId,
    cycle: CycleMonth,
    /** `unanswered`: the debtor was silent, and what can be disputed is on its way into dispute. */
    status: z.enum(['sealed', 'declared', 'confirmed', 'unanswered', 'carried-over', 'netted', 'settled']),
    obligations: z.int().min(0),
    /** Sealed at the cut-off. */
    totalFen: Fen,
    /** Taken out by disputes since, those of silence included. */
    disputedFen: Fen,
    declareBy: LocalDate,
    confirmBy: LocalDate,
    declaredFen: Fen.optional(),
    confirmedFen: Fen.optional(),
    /** A side did not answer in time; what silence did not put into dispute went to the next cycle. */
    escalated: z.boolean(),
  })
  .meta({ id: 'SegmentView' });
export type SegmentView = z.infer<typeof SegmentView>;

export const DrawView = z
  .strictObject({
    id: PaymentReference,
    pair: PairId,
    paymentId: PaymentId,
    amountFen: PositiveFen,
    status: z.enum(['queued', 'granted', 'used', 'released']),
    askedAt: Instant,
  })
  .meta({ id: 'DrawView' });
export type DrawView = z.infer<typeof DrawView>;

export const CycleView = z
  .strictObject({
    id: CycleMonth,
    status: z.enum(['open', 'called', 'netted', 'noticed', 'received', 'reconciled']),
    terms: CycleTerms,
    /** First instant of the next month, Asia/Shanghai. */
    callAt: Instant,
    declareBy: LocalDate.optional(),
    confirmBy: LocalDate.optional(),
    transferBy: LocalDate.optional(),
    /** Of all ordered pairs of members: how many have sealed their segment, how many have confirmed (a zero segment is confirmed by its marker). */
    pairsSealed: z.int().min(0),
    pairsConfirmed: z.int().min(0),
    sealedFen: Fen,
    gross: z.array(GrossEntry),
    nets: z.array(NetPosition),
    transfers: z.array(
      Transfer.extend({ status: z.enum(['due', 'sent', 'received']), sentAt: Instant.optional(), receivedAt: Instant.optional() }),
    ),
  })
  .meta({ id: 'CycleView' });
export type CycleView = z.infer<typeof CycleView>;

const noun = nounsOf('clearing');
export const clearingNouns = {
  agreements: noun('agreements', AgreementId, AgreementView, { en: 'Bilateral agreements', zh: '双边协议' }, atCorridor),
  pairs: noun('pairs', PairId, PairView, { en: 'Who owes whom, and the prefund behind it', zh: '双边往来与预付金' }, homeOfPair),
  obligations: noun('obligations', ObligationId, ObligationView, { en: 'Obligations', zh: '应付义务' }, homeOfPair),
  segments: noun(
    'segments',
    z.string().regex(/^\d{6}-\d{6}-20\d{4}$/),
    SegmentView,
    { en: 'What pairs sealed, declared and confirmed per cycle', zh: '双边账期' },
    homeOfPair,
  ),
  draws: noun('draws', PaymentReference, DrawView, { en: 'Draws on prefunds', zh: '预付金占用' }),
  cycles: noun('cycles', CycleMonth, CycleView, { en: 'Settlement cycles', zh: '清算账期' }, atCorridor),
};
