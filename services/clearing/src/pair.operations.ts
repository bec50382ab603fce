import {
  actsAs,
  bookHomeOf,
  type CycleMonth,
  corridorHome,
  type DisputeReason,
  type Fen,
  type ObligationId,
  type PairId,
  partiesOf,
} from '@tongdui/contracts';
import type { Handler } from '@tongdui/decider/handle';
import { type Answer, answered, asked, outcomeWaitMs, type Request, refused } from '@tongdui/decider/operation';
import type { Command, Fact, Reason, State } from './pair.decider.ts';
import { pairStream } from './streams.ts';

export type PairHandler = Handler<Command, State, Fact, Reason>;

type OfPair = { readonly pair: PairId };
type OfCycle = OfPair & { readonly cycle: CycleMonth };
type OfObligation = OfPair & { readonly id: ObligationId };

/** What treasurers of both sides and the joint office do at a pair. The debtor's people act at the pair's home, whatever their own city. */
export const pairOperations = (handler: PairHandler) => {
  const run = async (request: Request, pair: PairId, command: Command): Promise<Answer<Reason>> => {
    const { debtor, creditor } = partiesOf(pair);
    return answered(pair, await handler.run(pairStream(debtor, creditor), asked(request, command)));
  };
  const isTreasurerOf = ({ actor }: Request, party: 'debtor' | 'creditor', pair: PairId) =>
    actsAs(actor, 'treasurer', bookHomeOf(partiesOf(pair)[party]));

  return {
    depositPrefund: async (request: Request, { pair, id, amountFen }: OfPair & { id: string; amountFen: Fen }): Promise<Answer<Reason>> =>
      isTreasurerOf(request, 'creditor', pair)
        ? run(request, pair, { type: 'DepositPrefund', movementId: `${pair}-deposit-${id}`, amountFen, at: request.at })
        : refused('not-allowed'),

    withdrawPrefund: async (request: Request, { pair, id, amountFen }: OfPair & { id: string; amountFen: Fen }): Promise<Answer<Reason>> =>
      isTreasurerOf(request, 'creditor', pair)
        ? run(request, pair, { type: 'WithdrawPrefund', movementId: `${pair}-withdrawal-${id}`, amountFen, at: request.at })
        : refused('not-allowed'),

    settleVertically: async (
      request: Request,
      { pair, id, amountFen, obligations }: OfPair & { id: string; amountFen: Fen; obligations: readonly ObligationId[] },
    ): Promise<Answer<Reason>> =>
      isTreasurerOf(request, 'creditor', pair)
        ? run(request, pair, { type: 'SettleVertically', settlementId: `${pair}-settlement-${id}`, amountFen, obligations, at: request.at })
        : refused('not-allowed'),

    declareSegment: async (request: Request, { pair, cycle, totalFen }: OfCycle & { totalFen: Fen }): Promise<Answer<Reason>> =>
      isTreasurerOf(request, 'creditor', pair)
        ? run(request, pair, { type: 'DeclareSegment', cycle, totalFen, at: request.at })
        : refused('not-allowed'),

    confirmSegment: async (request: Request, { pair, cycle, totalFen }: OfCycle & { totalFen: Fen }): Promise<Answer<Reason>> =>
      isTreasurerOf(request, 'debtor', pair)
        ? run(request, pair, { type: 'ConfirmSegment', cycle, totalFen, at: request.at })
        : refused('not-allowed'),

    disputeObligation: async (request: Request, { pair, id, reason }: OfObligation & { reason: DisputeReason }): Promise<Answer<Reason>> =>
      isTreasurerOf(request, 'debtor', pair)
        ? run(request, pair, { type: 'DisputeObligation', obligationId: id, reason, at: request.at })
        : refused('not-allowed'),

    ruleDispute: async (
      request: Request,
      { pair, id, wonBy, reason }: OfObligation & { wonBy: 'debtor' | 'creditor'; reason: string },
    ): Promise<Answer<Reason>> => {
      if (!actsAs(request.actor, 'joint-office', corridorHome)) return refused('not-allowed');
      const asking = await run(request, pair, { type: 'RuleDispute', obligationId: id, wonBy, reason, at: request.at });
      if (asking.is !== 'done' || wonBy === 'creditor') return asking;
      const { debtor, creditor } = partiesOf(pair);
      const isConcluded = ({ disputed }: State) => disputed.get(id)?.asked === undefined;
      const { state, revision, position } = await handler.until(pairStream(debtor, creditor), isConcluded, outcomeWaitMs);
      if (!isConcluded(state)) return { is: 'pending', id: pair, revision, position };
      return state.overtaken.has(id) ? refused('obligation-reversed') : { ...asking, revision, position };
    },
  };
};
