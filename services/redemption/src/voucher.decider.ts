import type { Fen, Instant, LocalDate, Member, OrderId, PolicyId, Slices, Uscc, VoucherId } from '@tongdui/contracts';
import { dateOf } from '@tongdui/calendar';
import { alreadySo, corrupt, type Decider, type Decision, PersistentMap, record, refuse, unreachable } from '@tongdui/decider';
import { minus, nothingOf, plus, positive, splitOver, totalOf } from '@tongdui/money';

/** A voucher is its own only stream: whatever takes or gives back value is decided here, so it can never be overspent. */

type Hold = { readonly orderId: OrderId; readonly contract: number };
/** What every movement says of its order. */
type Movement = Hold & { readonly host: Member };
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

export type Command =
  | ({ readonly type: 'OpenVoucher'; readonly at: Instant } & Opening)
  | ({
      readonly type: 'ReserveAmount';
      readonly enterprise: Uscc;
      readonly amountFen: Fen;
      readonly signedOn: LocalDate;
      readonly registeredOn: LocalDate;
      readonly at: Instant;
    } & Movement)
  | ({ readonly type: 'ReleaseAmount'; readonly at: Instant } & Hold)
  | ({ readonly type: 'LowerAmount'; readonly amendment: number; readonly amountFen: Fen; readonly at: Instant } & Hold)
  | ({ readonly type: 'RedeemAmount'; readonly amountFen: Fen; readonly at: Instant } & Hold)
  | ({
      readonly type: 'RestoreAmount';
      readonly claimId: string;
      readonly cause: RestoreCause;
      readonly slices: Slices;
      readonly at: Instant;
    } & Hold)
  | {
      readonly type: 'FreezeVoucher' | 'UnfreezeVoucher' | 'RevokeVoucher';
      readonly by: string;
      readonly reason: string;
      readonly at: Instant;
    }
  | { readonly type: 'ExpireVoucher'; readonly at: Instant };

/** Facts repeat who and where, because a published event is made of one fact alone. */
type Owner = { readonly voucherId: VoucherId; readonly home: Member; readonly enterprise: Uscc; readonly at: Instant };

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

/** In order of precedence: the first that holds is the answer. */
export type Reason =
  | 'voucher-unknown'
  | 'hold-was-released'
  | 'voucher-of-another-enterprise'
  | 'voucher-closed'
  | 'voucher-frozen'
  | 'contract-before-voucher'
  | 'voucher-expired'
  | 'voucher-short'
  | 'hold-unknown'
  | 'hold-exceeded';

