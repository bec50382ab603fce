import type { Category, Fen, Instant, Member, OfferingId, Uscc } from '@tongdui/contracts';
import { type Decider, type Decision, record, refuse, unreachable } from '@tongdui/decider';
import type { Standing } from './provider.decider.ts';

/** A service that a lab sells. */
type Offering = {
  readonly offeringId: OfferingId;
  readonly host: Member;
  readonly provider: Uscc;
  readonly category: Category;
  readonly name: string;
  readonly description?: string;
  readonly tariffFen?: Fen;
};

export type Command = {
  readonly type: 'PublishOffering';
  readonly offering: Offering;
  /** What the lab's own stream says of it at this moment. */
  readonly standing: Standing;
  readonly by: string;
  readonly at: Instant;
};

export type Fact = { readonly type: 'OfferingPublished'; readonly offering: Offering; readonly by: string; readonly at: Instant };

/** In order of precedence: the first that holds is the answer. */
export type Reason = 'offering-exists' | Exclude<Standing, 'admitted'>;

export type State = { readonly is: 'unknown' } | { readonly is: 'published'; readonly offering: Offering };

const decide = (command: Command, state: State): Decision<Fact, Reason> => {
  if (state.is === 'published') return refuse('offering-exists');
  if (command.standing !== 'admitted') return refuse(command.standing);
  return record({ type: 'OfferingPublished', offering: command.offering, by: command.by, at: command.at });
};

const evolve = (_state: State, fact: Fact): State => {
  switch (fact.type) {
    case 'OfferingPublished':
      return { is: 'published', offering: fact.offering };
    default:
      return unreachable(fact.type);
  }
};

export const offering: Decider<Command, State, Fact, Reason> = { initial: { is: 'unknown' }, decide, evolve };
