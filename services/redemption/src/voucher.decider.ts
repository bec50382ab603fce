import { dateOf } from '@tongdui/calendar';
import type { Fen, Instant, LocalDate, Slices, Uscc } from '@tongdui/contracts';
import { alreadySo, type Decider, type Decision, record, refuse, unreachable } from '@tongdui/decider';
import { fen, minus, positive, splitOver, totalOf } from '@tongdui/money';
import {
  evolve,
  type Fact,
  type Hold,
  type HoldState,
  holdKey,
  holdOf,
  initial,
  type Movement,
  type Opening,
  type Owner,
  type RestoreCause,
  type ReturnsTo,
  type State,
  type Voucher,
} from './voucher.state.ts';

/** A voucher is its own only stream: whatever takes or gives back value is decided here, so it can never be overspent. */

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
  if (command.amountFen === reservedFen) return alreadySo;
  const { orderId, contract, amendment, at } = command;
  // What moves is split, not what stays: of two pots with the same remainder the earlier one gives more.
  const excess = splitOver(fen(reservedFen - command.amountFen), hold.slices);
  return record({
    ...ownerOf(state, at),
    type: 'AmountReleased',
    amendment,
    orderId,
    contract,
    host: hold.host,
    slices: excess,
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
  const inHold = new Map(hold.slices.map((slice) => [slice.potId, slice.amountFen]));
  if (slices.some(({ potId, amountFen }) => amountFen > (inHold.get(potId) ?? 0))) return refuse('hold-exceeded');
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
export const voucher: Decider<Command, State, Fact, Reason> = { initial, decide, evolve };
