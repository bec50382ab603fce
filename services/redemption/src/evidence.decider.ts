import type { EvidenceKind, Instant, Member, Uscc } from '@tongdui/contracts';
import { type Decider, record, refuse } from '@tongdui/decider';

/** A file that proves something. Events carry its digests only; the file itself stays in an object store or folder. */

export type Evidence = {
  readonly home: Member;
  readonly sha256: string;
  readonly sm3: string;
  readonly kind: EvidenceKind;
  readonly bytes: number;
  readonly mediaType: string;
  readonly organisation: Uscc;
};

export type Command = { readonly type: 'RegisterEvidence'; readonly at: Instant } & Evidence;
export type Fact = { readonly type: 'EvidenceRegistered'; readonly at: Instant } & Evidence;
export type Reason = 'evidence-already-registered';
export type State = { readonly is: 'none' } | ({ readonly is: 'registered'; readonly registeredAt: Instant } & Evidence);

export const evidence: Decider<Command, State, Fact, Reason> = {
  initial: { is: 'none' },
  decide: (command, state) =>
    state.is === 'none' ? record({ ...command, type: 'EvidenceRegistered' }) : refuse('evidence-already-registered'),
  evolve: (_, { type: __, at, ...evidence }) => ({ is: 'registered', ...evidence, registeredAt: at }),
};
