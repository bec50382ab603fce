import type { CloudEvent } from '@tongdui/contracts';
import { shortName } from './auditor.books.ts';
import type { Call } from './calls.ts';
import type { Shown } from './shown.ts';

/**
 * Every split, done again: the face over the pots by basis points, every later movement over what is left per pot in the bucket it comes from,
 * largest remainder, ties to the earlier pot; the whole of a bucket is copied. A split that differs by one fen between two pots is wrong.
 */

/** What each pot gives, in the stated order of the pots; pots that give nothing are not in it. */
type Parts = ReadonlyMap<string, number>;
/** An order's part of a voucher. `claim`: what was redeemed, before a review cuts it. */
type Order = { holds: Parts[]; claim?: Parts };

export class Splits {
  readonly #violated: (violation: string) => void;
  readonly #approvals = new Map<string, Shown[]>();
  readonly #available = new Map<string, Parts>();
  readonly #orders = new Map<string, Order>();

  constructor(violated: (violation: string) => void) {
    this.#violated = violated;
  }

  /** Basis points are private to issuance: the auditor knows them from whoever asked for them. */
  asked({ operation, ids, body }: Call): void {
    if (operation !== 'approveApplication') return;
    const id = String(ids.id);
    this.#approvals.set(id, [...(this.#approvals.get(id) ?? []), body as Shown]);
  }

  take(event: CloudEvent) {
    const data = event.data as Shown;
    const moved = partsOf(data.slices ?? []);
    const name = shortName(event);
    switch (name) {
      case 'voucher-issued':
        return this.#issued(data, moved);
      case 'amount-reserved': {
        const left = this.#left(data);
        this.#expect(`reserving for ${data.orderId}`, moved, splitOver(totalOf(moved), left));
        this.#available.set(data.voucherId, minus(left, moved));
        this.#order(data).holds.push(moved);
        return;
      }
      case 'amount-released':
        return this.#released(data, moved);
      case 'amount-redeemed':
        return this.#redeemed(data, moved);
      case 'amount-restored':
        if (data.cause === 'cut') {
          const claim = this.#order(data).claim ?? new Map();
          this.#expect(`the cut of ${data.claimId}`, moved, splitOver(totalOf(moved), claim));
        } else this.#ofClaim(`${name} of ${data.claimId}`, data, moved);
        return this.#comesBack(data, moved);
      case 'voucher-closed':
        this.#expect(`closing ${data.voucherId}`, moved, this.#left(data));
        this.#available.set(data.voucherId, new Map());
        return;
      default:
        return data.claimId && data.slices ? this.#ofClaim(`${name} of ${data.claimId}`, data, moved) : undefined;
    }
  }

  #issued({ voucherId, applicationId, faceFen }: Shown, moved: Parts): void {
    const fits = (this.#approvals.get(applicationId) ?? []).some(
      (approval) =>
        approval.faceFen === faceFen && isSame(moved, splitOver(faceFen, new Map(approval.funding.map(({ potId, bps }) => [potId, bps])))),
    );
    if (!fits) this.#violated(`split: the face of ${voucherId} is ${told(moved)}, and no approval means that`);
    this.#available.set(voucherId, moved);
  }

  /** The whole of a hold that ends, or the excess of one that an amendment lowers. */
  #released(data: Shown, moved: Parts): void {
    const order = this.#order(data);
    const whole = order.holds.find((hold) => isSame(hold, moved));
    const hold = whole ?? order.holds.find((one) => isSame(moved, splitOver(totalOf(moved), one)));
    if (hold) order.holds = order.holds.flatMap((one) => (one === hold ? (whole ? [] : [minus(one, moved)]) : [one]));
    else this.#violated(`split: ${data.orderId} releases ${told(moved)} of ${order.holds.map(told).join(' or ')}`);
    this.#comesBack(data, moved);
  }

  #redeemed(data: Shown, moved: Parts): void {
    const order = this.#order(data);
    const released = partsOf(data.released);
    const hold = order.holds.find((one) => isSame(released, minus(one, moved)) && totalOf(one) === totalOf(moved) + totalOf(released));
    if (!hold) this.#violated(`split: ${data.orderId} redeems ${told(moved)} and releases ${told(released)}, which is no hold of it`);
    else this.#expect(`redeeming for ${data.orderId}`, moved, splitOver(totalOf(moved), hold));
    order.holds = order.holds.filter((one) => one !== hold);
    order.claim = moved;
    this.#comesBack(data, released);
  }

  /** What a claim moves is all that a review has left of it, whether or not the cut itself was heard of yet. */
  #ofClaim(what: string, data: Shown, moved: Parts) {
    const claim = this.#order(data).claim;
    if (!claim) return this.#violated(`split: ${what} moves ${told(moved)}, and nothing was redeemed`);
    this.#expect(what, moved, minus(claim, splitOver(totalOf(claim) - totalOf(moved), claim)));
  }

  #comesBack({ voucherId, returnsTo }: Shown, moved: Parts): void {
    if (returnsTo !== 'committed') return;
    const face = this.#left({ voucherId });
    this.#available.set(voucherId, new Map([...face].map(([pot, amountFen]) => [pot, amountFen + (moved.get(pot) ?? 0)])));
  }

  #expect(what: string, moved: Parts, expected: Parts): void {
    if (!isSame(moved, expected)) this.#violated(`split: ${what} moves ${told(moved)}, and the rule gives ${told(expected)}`);
  }

  /** Keeps the pots that have nothing left, so that the order of the pots stays the stated one. */
  #left({ voucherId }: Pick<Shown, 'voucherId'>): Parts {
    return this.#available.get(voucherId) ?? new Map();
  }

  #order({ orderId }: Shown): Order {
    const order = this.#orders.get(orderId) ?? { holds: [] };
    this.#orders.set(orderId, order);
    return order;
  }
}

/** Largest remainder in proportion to the weights; of equal remainders the earlier one is rounded up. */
const splitOver = (amountFen: number, weights: Parts): Parts => {
  const sum = BigInt(totalOf(weights));
  if (amountFen <= 0 || sum === 0n) return new Map();
  const shares = [...weights].map(([pot, weight]) => {
    const product = BigInt(amountFen) * BigInt(weight);
    return { pot, down: Number(product / sum), over: product % sum };
  });
  const short = amountFen - shares.reduce((all, { down }) => all + down, 0);
  const isRoundedUp = (at: number): boolean => {
    const own = shares[at]?.over ?? 0n;
    return shares.filter(({ over }, other) => over > own || (over === own && other < at)).length < short;
  };
  return new Map(shares.map(({ pot, down }, at) => [pot, down + (isRoundedUp(at) ? 1 : 0)]));
};

const partsOf = (slices: readonly Shown[]): Parts => new Map(slices.map(({ potId, amountFen }) => [potId, amountFen]));
const totalOf = (parts: Parts): number => [...parts.values()].reduce((sum, amountFen) => sum + amountFen, 0);
const minus = (from: Parts, taken: Parts): Parts => new Map([...from].map(([pot, amountFen]) => [pot, amountFen - (taken.get(pot) ?? 0)]));
const isSame = (a: Parts, b: Parts): boolean =>
  [...new Set([...a.keys(), ...b.keys()])].every((pot) => (a.get(pot) ?? 0) === (b.get(pot) ?? 0));
const told = (parts: Parts): string =>
  [...parts].map(([pot, amountFen]) => `${amountFen} of ${pot.slice(0, 6)}…${pot.slice(-2)}`).join(' + ') || 'nothing';
