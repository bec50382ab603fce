import { endOf } from '@tongdui/calendar';
import type { FollowedFact, Work, WorkChange } from '@tongdui/runtime/service';
import { factOf, idOf } from './redemption.facts.ts';

/** Kinds of follow-up work; each carries the fact that opened it. */
export type WorkKind =
  | 'contract'
  | 'release-hold'
  | 'lower-hold'
  | 'redeem'
  | 'open-claim'
  | 'submission'
  | 'give-back-slice'
  | 'lower-slice'
  | 'restore'
  | 'closing'
  | 'draw'
  | 'release-draw'
  | 'rail'
  | 'proposal-due'
  | 'delivery-due'
  | 'reminder-due'
  | 'claim-due'
  | 'hold-due'
  | 'notice-due'
  | 'voucher-due';

/** The follow-up work that a fact opens or closes. Ids are the same however often a fact is followed. */
export const work = (followed: FollowedFact): WorkChange => {
  switch (followed.noun) {
    case 'voucher':
      return voucherWork(followed);
    case 'order':
      return orderWork(followed);
    case 'claim':
      return claimWork(followed);
    case 'payment':
      return paymentWork(followed);
    default:
      return {};
  }
};

const opened = (followed: FollowedFact, kind: WorkKind, key: string, dueAt?: Work['dueAt']): Work => ({
  id: `${kind}/${key}`,
  kind,
  home: followed.home,
  ...(dueAt === undefined ? {} : { dueAt }),
  data: { stream: followed.stream, factId: followed.id, fact: followed.fact },
});

const voucherWork = (followed: FollowedFact): WorkChange => {
  const fact = factOf(followed);
  const voucherId = idOf(followed);
  switch (fact.type) {
    case 'VoucherOpened':
      return { opens: [opened(followed, 'voucher-due', voucherId, endOf(fact.expiresOn))] };
    case 'VoucherClosed':
      return { closes: [`voucher-due/${voucherId}`] };
    case 'AmountReleased':
      return fact.amendment === undefined ? { closes: [`release-hold/${fact.orderId}/${fact.contract}`] } : {};
    case 'HoldRefused':
      return { closes: [`release-hold/${fact.orderId}/${fact.contract}`] };
    case 'AmountRestored':
      return { closes: [`restore/${fact.claimId}/${fact.cause}`] };
    default:
      return {};
  }
};

const orderWork = (followed: FollowedFact): WorkChange => {
  const fact = factOf(followed);
  const id = idOf(followed);
  switch (fact.type) {
    case 'OrderProposed':
      return { opens: [opened(followed, 'proposal-due', id, fact.dueAt)] };
    case 'OrderDeclined':
      return { closes: [`proposal-due/${id}`] };
    case 'ContractSubmitted':
      return { opens: [opened(followed, 'contract', `${id}/${fact.contract}`)] };
    case 'ContractRegistered':
      return {
        closes: [`contract/${id}/${fact.contract}`, `proposal-due/${id}`],
        opens: [opened(followed, 'delivery-due', id, fact.dueAt)],
      };
    case 'ContractRefused':
      return {
        closes: [`contract/${id}/${fact.contract}`],
        opens: [opened(followed, 'release-hold', `${id}/${fact.contract}`), opened(followed, 'proposal-due', id, fact.dueAt)],
      };
    case 'ContractAmended':
      return { opens: [opened(followed, 'lower-hold', `${id}/${fact.amendment}`)] };
    case 'AmendmentApplied':
      return { closes: [`lower-hold/${id}/${fact.amendment}`] };
    case 'OrderDelivered':
      return { closes: [`delivery-due/${id}`], opens: [opened(followed, 'reminder-due', id, fact.dueAt)] };
    case 'AcceptanceReminded':
      return { closes: [`reminder-due/${id}`] };
    case 'DeliveryAccepted':
      return { closes: [`reminder-due/${id}`], opens: [opened(followed, 'redeem', id)] };
    case 'SubsidyFixed':
      return { closes: [`redeem/${id}`], opens: [opened(followed, 'open-claim', id)] };
    case 'OrderEnded':
      return {
        closes: [`proposal-due/${id}`, `delivery-due/${id}`, `reminder-due/${id}`],
        opens: fact.contract === undefined ? [] : [opened(followed, 'release-hold', `${id}/${fact.contract}`)],
      };
    default:
      return {};
  }
};

