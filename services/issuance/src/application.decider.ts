import { addMonths, addWorkingDays, dateOf } from '@tongdui/calendar';
import type { ApplicationId, Category, Fen, Instant, LocalDate, Member, Slice, Uscc, VoucherId } from '@tongdui/contracts';
import { alreadySo, corrupt, type Decider, type Decision, record, refuse, unreachable } from '@tongdui/decider';
import { type Funding, type FundingPart, type FundingReason, fundingOf } from './funding.ts';
import { type Issue, issueOf, type PartReason, type PolicyInForce, type PotOwner, slicesOf } from './issue.ts';

/**
 * One request for a voucher, from draft to issued. It coordinates the issue: what is wanted is recorded, the allowance and every pot are
 * asked, and only when all have said yes is there a voucher; else it is rejected for the first part's reason and every part is released.
 */
export type Application = {
  readonly applicationId: ApplicationId;
  readonly home: Member;
  readonly enterprise: Uscc;
  readonly requestedFen: Fen;
  readonly categories: readonly Category[];
  readonly purpose: string;
};

type Said = { readonly by: string; readonly at: Instant };

export type Command =
  | ({ readonly type: 'DraftApplication'; readonly application: Application } & Said)
  | ({ readonly type: 'SubmitApplication'; readonly policy: PolicyInForce | undefined } & Said)
  | ({
      readonly type: 'CheckApplication';
      readonly policy: PolicyInForce | undefined;
      /** When the enterprise was established, if it is registered here. */
      readonly establishedOn: LocalDate | undefined;
      readonly sanctioned: boolean;
    } & Said)
  | ({
      readonly type: 'ApproveApplication';
      readonly faceFen: Fen;
      readonly funding: readonly Funding[];
      readonly policy: PolicyInForce | undefined;
      readonly sanctioned: boolean;
    } & Said)
  | ({ readonly type: 'ApproveApplicationAgain'; readonly policy: PolicyInForce | undefined; readonly sanctioned: boolean } & Said)
  | ({ readonly type: 'RejectApplication'; readonly reason: string } & Said)
  | ({ readonly type: 'WithdrawApplication' } & Said)
  | { readonly type: 'IssueVoucher'; readonly voucherId: VoucherId; readonly owners: readonly PotOwner[]; readonly at: Instant }
  | { readonly type: 'RefuseIssue'; readonly reason: PartReason; readonly at: Instant }
  | { readonly type: 'ConfirmRelease'; readonly at: Instant };

export type Fact =
  | ({ readonly type: 'ApplicationDrafted'; readonly application: Application } & Said)
  | ({ readonly type: 'ApplicationSubmitted'; readonly decideBy: LocalDate } & Said)
  | ({ readonly type: 'ApplicationChecked' } & Said)
  | ({
      readonly type: 'ApplicationApproved';
      readonly faceFen: Fen;
      readonly funding: readonly FundingPart[];
      readonly secondApprovalNeeded: boolean;
    } & Said)
  | ({ readonly type: 'ApplicationApprovedAgain' } & Said)
  | { readonly type: 'IssueWanted'; readonly issue: Issue; readonly at: Instant }
  | {
      readonly type: 'VoucherIssued';
      readonly issue: Issue;
      readonly voucherId: VoucherId;
      readonly slices: readonly Slice[];
      readonly at: Instant;
    }
  | { readonly type: 'IssueRefused'; readonly issue: Issue; readonly reason: PartReason; readonly at: Instant }
  | { readonly type: 'PartsReleased'; readonly at: Instant }
  | ({ readonly type: 'ApplicationRejected'; readonly reason: string } & Said)
  | ({ readonly type: 'ApplicationWithdrawn' } & Said);

/** In order of precedence: the first that holds is the answer. */
export type Reason =
  | 'application-exists'
  | 'application-unknown'
  | 'application-not-draft'
  | 'application-not-submitted'
  | 'application-not-checked'
  | 'application-awaits-no-second-approval'
  | 'application-already-decided'
  | 'not-a-distinct-person'
  | 'no-policy-in-force'
  | 'enterprise-not-registered'
  | 'enterprise-too-young'
  | 'enterprise-sanctioned'
  | 'face-above-request'
  | FundingReason
  | 'application-not-issuing'
  | 'pot-without-owner';

