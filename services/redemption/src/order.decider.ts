import type { Category, Fen, Instant, LocalDate, Member, OfferingId, OrderId, Sha256, Slices, Uscc, VoucherId } from '@tongdui/contracts';
import { addDays, addMinutes, dateOf, endOf } from '@tongdui/calendar';
import { alreadySo, corrupt, type Decider, type Decision, record, refuse, unreachable } from '@tongdui/decider';
import { fen, subsidyMaximum } from '@tongdui/money';
import type { PinnedTerms } from './terms.ts';

/** An order from its proposal to the enterprise's acceptance. It coordinates with the voucher: a contract is registered only when the voucher has reserved its subsidy. */

export type Proposal = {
  readonly orderId: OrderId;
  readonly home: Member;
  readonly host: Member;
  readonly enterprise: Uscc;
  readonly lab: Uscc;
  readonly voucherId: VoucherId;
  readonly offeringId: OfferingId;
  readonly category: Category;
};

export type ContractTerms = {
  readonly contractNumber: string;
  readonly signedOn: LocalDate;
  readonly serviceStartsOn: LocalDate;
  readonly endsOn: LocalDate;
  readonly baseFen: Fen;
  readonly subsidyFen: Fen;
  readonly contractDigest: Sha256;
};

/** What the local copies say at this moment; undefined terms: no policy in force, or one that does not subsidise the category. */
export type Findings = {
  readonly policyInForce: boolean;
  readonly terms?: PinnedTerms;
  readonly sanctioned: boolean;
  readonly labAdmitted: boolean;
  readonly labRecognised: boolean;
};

export type Command =
  | ({ readonly type: 'ProposeOrder'; readonly validDays: number; readonly obstacle?: Obstacle; readonly at: Instant } & Proposal)
  | { readonly type: 'AcceptByLab'; readonly at: Instant }
  | { readonly type: 'Decline'; readonly reason: string; readonly at: Instant }
  | ({ readonly type: 'SubmitContract'; readonly contract: number; readonly findings: Findings; readonly at: Instant } & ContractTerms)
  | { readonly type: 'RegisterContract'; readonly contract: number; readonly slices: Slices; readonly at: Instant }
  | { readonly type: 'RefuseContract'; readonly contract: number; readonly reason: string; readonly at: Instant }
  | { readonly type: 'AmendContract'; readonly amendment: number; readonly baseFen: Fen; readonly subsidyFen: Fen; readonly at: Instant }
  | { readonly type: 'ApplyAmendment'; readonly amendment: number; readonly slices: Slices; readonly at: Instant }
  | { readonly type: 'Deliver'; readonly deliveredOn: LocalDate; readonly deliverableDigest: Sha256; readonly at: Instant }
  | { readonly type: 'AcceptDelivery'; readonly acceptedOn: LocalDate; readonly actualBaseFen: Fen; readonly at: Instant }
  | {
      readonly type: 'DecideDelivery';
      readonly acceptance?: { readonly acceptedOn: LocalDate; readonly actualBaseFen: Fen };
      readonly reason: string;
      readonly by: string;
      readonly at: Instant;
    }
  | { readonly type: 'FixSubsidy'; readonly slices: Slices; readonly at: Instant }
  | { readonly type: 'Cancel'; readonly reason: string; readonly at: Instant }
  | { readonly type: 'ProposalDue' | 'DeliveryDue' | 'ReminderDue'; readonly at: Instant };

type Parties = {
  readonly orderId: OrderId;
  readonly home: Member;
  readonly host: Member;
  readonly enterprise: Uscc;
  readonly voucherId: VoucherId;
};
type WithHold = Parties & { readonly contract: number };