export type HoldState = Movement & {
  readonly status: 'reserved' | 'released' | 'redeemed';
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

const decide = (command: Command, state: State): Decision<Fact, Reason> => {
  if (command.type === 'OpenVoucher') {
    const { type: _, ...opening } = command;
    return state.is === 'none' ? record({ ...opening, type: 'VoucherOpened' }) : alreadySo;
  }
  if (command.type === 'ReleaseAmount') return release(command, state);
  if (state.is === 'none') return refuse('voucher-unknown');
  const owner = ownerOf(state, command.at);
  switch (command.type) {
    case 'ReserveAmount':
      return reserve(command, state);
    case 'LowerAmount':
      return lower(command, state);
    case 'RedeemAmount':
      return redeem(command, state);
    case 'RestoreAmount':
      return restore(command, state);
    case 'FreezeVoucher':
    case 'UnfreezeVoucher': {
      const freeze = command.type === 'FreezeVoucher';
      if (state.frozen === freeze) return alreadySo;
      if (state.status !== 'active') return refuse('voucher-closed');
      return record({ ...owner, type: freeze ? 'VoucherFrozen' : 'VoucherUnfrozen', by: command.by, reason: command.reason });
    }
    case 'RevokeVoucher':
      if (state.status !== 'active') return state.status === 'revoked' ? alreadySo : refuse('voucher-closed');
      return record({
        ...owner,
        type: 'VoucherClosed',
        cause: 'revoked',
        slices: positive(state.available),
        by: command.by,
        reason: command.reason,
      });
    case 'ExpireVoucher':
      if (state.status !== 'active' || dateOf(command.at) <= state.expiresOn) return alreadySo;
      return record({ ...owner, type: 'VoucherClosed', cause: 'expired', slices: positive(state.available) });
    default:
      return unreachable(command);
  }
};

type Of<Type extends Command['type']> = Command & { readonly type: Type };

const reserve = (command: Of<'ReserveAmount'>, state: Voucher): Decision<Fact, Reason> => {
  const before = state.holds.get(holdKey(command));
  if (before === 'refused' || before?.status === 'released') return refuse('hold-was-released');
  if (before) return alreadySo;
  if (command.enterprise !== state.enterprise) return refuse('voucher-of-another-enterprise');
  if (state.status !== 'active') return refuse('voucher-closed');
  if (state.frozen) return refuse('voucher-frozen');
  if (command.signedOn < state.issuedOn) return refuse('contract-before-voucher');
  if (command.registeredOn > state.expiresOn) return refuse('voucher-expired');
  if (command.amountFen > totalOf(state.available)) return refuse('voucher-short');
  const { orderId, contract, host, amountFen, registeredOn } = command;
  const slices = splitOver(amountFen, state.available);
  return record({ ...ownerOf(state, command.at), type: 'AmountReserved', orderId, contract, host, amountFen, registeredOn, slices });
};

const release = (command: Of<'ReleaseAmount'>, state: State): Decision<Fact, Reason> => {
  const hold = state.holds.get(holdKey(command));
  const { orderId, contract, at } = command;
  if (hold === undefined) return record({ type: 'HoldRefused', orderId, contract, at });
  // What is redeemed went through acceptance and cannot be released; the asker is late and its wish already overtaken.
  if (hold === 'refused' || hold.status !== 'reserved' || state.is === 'none') return alreadySo;
  return record({
    ...ownerOf(state, at),
    type: 'AmountReleased',
    orderId,
    contract,
    host: hold.host,
    slices: hold.slices,
    returnsTo: returnsTo(state),
  });
};

const lower = (command: Of<'LowerAmount'>, state: Voucher): Decision<Fact, Reason> => {
  const hold = liveHold(state, command);
  if (hold && hold.amendments >= command.amendment) return alreadySo;
  if (hold?.status !== 'reserved') return refuse('hold-unknown');
  const reservedFen = totalOf(hold.slices);
  if (command.amountFen > reservedFen) return refuse('hold-exceeded');
  const kept = splitOver(command.amountFen, hold.slices);
  const { orderId, contract, amendment, at } = command;
  return record({
    ...ownerOf(state, at),
    type: 'AmountReleased',
    amendment,
    orderId,
    contract,
    host: hold.host,
    slices: positive(minus(hold.slices, kept)),
    returnsTo: returnsTo(state),
  });
};

const redeem = (command: Of<'RedeemAmount'>, state: Voucher): Decision<Fact, Reason> => {
  const hold = liveHold(state, command);
  if (hold?.status === 'redeemed') return alreadySo;
  if (hold?.status !== 'reserved') return refuse('hold-unknown');
  if (command.amountFen > totalOf(hold.slices)) return refuse('hold-exceeded');
  const slices = splitOver(command.amountFen, hold.slices);
  const { orderId, contract, at } = command;
  const released = positive(minus(hold.slices, slices));
  return record({
    ...ownerOf(state, at),
    type: 'AmountRedeemed',
    orderId,
    contract,
    host: hold.host,
    slices,
    released,
    returnsTo: returnsTo(state),
  });
};

const restore = (command: Of<'RestoreAmount'>, state: Voucher): Decision<Fact, Reason> => {
  const hold = liveHold(state, command);
  const { orderId, contract, claimId, cause, slices, at } = command;
  if (hold?.restored.includes(`${claimId}/${cause}`)) return alreadySo;
  if (hold?.status !== 'redeemed') return refuse('hold-unknown');
  if (totalOf(slices) > totalOf(hold.slices)) return refuse('hold-exceeded');
  return record({
    ...ownerOf(state, at),
    type: 'AmountRestored',
    orderId,
    contract,
    host: hold.host,
    claimId,
    cause,
    slices,
    returnsTo: returnsTo(state),
  });
};

const liveHold = (state: Voucher, hold: Hold): HoldState | undefined => holdOf({ is: 'voucher', ...state }, hold);
const returnsTo = (state: Voucher): ReturnsTo => (state.status === 'active' ? 'committed' : 'available');
const ownerOf = ({ voucherId, home, enterprise }: Voucher, at: Instant): Owner => ({ voucherId, home, enterprise, at });

const evolve = (state: State, fact: Fact): State => {
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
      const { orderId, contract, host, slices } = fact;
      const hold: HoldState = { orderId, contract, host, status: 'reserved', slices, amendments: 0, restored: [] };
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

export const voucher: Decider<Command, State, Fact, Reason> = { initial: { is: 'none', holds: PersistentMap() }, decide, evolve };
