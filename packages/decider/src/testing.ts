import type { Decider, Decision } from './decision.ts';

/** Given facts, when a command, then a decision: the same sentence for every decider. */
export const given = <C, State, Fact extends { readonly type: string }, Reason extends string>(
  decider: Decider<C, State, Fact, Reason>,
  ...past: readonly Fact[]
) => {
  const state = past.reduce(decider.evolve, decider.initial);
  return {
    state,
    when: (command: C): Decision<Fact, Reason> => decider.decide(command, state),
  };
};

/** Runs commands one after the other from nothing; refusals record nothing. */
export const history = <C, State, Fact extends { readonly type: string }, Reason extends string>(
  decider: Decider<C, State, Fact, Reason>,
  commands: Iterable<C>,
  past: readonly Fact[] = [],
) => {
  const facts: Fact[] = [...past];
  const decisions: Decision<Fact, Reason>[] = [];
  let state = facts.reduce(decider.evolve, decider.initial);
  for (const command of commands) {
    const decision = decider.decide(command, state);
    decisions.push(decision);
    if (!decision.accepted) continue;
    facts.push(...decision.facts);
    state = decision.facts.reduce(decider.evolve, state);
  }
  return { facts, state, decisions };
};
