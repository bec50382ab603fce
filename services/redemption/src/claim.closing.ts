import type { PaymentId } from '@tongdui/contracts';
import { alreadySo, type Decision, record, refuse } from '@tongdui/decider';
import type { Fact, PaymentTry } from './claim.facts.ts';
import { beforePayable, type Cause, clawback, isOver, rejected, tookPart, writtenOff } from './claim.outcomes.ts';
import type { Claim } from './claim.state.ts';

/** A claim from payable on: what the payment, a red letter, a clawback and a rejection that comes late make of it. */

type At = { readonly at: Cause['at'] };

export type ClosingCommand =
  | ({ readonly type: 'RejectClaim' | 'ClawBack' | 'WriteOff' } & Cause)
  | ({
      readonly type: 'ConcludeClosing';
      readonly closing: 'rejection' | 'write-off';
      readonly refusedBecause?: string;
      readonly paymentId: PaymentId;
    } & At)
  | ({ readonly type: 'NotePayment'; readonly outcome: 'instructed' | 'paid' | 'failed' | 'unknown' } & PaymentTry & At)
  | ({ readonly type: 'ApplyRedLetter'; readonly redLetterId: string } & At)
  | ({ readonly type: 'NoteRecovered'; readonly cause: 'recovery' | 'dispute'; readonly instruction: number } & At);

type Of<Type extends ClosingCommand['type']> = ClosingCommand & { readonly type: Type };
type Outcome = Decision<
  Fact,
  'claim-over' | 'claim-not-in-that-state' | 'submission-pending' | 'same-person' | 'closing-pending' | 'payment-already-instructed'
>;

export const reject = (command: Cause, state: Claim): Outcome => {
  if (isOver(state.status)) return refuse('claim-over');
  if (state.status === 'submitting') return refuse('submission-pending');
  if (tookPart(state, command.by, 'approval')) return refuse('same-person');
  if (beforePayable.includes(state.status)) return record(rejected(state, command.by, command.reason, command.at));
  if (state.status === 'payable' || state.status === 'failed') return askClosing(state, 'rejection', command);
  return refuse('payment-already-instructed');
};

export const clawBack = (command: Cause, state: Claim): Outcome => {
  if (isOver(state.status)) return refuse('claim-over');
  if (state.status !== 'paid') return refuse('claim-not-in-that-state');
  return tookPart(state, command.by, 'approval') ? refuse('same-person') : record(clawback(state, command));
};

export const writeOff = (command: Cause, state: Claim): Outcome => {
  if (isOver(state.status)) return refuse('claim-over');
  if (state.status !== 'clawback-due') return refuse('claim-not-in-that-state');
  return tookPart(state, command.by, 'approval') ? refuse('same-person') : askClosing(state, 'write-off', command);
};

/** From payable on the payment's own stream decides whether it can still be called off. */
const askClosing = (state: Claim, closing: 'rejection' | 'write-off', cause: Cause): Outcome =>
  state.closing ? refuse('closing-pending') : record(closingAsked(state, closing, cause));

const closingAsked = (state: Claim, closing: 'rejection' | 'write-off', { by, reason, at }: Cause): Fact => ({
  type: 'ClosingAsked',
  closing,
  claimId: state.claimId,
  payer: state.payer,
  paymentId: state.payment?.paymentId ?? (`${state.payer}-payment-${state.claimId.split('-').slice(2).join('-')}` as PaymentId),
  by,
  reason,
  at,
});

/** An answer to a wish that has since become another is late and says nothing. */
export const concludeClosing = (command: Of<'ConcludeClosing'>, state: Claim): Outcome => {
  const { closing } = state;
  if (closing?.kind !== command.closing) return alreadySo;
  const { at } = command;
  if (command.refusedBecause !== undefined)
    return record({ type: 'ClosingRefused', closing: closing.kind, claimId: state.claimId, reason: command.refusedBecause, at });
  if (closing.kind === 'rejection') return record(rejected(state, closing.by, closing.reason, at, { wasPayable: true }));
  return record(writtenOff(state, { by: closing.by, reason: closing.reason, at }));
};

