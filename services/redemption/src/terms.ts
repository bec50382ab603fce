import type { Bps, Category, Fen, PayeeMode, PolicyId, PolicyTerms, Route } from '@tongdui/contracts';
import { subsidyMaximum } from '@tongdui/money';

/** What an order keeps for ever of the policy version and agreement in force when its contract was registered. */
export type PinnedTerms = {
  readonly policyId: PolicyId;
  readonly payeeMode: PayeeMode;
  readonly route: Route;
  /** 0: no agreement, hence home-direct. */
  readonly agreementVersion: number;
  readonly ratioBps: Bps;
  readonly capPerOrderFen: Fen;
  readonly ownShareFloorBps: Bps;
  /** Of the base, for all pots together. */
  readonly stackingMaximumBps: Bps;
} & Pick<
  PolicyTerms,
  | 'registrationAfterServiceStartDays'
  | 'deliveryReminderDays'
  | 'cancelAfterContractEndDays'
  | 'finalAfterContractEndDays'
  | 'claimAfterAcceptanceDays'
  | 'annualClaimCutOff'
  | 'corrections'
  | 'correctionWorkingDays'
  | 'holdWorkingDays'
  | 'noticeWorkingDays'
  | 'paymentWorkingDays'
  | 'coordinatorDeadlineMinutes'
>;

/** A category the policy does not name is not subsidised: no terms. */
export const pinTerms = (
  policyId: PolicyId,
  terms: PolicyTerms,
  category: Category,
  agreement: { route: Route; version: number },
): PinnedTerms | undefined => {
  const ratioBps = terms.ratioBps[category];
  if (ratioBps === undefined) return undefined;
  return {
    policyId,
    payeeMode: terms.payeeMode,
    // There is nothing to front when the enterprise is the payee.
    route: terms.payeeMode === 'enterprise-refunded' ? 'home-direct' : agreement.route,
    agreementVersion: agreement.version,
    ratioBps,
    capPerOrderFen: terms.capPerOrderFen,
    ownShareFloorBps: terms.ownShareFloorBps,
    stackingMaximumBps: terms.stackingMaximumBps,
    registrationAfterServiceStartDays: terms.registrationAfterServiceStartDays,
    deliveryReminderDays: terms.deliveryReminderDays,
    cancelAfterContractEndDays: terms.cancelAfterContractEndDays,
    finalAfterContractEndDays: terms.finalAfterContractEndDays,
    claimAfterAcceptanceDays: terms.claimAfterAcceptanceDays,
    annualClaimCutOff: terms.annualClaimCutOff,
    corrections: terms.corrections,
    correctionWorkingDays: terms.correctionWorkingDays,
    holdWorkingDays: terms.holdWorkingDays,
    noticeWorkingDays: terms.noticeWorkingDays,
    paymentWorkingDays: terms.paymentWorkingDays,
    coordinatorDeadlineMinutes: terms.coordinatorDeadlineMinutes,
  };
};

/** The most that may be subsidised on a base, whichever pots it comes from. */
export const mostOf = (
  baseFen: Fen,
  terms: Pick<PinnedTerms, 'ratioBps' | 'capPerOrderFen' | 'ownShareFloorBps' | 'stackingMaximumBps'>,
): Fen => subsidyMaximum(baseFen, terms.ratioBps, terms.capPerOrderFen, terms.ownShareFloorBps, terms.stackingMaximumBps);
