import { endOf, nextMonth } from '@tongdui/calendar';
import {
  type CloudEvent,
  cycleCalled,
  cycleNetted,
  type DataOf,
  disputeDecided,
  eventDefinitionOf,
  type Fen,
  type Instant,
  type Member,
  members,
  type ObligationId,
  type ObligationKind,
  type Party,
  type PaymentReference,
  pairConfirmed,
  pairCutOff,
  paymentFailed,
  paymentPaid,
  paymentRecovered,
  paymentReturned,
  type Slices,
  transferReceived,
} from '@tongdui/contracts';
import { sumFen } from '@tongdui/money';
import type { Effect, FollowedFact, Work, WorkChange } from '@tongdui/runtime/service';
import type { Command as CycleCommand, Fact as CycleFact } from './cycle.decider.ts';
import type { Command as PairCommand, Fact as PairFact } from './pair.decider.ts';
import { cycleStream, pairStream } from './streams.ts';

/** What events mean for pairs and cycles. Every command is harmless when it comes again; those for homes not served here are left to them. */
export const effects = (event: CloudEvent): readonly Effect[] => {
  switch (eventDefinitionOf(event.type)) {
    case paymentPaid:
      return accrueForward(event.data as Paid);
    case paymentFailed: {
      const failed = event.data as DataOf<typeof paymentFailed>;
      return isFronted(failed)
        ? [onPair(failed.home, failed.host, { type: 'ReleaseDraw', reference: failed.reference, at: failed.occurredAt })]
        : [];
    }
    case paymentReturned:
    case paymentRecovered:
      return accrueReverse(event.data as Movement, 'note');
    case disputeDecided: {
      const decided = event.data as DataOf<typeof disputeDecided>;
      return decided.wonBy === 'debtor' ? accrueReverse(decided, 'ruled') : [];
    }
    case cycleCalled:
      return sealAll(event.data as DataOf<typeof cycleCalled>);
    case pairCutOff: {
      const { debtor, creditor, cycle, totalFen, occurredAt } = event.data as DataOf<typeof pairCutOff>;
      return [onCycle(cycle, { type: 'NotePairSealed', debtor, creditor, totalFen, at: occurredAt }, `${debtor}-${creditor}`)];
    }
    case pairConfirmed: {
      const { debtor, creditor, cycle, totalFen, occurredAt } = event.data as DataOf<typeof pairConfirmed>;
      return [onCycle(cycle, { type: 'NotePairConfirmed', debtor, creditor, totalFen, at: occurredAt }, `${debtor}-${creditor}`)];
    }
    case cycleNetted:
      return closeAll(event.data as DataOf<typeof cycleNetted>);
    case transferReceived: {
      const { cycle, settledDebtors, occurredAt } = event.data as DataOf<typeof transferReceived>;
      return settledDebtors.flatMap((debtor) =>
        creditorsOf(debtor).map((creditor) => onPair(debtor, creditor, { type: 'SettleSegment', cycle, at: occurredAt })),
      );
    }
    default:
      return [];
  }
};

type Paid = DataOf<typeof paymentPaid>;
/** A payment, or what undoes it: the fields that all of these events share. */
type Movement = Pick<
  Paid,
  'home' | 'host' | 'payer' | 'payee' | 'route' | 'slices' | 'amountFen' | 'paymentId' | 'reference' | 'claimId' | 'occurredAt'
>;

/** A refund to the enterprise fronts nothing whatever the agreement says, and nobody fronts for themselves. */
const isFronted = ({ route, home, host, payee }: Pick<Movement, 'route' | 'home' | 'host' | 'payee'>): boolean =>
  route === 'host-fronted' && home !== host && payee.kind === 'lab';

const accrueForward = (paid: Paid): Effect[] => {
  const shares = sharesOf(paid.slices, paid.home).map(([owner, amountFen]) => obligation(paid, 'cost-share', owner, paid.home, amountFen));
  if (!isFronted(paid)) return shares;
  const { paidOn: _, occurredAt, ...payment } = paid;
  const fronted: PairCommand = { ...accrual(paid, 'host-fronted', paid.home, paid.host, paid.amountFen), payment };
  return [onPair(paid.home, paid.host, { ...fronted, at: occurredAt }), ...shares];
};