export type Fact =
  | ({ readonly type: 'OrderProposed'; readonly dueAt: Instant; readonly at: Instant } & Proposal)
  | { readonly type: 'OrderAcceptedByLab'; readonly at: Instant }
  | { readonly type: 'OrderDeclined'; readonly reason: string; readonly at: Instant }
  | ({ readonly type: 'ContractSubmitted'; readonly terms: PinnedTerms; readonly dueAt: Instant; readonly at: Instant } & WithHold &
      ContractTerms)
  | ({ readonly type: 'ContractRegistered'; readonly slices: Slices; readonly dueAt: Instant; readonly at: Instant } & WithHold)
  /** `dueAt` is when the proposal expires, as before. */
  | ({ readonly type: 'ContractRefused'; readonly reason: string; readonly dueAt: Instant; readonly at: Instant } & WithHold)
  | ({
      readonly type: 'ContractAmended';
      readonly amendment: number;
      readonly baseFen: Fen;
      readonly subsidyFen: Fen;
      readonly at: Instant;
    } & WithHold)
  | { readonly type: 'AmendmentApplied'; readonly amendment: number; readonly slices: Slices; readonly at: Instant }
  | ({
      readonly type: 'OrderDelivered';
      readonly deliveredOn: LocalDate;
      readonly deliverableDigest: Sha256;
      readonly dueAt: Instant;
      readonly at: Instant;
    } & Parties)
  | ({ readonly type: 'AcceptanceReminded'; readonly at: Instant } & Parties)
  | ({
      readonly type: 'DeliveryAccepted';
      readonly acceptedOn: LocalDate;
      readonly actualBaseFen: Fen;
      readonly subsidyFen: Fen;
      readonly decidedBy?: string;
      readonly reason?: string;
      readonly at: Instant;
    } & WithHold)
  /** Opens the claim: carries what the claim keeps of the order. */
  | ({
      readonly type: 'SubsidyFixed';
      readonly lab: Uscc;
      readonly slices: Slices;
      readonly subsidyFen: Fen;
      readonly signedOn: LocalDate;
      readonly acceptedOn: LocalDate;
      readonly terms: PinnedTerms;
      readonly at: Instant;
    } & WithHold)
  | ({
      readonly type: 'OrderEnded';
      readonly cause: 'cancelled' | 'expired';
      readonly reason: string;
      readonly contract?: number;
      readonly decidedBy?: string;
      readonly at: Instant;
    } & Parties);

/** Why nothing can be proposed, by the local copies. */
export type Obstacle = 'sanctioned-party' | 'no-policy-in-force' | 'category-not-subsidised';

/** In order of precedence. The voucher's own reasons come back through `RefuseContract`. */
export type Reason =
  | 'order-unknown'
  | 'voucher-unknown'
  | 'offering-unknown'
  | Obstacle
  | 'order-already-proposed'
  | 'order-over'
  | 'order-not-proposed'
  | 'order-not-accepted-by-lab'
  | 'contract-already-registered'
  | 'contract-pending'
  | 'attempt-out-of-order'
  | 'order-has-no-contract'
  | 'order-expired'
  | 'lab-not-admitted'
  | 'lab-not-recognised'
  | 'dates-out-of-order'
  | 'registered-too-late'
  | 'subsidy-above-policy'
  | 'amendment-not-downward'
  | 'amendment-pending'
  | 'already-delivered'
  | 'not-delivered'
  | 'already-accepted'
  | 'subsidy-is-zero'
  | 'too-early-to-decide'
  | 'too-early-to-cancel';

export type Attempt = { readonly contract: number; readonly status: 'pending' | 'registered' | 'refused'; readonly reason?: string };
export type Contract = ContractTerms & {
  readonly contract: number;
  readonly terms: PinnedTerms;
  readonly slices: Slices;
  readonly amendments: number;
  readonly amendment?: { readonly amendment: number; readonly baseFen: Fen; readonly subsidyFen: Fen };
};
type Base = Proposal & { readonly proposedAt: Instant; readonly attempts: readonly Attempt[] };

