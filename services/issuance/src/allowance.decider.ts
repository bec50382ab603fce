import type { ApplicationId, Fen, Instant, Member, Uscc } from '@tongdui/contracts';
import { alreadySo, type Decider, type Decision, PersistentMap, PersistentSet, record, refuse, unreachable } from '@tongdui/decider';
import { fen } from '@tongdui/money';

/**
 * What one enterprise was granted by its city in one year. A voucher takes its face when it is issued; what closes unused is given back.
 * The cap belongs to the policy version of the voucher that asks, so it comes with the question.
 */
type Holder = { readonly home: Member; readonly enterprise: Uscc; readonly year: number };

export type Command =
  | {
      readonly type: 'TakeAllowance';
      readonly holder: Holder;
      readonly applicationId: ApplicationId;
      readonly amountFen: Fen;
      readonly capFen: Fen;
      readonly at: Instant;
    }
  | { readonly type: 'ReleaseAllowance'; readonly holder: Holder; readonly applicationId: ApplicationId; readonly at: Instant }
  /** What closed unused, once per event that says so. */
  | {
      readonly type: 'GiveBackAllowance';
      readonly holder: Holder;
      readonly returnId: string;
      readonly amountFen: Fen;
      readonly at: Instant;
    };

export type Fact =
  | {
      readonly type: 'AllowanceTaken';
      readonly holder: Holder;
      readonly applicationId: ApplicationId;
      readonly amountFen: Fen;
      readonly capFen: Fen;
      readonly at: Instant;
    }
  /** Nothing where the application had taken nothing: a tombstone that refuses a take arriving late. */
  | {
      readonly type: 'AllowanceReleased';
      readonly holder: Holder;
      readonly applicationId: ApplicationId;
      readonly amountFen: Fen;
      readonly at: Instant;
    }
  | {
      readonly type: 'AllowanceGivenBack';
      readonly holder: Holder;
      readonly returnId: string;
      readonly amountFen: Fen;
      readonly at: Instant;
    };

/** In order of precedence: the first that holds is the answer. */
export type Reason = 'take-released' | 'take-differs' | 'allowance-short' | 'more-given-back-than-taken';

export type State = {
  readonly usedFen: Fen;
  readonly takes: PersistentMap<ApplicationId, Fen>;
  readonly released: PersistentSet<ApplicationId>;
  readonly returns: PersistentSet<string>;
};

const decide = (command: Command, state: State): Decision<Fact, Reason> => {
  const { holder, at } = command;
  switch (command.type) {
    case 'TakeAllowance': {
      const { applicationId, amountFen, capFen } = command;
      if (state.released.has(applicationId)) return refuse('take-released');
      const before = state.takes.get(applicationId);
      if (before !== undefined) return before === amountFen ? alreadySo : refuse('take-differs');
      if (state.usedFen + amountFen > capFen) return refuse('allowance-short');
      return record({ type: 'AllowanceTaken', holder, applicationId, amountFen, capFen, at });
    }
    case 'ReleaseAllowance': {
      const { applicationId } = command;
      if (state.released.has(applicationId)) return alreadySo;
      const amountFen = state.takes.get(applicationId) ?? fen(0);
      if (amountFen > state.usedFen) return refuse('more-given-back-than-taken');
      return record({ type: 'AllowanceReleased', holder, applicationId, amountFen, at });
    }
    case 'GiveBackAllowance': {
      const { returnId, amountFen } = command;
      if (state.returns.has(returnId)) return alreadySo;
      if (amountFen > state.usedFen) return refuse('more-given-back-than-taken');
      return record({ type: 'AllowanceGivenBack', holder, returnId, amountFen, at });
    }
    default:
      return unreachable(command);
  }
};

const evolve = (state: State, fact: Fact): State => {
  switch (fact.type) {
    case 'AllowanceTaken':
      return { ...state, takes: state.takes.set(fact.applicationId, fact.amountFen), usedFen: fen(state.usedFen + fact.amountFen) };
    case 'AllowanceReleased':
      return {
        ...state,
        takes: state.takes.delete(fact.applicationId),
        released: state.released.add(fact.applicationId),
        usedFen: fen(state.usedFen - fact.amountFen),
      };
    case 'AllowanceGivenBack':
      return { ...state, returns: state.returns.add(fact.returnId), usedFen: fen(state.usedFen - fact.amountFen) };
    default:
      return unreachable(fact);
  }
};

export const allowance: Decider<Command, State, Fact, Reason> = {
  initial: { usedFen: fen(0), takes: PersistentMap(), released: PersistentSet(), returns: PersistentSet() },
  decide,
  evolve,
};
