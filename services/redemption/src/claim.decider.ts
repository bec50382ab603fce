import { addMinutes, addWorkingDays, dateOf, endOf } from '@tongdui/calendar';
import type { ClaimStatus, Fen, Instant } from '@tongdui/contracts';
import { alreadySo, type Decider, type Decision, record, refuse, unreachable } from '@tongdui/decider';
import { fen, minus, positive, splitOver, totalOf } from '@tongdui/money';
import {
  applyRedLetter,
  type ClosingCommand,
  clawBack,
  concludeClosing,
  notePayment,
  noteRecovered,
  reject,
  writeOff,
} from './claim.closing.ts';
import type { Fact, Opening, Submission } from './claim.facts.ts';
import { held, isOver, movementOf, openRisks, payable, rejected, tookPart } from './claim.outcomes.ts';
import { type Claim, evolve, type State } from './claim.state.ts';

/** A claim from the day it is awaited to its payment and, where need be, its return. It coordinates with the invoice (its slice) and the payment (its cancelling). */

type At = { readonly at: Instant };
type By = { readonly by: string };
type Reasoned = By & { readonly reason: string };
/** Reason codes of the fraud checks that the copies of the moment raise. */
type AtRisk = { readonly risks: readonly string[] };

export type Command =
  | ({ readonly type: 'AwaitClaim' } & Opening & At)
  | ({ readonly type: 'SubmitClaim'; readonly hasInvoiceEvidence: boolean; readonly hasPaymentProof: boolean } & Submission & At)
  | ({ readonly type: 'AcceptSubmission'; readonly n: number } & At)
  | ({ readonly type: 'RefuseSubmission'; readonly n: number; readonly reason: string } & At)
  | ({ readonly type: 'NoteSliceGivenBack'; readonly n: number } & At)
  | ({ readonly type: 'CheckClaim' } & AtRisk & By & At)
  | ({ readonly type: 'SendBack' } & Reasoned & At)
  | ({ readonly type: 'HoldClaim' } & AtRisk & Reasoned & At)
  | ({ readonly type: 'DismissHold' | 'UpholdHold' } & Reasoned & At)
  | ({ readonly type: 'ReviewClaim'; readonly subsidyFen: Fen; readonly selfPaidFen: Fen } & AtRisk & By & At)
  | ({ readonly type: 'OpenNotice' } & AtRisk & By & At)
  | ({ readonly type: 'RaiseObjection' | 'DismissObjection' | 'UpholdObjection'; readonly objection: string } & Reasoned & At)
  | ClosingCommand
  | ({ readonly type: 'ClaimDue' | 'HoldDue' | 'NoticeDue' } & At);

/** In order of precedence. */
export type Reason =
  | 'claim-unknown'
  | 'claim-over'
  | 'submission-pending'
  | 'claim-not-in-that-state'
  | 'attempt-out-of-order'
  | 'claim-too-late'
  | 'same-person'
  | 'claim-at-risk'
  | 'no-corrections-left'
  | 'subsidy-above-redeemed'
  | 'invoice-parties-differ'
  | 'invoice-before-contract'
  | 'dates-out-of-order'
  | 'slice-exceeds-invoice'
  | 'amounts-do-not-add-up'
  | 'payment-not-proven'
  | 'evidence-missing'
  | 'objection-unknown'
  | 'objection-already-ruled'
  | 'notice-over'
  | 'closing-pending'
  | 'payment-already-instructed';

type Of<Type extends Command['type']> = Command & { readonly type: Type };

const decide = (command: Command, state: State): Decision<Fact, Reason> => {
  if (command.type === 'AwaitClaim') {
    if (state.is !== 'none') return alreadySo;
    const { type: _, ...opening } = command;
    return record({ ...opening, type: 'ClaimAwaited', dueAt: endOf(command.claimBy) });
  }
  if (state.is === 'none') return refuse('claim-unknown');
  switch (command.type) {
    case 'SubmitClaim':
      return submit(command, state);
    case 'AcceptSubmission':
    case 'RefuseSubmission':
      return concludeSubmission(command, state);
    case 'NoteSliceGivenBack':
      if (state.attempts.find((attempt) => attempt.n === command.n)?.givenBack !== false) return alreadySo;
      return record({ type: 'SliceGivenBack', n: command.n, at: command.at });
    case 'CheckClaim':
      return check(command, state);
    case 'SendBack':
      return sendBack(command, state);
    case 'HoldClaim':
      return hold(command, state);
    case 'DismissHold':
    case 'UpholdHold':
      return ruleHold(command, state);
    case 'ReviewClaim':
      return review(command, state);
    case 'OpenNotice':
      return openNotice(command, state);
    case 'RaiseObjection':
    case 'DismissObjection':
    case 'UpholdObjection':
      return objection(command, state);
    case 'RejectClaim':
      return reject(command, state);
    case 'ClawBack':
      return clawBack(command, state);
    case 'WriteOff':
      return writeOff(command, state);
    case 'ConcludeClosing':
      return concludeClosing(command, state);
    case 'NotePayment':
      return notePayment(command, state);
    case 'ApplyRedLetter':
      return applyRedLetter(command, state);
    case 'NoteRecovered':
      return noteRecovered(command, state);
    case 'ClaimDue':
    case 'HoldDue':
    case 'NoticeDue':
      return due(command, state);
    default:
      return unreachable(command);
  }
};

