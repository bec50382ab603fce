import type { ApplicationId, Fen, Instant, Member, Party, PotId } from '@tongdui/contracts';
import {
  alreadySo,
  corrupt,
  type Decider,
  type Decision,
  PersistentMap,
  PersistentSet,
  record,
  refuse,
  unreachable,
} from '@tongdui/decider';
import { fen } from '@tongdui/money';

/**
 * Money appropriated for one fiscal year. What a voucher may cost its pots is committed here when it is issued and comes back when the
 * voucher does not use it; committed less returned never exceeds appropriated, whoever asks at the same time.
 */
export type Pot = {
  readonly potId: PotId;
  /** The city that administers it. */
  readonly home: Member;
  readonly owner: Party;
  readonly fiscalYear: number;
  readonly name: string;
  /** Homes whose approvals may draw on it. */
  readonly openTo: readonly Member[];
};

export type Command =
  | { readonly type: 'OpenPot'; readonly pot: Pot; readonly by: string; readonly at: Instant }
  | {
      readonly type: 'AppropriateToPot';
      readonly appropriationId: string;
      readonly amountFen: Fen;
      readonly by: string;
      readonly at: Instant;
    }
  | {
      readonly type: 'CommitPot';
      readonly applicationId: ApplicationId;
      readonly forHome: Member;
      readonly year: number;
      readonly amountFen: Fen;
      readonly at: Instant;
    }
  | { readonly type: 'ReleasePot'; readonly applicationId: ApplicationId; readonly at: Instant }
  /** Value that came back from a voucher, once per event that says so. */
  | { readonly type: 'ReturnToPot'; readonly returnId: string; readonly amountFen: Fen; readonly at: Instant };

export type Fact =
  | { readonly type: 'PotOpened'; readonly pot: Pot; readonly by: string; readonly at: Instant }
  | {
      readonly type: 'PotAppropriated';
      readonly pot: Pot;
      readonly appropriationId: string;
      readonly amountFen: Fen;
      readonly by: string;
      readonly at: Instant;
    }
  | { readonly type: 'PotCommitted'; readonly applicationId: ApplicationId; readonly amountFen: Fen; readonly at: Instant }
  /** Nothing where the application had nothing committed: a tombstone that refuses a commitment arriving late. */
  | { readonly type: 'PotReleased'; readonly applicationId: ApplicationId; readonly amountFen: Fen; readonly at: Instant }
  | { readonly type: 'PotReturned'; readonly returnId: string; readonly amountFen: Fen; readonly at: Instant };

/** In order of precedence: the first that holds is the answer. */
export type Reason =
  | 'pot-exists'
  | 'pot-unknown'
  | 'appropriation-reused'
  | 'appropriation-too-large'
  | 'commitment-released'
  | 'commitment-differs'
  | 'pot-not-open-to-city'
  | 'pot-of-another-year'
  | 'pot-short'
  | 'more-returned-than-committed';

export type State =
  | { readonly is: 'unknown'; readonly released: PersistentSet<ApplicationId> }
  | {
      readonly is: 'open';
      readonly pot: Pot;
      readonly appropriations: PersistentMap<string, Fen>;
      readonly commitments: PersistentMap<ApplicationId, Fen>;
      readonly released: PersistentSet<ApplicationId>;
      readonly returns: PersistentSet<string>;
      readonly appropriatedFen: Fen;
      readonly committedFen: Fen;
      readonly returnedFen: Fen;
    };

/** ¥100 billion, the largest amount a published event can carry. */
const appropriatedMaxFen = 10 ** 13;

type Open = Extract<State, { readonly is: 'open' }>;

/** What can still be committed. */
export const availableFen = ({ appropriatedFen, committedFen, returnedFen }: Open): Fen =>
  fen(appropriatedFen - committedFen + returnedFen);