const rank = { instructed: 0, unknown: 1, failed: 2, paid: 2 } as const;

/** The payment's events come in order, perhaps twice; a return (退汇) makes a paid try a failed one. */
export const notePayment = (command: Of<'NotePayment'>, state: Claim): Outcome => {
  const { outcome, paymentId, instruction, reference, at } = command;
  const before = state.payment;
  const isReturn = before?.instruction === instruction && before.outcome === 'paid' && outcome === 'failed';
  if (
    before &&
    (instruction < before.instruction || (instruction === before.instruction && rank[outcome] <= rank[before.outcome] && !isReturn))
  )
    return alreadySo;
  const noted: Fact = { type: 'PaymentNoted', outcome, paymentId, instruction, reference, at };
  if (isReturn && (state.status === 'clawback-due' || state.status === 'written-off')) return noteReturn(noted, state, at);
  if (isOver(state.status)) return alreadySo;
  const redLetter = { by: 'red-letter', reason: 'red-letter', at };
  if (state.marked && outcome === 'paid')
    return record(noted, clawback({ ...state, payment: { paymentId, instruction, reference, outcome } }, redLetter));
  if (state.marked && outcome === 'failed' && !state.closing) return record(noted, closingAsked(state, 'rejection', redLetter));
  return record(noted);
};

/**
 * The money came back by the payee's own bank, so nothing is left to claw back. A claim whose clawback was written off, or is about to be,
 * is never to be paid again: its payment is called off.
 */
const noteReturn = (noted: Fact, state: Claim, at: Cause['at']): Outcome => {
  const returned = { by: 'bank', reason: 'returned', at };
  const overtaken = state.status === 'clawback-due' ? [writtenOff(state, returned)] : [];
  const ends = state.status === 'written-off' || state.marked || state.closing !== undefined;
  const cause = state.closing ? { by: state.closing.by, reason: state.closing.reason, at } : returned;
  return record(...overtaken, noted, ...(ends ? [closingAsked(state, 'rejection', cause)] : []));
};

/** By the claim's own state: unpaid is rejected, in flight is marked, paid is due to come back. */
export const applyRedLetter = (command: Of<'ApplyRedLetter'>, state: Claim): Outcome => {
  const { redLetterId, at } = command;
  if (state.redLetters.includes(redLetterId) || isOver(state.status)) return alreadySo;
  const noted: Fact = { type: 'RedLetterNoted', redLetterId, claimId: state.claimId, at };
  const cause = { by: 'red-letter', reason: 'red-letter', at };
  if (state.status === 'paid') return record(noted, clawback(state, cause));
  // The slice it revoked was of a submission that was refused: another invoice can still be claimed.
  if (!state.submission) return record(noted);
  if (beforePayable.includes(state.status)) return record(noted, rejected(state, cause.by, cause.reason, at));
  if ((state.status === 'payable' || state.status === 'failed') && !state.closing)
    return record(noted, closingAsked(state, 'rejection', cause));
  return record(noted);
};

/** Of the try it speaks of: a try that came back is not recovered again. */
export const noteRecovered = (command: Of<'NoteRecovered'>, state: Claim): Outcome => {
  const { cause, instruction, at } = command;
  if (state.payment?.instruction !== instruction) return alreadySo;
  const recovered: Fact = { type: 'ClaimRecovered', cause, at };
  if (cause === 'recovery') return state.status === 'clawback-due' ? record(recovered) : alreadySo;
  if (state.status === 'paid') return record(recovered);
  if (state.status !== 'clawback-due') return alreadySo;
  // The lost dispute takes the clawback's place: what the payee was to pay back is no longer due.
  return record(writtenOff(state, { by: 'dispute', reason: 'dispute', at }), recovered);
};
