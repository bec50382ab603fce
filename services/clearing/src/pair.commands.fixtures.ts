import type { Instant, ObligationKind } from '@tongdui/contracts';
import { given, history } from '@tongdui/decider/testing';
import { expect } from 'vitest';
import {
  at,
  claimIdOf,
  confirmBy,
  declareBy,
  disputableOf,
  fenOf,
  march,
  obligationIdOf,
  paymentIdOf,
  referenceOf,
} from './clearing.fixtures.ts';
import { type Command, type Fact, pair } from './pair.decider.ts';

/** The commands of a pair in as few words as a test needs. */
export const deposit = (amount: number): Command => ({ type: 'DepositPrefund', movementId: 'd', amountFen: fenOf(amount), at });
export const withdraw = (amount: number): Command => ({ type: 'WithdrawPrefund', movementId: 'w', amountFen: fenOf(amount), at });
export const draw = (n: number, amount: number): Command => ({
  type: 'DrawPrefund',
  paymentId: paymentIdOf(n),
  reference: referenceOf(n),
  amountFen: fenOf(amount),
  at,
});
export const release = (n: number): Command => ({ type: 'ReleaseDraw', reference: referenceOf(n), at });
export const accrue = (n: number, amount: number, kind: ObligationKind = 'host-fronted'): Command => ({
  type: 'AccrueObligation',
  obligationId: obligationIdOf(n, kind),
  kind,
  amountFen: fenOf(amount),
  paymentId: paymentIdOf(n),
  reference: referenceOf(n),
  claimId: claimIdOf(n),
  ...(kind === 'host-fronted' ? { payment: disputableOf(n, amount) } : {}),
  at,
});
export const seal = (cycle = march): Command => ({ type: 'SealSegment', cycle, declareBy, confirmBy, disputeDays: 60, at });
export const declare = (total: number, cycle = march, when: Instant = at): Command => ({
  type: 'DeclareSegment',
  cycle,
  totalFen: fenOf(total),
  at: when,
});
export const confirm = (total: number, cycle = march, when: Instant = at): Command => ({
  type: 'ConfirmSegment',
  cycle,
  totalFen: fenOf(total),
  at: when,
});
export const silence = (when: Instant, cycle = march): Command => ({ type: 'NoteSilence', cycle, at: when });
export const disputeUnanswered = (when: Instant = at, cycle = march): Command => ({ type: 'DisputeUnanswered', cycle, at: when });
export const net = (amount: number, cycle = march): Command => ({ type: 'NetSegment', cycle, amountFen: fenOf(amount), at });
export const settle = (cycle = march): Command => ({ type: 'SettleSegment', cycle, at });
export const dispute = (n: number, kind: ObligationKind = 'host-fronted'): Command => ({
  type: 'DisputeObligation',
  obligationId: obligationIdOf(n, kind),
  reason: 'wrong-amount',
  at,
});
export const rule = (n: number, wonBy: 'debtor' | 'creditor'): Command => ({
  type: 'RuleDispute',
  obligationId: obligationIdOf(n),
  wonBy,
  reason: 'heard',
  at,
});
export const conclude = (n: number, conceded: boolean): Command => ({
  type: 'ConcludeRuling',
  obligationId: obligationIdOf(n),
  conceded,
  at,
});
/** To the end: what is found for the debtor is conceded. */
export const ruledFor = (n: number, wonBy: 'debtor' | 'creditor'): Command[] =>
  wonBy === 'debtor' ? [rule(n, wonBy), conclude(n, true)] : [rule(n, wonBy)];
export const reversal = (n: number): Command => ({ type: 'NoteReversal', reference: referenceOf(n), at });
export const vertical = (amount: number, ...of: number[]): Command => ({
  type: 'SettleVertically',
  settlementId: 'v',
  amountFen: fenOf(amount),
  obligations: of.map((n) => obligationIdOf(n, 'cost-share')),
  at,
});
export const mark: Command = { type: 'MarkObligations', at };

export const fronted = (n: number, amount: number) => [draw(n, amount), accrue(n, amount)];
export const after = (...commands: Command[]) => {
  const { facts, state, decisions } = history(pair, commands);
  for (const decision of decisions) expect(decision.accepted).toBe(true);
  return { ...given(pair, ...facts), state };
};
export const types = (decision: { accepted: boolean; facts?: readonly Fact[] }) => decision.facts?.map((fact) => fact.type);
export const sealed = [deposit(100), ...fronted(1, 40), seal()];