export type State =
  | { readonly is: 'none' }
  | (Base & { readonly is: 'proposed'; readonly dueAt: Instant })
  | (Base & {
      readonly is: 'accepted-by-lab';
      readonly dueAt: Instant;
      readonly pending?: ContractTerms & { readonly contract: number; readonly terms: PinnedTerms };
    })
  | (Base & { readonly is: 'contract-registered'; readonly contract: Contract; readonly dueAt: Instant })
  | (Base & {
      readonly is: 'delivered';
      readonly contract: Contract;
      readonly deliveredOn: LocalDate;
      readonly remindAt: Instant;
      readonly reminded: boolean;
    })
  | (Base & {
      readonly is: 'accepting' | 'accepted-by-enterprise';
      readonly contract: Contract;
      readonly deliveredOn: LocalDate;
      readonly acceptedOn: LocalDate;
      readonly subsidyFen: Fen;
    })
  | (Base & { readonly is: 'declined' | 'cancelled' | 'expired'; readonly reason: string; readonly contract?: Contract });

const decide = (command: Command, state: State): Decision<Fact, Reason> => {
  if (command.type === 'ProposeOrder') return propose(command, state);
  if (state.is === 'none') return refuse('order-unknown');
  switch (command.type) {
    case 'AcceptByLab':
      if (state.is !== 'proposed') return refuse(isOver(state) ? 'order-over' : 'order-not-proposed');
      return command.at >= state.dueAt ? refuse('order-expired') : record({ type: 'OrderAcceptedByLab', at: command.at });
    case 'Decline':
      if (state.is !== 'proposed') return refuse(isOver(state) ? 'order-over' : 'order-not-proposed');
      return record({ type: 'OrderDeclined', reason: command.reason, at: command.at });
    case 'SubmitContract':
      return submitContract(command, state);
    case 'RegisterContract':
    case 'RefuseContract':
      return concludeContract(command, state);
    case 'AmendContract':
    case 'ApplyAmendment':
      return amend(command, state);
    case 'Deliver':
      return deliver(command, state);
    case 'AcceptDelivery':
    case 'DecideDelivery':
      return accept(command, state);
    case 'FixSubsidy':
      return fixSubsidy(command, state);
    case 'Cancel':
      return cancel(command, state);
    case 'ProposalDue':
    case 'DeliveryDue':
    case 'ReminderDue':
      return due(command, state);
    default:
      return unreachable(command);
  }
};

type Of<Type extends Command['type']> = Command & { readonly type: Type };
type Known = Exclude<State, { is: 'none' }>;

const propose = ({ type: _, validDays, obstacle, at, ...proposal }: Of<'ProposeOrder'>, state: State): Decision<Fact, Reason> => {
  if (state.is !== 'none') return refuse('order-already-proposed');
  if (obstacle) return refuse(obstacle);
  return record({ ...proposal, type: 'OrderProposed', dueAt: endOf(addDays(dateOf(at), validDays)), at });
};

const submitContract = ({ type: _, findings, at, contract, ...stated }: Of<'SubmitContract'>, state: Known): Decision<Fact, Reason> => {
  if (isOver(state)) return refuse('order-over');
  if (state.is === 'proposed') return refuse('order-not-accepted-by-lab');
  if (state.is !== 'accepted-by-lab') return refuse('contract-already-registered');
  if (state.pending) return refuse('contract-pending');
  if (contract !== state.attempts.length + 1) return refuse('attempt-out-of-order');
  const today = dateOf(at);
  const { terms } = findings;
  if (at >= state.dueAt) return refuse('order-expired');
  if (findings.sanctioned) return refuse('sanctioned-party');
  if (!findings.policyInForce) return refuse('no-policy-in-force');
  if (!terms) return refuse('category-not-subsidised');
  if (!findings.labAdmitted) return refuse('lab-not-admitted');
  if (!findings.labRecognised) return refuse('lab-not-recognised');
  if (stated.signedOn > today || stated.signedOn > stated.serviceStartsOn || stated.serviceStartsOn > stated.endsOn)
    return refuse('dates-out-of-order');
  if (today > addDays(stated.serviceStartsOn, terms.registrationAfterServiceStartDays)) return refuse('registered-too-late');
  if (stated.subsidyFen > mostOf(stated.baseFen, terms)) return refuse('subsidy-above-policy');
  return record({
    ...partiesOf(state),
    ...stated,
    type: 'ContractSubmitted',
    contract,
    terms,
    dueAt: addMinutes(at, terms.coordinatorDeadlineMinutes),
    at,
  });
};

