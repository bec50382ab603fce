import type { Instant } from '@tongdui/contracts';
import { alreadySo, type Decider, type Decision, record } from '@tongdui/decider';

/** Which months of a home's journal were begun, in their order: `ledger.<home>.months-journal`. */
export type Command = { readonly type: 'BeginMonth'; readonly month: string; readonly at: Instant };
export type Fact = { readonly type: 'MonthBegun'; readonly month: string; readonly at: Instant };
export type State = { readonly months: readonly string[] };

/** A month that is not later than the last one is already past or begun: the journal never goes backwards. */
const decide = (command: Command, state: State): Decision<Fact, never> =>
  command.month <= (state.months.at(-1) ?? '') ? alreadySo : record({ type: 'MonthBegun', month: command.month, at: command.at });

const evolve = (state: State, fact: Fact): State => ({ months: [...state.months, fact.month] });

export const months: Decider<Command, State, Fact, never> = { initial: { months: [] }, decide, evolve };