const claimWork = (followed: FollowedFact): WorkChange => {
  const fact = factOf(followed);
  const id = idOf(followed);
  switch (fact.type) {
    case 'ClaimAwaited':
      return { closes: [`open-claim/${fact.orderId}`], opens: [opened(followed, 'claim-due', id, fact.dueAt)] };
    case 'SubmissionMade':
      return { opens: [opened(followed, 'submission', `${id}/${fact.n}`)] };
    case 'ClaimSubmitted':
      return { closes: [`submission/${id}/${fact.n}`, `claim-due/${id}`] };
    case 'SubmissionRefused':
      return {
        closes: [`submission/${id}/${fact.n}`],
        opens: [opened(followed, 'give-back-slice', `${id}/${fact.n}`), opened(followed, 'claim-due', id, fact.dueAt)],
      };
    case 'SliceGivenBack':
      return { closes: [`give-back-slice/${id}/${fact.n}`] };
    case 'ClaimSentBack':
      return { opens: [opened(followed, 'claim-due', id, fact.dueAt)] };
    case 'ClaimHeld':
      return { opens: [opened(followed, 'hold-due', id, fact.dueAt)] };
    case 'HoldEscalated':
    case 'HoldDismissed':
      return { closes: [`hold-due/${id}`] };
    case 'ClaimReviewed':
      return {
        opens: [
          ...(fact.cut.length > 0 ? [opened(followed, 'restore', `${id}/cut`)] : []),
          ...(fact.sliceLowered ? [opened(followed, 'lower-slice', id)] : []),
        ],
      };
    case 'NoticeOpened':
      return { opens: [opened(followed, 'notice-due', id, fact.dueAt)] };
    case 'ObjectionDismissed':
      return fact.dueAt === undefined ? {} : { opens: [opened(followed, 'notice-due', id, fact.dueAt)] };
    case 'ClaimPayable':
      return { closes: [`notice-due/${id}`] };
    case 'ClosingAsked':
      return { opens: [opened(followed, 'closing', id)] };
    case 'ClosingRefused':
    case 'ClawbackWrittenOff':
      return { closes: [`closing/${id}`] };
    case 'ClaimLapsed':
      return { closes: [`claim-due/${id}`], opens: [opened(followed, 'restore', `${id}/lapsed`)] };
    case 'ClaimRejected':
      return {
        closes: [`closing/${id}`, `claim-due/${id}`, `hold-due/${id}`, `notice-due/${id}`],
        opens: [
          opened(followed, 'restore', `${id}/rejected`),
          ...(fact.submission ? [opened(followed, 'give-back-slice', `${id}/${fact.submission.n}`)] : []),
        ],
      };
    default:
      return {};
  }
};

const paymentWork = (followed: FollowedFact): WorkChange => {
  const fact = factOf(followed);
  switch (fact.type) {
    case 'InstructionAsked':
      return { opens: [opened(followed, 'draw', fact.reference)] };
    case 'DrawQueued':
      return { closes: [`draw/${fact.reference}`] };
    case 'InstructionRefused':
      return { closes: [`draw/${fact.reference}`], opens: [opened(followed, 'release-draw', fact.reference)] };
    case 'PaymentCancelled':
      return fact.drawn
        ? { closes: [`draw/${fact.drawn.reference}`], opens: [opened(followed, 'release-draw', fact.drawn.reference)] }
        : {};
    case 'PaymentInstructed':
      return { closes: [`draw/${fact.reference}`], opens: [opened(followed, 'rail', fact.reference)] };
    case 'PaymentPaid':
    case 'PaymentFailed':
    case 'PaymentUnknown':
      return { closes: [`rail/${fact.reference}`] };
    default:
      return {};
  }
};
