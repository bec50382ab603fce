import { addDays, addMinutes, dateOf, fiscalYearOf } from '@tongdui/calendar';
import type { ApplicationId, Fen, Instant, LocalDate, Member, Party, PolicyId, PolicyTerms, PotId, Slice, Uscc } from '@tongdui/contracts';
import type { FundingPart } from './funding.ts';

/** The policy version that is in force when a decision is taken. */
export type PolicyInForce = { readonly policyId: PolicyId; readonly terms: PolicyTerms };

/** What is asked of the allowance and of the pots for one voucher. The version of the policy is pinned here. */
export type Issue = {
  readonly applicationId: ApplicationId;
  readonly home: Member;
  readonly enterprise: Uscc;
  readonly faceFen: Fen;
  readonly funding: readonly FundingPart[];
  readonly policyId: PolicyId;
  readonly capFen: Fen;
  readonly year: number;
  readonly issuedOn: LocalDate;
  /** The last day on which a contract can be registered. */
  readonly expiresOn: LocalDate;
  /** Parts that cannot be reached until then decide nothing: the issue is refused. */
  readonly dueAt: Instant;
};

/** Why a part of an issue could not be had. */
const partReasons = [
  'allowance-short',
  'pot-unknown',
  'pot-not-open-to-city',
  'pot-of-another-year',
  'pot-short',
  'deadline-passed',
  'part-refused',
] as const;
export type PartReason = (typeof partReasons)[number];

/** The reason a part gave; one that this version does not know is still a refusal. */
export const partReasonOf = (reason: string): PartReason => partReasons.find((known) => known === reason) ?? 'part-refused';

/** What a pot says of itself when it commits. */
export type PotOwner = { readonly potId: PotId; readonly owner: Party; readonly fiscalYear: number };

export const issueOf = (
  application: Pick<Issue, 'applicationId' | 'home' | 'enterprise'>,
  { faceFen, funding }: Pick<Issue, 'faceFen' | 'funding'>,
  { policyId, terms }: PolicyInForce,
  at: Instant,
): Issue => {
  const { applicationId, home, enterprise } = application;
  const issuedOn = dateOf(at);
  return {
    applicationId,
    home,
    enterprise,
    faceFen,
    funding,
    policyId,
    capFen: terms.capPerEnterpriseYearFen,
    year: fiscalYearOf(at),
    issuedOn,
    expiresOn: addDays(issuedOn, terms.validityDays),
    dueAt: addMinutes(at, terms.coordinatorDeadlineMinutes),
  };
};

/** The split of the face, with what each pot said of itself; undefined when one of them has not. */
export const slicesOf = ({ funding }: Issue, owners: readonly PotOwner[]): readonly Slice[] | undefined => {
  const slices = funding.flatMap(({ potId, amountFen }) => {
    const said = owners.find((one) => one.potId === potId);
    return said ? [{ potId, owner: said.owner, fiscalYear: said.fiscalYear, amountFen }] : [];
  });
  return slices.length < funding.length ? undefined : slices;
};
