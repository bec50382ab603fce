import type { Fen, Instant, LocalDate, Member, OrderId, PolicyId, Slices, Uscc, VoucherId } from '@tongdui/contracts';
import { corrupt, PersistentMap, unreachable } from '@tongdui/decider';
import { minus, nothingOf, plus } from '@tongdui/money';

export type Hold = { readonly orderId: OrderId; readonly contract: number };
/** What every movement says of its order. */
export type Movement = Hold & { readonly host: Member };
export type ReturnsTo = 'committed' | 'available';
export type RestoreCause = 'rejected' | 'lapsed' | 'cut';

export type Opening = {
  readonly voucherId: VoucherId;
  readonly home: Member;
  readonly enterprise: Uscc;
  readonly policyId: PolicyId;
  readonly faceFen: Fen;
  readonly issuedOn: LocalDate;
  readonly expiresOn: LocalDate;
  readonly slices: Slices;
};
/** Facts repeat who and where, because a published event is made of one fact alone. */
export type Owner = { readonly voucherId: VoucherId; readonly home: Member; readonly enterprise: Uscc; readonly at: Instant };

export type Fact =
  | ({ readonly type: 'VoucherOpened'; readonly at: Instant } & Opening)
  | ({ readonly type: 'AmountReserved'; readonly amountFen: Fen; readonly slices: Slices; readonly registeredOn: LocalDate } & Movement &
      Owner)
  /** Of the whole hold, or (with an amendment) of its excess. */
  | ({ readonly type: 'AmountReleased'; readonly amendment?: number; readonly slices: Slices; readonly returnsTo: ReturnsTo } & Movement &
      Owner)
  | ({ readonly type: 'AmountRedeemed'; readonly slices: Slices; readonly released: Slices; readonly returnsTo: ReturnsTo } & Movement &
      Owner)
  | ({
      readonly type: 'AmountRestored';
      readonly claimId: string;
      readonly cause: RestoreCause;
      readonly slices: Slices;
      readonly returnsTo: ReturnsTo;
    } & Movement &
      Owner)
  /** Released before it was ever reserved: a late reserve is refused. */
  | ({ readonly type: 'HoldRefused'; readonly at: Instant } & Hold)
  | ({ readonly type: 'VoucherFrozen' | 'VoucherUnfrozen'; readonly by: string; readonly reason: string } & Owner)
  | ({
      readonly type: 'VoucherClosed';
      readonly cause: 'expired' | 'revoked';
      readonly slices: Slices;
      readonly by?: string;
      readonly reason?: string;
    } & Owner);
export type HoldState = Movement & {
  readonly status: 'reserved' | 'released' | 'redeemed';
  readonly registeredOn: LocalDate;
  /** What is reserved, or redeemed and not restored. */
  readonly slices: Slices;
  readonly amendments: number;
  /** `<claim>/<cause>` of what was restored. */
  readonly restored: readonly string[];
};

export type Voucher = Opening & {
  readonly status: 'active' | 'expired' | 'revoked';
  readonly frozen: boolean;
  readonly available: Slices;
  readonly reserved: Slices;
  readonly redeemed: Slices;
  /** What was left when it closed, and what came back since. */
  readonly closed: Slices;
  readonly holds: PersistentMap<string, HoldState | 'refused'>;
};
export type State =
  | { readonly is: 'none'; readonly holds: PersistentMap<string, HoldState | 'refused'> }
  | ({ readonly is: 'voucher' } & Voucher);

export const holdKey = (hold: Hold): string => `${hold.orderId}/${hold.contract}`;

/** The answer of a live or finished hold, for those who ask again. */
export const holdOf = (state: State, hold: Hold): HoldState | undefined => {
  const known = state.holds.get(holdKey(hold));
  return known === 'refused' ? undefined : known;
};
export const evolve = (state: State, fact: Fact): State => {
  if (fact.type === 'VoucherOpened') {
    const { type: _, at: __, ...opening } = fact;
    const nothing = nothingOf(fact.slices);
    return {
      is: 'voucher',
      ...opening,
      status: 'active',
      frozen: false,
      available: fact.slices,
      reserved: nothing,
      redeemed: nothing,
      closed: nothing,
      holds: state.holds,
    };
  }
  if (fact.type === 'HoldRefused') return { ...state, holds: state.holds.set(holdKey(fact), 'refused') };
  if (state.is === 'none') return corrupt(`${fact.type} before VoucherOpened`);
  switch (fact.type) {
    case 'AmountReserved': {
      const { orderId, contract, host, slices, registeredOn } = fact;
      const hold: HoldState = { orderId, contract, host, status: 'reserved', registeredOn, slices, amendments: 0, restored: [] };
      return {
        ...state,
        available: minus(state.available, slices),
        reserved: plus(state.reserved, slices),
        holds: state.holds.set(holdKey(fact), hold),
      };
    }
    case 'AmountReleased':
      return changeHold({ ...returned(state, fact.slices, fact.returnsTo), reserved: minus(state.reserved, fact.slices) }, fact, (hold) =>
        fact.amendment === undefined
          ? { ...hold, status: 'released', slices: nothingOf(hold.slices) }
          : { ...hold, slices: minus(hold.slices, fact.slices), amendments: fact.amendment },
      );
    case 'AmountRedeemed': {
      const reserved = minus(minus(state.reserved, fact.slices), fact.released);
      return changeHold(
        { ...returned(state, fact.released, fact.returnsTo), reserved, redeemed: plus(state.redeemed, fact.slices) },
        fact,
        (hold) => ({ ...hold, status: 'redeemed', slices: fact.slices }),
      );
    }
    case 'AmountRestored':
      return changeHold(
        { ...returned(state, fact.slices, fact.returnsTo), redeemed: minus(state.redeemed, fact.slices) },
        fact,
        (hold) => ({
          ...hold,
          slices: minus(hold.slices, fact.slices),
          restored: [...hold.restored, `${fact.claimId}/${fact.cause}`],
        }),
      );
    case 'VoucherFrozen':
    case 'VoucherUnfrozen':
      return { ...state, frozen: fact.type === 'VoucherFrozen' };
    case 'VoucherClosed':
      return { ...state, status: fact.cause, available: nothingOf(state.available), closed: plus(state.closed, fact.slices) };
    default:
      return unreachable(fact);
  }
};

/** Value that comes back to a closed voucher joins the bucket it closed into. */
const returned = (state: Extract<State, { is: 'voucher' }>, slices: Slices, to: ReturnsTo) =>
  to === 'committed' ? { ...state, available: plus(state.available, slices) } : { ...state, closed: plus(state.closed, slices) };

const changeHold = (state: Extract<State, { is: 'voucher' }>, hold: Hold, change: (hold: HoldState) => HoldState): State => {
  const known = state.holds.get(holdKey(hold));
  if (known === undefined || known === 'refused') return corrupt(`no hold ${holdKey(hold)}`);
  return { ...state, holds: state.holds.set(holdKey(hold), change(known)) };
};

export const initial: State = { is: 'none', holds: PersistentMap() };