/** Money that came back, by itself or by a ruling, is owed the other way round; nothing that accrued is touched. */
const accrueReverse = (back: Movement, forward: 'note' | 'ruled'): Effect[] => {
  const { home, host, reference, occurredAt: at } = back;
  const shares = sharesOf(back.slices, home).map(([owner, amountFen]) => obligation(back, 'reverse-cost-share', home, owner, amountFen));
  if (!isFronted(back)) return shares;
  const reverse = obligation(back, 'reverse-host-fronted', host, home, back.amountFen);
  const noted = forward === 'note' ? [onPair(home, host, { type: 'NoteReversal', reference, at })] : [];
  return [reverse, ...noted, ...shares];
};

/** What each owner other than the home carries; several pots of one owner are one share. */
const sharesOf = (slices: Slices, home: Member): [Party, Fen][] => {
  const owners = [...new Set(slices.map((slice) => slice.owner))].filter((owner) => (owner as string) !== home);
  return owners
    .map((owner): [Party, Fen] => [owner, sumFen(slices.flatMap((slice) => (slice.owner === owner ? [slice.amountFen] : [])))])
    .filter(([, amountFen]) => amountFen > 0);
};

const obligation = (of: Movement, kind: ObligationKind, debtor: Party | Member, creditor: Party | Member, amountFen: Fen): Effect =>
  onPair(debtor, creditor, accrual(of, kind, debtor, creditor, amountFen));

const accrual = (of: Movement, kind: ObligationKind, debtor: Party | Member, creditor: Party | Member, amountFen: Fen) =>
  ({
    type: 'AccrueObligation',
    obligationId: obligationIdOf(debtor, creditor, kind, of.reference),
    kind,
    amountFen,
    paymentId: of.paymentId,
    reference: of.reference,
    claimId: of.claimId,
    at: of.occurredAt,
  }) as const satisfies PairCommand;

/** The pair says the owner, the reference the payment: together the natural key of a share as of a fronted payment. */
const obligationIdOf = (debtor: string, creditor: string, kind: ObligationKind, reference: PaymentReference): ObligationId =>
  `${debtor}-${creditor}-${kind}-${reference}` as ObligationId;

const sealAll = ({ cycle, declareBy, confirmBy, terms: { disputeDays }, occurredAt: at }: DataOf<typeof cycleCalled>): Effect[] =>
  memberPairs().map(([debtor, creditor]) =>
    onPair(debtor, creditor, { type: 'SealSegment', cycle, declareBy, confirmBy, disputeDays, at }),
  );

/** Every pair hears of the netting: what is not in it is disputed or carried over. */
const closeAll = ({ cycle, gross, settledDebtors, occurredAt: at }: DataOf<typeof cycleNetted>): Effect[] =>
  memberPairs().flatMap(([debtor, creditor]) => {
    const amountFen = gross.find((entry) => entry.debtor === debtor && entry.creditor === creditor)?.amountFen ?? (0 as Fen);
    const net = onPair(debtor, creditor, { type: 'NetSegment', cycle, amountFen, at });
    return settledDebtors.includes(debtor) ? [net, onPair(debtor, creditor, { type: 'SettleSegment', cycle, at })] : [net];
  });

const creditorsOf = (debtor: Member): Member[] => members.filter((creditor) => creditor !== debtor);
const memberPairs = (): [Member, Member][] =>
  members.flatMap((debtor) => creditorsOf(debtor).map((creditor): [Member, Member] => [debtor, creditor]));

const onPair = (debtor: Party | Member, creditor: Party | Member, command: PairCommand): Effect => ({
  stream: pairStream(debtor, creditor),
  command,
  step: `${command.type} ${debtor}-${creditor}`,
});
const onCycle = (cycle: Parameters<typeof cycleStream>[0], command: CycleCommand, of: string): Effect => ({
  stream: cycleStream(cycle),
  command,
  step: `${command.type} ${of}`,
});

