import type { EventDraft, FollowedFact } from '@tongdui/runtime/service';
import { factOf, idOf, type RedemptionFact } from './redemption.facts.ts';

/** Private facts that others learn of. About six per redemption; the rest stays here. */
export const publish = (followed: FollowedFact): readonly EventDraft[] => {
  const drafted = draftOf(factOf(followed));
  if (!drafted) return [];
  const { type, data, at } = drafted;
  return [{ type, subject: idOf(followed), time: at, data: { ...data, occurredAt: at } as EventDraft['data'] }];
};

type Draft = { readonly type: string; readonly at: EventDraft['time']; readonly data: object };

const draftOf = (fact: RedemptionFact): Draft | undefined => {
  switch (fact.type) {
    case 'AmountReserved': {
      const { type: _, at, amountFen: __, registeredOn: ___, ...data } = fact;
      return { type: 'amount-reserved', at, data };
    }
    case 'AmountReleased': {
      const { type: _, at, amendment: __, contract: ___, ...data } = fact;
      return { type: 'amount-released', at, data };
    }
    case 'AmountRedeemed': {
      const { type: _, at, contract: __, ...data } = fact;
      return { type: 'amount-redeemed', at, data };
    }
    case 'AmountRestored': {
      const { type: _, at, contract: __, ...data } = fact;
      return { type: 'amount-restored', at, data };
    }
    case 'VoucherClosed': {
      const { type: _, at, by: __, reason: ___, ...data } = fact;
      return { type: 'voucher-closed', at, data };
    }
    case 'RedLettered': {
      const { at, digest, redLetterId, amountFen, revoked } = fact;
      const claims = revoked.map(({ claimId, amountFen: revokedFen }) => ({ claimId, home: claimId.slice(0, 6), amountFen: revokedFen }));
      return { type: 'invoice-red-lettered', at, data: { invoice: digest, redLetterId, amountFen, revoked: claims } };
    }
    default:
      return claimDraft(fact) ?? paymentDraft(fact);
  }
};

const claimDraft = (fact: RedemptionFact): Draft | undefined => {
  switch (fact.type) {
    case 'ClaimPayable': {
      const { type: _, at, ...data } = fact;
      return { type: 'claim-payable', at, data };
    }
    case 'ClaimRejected': {
      const { type: _, at, by: __, contract: ___, submission: ____, objection: _____, ...data } = fact;
      return { type: 'claim-rejected', at, data };
    }
    case 'ClawbackDue':
    case 'ClawbackWrittenOff': {
      const { type, at, by: _, ...data } = fact;
      return { type: type === 'ClawbackDue' ? 'clawback-due' : 'clawback-written-off', at, data };
    }
    default:
      return undefined;
  }
};

const paymentDraft = (fact: RedemptionFact): Draft | undefined => {
  switch (fact.type) {
    case 'PaymentInstructed': {
      // The account stays between the payer and its bank, the person between the city and its auditor.
      const { type: _, at, by: __, account: ___, ...data } = fact;
      return { type: 'payment-instructed', at, data };
    }
    case 'PaymentPaid':
    case 'PaymentFailed':
    case 'PaymentUnknown': {
      const { type, at, ...data } = fact;
      return { type: { PaymentPaid: 'payment-paid', PaymentFailed: 'payment-failed', PaymentUnknown: 'payment-unknown' }[type], at, data };
    }
    case 'PaymentReturned': {
      const { type: _, at, by: __, reason: ___, ...data } = fact;
      return { type: 'payment-returned', at, data };
    }
    case 'PaymentRecovered': {
      const { type: _, at, by: __, ...data } = fact;
      return { type: 'payment-recovered', at, data };
    }
    default:
      return undefined;
  }
};