/** Everyone who has acted; nobody acts twice, but for the enterprise that drafts and submits. */
type People = { readonly applicants: readonly string[]; readonly officers: readonly string[] };
type Known = { readonly application: Application; readonly people: People };
type Approved = { readonly faceFen: Fen; readonly funding: readonly FundingPart[] };

export type State =
  | { readonly is: 'unknown' }
  | ({ readonly is: 'draft' | 'submitted' | 'checked' | 'withdrawn' | 'rejected' } & Known)
  /** A second approval is awaited. */
  | ({ readonly is: 'approved' } & Approved & Known)
  | ({ readonly is: 'issuing'; readonly issue?: Issue; readonly secondApproved: boolean } & Known)
  | ({ readonly is: 'issued'; readonly voucherId: VoucherId; readonly secondApproved: boolean } & Known)
  | ({ readonly is: 'refused'; readonly reason: PartReason; readonly released: boolean; readonly secondApproved: boolean } & Known);

const decide = (command: Command, state: State): Decision<Fact, Reason> => {
  if (command.type === 'DraftApplication') {
    const { application, by, at } = command;
    return state.is === 'unknown' ? record({ type: 'ApplicationDrafted', application, by, at }) : refuse('application-exists');
  }
  if (state.is === 'unknown') return refuse('application-unknown');
  switch (command.type) {
    case 'SubmitApplication':
      return submit(command, state);
    case 'CheckApplication':
      return check(command, state);
    case 'ApproveApplication':
      return approve(command, state);
    case 'ApproveApplicationAgain':
      return approveAgain(command, state);
    case 'RejectApplication': {
      const { reason, by, at } = command;
      if (state.is !== 'submitted' && state.is !== 'checked' && state.is !== 'approved') return refuse(notOpen(state));
      return state.people.applicants.includes(by)
        ? refuse('not-a-distinct-person')
        : record({ type: 'ApplicationRejected', reason, by, at });
    }
    case 'WithdrawApplication':
      if (state.is !== 'draft' && state.is !== 'submitted' && state.is !== 'checked') return refuse('application-already-decided');
      return record({ type: 'ApplicationWithdrawn', by: command.by, at: command.at });
    case 'IssueVoucher':
    case 'RefuseIssue':
    case 'ConfirmRelease':
      return conclude(command, state);
    default:
      return unreachable(command);
  }
};

type Of<Type extends Command['type']> = Extract<Command, { readonly type: Type }>;
type KnownState = Exclude<State, { readonly is: 'unknown' }>;

const notOpen = (state: KnownState): Reason => (state.is === 'draft' ? 'application-not-submitted' : 'application-already-decided');

const submit = ({ policy, by, at }: Of<'SubmitApplication'>, state: KnownState): Decision<Fact, Reason> => {
  if (state.is !== 'draft') return refuse('application-not-draft');
  if (!policy) return refuse('no-policy-in-force');
  const decideBy = addWorkingDays(dateOf(at), policy.terms.applicationDecisionWorkingDays);
  return record({ type: 'ApplicationSubmitted', decideBy, by, at });
};

const check = ({ policy, establishedOn, sanctioned, by, at }: Of<'CheckApplication'>, state: KnownState): Decision<Fact, Reason> => {
  if (state.is !== 'submitted') return refuse('application-not-submitted');
  if (!isDistinct(by, state)) return refuse('not-a-distinct-person');
  if (!policy) return refuse('no-policy-in-force');
  if (!establishedOn) return refuse('enterprise-not-registered');
  if (establishedOn > addMonths(dateOf(at), -policy.terms.enterpriseMinimumAgeMonths)) return refuse('enterprise-too-young');
  if (sanctioned) return refuse('enterprise-sanctioned');
  return record({ type: 'ApplicationChecked', by, at });
};

const approve = (command: Of<'ApproveApplication'>, state: KnownState): Decision<Fact, Reason> => {
  const { faceFen, policy, sanctioned, by, at } = command;
  if (state.is !== 'checked') return refuse('application-not-checked');
  if (!isDistinct(by, state)) return refuse('not-a-distinct-person');
  if (!policy) return refuse('no-policy-in-force');
  if (sanctioned) return refuse('enterprise-sanctioned');
  if (faceFen > state.application.requestedFen) return refuse('face-above-request');
  const funding = fundingOf(faceFen, command.funding);
  if (typeof funding === 'string') return refuse(funding);
  const secondApprovalNeeded = faceFen > policy.terms.secondApprovalAboveFen;
  const approved: Fact = { type: 'ApplicationApproved', faceFen, funding, secondApprovalNeeded, by, at };
  if (secondApprovalNeeded) return record<Fact>(approved);
  return record<Fact>(approved, { type: 'IssueWanted', issue: issueOf(state.application, { faceFen, funding }, policy, at), at });
};