/** Follow-up work of this service's facts: deadlines, the next month, and what one append was too small for. */
export const work = (followed: FollowedFact): WorkChange => {
  switch (followed.noun) {
    case 'pair':
      return pairWork(followed, followed.fact as unknown as PairFact);
    case 'cycle':
      return cycleWork(followed, followed.fact as unknown as CycleFact);
    default:
      return {};
  }
};

const pairWork = (followed: FollowedFact, fact: PairFact): WorkChange => {
  const declaration = (cycle: string) => `declaration-deadline/${followed.stream}/${cycle}`;
  const confirmation = (cycle: string) => `confirmation-deadline/${followed.stream}/${cycle}`;
  const ruling = (id: string) => `dispute-deadline/${followed.stream}/${id}`;
  const conclusion = (id: string) => `conclude-ruling/${followed.stream}/${id}`;
  switch (fact.type) {
    case 'SegmentSealed': {
      if (fact.totalFen === 0) return {};
      const silence = (id: string, dueAt: Instant) => workOf(followed, 'note-silence', id, { cycle: fact.cycle }, dueAt);
      return {
        opens: [silence(declaration(fact.cycle), endOf(fact.declareBy)), silence(confirmation(fact.cycle), endOf(fact.confirmBy))],
      };
    }
    case 'SegmentDeclared':
      return { closes: [declaration(fact.cycle)] };
    case 'SegmentConfirmed':
      return { closes: [confirmation(fact.cycle)] };
    case 'SegmentUnanswered': {
      const id = `dispute-unanswered/${followed.stream}/${fact.cycle}`;
      return { closes: [confirmation(fact.cycle)], opens: [workOf(followed, 'dispute-unanswered', id, { cycle: fact.cycle })] };
    }
    case 'SegmentCarriedOver':
      return { closes: [declaration(fact.cycle), confirmation(fact.cycle)] };
    case 'ObligationDisputed':
      return { opens: [workOf(followed, 'escalate-dispute', ruling(fact.obligationId), { obligationId: fact.obligationId }, fact.dueAt)] };
    case 'RulingAsked': {
      const { obligationId, paymentId, instruction } = fact;
      return { opens: [workOf(followed, 'conclude-ruling', conclusion(obligationId), { obligationId, paymentId, instruction })] };
    }
    case 'DisputeRuled':
      return { closes: [ruling(fact.obligationId), conclusion(fact.obligationId)] };
    case 'DrawGranted':
      return fact.more ? { opens: [workOf(followed, 'grant-queued', `grant-queued/${followed.stream}`)] } : {};
    case 'SegmentNetted':
    case 'SegmentSettled':
    case 'VerticallySettled':
      return { opens: [workOf(followed, 'mark-obligations', `mark-obligations/${followed.stream}`)] };
    default:
      return {};
  }
};

const cycleWork = (followed: FollowedFact, fact: CycleFact): WorkChange => {
  const named = (kind: string) => `${kind}/${followed.stream}`;
  switch (fact.type) {
    case 'CycleOpened':
      return { opens: [workOf(followed, 'call-cycle', named('call-cycle'), {}, fact.callAt)] };
    case 'CycleCalled':
      return {
        closes: [named('call-cycle')],
        opens: [
          workOf(followed, 'open-next-cycle', named('open-next-cycle'), { cycle: nextMonth(fact.cycle), terms: fact.terms }),
          workOf(followed, 'net-cycle', named('net-cycle'), {}, endOf(fact.confirmBy)),
        ],
      };
    case 'CycleNetted':
      return { closes: [named('net-cycle')] };
    default:
      return {};
  }
};

/** `cause` makes the ids of the commands differ from those of the same work done for an earlier fact. */
const workOf = (followed: FollowedFact, kind: string, id: string, data: Work['data'] = {}, dueAt?: Instant): Work => ({
  id,
  kind,
  home: followed.home,
  ...(dueAt === undefined ? {} : { dueAt }),
  data: { stream: followed.stream, cause: followed.id, ...data },
});
