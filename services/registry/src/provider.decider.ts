import { dateOf } from '@tongdui/calendar';
import type { BankAccount, Category, Instant, LocalDate, Member, Uscc } from '@tongdui/contracts';
import { corrupt, type Decider, type Decision, record, refuse, unreachable } from '@tongdui/decider';

/** A lab as one host city knows it: registered by itself, admitted by the city for categories and a time, suspended for a reason. */

export type Profile = { readonly uscc: Uscc; readonly host: Member; readonly name: string; readonly account: BankAccount };
type Admission = { readonly categories: readonly Category[]; readonly admittedUntil: LocalDate; readonly accreditation?: string };
type Said = { readonly by: string; readonly at: Instant };

export type Command =
  | ({ readonly type: 'RegisterProvider'; readonly profile: Profile } & Said)
  | ({ readonly type: 'AdmitProvider'; readonly admission: Admission } & Said)
  | ({ readonly type: 'SuspendProvider'; readonly reason: string } & Said);

/** Each fact repeats the profile: the published event says who the lab is. */
export type Fact =
  | ({ readonly type: 'ProviderRegistered'; readonly profile: Profile } & Said)
  | ({ readonly type: 'ProviderAdmitted'; readonly profile: Profile; readonly admission: Admission } & Said)
  | ({ readonly type: 'ProviderSuspended'; readonly profile: Profile; readonly admission: Admission; readonly reason: string } & Said);

/** In order of precedence: the first that holds is the answer. */
export type Reason =
  | 'provider-exists'
  | 'provider-unknown'
  | 'admission-over-before-it-begins'
  | 'provider-not-admitted'
  | 'provider-already-suspended';

export type State =
  | { readonly is: 'unknown' }
  | { readonly is: 'registered'; readonly profile: Profile }
  | { readonly is: 'admitted' | 'suspended'; readonly profile: Profile; readonly admission: Admission };

/** Whether a lab may sell in a category on a day, and if not, why. */
export type Standing = 'admitted' | 'provider-unknown' | 'provider-not-admitted' | 'provider-suspended' | 'category-not-admitted';

export const standingOf = (state: State, category: Category, on: LocalDate): Standing => {
  if (state.is === 'unknown') return 'provider-unknown';
  if (state.is === 'registered') return 'provider-not-admitted';
  if (state.is === 'suspended') return 'provider-suspended';
  if (on > state.admission.admittedUntil) return 'provider-not-admitted';
  return state.admission.categories.includes(category) ? 'admitted' : 'category-not-admitted';
};

const decide = (command: Command, state: State): Decision<Fact, Reason> => {
  const { by, at } = command;
  switch (command.type) {
    case 'RegisterProvider':
      if (state.is !== 'unknown') return refuse('provider-exists');
      return record({ type: 'ProviderRegistered', profile: command.profile, by, at });
    case 'AdmitProvider':
      if (state.is === 'unknown') return refuse('provider-unknown');
      if (command.admission.admittedUntil < dateOf(at)) return refuse('admission-over-before-it-begins');
      return record({ type: 'ProviderAdmitted', profile: state.profile, admission: command.admission, by, at });
    case 'SuspendProvider':
      if (state.is === 'unknown') return refuse('provider-unknown');
      if (state.is === 'registered') return refuse('provider-not-admitted');
      if (state.is === 'suspended') return refuse('provider-already-suspended');
      return record({ type: 'ProviderSuspended', profile: state.profile, admission: state.admission, reason: command.reason, by, at });
    default:
      return unreachable(command);
  }
};

const evolve = (state: State, fact: Fact): State => {
  switch (fact.type) {
    case 'ProviderRegistered':
      return { is: 'registered', profile: fact.profile };
    case 'ProviderAdmitted':
      if (state.is === 'unknown') return corrupt('admitted before registered');
      return { is: 'admitted', profile: state.profile, admission: fact.admission };
    case 'ProviderSuspended':
      if (state.is !== 'admitted') return corrupt('suspended while not admitted');
      return { ...state, is: 'suspended' };
    default:
      return unreachable(fact);
  }
};

export const provider: Decider<Command, State, Fact, Reason> = { initial: { is: 'unknown' }, decide, evolve };