const mostOf = (baseFen: Fen, terms: PinnedTerms): Fen =>
  subsidyMaximum(baseFen, terms.ratioBps, terms.capPerOrderFen, terms.ownShareFloorBps);

const concludeContract = (command: Of<'RegisterContract'> | Of<'RefuseContract'>, state: Known): Decision<Fact, Reason> => {
  if (state.is !== 'accepted-by-lab' || state.pending?.contract !== command.contract) return alreadySo;
  const { contract, at } = command;
  if (command.type === 'RefuseContract')
    return record({ ...partiesOf(state), type: 'ContractRefused', contract, reason: command.reason, dueAt: state.dueAt, at });
  const { endsOn, terms } = state.pending;
  return record({
    ...partiesOf(state),
    type: 'ContractRegistered',
    contract,
    slices: command.slices,
    dueAt: endOf(addDays(endsOn, terms.finalAfterContractEndDays)),
    at,
  });
};

/** Downward only: more than was registered is a new order. */
const amend = (command: Of<'AmendContract'> | Of<'ApplyAmendment'>, state: Known): Decision<Fact, Reason> => {
  if (command.type === 'ApplyAmendment') {
    if (state.is !== 'contract-registered' || state.contract.amendment?.amendment !== command.amendment) return alreadySo;
    return record({ type: 'AmendmentApplied', amendment: command.amendment, slices: command.slices, at: command.at });
  }
  if (isOver(state)) return refuse('order-over');
  if (state.is === 'proposed' || state.is === 'accepted-by-lab') return refuse('order-has-no-contract');
  if (state.is !== 'contract-registered') return refuse('already-delivered');
  const { contract } = state;
  if (contract.amendment) return refuse('amendment-pending');
  if (command.amendment !== contract.amendments + 1) return refuse('attempt-out-of-order');
  const { amendment, baseFen, subsidyFen, at } = command;
  if (subsidyFen > mostOf(baseFen, contract.terms)) return refuse('subsidy-above-policy');
  if (baseFen > contract.baseFen || subsidyFen >= contract.subsidyFen) return refuse('amendment-not-downward');
  return record({ ...partiesOf(state), type: 'ContractAmended', contract: contract.contract, amendment, baseFen, subsidyFen, at });
};

const deliver = (command: Of<'Deliver'>, state: Known): Decision<Fact, Reason> => {
  if (isOver(state)) return refuse('order-over');
  if (state.is === 'proposed' || state.is === 'accepted-by-lab') return refuse('order-has-no-contract');
  if (state.is !== 'contract-registered') return refuse('already-delivered');
  if (state.contract.amendment) return refuse('amendment-pending');
  const { deliveredOn, deliverableDigest, at } = command;
  if (at >= state.dueAt) return refuse('order-expired');
  if (deliveredOn < state.contract.signedOn || deliveredOn > dateOf(at)) return refuse('dates-out-of-order');
  const dueAt = endOf(addDays(dateOf(at), state.contract.terms.deliveryReminderDays));
  return record({ ...partiesOf(state), type: 'OrderDelivered', deliveredOn, deliverableDigest, dueAt, at });
};

/** By the enterprise; or by its bureau, once a reminder went unanswered. */
const accept = (command: Of<'AcceptDelivery'> | Of<'DecideDelivery'>, state: Known): Decision<Fact, Reason> => {
  if (isOver(state)) return refuse('order-over');
  if (state.is === 'accepting' || state.is === 'accepted-by-enterprise') return refuse('already-accepted');
  if (state.is !== 'delivered') return refuse('not-delivered');
  const { at } = command;
  const decided = command.type === 'DecideDelivery' ? { decidedBy: command.by, reason: command.reason } : {};
  const acceptance = command.type === 'DecideDelivery' ? command.acceptance : command;
  if (command.type === 'DecideDelivery' && at < state.remindAt) return refuse('too-early-to-decide');
  if (!acceptance)
    return record(ended(state, 'cancelled', 'delivery-refused', at, command.type === 'DecideDelivery' ? command.by : undefined));
  const { acceptedOn, actualBaseFen } = acceptance;
  if (acceptedOn < state.deliveredOn || acceptedOn > dateOf(at)) return refuse('dates-out-of-order');
  const subsidyFen = fen(Math.min(state.contract.subsidyFen, mostOf(actualBaseFen, state.contract.terms)));
  if (subsidyFen === 0) return refuse('subsidy-is-zero');
  return record({
    ...partiesOf(state),
    ...decided,
    type: 'DeliveryAccepted',
    contract: state.contract.contract,
    acceptedOn,
    actualBaseFen,
    subsidyFen,
    at,
  });
};

