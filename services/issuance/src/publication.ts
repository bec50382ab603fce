import { unreachable } from '@tongdui/decider';
import type { EventDraft, FollowedFact } from '@tongdui/runtime/service';
import type { Fact as AllowanceFact } from './allowance.decider.ts';
import type { Fact as ApplicationFact } from './application.decider.ts';
import type { Fact as EnterpriseFact } from './enterprise.decider.ts';
import type { Fact as PolicyFact } from './policy.decider.ts';
import type { Fact as PotFact } from './pot.decider.ts';

type IssuanceFact = AllowanceFact | ApplicationFact | EnterpriseFact | PolicyFact | PotFact;

/** Commitments of a pot are told by `voucher-issued`, what comes back by redemption: publishing them here would count them twice. */
export const publish = (followed: FollowedFact): readonly EventDraft[] => {
  const fact = followed.fact as unknown as IssuanceFact;
  const { at } = fact;
  const draft = (type: string, subject: string, data: EventDraft['data']): readonly EventDraft[] => [
    { type, subject, time: at, data: { ...data, occurredAt: at } },
  ];
  switch (fact.type) {
    case 'PolicyPublished':
      return draft('policy-published', fact.version.policyId, fact.version);
    case 'EnterpriseRegistered':
      return draft('enterprise-registered', `${followed.home}-enterprise-${fact.enterprise.uscc}`, fact.enterprise);
    case 'PotAppropriated': {
      const { amountFen, appropriationId, pot } = fact;
      const { potId, home, owner, fiscalYear } = pot;
      const slices = [{ potId, owner, fiscalYear, amountFen }];
      return draft('pot-appropriated', potId, { potId, appropriationId, home, owner, fiscalYear, amountFen, slices });
    }
    case 'VoucherIssued': {
      const { voucherId, slices } = fact;
      const { applicationId, home, enterprise, policyId, faceFen, issuedOn, expiresOn } = fact.issue;
      return draft('voucher-issued', voucherId, {
        voucherId,
        applicationId,
        home,
        enterprise,
        policyId,
        faceFen,
        issuedOn,
        expiresOn,
        slices,
      });
    }
    case 'PotOpened':
    case 'PotCommitted':
    case 'PotReleased':
    case 'PotReturned':
    case 'AllowanceTaken':
    case 'AllowanceReleased':
    case 'AllowanceGivenBack':
    case 'ApplicationDrafted':
    case 'ApplicationSubmitted':
    case 'ApplicationChecked':
    case 'ApplicationApproved':
    case 'ApplicationApprovedAgain':
    case 'ApplicationRejected':
    case 'ApplicationWithdrawn':
    case 'IssueWanted':
    case 'IssueRefused':
    case 'PartsReleased':
      return [];
    default:
      return unreachable(fact);
  }
};