const submit = (command: Of<'SubmitClaim'>, state: Claim): Decision<Fact, Reason> => {
  const { n, invoice, selfPaidFen, evidence, by, at } = command;
  if (isOver(state.status)) return refuse('claim-over');
  if (state.status === 'submitting') return refuse('submission-pending');
  if (state.status !== 'awaited' && state.status !== 'sent-back') return refuse('claim-not-in-that-state');
  if (n !== state.attempts.length + 1) return refuse('attempt-out-of-order');
  if (at >= state.dueAt) return refuse('claim-too-late');
  if (invoice.seller !== state.lab || invoice.buyer !== state.enterprise) return refuse('invoice-parties-differ');
  if (invoice.issuedOn < state.signedOn) return refuse('invoice-before-contract');
  if (invoice.issuedOn > dateOf(at)) return refuse('dates-out-of-order');
  if (invoice.sliceFen > invoice.totalFen) return refuse('slice-exceeds-invoice');
  if (state.terms.payeeMode === 'lab-redeemed' && state.subsidyFen + selfPaidFen !== invoice.sliceFen)
    return refuse('amounts-do-not-add-up');
  if (state.subsidyFen > invoice.sliceFen) return refuse('amounts-do-not-add-up');
  if (state.terms.payeeMode === 'enterprise-refunded' && (selfPaidFen < invoice.sliceFen || !command.hasPaymentProof))
    return refuse('payment-not-proven');
  if (!command.hasInvoiceEvidence) return refuse('evidence-missing');
  const dueAt = addMinutes(at, state.terms.coordinatorDeadlineMinutes);
  return record({ type: 'SubmissionMade', claimId: state.claimId, home: state.home, n, invoice, selfPaidFen, evidence, by, dueAt, at });
};

const concludeSubmission = (command: Of<'AcceptSubmission'> | Of<'RefuseSubmission'>, state: Claim): Decision<Fact, Reason> => {
  const { n, at } = command;
  if (state.status !== 'submitting' || state.submission?.n !== n) return alreadySo;
  // A red letter that overtook the answer has already revoked the slice.
  const reason = command.type === 'RefuseSubmission' ? command.reason : state.marked ? 'invoice-exceeded' : undefined;
  if (reason === undefined) return record({ type: 'ClaimSubmitted', n, at });
  return record({
    type: 'SubmissionRefused',
    claimId: state.claimId,
    n,
    invoice: state.submission.invoice.digest,
    reason,
    dueAt: state.dueAt,
    at,
  });
};

const check = (command: Of<'CheckClaim'>, state: Claim): Decision<Fact, Reason> => {
  if (isOver(state.status)) return refuse('claim-over');
  if (state.status !== 'submitted') return refuse('claim-not-in-that-state');
  if (tookPart(state, command.by, 'check')) return refuse('same-person');
  const checked: Fact = { type: 'ClaimChecked', by: command.by, at: command.at };
  const risks = openRisks(state, command.risks);
  return risks.length > 0 ? record(checked, held(state, command.by, risks, command.at)) : record(checked);
};

const sendBack = (command: Of<'SendBack'>, state: Claim): Decision<Fact, Reason> => {
  if (isOver(state.status)) return refuse('claim-over');
  if (state.status !== 'submitted' && state.status !== 'checked') return refuse('claim-not-in-that-state');
  if (tookPart(state, command.by, 'check')) return refuse('same-person');
  if (state.corrections >= state.terms.corrections) return refuse('no-corrections-left');
  const { claimId } = state;
  const { by, reason, at } = command;
  return record({
    type: 'ClaimSentBack',
    claimId,
    by,
    reason,
    dueAt: endOf(addWorkingDays(dateOf(at), state.terms.correctionWorkingDays)),
    at,
  });
};

const holdable: readonly ClaimStatus[] = ['submitted', 'checked', 'reviewed'];

/** Whoever rules the hold rules the risks of that moment with it. */
const hold = (command: Of<'HoldClaim'>, state: Claim): Decision<Fact, Reason> => {
  const { by, reason, risks, at } = command;
  if (isOver(state.status)) return refuse('claim-over');
  if (!holdable.includes(state.status)) return refuse('claim-not-in-that-state');
  if (tookPart(state, by, 'check')) return refuse('same-person');
  return record(held(state, by, [...new Set([reason, ...openRisks(state, risks)])], at));
};