const fixSubsidy = (command: Of<'FixSubsidy'>, state: Known): Decision<Fact, Reason> => {
  if (state.is !== 'accepting') return alreadySo;
  const { contract, acceptedOn, subsidyFen, lab } = state;
  const { slices, at } = command;
  return record({
    ...partiesOf(state),
    type: 'SubsidyFixed',
    contract: contract.contract,
    lab,
    slices,
    subsidyFen,
    signedOn: contract.signedOn,
    acceptedOn,
    terms: contract.terms,
    at,
  });
};

const cancel = (command: Of<'Cancel'>, state: Known): Decision<Fact, Reason> => {
  if (isOver(state)) return refuse('order-over');
  switch (state.is) {
    case 'proposed':
      return record(ended(state, 'cancelled', command.reason, command.at));
    case 'accepted-by-lab':
      return state.pending ? refuse('contract-pending') : record(ended(state, 'cancelled', command.reason, command.at));
    case 'contract-registered':
      if (dateOf(command.at) <= addDays(state.contract.endsOn, state.contract.terms.cancelAfterContractEndDays))
        return refuse('too-early-to-cancel');
      return state.contract.amendment ? refuse('amendment-pending') : record(ended(state, 'cancelled', command.reason, command.at));
    default:
      return refuse(state.is === 'delivered' ? 'already-delivered' : 'already-accepted');
  }
};

/** A timer only makes a deadline visible: early, late and double firing change nothing. */
const due = (command: Of<'ProposalDue' | 'DeliveryDue' | 'ReminderDue'>, state: Known): Decision<Fact, Reason> => {
  const { at } = command;
  if (command.type === 'ReminderDue') {
    if (state.is !== 'delivered' || state.reminded || at < state.remindAt) return alreadySo;
    return record({ ...partiesOf(state), type: 'AcceptanceReminded', at });
  }
  if (command.type === 'ProposalDue') {
    if ((state.is !== 'proposed' && state.is !== 'accepted-by-lab') || at < state.dueAt) return alreadySo;
    // A registration under way is decided first; its refusal sets this timer again.
    if (state.is === 'accepted-by-lab' && state.pending) return alreadySo;
    return record(ended(state, 'expired', state.is === 'proposed' ? 'lab-never-accepted' : 'never-registered', at));
  }
  if (state.is !== 'contract-registered' || at < state.dueAt) return alreadySo;
  return record(ended(state, 'expired', 'never-delivered', at));
};

const isOver = (state: Known): state is Extract<State, { is: 'declined' | 'cancelled' | 'expired' }> =>
  state.is === 'declined' || state.is === 'cancelled' || state.is === 'expired';

const partiesOf = ({ orderId, home, host, enterprise, voucherId }: Known): Parties => ({ orderId, home, host, enterprise, voucherId });

const ended = (state: Known, cause: 'cancelled' | 'expired', reason: string, at: Instant, decidedBy?: string): Fact => ({
  ...partiesOf(state),
  type: 'OrderEnded',
  cause,
  reason,
  ...('contract' in state && state.contract ? { contract: state.contract.contract } : {}),
  ...(decidedBy === undefined ? {} : { decidedBy }),
  at,
});

