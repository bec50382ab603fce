import { addDays, endOf } from '@tongdui/calendar';
import { type CloudEvent, eventDefinitionOf, type Fen, type LocalDate, type Slice, usccCheckCharacter } from '@tongdui/contracts';
import { plus, splitOver, totalOf } from '@tongdui/money';

/**
 * For tests: vouchers, orders and claims of some cities, and what their money comes to, kept in plain sums that know nothing of double
 * entry. Homes, hosts and owners meet in every combination: an owner may be the home, the host, a third member or a province.
 */

/** Fen by name; debts by `<debtor>><creditor>`. */
export type Expected = {
  readonly pots: ReadonlyMap<string, ReadonlyMap<string, number>>;
  readonly owed: ReadonlyMap<string, number>;
  readonly payable: ReadonlyMap<string, number>;
  readonly prefunds: ReadonlyMap<string, number>;
  readonly spent: ReadonlyMap<string, number>;
};

export const members = ['330400', '310117', '330100'];
const owners = [...members, '330000'];

export type Voucher = { id: string; home: string; available: Slice[]; open: boolean };
export type Order = { id: string; voucher: Voucher; host: string; reserved: Slice[] };
export type Claim = {
  id: string;
  order: Order;
  slices: Slice[];
  status: 'awaited' | 'payable' | 'failed' | 'paid' | 'clawback';
  instruction: number;
  fronted: boolean;
  lab: boolean;
};

export const uscc = (place: number): string => {
  const first = `91${String(place).padStart(15, '0')}`;
  return first + usccCheckCharacter(first);
};

export class World {
  readonly events: CloudEvent[] = [];
  readonly sums = {
    pots: new Map<string, Map<string, number>>(),
    owed: new Map<string, number>(),
    payable: new Map<string, number>(),
    prefunds: new Map<string, number>(),
    spent: new Map<string, number>(),
  };
  readonly vouchers: Voucher[] = [];
  readonly orders: Order[] = [];
  readonly claims: Claim[] = [];
  readonly pots: Slice[];
  /** Not granted to any voucher. */
  readonly potLeft: Map<string, number>;
  cycle = 0;
  day = '2026-01-05' as LocalDate;
  readonly #sequences = new Map<string, number>();
  #count = 0;

  constructor() {
    this.pots = owners.map((owner): Slice => {
      const home = owner === '330000' ? '330100' : owner;
      const slice = { potId: `${home}-pot-${this.ulid()}`, owner, fiscalYear: 2026, amountFen: 1_000_000 } as unknown as Slice;
      const { potId, fiscalYear, amountFen } = slice;
      this.happened('issuance', home, 'pot-appropriated', {
        potId,
        appropriationId: 'one',
        home,
        owner,
        fiscalYear,
        amountFen,
        slices: [slice],
      });
      this.move([slice], 'available', undefined);
      return slice;
    });
    this.potLeft = new Map(this.pots.map((slice) => [slice.potId as string, slice.amountFen as number]));
  }

  daysPass(days: number): void {
    this.day = addDays(this.day, days);
  }

  readonly add = (map: Map<string, number>, key: string, fen: number) => map.set(key, (map.get(key) ?? 0) + fen);

  readonly ulid = () => {
    this.#count += 1;
    return `01J${String(this.#count).padStart(23, '0')}`;
  };

