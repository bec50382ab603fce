import { Map as ImmutableMap, Set as ImmutableSet } from 'immutable';

/** A business decision: the facts to record, or the one reason for refusing. No facts means "already so". */
export type Decision<Fact, Reason extends string> =
  | { readonly accepted: true; readonly facts: readonly Fact[] }
  | { readonly accepted: false; readonly reason: Reason };

/** The rules of one kind of stream. Pure: time, ids and what other streams say arrive inside the command. */
export type Decider<Command, State, Fact extends { readonly type: string }, Reason extends string> = {
  readonly initial: State;
  readonly decide: (command: Command, state: State) => Decision<Fact, Reason>;
  readonly evolve: (state: State, fact: Fact) => State;
};

export const record = <Fact>(...facts: readonly Fact[]) => ({ accepted: true, facts }) as const;
export const refuse = <Reason extends string>(reason: Reason) => ({ accepted: false, reason }) as const;

/** The answer to a command whose effect is already recorded. */
export const alreadySo = { accepted: true, facts: [] } as const;

export const unreachable = (value: never): never => {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
};

/** A stream that holds a fact its decider can never have recorded. */
export const corrupt = (detail: string): never => {
  throw new Error(`corrupt stream: ${detail}`);
};

/** Persistent maps for states that grow with the years; copying a plain Map for each fact would cost its whole size. */
export const PersistentMap = ImmutableMap;
export type PersistentMap<Key, Value> = ImmutableMap<Key, Value>;
export const PersistentSet = ImmutableSet;
export type PersistentSet<Value> = ImmutableSet<Value>;