const evolve = (state: State, fact: Fact): State => {
  if (fact.type === 'OrderProposed') {
    const { type: _, at, ...proposal } = fact;
    return { ...proposal, is: 'proposed', proposedAt: at, attempts: [] };
  }
  if (state.is === 'none') return corrupt(`${fact.type} before OrderProposed`);
  switch (fact.type) {
    case 'OrderAcceptedByLab':
      return state.is === 'proposed' ? { ...state, is: 'accepted-by-lab' } : corrupt(fact.type);
    case 'OrderDeclined':
      return { ...baseOf(state), is: 'declined', reason: fact.reason };
    case 'ContractSubmitted':
    case 'ContractRegistered':
    case 'ContractRefused':
      return state.is === 'accepted-by-lab' ? evolveContract(state, fact) : corrupt(fact.type);
    case 'ContractAmended':
      if (state.is !== 'contract-registered') return corrupt(fact.type);
      return {
        ...state,
        contract: { ...state.contract, amendment: { amendment: fact.amendment, baseFen: fact.baseFen, subsidyFen: fact.subsidyFen } },
      };
    case 'AmendmentApplied': {
      if (state.is !== 'contract-registered' || !state.contract.amendment) return corrupt(fact.type);
      const { amendment, ...contract } = state.contract;
      return {
        ...state,
        contract: {
          ...contract,
          baseFen: amendment.baseFen,
          subsidyFen: amendment.subsidyFen,
          amendments: amendment.amendment,
          slices: fact.slices,
        },
      };
    }
    case 'OrderDelivered':
      if (state.is !== 'contract-registered') return corrupt(fact.type);
      return {
        ...baseOf(state),
        is: 'delivered',
        contract: state.contract,
        deliveredOn: fact.deliveredOn,
        remindAt: fact.dueAt,
        reminded: false,
      };
    case 'AcceptanceReminded':
      return state.is === 'delivered' ? { ...state, reminded: true } : corrupt(fact.type);
    case 'DeliveryAccepted':
      if (state.is !== 'delivered') return corrupt(fact.type);
      return {
        ...baseOf(state),
        is: 'accepting',
        contract: state.contract,
        deliveredOn: state.deliveredOn,
        acceptedOn: fact.acceptedOn,
        subsidyFen: fact.subsidyFen,
      };
    case 'SubsidyFixed':
      return state.is === 'accepting'
        ? { ...state, is: 'accepted-by-enterprise', contract: { ...state.contract, slices: fact.slices } }
        : corrupt(fact.type);
    case 'OrderEnded':
      return {
        ...baseOf(state),
        is: fact.cause,
        reason: fact.reason,
        ...('contract' in state && state.contract ? { contract: state.contract } : {}),
      };
    default:
      return unreachable(fact);
  }
};

const baseOf = (state: Known): Base => {
  const { orderId, home, host, enterprise, lab, voucherId, offeringId, category, proposedAt, attempts } = state;
  return { orderId, home, host, enterprise, lab, voucherId, offeringId, category, proposedAt, attempts };
};

const evolveContract = (
  state: Extract<State, { is: 'accepted-by-lab' }>,
  fact: Extract<Fact, { type: 'ContractSubmitted' | 'ContractRegistered' | 'ContractRefused' }>,
): State => {
  if (fact.type === 'ContractSubmitted') {
    const { contractNumber, signedOn, serviceStartsOn, endsOn, baseFen, subsidyFen, contractDigest, contract, terms } = fact;
    const pending = { contractNumber, signedOn, serviceStartsOn, endsOn, baseFen, subsidyFen, contractDigest, contract, terms };
    return { ...state, attempts: [...state.attempts, { contract, status: 'pending' }], pending };
  }
  const { pending, ...rest } = state;
  if (pending?.contract !== fact.contract) return corrupt(`${fact.type} of a contract that is not pending`);
  const earlier = state.attempts.slice(0, -1);
  if (fact.type === 'ContractRefused')
    return { ...rest, attempts: [...earlier, { contract: fact.contract, status: 'refused', reason: fact.reason }] };
  const contract: Contract = { ...pending, slices: fact.slices, amendments: 0 };
  return {
    ...baseOf(state),
    is: 'contract-registered',
    attempts: [...earlier, { contract: fact.contract, status: 'registered' }],
    contract,
    dueAt: fact.dueAt,
  };
};

export const order: Decider<Command, State, Fact, Reason> = { initial: { is: 'none' }, decide, evolve };
