import type { Bps, Fen, PotId } from '@tongdui/contracts';
import { split } from '@tongdui/money';

/** Which pots pay a voucher: basis points as approved, and the fen that they mean. */
export type Funding = { readonly potId: PotId; readonly bps: Bps };
export type FundingPart = Funding & { readonly amountFen: Fen };

export type FundingReason = 'pot-named-twice' | 'funding-not-whole' | 'pot-would-give-nothing';

const wholeBps = 10_000;

/** The face over the pots by largest remainder, ties to the earlier pot. A pot that would give nothing has no place in a voucher. */
export const fundingOf = (faceFen: Fen, funding: readonly Funding[]): FundingReason | readonly FundingPart[] => {
  if (new Set(funding.map(({ potId }) => potId)).size < funding.length) return 'pot-named-twice';
  const weights = funding.map(({ bps }): number => bps);
  if (weights.reduce((sum, bps) => sum + bps, 0) !== wholeBps) return 'funding-not-whole';
  const amounts = split(faceFen, weights);
  const parts = funding.flatMap((part, index) => {
    const amountFen = amounts[index];
    return amountFen ? [{ ...part, amountFen }] : [];
  });
  return parts.length < funding.length ? 'pot-would-give-nothing' : parts;
};
