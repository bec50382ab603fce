import type { ClaimId, Fen, Instant, InvoiceNumber, LocalDate, Sha256, Uscc } from '@tongdui/contracts';
import { alreadySo, corrupt, type Decider, type Decision, PersistentMap, record, refuse, unreachable } from '@tongdui/decider';
import { fen, sumFen } from '@tongdui/money';

/** One invoice of the whole corridor: its live slices never exceed what is left of it, across cities, pots and years. */

type Invoice = {
  readonly digest: Sha256;
  readonly number: InvoiceNumber;
  readonly totalFen: Fen;
  readonly seller: Uscc;
  readonly buyer: Uscc;
  readonly issuedOn: LocalDate;
};

type SliceKey = { readonly claimId: ClaimId; readonly attempt: number };

export type Command =
  | ({ readonly type: 'TakeSlice'; readonly sliceFen: Fen; readonly at: Instant } & SliceKey & Invoice)
  | ({ readonly type: 'LowerSlice'; readonly sliceFen: Fen; readonly at: Instant } & SliceKey)
  | ({ readonly type: 'ReleaseSlice'; readonly at: Instant } & SliceKey)
  | {
      readonly type: 'RedLetter';
      readonly digest: Sha256;
      readonly redLetterId: string;
      readonly amountFen: Fen;
      readonly issuedOn: LocalDate;
      readonly by: string;
      readonly at: Instant;
    };

export type Fact =
  | ({ readonly type: 'InvoiceRegistered'; readonly at: Instant } & Invoice)
  | ({ readonly type: 'SliceTaken'; readonly sliceFen: Fen; readonly at: Instant } & SliceKey)
  | ({ readonly type: 'SliceLowered'; readonly sliceFen: Fen; readonly at: Instant } & SliceKey)
  /** Also for a slice never taken: a late take is refused. */
  | ({ readonly type: 'SliceReleased'; readonly at: Instant } & SliceKey)
  | {
      readonly type: 'RedLettered';
      readonly digest: Sha256;
      readonly redLetterId: string;
      readonly amountFen: Fen;
      readonly issuedOn: LocalDate;
      readonly by: string;
      /** Newest first. */
      readonly revoked: readonly (SliceKey & { readonly amountFen: Fen })[];
      readonly at: Instant;
    };

/** In order of precedence. */
export type Reason =
  | 'slice-was-released'
  | 'invoice-differs'
  | 'invoice-exceeded'
  | 'invoice-unknown'
  | 'slice-unknown'
  | 'red-letter-before-invoice'
  | 'red-letter-exceeds-invoice';

type SliceState = SliceKey & { readonly amountFen: Fen; readonly status: 'live' | 'released' | 'revoked' };
export type State = {
  readonly invoice?: Invoice;
  readonly redFen: Fen;
  /** In the order they were taken. */
  readonly slices: readonly SliceState[];
  /** Released before they were taken. */
  readonly refused: PersistentMap<string, true>;
};

const same = (a: SliceKey) => (b: SliceKey) => a.claimId === b.claimId && a.attempt === b.attempt;
export const liveFen = (state: State): Fen =>
  sumFen(state.slices.filter((slice) => slice.status === 'live').map((slice) => slice.amountFen));

const decide = (command: Command, state: State): Decision<Fact, Reason> => {
  switch (command.type) {
    case 'TakeSlice':
      return take(command, state);
    case 'LowerSlice': {
      const slice = state.slices.find(same(command));
      if (!slice) return refuse('slice-unknown');
      if (slice.status !== 'live' || slice.amountFen <= command.sliceFen) return alreadySo;
      return record({
        type: 'SliceLowered',
        claimId: command.claimId,
        attempt: command.attempt,
        sliceFen: command.sliceFen,
        at: command.at,
      });
    }
    case 'ReleaseSlice': {
      const slice = state.slices.find(same(command));
      if (slice ? slice.status !== 'live' : state.refused.has(keyOf(command))) return alreadySo;
      return record({ type: 'SliceReleased', claimId: command.claimId, attempt: command.attempt, at: command.at });
    }
    case 'RedLetter':
      return redLetter(command, state);
    default:
      return unreachable(command);
  }
};

