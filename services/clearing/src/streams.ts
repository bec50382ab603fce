import { bookHomeOf, type CycleMonth, corridorHome, type Member, type Party } from '@tongdui/contracts';

/** Names of the streams of this service. A pair lives where its creditor's book is kept; agreements and cycles are the corridor's. */
export const pairStream = (debtor: Party | Member, creditor: Party | Member): string =>
  `clearing.${bookHomeOf(creditor)}.pair-${debtor}-${creditor}`;
export const agreementStream = (agreement: string): string => `clearing.${corridorHome}.agreement-${agreement}`;
export const cycleStream = (cycle: CycleMonth): string => `clearing.${corridorHome}.cycle-${cycle}`;
