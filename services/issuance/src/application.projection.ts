import type { ApplicationView } from '@tongdui/contracts';
import { unreachable } from '@tongdui/decider';
import type { Fact } from './application.decider.ts';

/** The row of an application after one more fact; undefined for a fact of an application that was never drafted. */
export const applicationRow = (before: ApplicationView | undefined, fact: Fact, id: ApplicationView['id']): ApplicationView | undefined => {
  const changedAt = fact.at;
  if (fact.type === 'ApplicationDrafted') {
    const { applicationId: _, categories, ...rest } = fact.application;
    return { id, ...rest, categories: [...categories], status: 'draft', changedAt };
  }
  if (!before) return undefined;
  const row = { ...before, changedAt };
  switch (fact.type) {
    case 'ApplicationSubmitted':
      return { ...row, status: 'submitted', decideBy: fact.decideBy, submittedBy: fact.by };
    case 'ApplicationChecked':
      return { ...row, status: 'checked', checkedBy: fact.by };
    case 'ApplicationApproved':
      return { ...row, status: 'approved', approvedBy: fact.by, faceFen: fact.faceFen, funding: [...fact.funding] };
    case 'ApplicationApprovedAgain':
      return { ...row, secondApprovedBy: fact.by };
    case 'IssueWanted': {
      const { policyId, dueAt, year } = fact.issue;
      return { ...row, status: 'issuing', policyId, issuing: { dueAt, year } };
    }
    case 'VoucherIssued': {
      const { issuing: _, ...decided } = row;
      const { issuedOn, expiresOn } = fact.issue;
      return { ...decided, status: 'issued', voucherId: fact.voucherId, issuedOn, expiresOn, slices: [...fact.slices] };
    }
    case 'IssueRefused': {
      const { issuing: _, ...decided } = row;
      return { ...decided, status: 'rejected', reason: fact.reason };
    }
    case 'PartsReleased':
      return before;
    case 'ApplicationRejected':
      return { ...row, status: 'rejected', rejectedBy: fact.by, reason: fact.reason };
    case 'ApplicationWithdrawn':
      return { ...row, status: 'withdrawn' };
    default:
      return unreachable(fact);
  }
};