type Of<Type extends Command['type']> = Command & { readonly type: Type };

/** The first slice fixes the invoice's total, seller and buyer; a claim stating others is refused. */
const take = (command: Of<'TakeSlice'>, state: State): Decision<Fact, Reason> => {
  const before = state.slices.find(same(command));
  if (before ? before.status !== 'live' : state.refused.has(keyOf(command))) return refuse('slice-was-released');
  if (before) return alreadySo;
  const { type: _, claimId, attempt, sliceFen, at, ...stated } = command;
  const known = state.invoice;
  if (known && (['digest', 'number', 'totalFen', 'seller', 'buyer', 'issuedOn'] as const).some((field) => known[field] !== stated[field]))
    return refuse('invoice-differs');
  if (liveFen(state) + sliceFen > stated.totalFen - state.redFen) return refuse('invoice-exceeded');
  const taken = { type: 'SliceTaken', claimId, attempt, sliceFen, at } as const;
  return known ? record(taken) : record<Fact>({ type: 'InvoiceRegistered', ...stated, at }, taken);
};

/** Whole slices go, newest first, until the rest fits what is left of the invoice. */
const redLetter = (command: Of<'RedLetter'>, state: State): Decision<Fact, Reason> => {
  if (!state.invoice) return refuse('invoice-unknown');
  if (command.issuedOn < state.invoice.issuedOn) return refuse('red-letter-before-invoice');
  if (state.redFen + command.amountFen > state.invoice.totalFen) return refuse('red-letter-exceeds-invoice');
  const limit = state.invoice.totalFen - state.redFen - command.amountFen;
  let live: number = liveFen(state);
  const revoked: (SliceKey & { amountFen: Fen })[] = [];
  for (const slice of state.slices.toReversed()) {
    if (live <= limit) break;
    if (slice.status !== 'live') continue;
    revoked.push({ claimId: slice.claimId, attempt: slice.attempt, amountFen: slice.amountFen });
    live -= slice.amountFen;
  }
  return record({ ...command, type: 'RedLettered', revoked });
};

const keyOf = (slice: SliceKey) => `${slice.claimId}/${slice.attempt}`;

const change = (state: State, key: SliceKey, to: Partial<SliceState>): State => ({
  ...state,
  slices: state.slices.map((slice) => (same(key)(slice) ? { ...slice, ...to } : slice)),
});

const evolve = (state: State, fact: Fact): State => {
  switch (fact.type) {
    case 'InvoiceRegistered': {
      const { type: _, at: __, ...invoice } = fact;
      return { ...state, invoice };
    }
    case 'SliceTaken':
      return {
        ...state,
        slices: [...state.slices, { claimId: fact.claimId, attempt: fact.attempt, amountFen: fact.sliceFen, status: 'live' }],
      };
    case 'SliceLowered':
      return change(state, fact, { amountFen: fact.sliceFen });
    case 'SliceReleased':
      return state.slices.some(same(fact))
        ? change(state, fact, { status: 'released' })
        : { ...state, refused: state.refused.set(keyOf(fact), true) };
    case 'RedLettered':
      if (!state.invoice) return corrupt('red-lettered before it was registered');
      return fact.revoked.reduce<State>((current, slice) => change(current, slice, { status: 'revoked' }), {
        ...state,
        redFen: fen(state.redFen + fact.amountFen),
      });
    default:
      return unreachable(fact);
  }
};

export const invoice: Decider<Command, State, Fact, Reason> = {
  initial: { redFen: fen(0), slices: [], refused: PersistentMap() },
  decide,
  evolve,
};
