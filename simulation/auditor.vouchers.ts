import type { CloudEvent } from '@tongdui/contracts';
import { shortName } from './auditor.books.ts';
import type { Shown } from './shown.ts';

/** What vouchers, pots and allowances hold by the events alone; every change is checked as it comes. */

type Slice = { readonly potId: string; readonly fiscalYear: number; readonly amountFen: number };
type Bucket = 'available' | 'reserved' | 'redeemed' | 'closed';
type Voucher = {
  readonly face: ReadonlyMap<string, number>;
  readonly buckets: Record<Bucket, Map<string, number>>;
  isOpen: boolean;
  readonly expiresOn: string;
  readonly issuedOn: string;
};

export class Vouchers {
  readonly #violated: (violation: string) => void;
  readonly #vouchers = new Map<string, Voucher>();
  readonly #pots = new Map<string, { appropriatedFen: number; takenFen: number; recordedFen: number }>();
  readonly #caps = new Map<string, number>();
  /** `<home>-<enterprise>-<year>`. */
  readonly allowances = new Map<string, number>();
  readonly #reserved = new Map<string, number>();

  constructor(violated: (violation: string) => void) {
    this.#violated = violated;
  }

  issuedOn(voucherId: string): string | undefined {
    return this.#vouchers.get(voucherId)?.issuedOn;
  }

  appropriated(potId: string, amountFen: number): void {
    this.#pot(potId).recordedFen += amountFen;
  }

  take(event: CloudEvent) {
    const data = event.data as Shown;
    const slices = (data.slices ?? []) as readonly Slice[];
    switch (shortName(event)) {
      case 'policy-published':
        this.#caps.set(data.policyId, data.terms.capPerEnterpriseYearFen);
        return;
      case 'pot-appropriated':
        this.#pot(data.potId).appropriatedFen += data.amountFen;
        return;
      case 'voucher-issued':
        return this.#issued(data, slices);
      case 'amount-reserved':
        return this.#reserve(data, slices);
      case 'amount-released':
        return this.#leaves(data, slices, 'reserved');
      case 'amount-redeemed':
        this.#move(data, slices, 'reserved', 'redeemed');
        return this.#leaves(data, data.released, 'reserved');
      case 'amount-restored':
        return this.#leaves(data, slices, 'redeemed');
      case 'voucher-closed': {
        const voucher = this.#vouchers.get(data.voucherId);
        if (!voucher?.isOpen) this.#violated(`2: ${data.voucherId} was closed again`);
        this.#move(data, slices, 'available', 'closed');
        this.#givenBack(data, slices);
        if (voucher) voucher.isOpen = false;
        return;
      }
      case 'payment-recovered':
        return this.#backToPots(slices);
      case 'dispute-decided':
        return data.wonBy === 'debtor' ? this.#backToPots(slices) : undefined;
      default:
    }
  }