const decide = (command: Command, state: State): Decision<Fact, Reason> => {
  const { at } = command;
  if (command.type === 'OpenPot') {
    if (state.is === 'open') return refuse('pot-exists');
    return record({ type: 'PotOpened', pot: command.pot, by: command.by, at });
  }
  if (command.type === 'ReleasePot') return release(command, state);
  if (state.is === 'unknown') return refuse('pot-unknown');
  switch (command.type) {
    case 'AppropriateToPot': {
      const { appropriationId, amountFen, by } = command;
      const before = state.appropriations.get(appropriationId);
      if (before !== undefined) return before === amountFen ? alreadySo : refuse('appropriation-reused');
      if (state.appropriatedFen + amountFen > appropriatedMaxFen) return refuse('appropriation-too-large');
      return record({ type: 'PotAppropriated', pot: state.pot, appropriationId, amountFen, by, at });
    }
    case 'CommitPot':
      return commit(command, state);
    case 'ReturnToPot': {
      const { returnId, amountFen } = command;
      if (state.returns.has(returnId)) return alreadySo;
      if (state.returnedFen + amountFen > state.committedFen) return refuse('more-returned-than-committed');
      return record({ type: 'PotReturned', returnId, amountFen, at });
    }
    default:
      return unreachable(command);
  }
};

const commit = (command: Extract<Command, { readonly type: 'CommitPot' }>, state: Open): Decision<Fact, Reason> => {
  const { applicationId, forHome, year, amountFen, at } = command;
  if (state.released.has(applicationId)) return refuse('commitment-released');
  const before = state.commitments.get(applicationId);
  if (before !== undefined) return before === amountFen ? alreadySo : refuse('commitment-differs');
  if (!state.pot.openTo.includes(forHome)) return refuse('pot-not-open-to-city');
  if (state.pot.fiscalYear !== year) return refuse('pot-of-another-year');
  if (amountFen > availableFen(state)) return refuse('pot-short');
  return record({ type: 'PotCommitted', applicationId, amountFen, at });
};

const release = (command: Extract<Command, { readonly type: 'ReleasePot' }>, state: State): Decision<Fact, Reason> => {
  const { applicationId, at } = command;
  if (state.released.has(applicationId)) return alreadySo;
  if (state.is === 'unknown') return record({ type: 'PotReleased', applicationId, amountFen: fen(0), at });
  const amountFen = state.commitments.get(applicationId) ?? fen(0);
  // A voucher that was issued returns what it does not use; its commitment is never released as well.
  if (state.returnedFen > state.committedFen - amountFen) return refuse('more-returned-than-committed');
  return record({ type: 'PotReleased', applicationId, amountFen, at });
};

const evolve = (state: State, fact: Fact): State => {
  switch (fact.type) {
    case 'PotOpened':
      return {
        is: 'open',
        pot: fact.pot,
        appropriations: PersistentMap(),
        commitments: PersistentMap(),
        released: state.released,
        returns: PersistentSet(),
        appropriatedFen: fen(0),
        committedFen: fen(0),
        returnedFen: fen(0),
      };
    case 'PotReleased': {
      const released = state.released.add(fact.applicationId);
      if (state.is === 'unknown') return { ...state, released };
      return {
        ...state,
        released,
        commitments: state.commitments.delete(fact.applicationId),
        committedFen: fen(state.committedFen - fact.amountFen),
      };
    }
    default:
      if (state.is === 'unknown') return corrupt(`${fact.type} before the pot was opened`);
      return evolveOpen(state, fact);
  }
};

const evolveOpen = (state: Open, fact: Exclude<Fact, { readonly type: 'PotOpened' | 'PotReleased' }>): Open => {
  switch (fact.type) {
    case 'PotAppropriated':
      return {
        ...state,
        appropriations: state.appropriations.set(fact.appropriationId, fact.amountFen),
        appropriatedFen: fen(state.appropriatedFen + fact.amountFen),
      };
    case 'PotCommitted':
      return {
        ...state,
        commitments: state.commitments.set(fact.applicationId, fact.amountFen),
        committedFen: fen(state.committedFen + fact.amountFen),
      };
    case 'PotReturned':
      return { ...state, returns: state.returns.add(fact.returnId), returnedFen: fen(state.returnedFen + fact.amountFen) };
    default:
      return unreachable(fact);
  }
};

export const pot: Decider<Command, State, Fact, Reason> = { initial: { is: 'unknown', released: PersistentSet() }, decide, evolve };
