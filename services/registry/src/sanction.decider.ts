import type { Instant, LocalDate, SanctionId, Uscc } from '@tongdui/contracts';
import { alreadySo, corrupt, type Decider, type Decision, record, refuse, unreachable } from '@tongdui/decider';

/** An entry of the corridor's blacklist; every city reads it from its copy of the moment. */
export type Sanction = {
  readonly sanctionId: SanctionId;
  readonly uscc: Uscc;
  readonly reason: string;
  readonly validFrom: LocalDate;
  readonly validUntil: LocalDate;
};
type Said = { readonly by: string; readonly at: Instant };

export type Command =
  | ({ readonly type: 'ImposeSanction'; readonly sanction: Sanction } & Said)
  | ({ readonly type: 'LiftSanction' } & Said);

export type Fact =
  | ({ readonly type: 'SanctionImposed'; readonly sanction: Sanction } & Said)
  | ({ readonly type: 'SanctionLifted'; readonly sanction: Sanction } & Said);

/** In order of precedence: the first that holds is the answer. */
export type Reason = 'sanction-exists' | 'sanction-unknown' | 'validity-ends-before-it-begins';

export type State = { readonly is: 'unknown' } | { readonly is: 'imposed' | 'lifted'; readonly sanction: Sanction };

const decide = (command: Command, state: State): Decision<Fact, Reason> => {
  const { by, at } = command;
  switch (command.type) {
    case 'ImposeSanction':
      if (state.is !== 'unknown') return refuse('sanction-exists');
      if (command.sanction.validUntil < command.sanction.validFrom) return refuse('validity-ends-before-it-begins');
      return record({ type: 'SanctionImposed', sanction: command.sanction, by, at });
    case 'LiftSanction':
      if (state.is === 'unknown') return refuse('sanction-unknown');
      if (state.is === 'lifted') return alreadySo;
      return record({ type: 'SanctionLifted', sanction: state.sanction, by, at });
    default:
      return unreachable(command);
  }
};

const evolve = (state: State, fact: Fact): State => {
  switch (fact.type) {
    case 'SanctionImposed':
      return { is: 'imposed', sanction: fact.sanction };
    case 'SanctionLifted':
      if (state.is === 'unknown') return corrupt('lifted before imposed');
      return { is: 'lifted', sanction: state.sanction };
    default:
      return unreachable(fact);
  }
};

export const sanction: Decider<Command, State, Fact, Reason> = { initial: { is: 'unknown' }, decide, evolve };
