import type { AgreementView, Instant } from '@tongdui/contracts';
import { type Decider, type Decision, record, refuse } from '@tongdui/decider';

type Version = Omit<AgreementView['versions'][number], 'publishedAt'>;

/** The agreement between a home and a host city: numbered versions that are never changed. Without one, payments are home-direct. */
export type Command = { readonly type: 'PublishVersion'; readonly at: Instant } & Pick<AgreementView, 'home' | 'host'> & Version;

export type Fact = { readonly type: 'AgreementPublished'; readonly at: Instant } & Pick<AgreementView, 'home' | 'host'> & Version;

/** In order of precedence. */
export type Reason = 'version-already-published' | 'version-not-next';

export type State = { readonly versions: number };

const decide = (command: Command, state: State): Decision<Fact, Reason> => {
  if (command.version <= state.versions) return refuse('version-already-published');
  if (command.version !== state.versions + 1) return refuse('version-not-next');
  return record<Fact>({ ...command, type: 'AgreementPublished' });
};

export const agreement: Decider<Command, State, Fact, Reason> = {
  initial: { versions: 0 },
  decide,
  evolve: (_, fact) => ({ versions: fact.version }),
};