  readonly happened = (service: string, home: string, name: string, data: Record<string, unknown>): void => {
    const source = `/${service}/${home}`;
    const sequence = (this.#sequences.get(source) ?? 0) + 1;
    this.#sequences.set(source, sequence);
    const event = {
      specversion: '1.0',
      id: `00000000-0000-4000-8000-${String(this.events.length + 1).padStart(12, '0')}`,
      source,
      type: `g60.${service}.${name}.v1`,
      subject: name,
      time: endOf(this.day),
      datacontenttype: 'application/json',
      sequence: String(sequence).padStart(16, '0'),
      data: { ...data, occurredAt: endOf(this.day) },
    } as CloudEvent;
    const parsed = eventDefinitionOf(event.type)?.event.safeParse(event);
    if (!parsed?.success) throw new Error(`${name} is not as the contract has it: ${parsed?.error}`);
    this.events.push(event);
  };

  readonly move = (slices: readonly Slice[], to: string | undefined, from: string | undefined) => {
    for (const { potId, amountFen } of slices) {
      const pot = this.sums.pots.get(potId) ?? new Map<string, number>();
      this.sums.pots.set(potId, pot);
      if (to) this.add(pot, to, amountFen);
      if (from) this.add(pot, from, -amountFen);
    }
  };

  readonly returnsTo = (voucher: Voucher, slices: readonly Slice[]): 'committed' | 'available' => {
    if (voucher.open) voucher.available = plus(voucher.available, slices);
    else for (const { potId, amountFen } of slices) this.potLeft.set(potId, (this.potLeft.get(potId) ?? 0) + amountFen);
    return voucher.open ? 'committed' : 'available';
  };

  readonly owesAlong = (claim: Claim, way: 1 | -1) => {
    const { home } = claim.order.voucher;
    const debt = (debtor: string, creditor: string, fen: number) =>
      this.add(this.sums.owed, way === 1 ? `${debtor}>${creditor}` : `${creditor}>${debtor}`, fen);
    if (payerOf(claim) !== home) debt(home, payerOf(claim), totalOf(claim.slices));
    for (const { owner, amountFen } of claim.slices) if ((owner as string) !== home) debt(owner, home, amountFen);
  };

  readonly unspend = (claim: Claim) => {
    this.move(claim.slices, 'available', 'spent');
    for (const { potId, owner, amountFen } of claim.slices) {
      this.add(this.sums.spent, owner, -amountFen);
      this.potLeft.set(potId, (this.potLeft.get(potId) ?? 0) + amountFen);
    }
  };

  readonly drop = (claim: Claim) => this.claims.splice(this.claims.indexOf(claim), 1);
}

export const pickOf = <Item>(items: readonly Item[], pick: number): Item | undefined =>
  items.length === 0 ? undefined : items[pick % items.length];

export const part = (slices: readonly Slice[], share: number): Slice[] => {
  const total = totalOf(slices);
  return total === 0 ? [] : splitOver(Math.max(1, Math.floor((total * share) / 100)) as Fen, slices);
};

export const voucherData = ({ id, home }: Voucher, slices: readonly Slice[]) => ({ voucherId: id, home, enterprise: uscc(1), slices });

export const orderData = ({ id, voucher, host }: Order, slices: readonly Slice[]) => ({
  ...voucherData(voucher, slices),
  orderId: id,
  host,
});

export const payerOf = ({ order, fronted, lab }: Claim) => (fronted && lab ? order.host : order.voucher.home);

export const claimData = (claim: Claim, slices: readonly Slice[] = claim.slices) => ({
  ...orderData(claim.order, slices),
  claimId: claim.id,
  payee: claim.lab ? { kind: 'lab', uscc: uscc(2) } : { kind: 'enterprise', uscc: uscc(1) },
  payer: payerOf(claim),
  // What the agreement says; a refund to the enterprise is paid by the home city all the same.
  route: claim.fronted ? 'host-fronted' : 'home-direct',
  amountFen: totalOf(slices),
});

export const paymentData = (claim: Claim) => {
  const paymentId = `${payerOf(claim)}-payment-${claim.id.slice(claim.id.indexOf('-claim-') + 7)}`;
  return { ...claimData(claim), paymentId, instruction: claim.instruction, reference: `${paymentId}-${claim.instruction}` };
};

/** Whoever owes pays whoever is owed, at most one transfer fewer than there are parties. */
export const transfersOf = (nets: readonly { readonly party: string; readonly netFen: number }[]) => {
  const transfers: { transferId: string; payer: string; receiver: string; amountFen: number }[] = [];
  const left = nets.map((net) => ({ ...net }));
  for (;;) {
    const payer = left.find(({ netFen }) => netFen < 0);
    const receiver = left.find(({ netFen }) => netFen > 0);
    if (!payer || !receiver) return transfers;
    const amountFen = Math.min(-payer.netFen, receiver.netFen);
    payer.netFen += amountFen;
    receiver.netFen -= amountFen;
    transfers.push({ transferId: `t${transfers.length + 1}`, payer: payer.party, receiver: receiver.party, amountFen });
  }
};
