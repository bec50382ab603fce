import { dateOf } from '@tongdui/calendar';
import type { Instant, LocalDate, Member, PolicyId, PolicyTerms } from '@tongdui/contracts';
import { type Decider, type Decision, record, refuse, unreachable } from '@tongdui/decider';

/**
 * All versions of one city's policy, in one stream: their order and their effective dates are decided in one place. A version never
 * changes, and from the day before it takes effect nobody can put another before it.
 */
export type Version = {
  readonly policyId: PolicyId;
  readonly home: Member;
  readonly version: number;
  readonly effectiveFrom: LocalDate;
  readonly terms: PolicyTerms;
};

export type Command = {
  readonly type: 'PublishPolicy';
  readonly policyId: PolicyId;
  readonly home: Member;
  readonly effectiveFrom: LocalDate;
  readonly terms: PolicyTerms;
  readonly by: string;
  readonly at: Instant;
};

export type Fact = { readonly type: 'PolicyPublished'; readonly version: Version; readonly by: string; readonly at: Instant };

/** In order of precedence: the first that holds is the answer. */
export type Reason = 'policy-exists' | 'policy-takes-effect-too-early' | 'policy-not-after-the-previous';

/** In the order of their effective dates. */
export type State = { readonly versions: readonly Version[] };

/** The version by which a decision of this day is taken. */
export const inForce = ({ versions }: State, on: LocalDate): Version | undefined =>
  versions.findLast(({ effectiveFrom }) => effectiveFrom <= on);

const decide = ({ policyId, home, effectiveFrom, terms, by, at }: Command, { versions }: State): Decision<Fact, Reason> => {
  if (versions.some((version) => version.policyId === policyId)) return refuse('policy-exists');
  const previous = versions.at(-1);
  // Nothing can have been decided by an earlier version before there was a first one, so that one may also look back.
  if (previous && effectiveFrom <= dateOf(at)) return refuse('policy-takes-effect-too-early');
  if (previous && effectiveFrom <= previous.effectiveFrom) return refuse('policy-not-after-the-previous');
  return record({ type: 'PolicyPublished', version: { policyId, home, version: versions.length + 1, effectiveFrom, terms }, by, at });
};

const evolve = ({ versions }: State, fact: Fact): State => {
  switch (fact.type) {
    case 'PolicyPublished':
      return { versions: [...versions, fact.version] };
    default:
      return unreachable(fact.type);
  }
};

export const policy: Decider<Command, State, Fact, Reason> = { initial: { versions: [] }, decide, evolve };
