import { addDays, addMinutes, dateOf, endOf } from '@tongdui/calendar';
import type { Fen, Instant, LocalDate, Sha256, Slices } from '@tongdui/contracts';
import { alreadySo, type Decider, type Decision, record, refuse, unreachable } from '@tongdui/decider';
import { fen } from '@tongdui/money';
import { type ContractTerms, evolve, type Fact, type Known, type Parties, type Proposal, type State } from './order.state.ts';
import { mostOf, type PinnedTerms } from './terms.ts';

/** An order from its proposal to the enterprise's acceptance. It coordinates with the voucher: a contract is registered only when the voucher has reserved its subsidy. */

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
/** Why nothing can be proposed, by the local copies. */
export type Obstacle = 'sanctioned-party' | 'no-policy-in-force' | 'category-not-subsidised';

/** In order of precedence. The voucher's own reasons come back through `RefuseContract`. */
export type Reason =
  | 'order-unknown'
  | 'voucher-unknown'
  | 'offering-unknown'
  | 'order-already-proposed'
  | 'order-over'
  | 'order-not-proposed'
  | 'order-not-accepted-by-lab'
  | 'contract-already-registered'
  | 'contract-pending'
  | 'order-has-no-contract'
  | 'already-accepted'
  | 'already-delivered'
  | 'not-delivered'
  | 'amendment-pending'
  | 'attempt-out-of-order'
  | 'order-expired'
  | Obstacle
  | 'lab-not-admitted'
  | 'lab-not-recognised'
  | 'too-early-to-decide'
  | 'dates-out-of-order'
  | 'registered-too-late'
  | 'subsidy-above-policy'
  | 'amendment-not-downward'
  | 'subsidy-is-zero'
  | 'too-early-to-cancel';

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
      return accept(command, state);
    case 'DecideDelivery':
      return decideDelivery(command, state);
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

const propose = (command: Of<'ProposeOrder'>, state: State): Decision<Fact, Reason> => {
  const { type: _, validDays, obstacle, at, ...proposal } = command;
  if (state.is !== 'none') return refuse('order-already-proposed');
  if (obstacle) return refuse(obstacle);
  return record({ ...proposal, type: 'OrderProposed', dueAt: endOf(addDays(dateOf(at), validDays)), at });
};

const submitContract = (command: Of<'SubmitContract'>, state: Known): Decision<Fact, Reason> => {
  const { type: _, findings, at, contract, ...stated } = command;
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

type Acceptance = { readonly acceptedOn: LocalDate; readonly actualBaseFen: Fen; readonly at: Instant };

/** By the bureau, once the enterprise left a reminder unanswered: silence is never taken for acceptance. */
const decideDelivery = ({ acceptance, reason, by, at }: Of<'DecideDelivery'>, state: Known): Decision<Fact, Reason> => {
  if (state.is !== 'delivered') return refuse(whyNotDelivered(state));
  if (at < state.remindAt) return refuse('too-early-to-decide');
  return acceptance ? accept({ ...acceptance, at }, state, { decidedBy: by, reason }) : record(ended(state, 'cancelled', reason, at, by));
};

const whyNotDelivered = (state: Known): Reason => {
  if (isOver(state)) return 'order-over';
  return state.is === 'accepting' || state.is === 'accepted-by-enterprise' ? 'already-accepted' : 'not-delivered';
};

const accept = (
  { acceptedOn, actualBaseFen, at }: Acceptance,
  state: Known,
  decided: { readonly decidedBy?: string; readonly reason?: string } = {},
): Decision<Fact, Reason> => {
  if (state.is !== 'delivered') return refuse(whyNotDelivered(state));
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
  const { contract, acceptedOn, subsidyFen, lab, category } = state;
  const { slices, at } = command;
  return record({
    ...partiesOf(state),
    type: 'SubsidyFixed',
    contract: contract.contract,
    lab,
    category,
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
      if (state.contract.amendment) return refuse('amendment-pending');
      if (dateOf(command.at) <= addDays(state.contract.endsOn, state.contract.terms.cancelAfterContractEndDays))
        return refuse('too-early-to-cancel');
      return record(ended(state, 'cancelled', command.reason, command.at));
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
export const order: Decider<Command, State, Fact, Reason> = { initial: { is: 'none' }, decide, evolve };
