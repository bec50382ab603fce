import type { Category, Instant, LocalDate, Member, RecognitionId, Uscc } from '@tongdui/contracts';
import { type Decider, type Decision, record, refuse, unreachable } from '@tongdui/decider';

/** A home city accepts, for categories and a time, a lab that another city admitted. */
export type Recognition = {
  readonly recognitionId: RecognitionId;
  readonly home: Member;
  readonly host: Member;
  readonly provider: Uscc;
  readonly categories: readonly Category[];
  readonly validFrom: LocalDate;
  readonly validUntil: LocalDate;
};

export type Command = { readonly type: 'RecogniseProvider'; readonly recognition: Recognition; readonly by: string; readonly at: Instant };

export type Fact = { readonly type: 'ProviderRecognised'; readonly recognition: Recognition; readonly by: string; readonly at: Instant };

/** In order of precedence: the first that holds is the answer. */
export type Reason = 'recognition-exists' | 'own-lab-needs-no-recognition' | 'validity-ends-before-it-begins';

export type State = { readonly is: 'unknown' } | { readonly is: 'recognised'; readonly recognition: Recognition };

const decide = ({ recognition: wanted, by, at }: Command, state: State): Decision<Fact, Reason> => {
  if (state.is === 'recognised') return refuse('recognition-exists');
  if (wanted.host === wanted.home) return refuse('own-lab-needs-no-recognition');
  if (wanted.validUntil < wanted.validFrom) return refuse('validity-ends-before-it-begins');
  return record({ type: 'ProviderRecognised', recognition: wanted, by, at });
};

const evolve = (_state: State, fact: Fact): State => {
  switch (fact.type) {
    case 'ProviderRecognised':
      return { is: 'recognised', recognition: fact.recognition };
    default:
      return unreachable(fact.type);
  }
};

export const recognition: Decider<Command, State, Fact, Reason> = { initial: { is: 'unknown' }, decide, evolve };