const ruleHold = (command: Of<'DismissHold' | 'UpholdHold'>, state: Claim): Decision<Fact, Reason> => {
  if (isOver(state.status)) return refuse('claim-over');
  if (state.status !== 'risk-hold') return refuse('claim-not-in-that-state');
  if (tookPart(state, command.by, 'approval')) return refuse('same-person');
  if (command.type === 'UpholdHold') return record(rejected(state, command.by, command.reason, command.at));
  return record({ type: 'HoldDismissed', by: command.by, reason: command.reason, at: command.at });
};

const review = (command: Of<'ReviewClaim'>, state: Claim): Decision<Fact, Reason> => {
  const { by, subsidyFen, selfPaidFen, at } = command;
  if (isOver(state.status)) return refuse('claim-over');
  if (state.status !== 'checked' || !state.submission) return refuse('claim-not-in-that-state');
  if (tookPart(state, by, 'review')) return refuse('same-person');
  if (openRisks(state, command.risks).length > 0) return refuse('claim-at-risk');
  if (subsidyFen > totalOf(state.left)) return refuse('subsidy-above-redeemed');
  const { n, invoice } = state.submission;
  const provenFen = state.terms.payeeMode === 'lab-redeemed' ? subsidyFen + selfPaidFen : Math.min(selfPaidFen, invoice.sliceFen);
  if (provenFen > invoice.sliceFen || subsidyFen > provenFen) return refuse('amounts-do-not-add-up');
  // What moves is split, not what stays.
  const cut = splitOver(fen(totalOf(state.left) - subsidyFen), state.left);
  const { claimId, orderId, voucherId, contract } = state;
  const reviewed = { type: 'ClaimReviewed', by, claimId, orderId, voucherId, contract, n, invoice: invoice.digest } as const;
  return record({
    ...reviewed,
    slices: positive(minus(state.left, cut)),
    cut,
    subsidyFen,
    sliceFen: fen(provenFen),
    sliceLowered: provenFen < invoice.sliceFen,
    selfPaidFen,
    at,
  });
};

const openNotice = (command: Of<'OpenNotice'>, state: Claim): Decision<Fact, Reason> => {
  if (isOver(state.status)) return refuse('claim-over');
  if (state.status !== 'reviewed') return refuse('claim-not-in-that-state');
  if (tookPart(state, command.by, 'approval')) return refuse('same-person');
  if (openRisks(state, command.risks).length > 0) return refuse('claim-at-risk');
  const until = addWorkingDays(dateOf(command.at), state.terms.noticeWorkingDays);
  return record({ type: 'NoticeOpened', claimId: state.claimId, by: command.by, until, dueAt: endOf(until), at: command.at });
};

const objection = (command: Of<'RaiseObjection' | 'DismissObjection' | 'UpholdObjection'>, state: Claim): Decision<Fact, Reason> => {
  const { objection: id, by, reason, at } = command;
  if (isOver(state.status)) return refuse('claim-over');
  if ((state.status !== 'notice' && state.status !== 'objected') || !state.notice) return refuse('claim-not-in-that-state');
  const known = state.objections.find((candidate) => candidate.id === id);
  if (command.type === 'RaiseObjection') {
    if (known) return alreadySo;
    return at >= state.notice.dueAt ? refuse('notice-over') : record({ type: 'ObjectionRaised', objection: id, by, reason, at });
  }
  if (tookPart(state, by, 'approval') || known?.by === by) return refuse('same-person');
  if (!known) return refuse('objection-unknown');
  if (known.ruling !== 'open') return refuse('objection-already-ruled');
  if (command.type === 'UpholdObjection') return record(rejected(state, by, reason, at, { objection: id }));
  const dismissed: Fact = { type: 'ObjectionDismissed', objection: id, by, reason, dueAt: state.notice.dueAt, at };
  const isLast = state.objections.every((candidate) => candidate.id === id || candidate.ruling !== 'open');
  return isLast && at >= state.notice.dueAt ? record(dismissed, payable(state, at)) : record(dismissed);
};

/** Timers make a deadline visible; early, late and double firing change nothing. */
const due = (command: Of<'ClaimDue' | 'HoldDue' | 'NoticeDue'>, state: Claim): Decision<Fact, Reason> => {
  const { at } = command;
  switch (command.type) {
    case 'ClaimDue':
      if (at < state.dueAt) return alreadySo;
      if (state.status === 'awaited') return record({ ...movementOf(state), type: 'ClaimLapsed', contract: state.contract, at });
      return state.status === 'sent-back' ? record(rejected(state, 'deadline', 'correction-overdue', at)) : alreadySo;
    case 'HoldDue':
      return state.status === 'risk-hold' && state.hold && !state.hold.escalated && at >= state.hold.dueAt
        ? record({ type: 'HoldEscalated', at })
        : alreadySo;
    case 'NoticeDue':
      return state.status === 'notice' && state.notice && at >= state.notice.dueAt ? record(payable(state, at)) : alreadySo;
    default:
      return unreachable(command.type);
  }
};

export const claim: Decider<Command, State, Fact, Reason> = { initial: { is: 'none' }, decide, evolve };
