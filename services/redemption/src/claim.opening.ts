import { addDays } from '@tongdui/calendar';
import { type ClaimId, idFrom, type LocalDate, type OrderId } from '@tongdui/contracts';
import type { PinnedTerms } from './terms.ts';

/** The first milestone's claim; its id makes a second one impossible. */
export const claimIdOf = (orderId: OrderId): ClaimId => idFrom(orderId, 'claim', { suffix: '1' });

/** The last day to claim: some days after acceptance, and not after the year's cut-off when accepted before it. */
export const claimBy = (acceptedOn: LocalDate, terms: PinnedTerms): LocalDate => {
  const byAcceptance = addDays(acceptedOn, terms.claimAfterAcceptanceDays);
  const cutOff = `${acceptedOn.slice(0, 4)}-${terms.annualClaimCutOff}` as LocalDate;
  return acceptedOn <= cutOff && cutOff < byAcceptance ? cutOff : byAcceptance;
};
