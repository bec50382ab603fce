import type { Category, Fen, Instant, LocalDate, Member, OfferingId, OrderId, Sha256, Slices, Uscc, VoucherId } from '@tongdui/contracts';
import { corrupt, unreachable } from '@tongdui/decider';
import type { PinnedTerms } from './terms.ts';

export type Proposal = {
  readonly orderId: OrderId;
  readonly home: Member;
  readonly host: Member;
  readonly enterprise: Uscc;
  readonly lab: Uscc;
  readonly voucherId: VoucherId;
  readonly offeringId: OfferingId;
  readonly category: Category;
};

export type ContractTerms = {
  readonly contractNumber: string;
  readonly signedOn: LocalDate;
  readonly serviceStartsOn: LocalDate;
  readonly endsOn: LocalDate;
  readonly baseFen: Fen;
  readonly subsidyFen: Fen;
  readonly contractDigest: Sha256;
};
export type Parties = {
  readonly orderId: OrderId;
  readonly home: Member;
  readonly host: Member;
  readonly enterprise: Uscc;
  readonly voucherId: VoucherId;
};
type WithHold = Parties & { readonly contract: number };

export type Fact =
  | ({ readonly type: 'OrderProposed'; readonly dueAt: Instant; readonly at: Instant } & Proposal)
  | { readonly type: 'OrderAcceptedByLab'; readonly at: Instant }
  | { readonly type: 'OrderDeclined'; readonly reason: string; readonly at: Instant }
  | ({ readonly type: 'ContractSubmitted'; readonly terms: PinnedTerms; readonly dueAt: Instant; readonly at: Instant } & WithHold &
      ContractTerms)
  | ({ readonly type: 'ContractRegistered'; readonly slices: Slices; readonly dueAt: Instant; readonly at: Instant } & WithHold)
  /** `dueAt` is when the proposal expires, as before. */
  | ({ readonly type: 'ContractRefused'; readonly reason: string; readonly dueAt: Instant; readonly at: Instant } & WithHold)
  | ({
      readonly type: 'ContractAmended';
      readonly amendment: number;
      readonly baseFen: Fen;
      readonly subsidyFen: Fen;
      readonly at: Instant;
    } & WithHold)
  | { readonly type: 'AmendmentApplied'; readonly amendment: number; readonly slices: Slices; readonly at: Instant }
  | ({
      readonly type: 'OrderDelivered';
      readonly deliveredOn: LocalDate;
      readonly deliverableDigest: Sha256;
      readonly dueAt: Instant;
      readonly at: Instant;
    } & Parties)
  | ({ readonly type: 'AcceptanceReminded'; readonly at: Instant } & Parties)
  | ({
      readonly type: 'DeliveryAccepted';
      readonly acceptedOn: LocalDate;
      readonly actualBaseFen: Fen;
      readonly subsidyFen: Fen;
      readonly decidedBy?: string;
      readonly reason?: string;
      readonly at: Instant;
    } & WithHold)
  /** Opens the claim: carries what the claim keeps of the order. */
  | ({
      readonly type: 'SubsidyFixed';
      readonly lab: Uscc;
      readonly category: Category;
      readonly slices: Slices;
      readonly subsidyFen: Fen;
      readonly signedOn: LocalDate;
      readonly acceptedOn: LocalDate;
      readonly terms: PinnedTerms;
      readonly at: Instant;
    } & WithHold)
  | ({
      readonly type: 'OrderEnded';
      readonly cause: 'cancelled' | 'expired';
      readonly reason: string;
      readonly contract?: number;
      readonly decidedBy?: string;
      readonly at: Instant;
    } & Parties);
type Attempt = { readonly contract: number; readonly status: 'pending' | 'registered' | 'refused'; readonly reason?: string };
type Contract = ContractTerms & {
  readonly contract: number;
  readonly terms: PinnedTerms;
  readonly slices: Slices;
  readonly amendments: number;
  readonly amendment?: { readonly amendment: number; readonly baseFen: Fen; readonly subsidyFen: Fen };
};
type Base = Proposal & { readonly proposedAt: Instant; readonly attempts: readonly Attempt[] };

export type State =
  | { readonly is: 'none' }
  | (Base & { readonly is: 'proposed'; readonly dueAt: Instant })
  | (Base & {
      readonly is: 'accepted-by-lab';
      readonly dueAt: Instant;
      readonly pending?: ContractTerms & { readonly contract: number; readonly terms: PinnedTerms };
    })
  | (Base & { readonly is: 'contract-registered'; readonly contract: Contract; readonly dueAt: Instant })
  | (Base & {
      readonly is: 'delivered';
      readonly contract: Contract;
      readonly deliveredOn: LocalDate;
      readonly remindAt: Instant;
      readonly reminded: boolean;
    })
  | (Base & {
      readonly is: 'accepting' | 'accepted-by-enterprise';
      readonly contract: Contract;
      readonly deliveredOn: LocalDate;
      readonly acceptedOn: LocalDate;
      readonly actualBaseFen: Fen;
      readonly subsidyFen: Fen;
    })
  | (Base & { readonly is: 'declined' | 'cancelled' | 'expired'; readonly reason: string; readonly contract?: Contract });
