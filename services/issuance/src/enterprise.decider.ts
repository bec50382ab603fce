import { dateOf } from '@tongdui/calendar';
import type { BankAccount, Instant, LocalDate, Member, Uscc } from '@tongdui/contracts';
import { type Decider, type Decision, record, refuse, unreachable } from '@tongdui/decider';

/** An enterprise as its home city registered it. */
export type Enterprise = {
  readonly uscc: Uscc;
  readonly home: Member;
  readonly name: string;
  readonly establishedOn: LocalDate;
  readonly controllerGroup?: string;
  readonly account: BankAccount;
};

export type Command = { readonly type: 'RegisterEnterprise'; readonly enterprise: Enterprise; readonly by: string; readonly at: Instant };

export type Fact = { readonly type: 'EnterpriseRegistered'; readonly enterprise: Enterprise; readonly by: string; readonly at: Instant };

/** In order of precedence: the first that holds is the answer. */
export type Reason = 'enterprise-exists' | 'enterprise-not-established-yet';

export type State = { readonly is: 'unknown' } | { readonly is: 'registered'; readonly enterprise: Enterprise };

const decide = ({ enterprise: wanted, by, at }: Command, state: State): Decision<Fact, Reason> => {
  if (state.is === 'registered') return refuse('enterprise-exists');
  if (wanted.establishedOn > dateOf(at)) return refuse('enterprise-not-established-yet');
  return record({ type: 'EnterpriseRegistered', enterprise: wanted, by, at });
};

const evolve = (_state: State, fact: Fact): State => {
  switch (fact.type) {
    case 'EnterpriseRegistered':
      return { is: 'registered', enterprise: fact.enterprise };
    default:
      return unreachable(fact.type);
  }
};

export const enterprise: Decider<Command, State, Fact, Reason> = { initial: { is: 'unknown' }, decide, evolve };