const approveAgain = ({ policy, sanctioned, by, at }: Of<'ApproveApplicationAgain'>, state: KnownState): Decision<Fact, Reason> => {
  if (state.is !== 'approved') return refuse('application-awaits-no-second-approval');
  if (!isDistinct(by, state)) return refuse('not-a-distinct-person');
  if (!policy) return refuse('no-policy-in-force');
  if (sanctioned) return refuse('enterprise-sanctioned');
  const issue = issueOf(state.application, state, policy, at);
  return record<Fact>({ type: 'ApplicationApprovedAgain', by, at }, { type: 'IssueWanted', issue, at });
};

const isDistinct = (by: string, { people }: Known): boolean => !people.applicants.includes(by) && !people.officers.includes(by);

/** Processes report outcomes, perhaps more than once; the first is the one that counts. */
const conclude = (command: Of<'IssueVoucher' | 'RefuseIssue' | 'ConfirmRelease'>, state: KnownState): Decision<Fact, Reason> => {
  if (command.type === 'ConfirmRelease') {
    if (state.is !== 'refused') return refuse('application-not-issuing');
    return state.released ? alreadySo : record({ type: 'PartsReleased', at: command.at });
  }
  if (state.is === 'issued' || state.is === 'refused') return alreadySo;
  if (state.is !== 'issuing' || !state.issue) return refuse('application-not-issuing');
  const { issue } = state;
  if (command.type === 'RefuseIssue') return record({ type: 'IssueRefused', issue, reason: command.reason, at: command.at });
  const slices = slicesOf(issue, command.owners);
  if (!slices) return refuse('pot-without-owner');
  return record({ type: 'VoucherIssued', issue, voucherId: command.voucherId, slices, at: command.at });
};

const evolve = (state: State, fact: Fact): State => {
  if (fact.type === 'ApplicationDrafted') {
    return { is: 'draft', application: fact.application, people: { applicants: [fact.by], officers: [] } };
  }
  if (state.is === 'unknown') return corrupt(`${fact.type} before the application was drafted`);
  const { application, people } = state;
  const known = { application, people };
  switch (fact.type) {
    case 'ApplicationSubmitted':
      return { is: 'submitted', application, people: { ...people, applicants: [...people.applicants, fact.by] } };
    case 'ApplicationChecked':
      return { is: 'checked', application, people: withOfficer(people, fact.by) };
    case 'ApplicationApproved': {
      const { faceFen, funding } = fact;
      const approved = { application, people: withOfficer(people, fact.by) };
      if (fact.secondApprovalNeeded) return { is: 'approved', faceFen, funding, ...approved };
      return { is: 'issuing', secondApproved: false, ...approved };
    }
    case 'ApplicationApprovedAgain':
      return { is: 'issuing', secondApproved: true, application, people: withOfficer(people, fact.by) };
    case 'IssueWanted':
      return state.is === 'issuing' ? { ...state, issue: fact.issue } : corrupt('an issue was wanted before the approval');
    case 'VoucherIssued':
      return { is: 'issued', voucherId: fact.voucherId, secondApproved: wasSecondApproved(state), ...known };
    case 'IssueRefused':
      return { is: 'refused', reason: fact.reason, released: false, secondApproved: wasSecondApproved(state), ...known };
    case 'PartsReleased':
      return state.is === 'refused' ? { ...state, released: true } : corrupt('released what was not refused');
    case 'ApplicationRejected':
      return { is: 'rejected', ...known };
    case 'ApplicationWithdrawn':
      return { is: 'withdrawn', ...known };
    default:
      return unreachable(fact);
  }
};

const withOfficer = (people: People, by: string): People => ({ ...people, officers: [...people.officers, by] });

const wasSecondApproved = (state: State): boolean =>
  state.is === 'issuing' ? state.secondApproved : corrupt('an outcome without an issue that was wanted');

export const application: Decider<Command, State, Fact, Reason> = { initial: { is: 'unknown' }, decide, evolve };