export type Known = Exclude<State, { is: 'none' }>;

export const evolve = (state: State, fact: Fact): State => {
  if (fact.type === 'OrderProposed') {
    const { type: _, at, ...proposal } = fact;
    return { ...proposal, is: 'proposed', proposedAt: at, attempts: [] };
  }
  if (state.is === 'none') return corrupt(`${fact.type} before OrderProposed`);
  switch (fact.type) {
    case 'OrderAcceptedByLab':
      return state.is === 'proposed' ? { ...state, is: 'accepted-by-lab' } : corrupt(fact.type);
    case 'OrderDeclined':
      return { ...baseOf(state), is: 'declined', reason: fact.reason };
    case 'ContractSubmitted':
    case 'ContractRegistered':
    case 'ContractRefused':
      return state.is === 'accepted-by-lab' ? evolveContract(state, fact) : corrupt(fact.type);
    case 'ContractAmended':
    case 'AmendmentApplied':
      return state.is === 'contract-registered' ? evolveAmendment(state, fact) : corrupt(fact.type);
    case 'OrderDelivered':
      if (state.is !== 'contract-registered') return corrupt(fact.type);
      return {
        ...baseOf(state),
        is: 'delivered',
        contract: state.contract,
        deliveredOn: fact.deliveredOn,
        remindAt: fact.dueAt,
        reminded: false,
      };
    case 'AcceptanceReminded':
      return state.is === 'delivered' ? { ...state, reminded: true } : corrupt(fact.type);
    case 'DeliveryAccepted':
      if (state.is !== 'delivered') return corrupt(fact.type);
      return {
        ...baseOf(state),
        is: 'accepting',
        contract: state.contract,
        deliveredOn: state.deliveredOn,
        acceptedOn: fact.acceptedOn,
        actualBaseFen: fact.actualBaseFen,
        subsidyFen: fact.subsidyFen,
      };
    case 'SubsidyFixed':
      return state.is === 'accepting'
        ? { ...state, is: 'accepted-by-enterprise', contract: { ...state.contract, slices: fact.slices } }
        : corrupt(fact.type);
    case 'OrderEnded':
      return {
        ...baseOf(state),
        is: fact.cause,
        reason: fact.reason,
        ...('contract' in state && state.contract ? { contract: state.contract } : {}),
      };
    default:
      return unreachable(fact);
  }
};

const baseOf = (state: Known): Base => {
  const { orderId, home, host, enterprise, lab, voucherId, offeringId, category, proposedAt, attempts } = state;
  return { orderId, home, host, enterprise, lab, voucherId, offeringId, category, proposedAt, attempts };
};

const evolveAmendment = (
  state: Extract<State, { is: 'contract-registered' }>,
  fact: Extract<Fact, { type: 'ContractAmended' | 'AmendmentApplied' }>,
): State => {
  const { amendment: pending, ...contract } = state.contract;
  if (fact.type === 'ContractAmended') {
    const { amendment, baseFen, subsidyFen } = fact;
    return { ...state, contract: { ...contract, amendment: { amendment, baseFen, subsidyFen } } };
  }
  if (!pending) return corrupt('applied an amendment that is not pending');
  const { amendment: amendments, baseFen, subsidyFen } = pending;
  return { ...state, contract: { ...contract, baseFen, subsidyFen, amendments, slices: fact.slices } };
};

const evolveContract = (
  state: Extract<State, { is: 'accepted-by-lab' }>,
  fact: Extract<Fact, { type: 'ContractSubmitted' | 'ContractRegistered' | 'ContractRefused' }>,
): State => {
  if (fact.type === 'ContractSubmitted') {
    const { contractNumber, signedOn, serviceStartsOn, endsOn, baseFen, subsidyFen, contractDigest, contract, terms } = fact;
    const pending = { contractNumber, signedOn, serviceStartsOn, endsOn, baseFen, subsidyFen, contractDigest, contract, terms };
    return { ...state, attempts: [...state.attempts, { contract, status: 'pending' }], pending };
  }
  const { pending, ...rest } = state;
  if (pending?.contract !== fact.contract) return corrupt(`${fact.type} of a contract that is not pending`);
  const earlier = state.attempts.slice(0, -1);
  if (fact.type === 'ContractRefused')
    return { ...rest, attempts: [...earlier, { contract: fact.contract, status: 'refused', reason: fact.reason }] };
  const contract: Contract = { ...pending, slices: fact.slices, amendments: 0 };
  return {
    ...baseOf(state),
    is: 'contract-registered',
    attempts: [...earlier, { contract: fact.contract, status: 'registered' }],
    contract,
    dueAt: fact.dueAt,
  };
};