  #issued(data: Shown, slices: readonly Slice[]): void {
    const { voucherId, faceFen, home, enterprise, policyId, issuedOn, expiresOn } = data;
    if (this.#vouchers.has(voucherId)) this.#violated(`14: ${voucherId} was issued twice`);
    if (slices.reduce((sum, { amountFen }) => sum + amountFen, 0) !== faceFen)
      this.#violated(`2: the slices of ${voucherId} are not its face`);
    const face = new Map(slices.map(({ potId, amountFen }) => [potId, amountFen]));
    const nothing = () => new Map([...face.keys()].map((pot) => [pot, 0]));
    this.#vouchers.set(voucherId, {
      face,
      buckets: { available: new Map(face), reserved: nothing(), redeemed: nothing(), closed: nothing() },
      isOpen: true,
      issuedOn,
      expiresOn,
    });
    for (const { potId, amountFen } of slices) {
      const pot = this.#pot(potId);
      pot.takenFen += amountFen;
      if (pot.takenFen > pot.recordedFen) this.#violated(`3: ${potId} has taken ${pot.takenFen} of ${pot.recordedFen} fen`);
    }
    const holder = `${home}-${enterprise}-${String(issuedOn).slice(0, 4)}`;
    const usedFen = (this.allowances.get(holder) ?? 0) + faceFen;
    this.allowances.set(holder, usedFen);
    const capFen = this.#caps.get(policyId);
    if (capFen === undefined || usedFen > capFen) this.#violated(`4: ${holder} was granted ${usedFen} of ${capFen} fen`);
  }

  #reserve(data: Shown, slices: readonly Slice[]): void {
    const voucher = this.#vouchers.get(data.voucherId);
    const key = `${data.orderId}/${data.contract}`;
    if (this.#reserved.has(key)) this.#violated(`14: ${key} was reserved twice`);
    this.#reserved.set(
      key,
      slices.reduce((sum, { amountFen }) => sum + amountFen, 0),
    );
    if (voucher && !voucher.isOpen) this.#violated(`2: ${key} was reserved on a closed voucher`);
    this.#move(data, slices, 'available', 'reserved');
  }

  /** Back to the open voucher, or to its pots and its allowance when it is closed. */
  #leaves(data: Shown, slices: readonly Slice[], from: Bucket): void {
    const voucher = this.#vouchers.get(data.voucherId);
    const isOpen = data.returnsTo === 'committed';
    if (voucher && voucher.isOpen !== isOpen) this.#violated(`2: value of ${data.voucherId} returned to ${data.returnsTo}`);
    this.#move(data, slices, from, isOpen ? 'available' : 'closed');
    if (!isOpen) this.#givenBack(data, slices);
  }

  #givenBack({ home, enterprise }: Shown, slices: readonly Slice[]): void {
    this.#backToPots(slices);
    for (const { fiscalYear, amountFen } of slices) {
      const holder = `${home}-${enterprise}-${fiscalYear}`;
      this.allowances.set(holder, (this.allowances.get(holder) ?? 0) - amountFen);
    }
  }

  #backToPots(slices: readonly Slice[]): void {
    for (const { potId, amountFen } of slices) this.#pot(potId).takenFen -= amountFen;
  }

  #move({ voucherId }: Shown, slices: readonly Slice[], from: Bucket, to: Bucket) {
    const voucher = this.#vouchers.get(voucherId);
    if (!voucher) return this.#violated(`2: ${voucherId} moves value and was never issued`);
    for (const { potId, amountFen } of slices) {
      if (!Number.isSafeInteger(amountFen) || amountFen < 0) this.#violated(`1: ${amountFen} fen of ${potId}`);
      const left = (voucher.buckets[from].get(potId) ?? 0) - amountFen;
      if (left < 0) this.#violated(`2: ${from} of ${voucherId} in ${potId} is ${left} fen`);
      voucher.buckets[from].set(potId, left);
      voucher.buckets[to].set(potId, (voucher.buckets[to].get(potId) ?? 0) + amountFen);
    }
  }

  /** What the vouchers hold of each pot, for the comparison with what the services say. */
  perPot(): ReadonlyMap<string, Readonly<Record<Bucket, number>>> {
    const pots = new Map<string, Record<Bucket, number>>();
    for (const { buckets } of this.#vouchers.values())
      for (const bucket of ['available', 'reserved', 'redeemed', 'closed'] as const)
        for (const [potId, amountFen] of buckets[bucket]) {
          const pot = pots.get(potId) ?? { available: 0, reserved: 0, redeemed: 0, closed: 0 };
          pot[bucket] += amountFen;
          pots.set(potId, pot);
        }
    return pots;
  }

  potTaken(potId: string): { readonly appropriatedFen: number; readonly takenFen: number } {
    return this.#pot(potId);
  }

  pots(): readonly string[] {
    return [...this.#pots.keys()];
  }

  #pot(potId: string) {
    const pot = this.#pots.get(potId) ?? { appropriatedFen: 0, takenFen: 0, recordedFen: 0 };
    this.#pots.set(potId, pot);
    return pot;
  }
}
