import { type CloudEvent, isMember } from '@tongdui/contracts';
import { shortName } from './auditor.books.ts';
import type { Shown } from './shown.ts';

/** Payments and what they make cities owe each other, by the events alone. */

type Payment = { status: 'instructed' | 'paid' | 'failed' | 'unknown' | 'returned' | 'recovered'; reference: string };
type Pair = { prefundFen: number; inFlight: Map<string, number>; unsettledFen: number };

export class Debts {
  readonly #violated: (violation: string) => void;
  readonly #payments = new Map<string, Payment>();
  readonly #pairs = new Map<string, Pair>();
  /** Obligations that events before them ask for, until they accrue. */
  readonly #expected = new Map<string, number>();
  readonly #accrued = new Set<string>();
  readonly #calls = new Map<string, Set<string>>();
  readonly #confirmed = new Map<string, number>();
  readonly #netted = new Map<
    string,
    { readonly transfers: readonly Shown[]; readonly sent: Set<string>; readonly received: Set<string> }
  >();
  #paidReferences = new Set<string>();
  readonly returned = new Set<string>();

  constructor(violated: (violation: string) => void) {
    this.#violated = violated;
  }

  take(event: CloudEvent) {
    const data = event.data as Shown;
    const name = shortName(event);
    if (name.startsWith('payment-')) return this.#payment(name, data);
    switch (name) {
      case 'obligation-accrued':
        return this.#accrue(data);
      case 'dispute-decided':
        return data.wonBy === 'debtor' ? this.#expectBack(data) : undefined;
      case 'cycle-called':
        if (this.#calls.has(data.cycle)) this.#violated(`12: ${data.cycle} was called twice`);
        this.#calls.set(data.cycle, new Set());
        return;
      case 'pair-cut-off': {
        const sealed = this.#calls.get(data.cycle);
        const pair = `${data.debtor}-${data.creditor}`;
        if (!sealed) return this.#violated(`12: ${pair} was cut off for ${data.cycle}, which nobody has called`);
        if (sealed.has(pair)) this.#violated(`12: ${pair} was cut off for ${data.cycle} twice`);
        sealed.add(pair);
        if (data.totalFen === 0) this.#confirmed.set(`${data.cycle} ${pair}`, 0);
        return;
      }
      case 'pair-confirmed':
        this.#confirmed.set(`${data.cycle} ${data.debtor}-${data.creditor}`, data.totalFen);
        return;
      case 'cycle-netted':
        return this.#net(data);
      case 'transfer-sent':
      case 'transfer-received':
        return this.#transfer(name, data);
      case 'cycle-reconciled':
        return this.#reconciled(data);
      default:
    }
  }

  prefunded(pair: string, amountFen: number): void {
    this.#pair(pair).prefundFen += amountFen;
    this.#headroom(pair);
  }

  #payment(name: string, data: Shown) {
    const { paymentId, reference } = data as { paymentId: string; reference: string };
    const before = this.#payments.get(paymentId);
    const pairName = `${data.home}-${data.host}`;
    switch (name) {
      case 'payment-instructed':
        if (before && before.status !== 'failed' && before.status !== 'returned')
          this.#violated(`9: ${paymentId} was instructed while ${before.status}`);
        this.#payments.set(paymentId, { status: 'instructed', reference });
        if (!isFronted(data)) return;
        this.#pair(pairName).inFlight.set(reference, data.amountFen);
        return this.#headroom(pairName);
      case 'payment-paid':
        if (this.#paidReferences.has(reference)) this.#violated(`9: ${reference} was paid twice`);
        if (before?.status !== 'instructed' && before?.status !== 'unknown')
          this.#violated(`9: ${paymentId} was paid while ${before?.status}`);
        this.#paidReferences.add(reference);
        this.#payments.set(paymentId, { status: 'paid', reference });
        return this.#expect(data);
      case 'payment-failed':
      case 'payment-unknown':
        this.#payments.set(paymentId, { status: name === 'payment-failed' ? 'failed' : 'unknown', reference });
        if (name === 'payment-failed') this.#pair(pairName).inFlight.delete(reference);
        return;
      default:
        if (before?.status !== 'paid') this.#violated(`9: ${paymentId} came back while ${before?.status}`);
        this.#payments.set(paymentId, { status: name === 'payment-returned' ? 'returned' : 'recovered', reference });
        if (name === 'payment-returned') this.returned.add(reference);
        return this.#expectBack(data);
    }
  }

  #expect(data: Shown): void {
    const { home, host, reference } = data;
    if (isFronted(data)) this.#want(home, host, 'host-fronted', reference, data.amountFen);
    for (const [owner, amountFen] of sharesOf(data)) this.#want(owner, home, 'cost-share', reference, amountFen);
  }

  #expectBack(data: Shown): void {
    const { home, host, reference } = data;
    if (isFronted(data)) this.#want(host, home, 'reverse-host-fronted', reference, data.amountFen);
    for (const [owner, amountFen] of sharesOf(data)) this.#want(home, owner, 'reverse-cost-share', reference, amountFen);
  }

  #want(debtor: string, creditor: string, kind: string, reference: string, amountFen: number): void {
    const id = `${debtor}-${creditor} ${kind} ${reference}`;
    if (this.#accrued.has(id) || this.#expected.has(id)) this.#violated(`10: ${id} is owed again`);
    this.#expected.set(id, amountFen);
  }

  #accrue({ debtor, creditor, kind, reference, amountFen }: Shown): void {
    const id = `${debtor}-${creditor} ${kind} ${reference}`;
    if (this.#accrued.has(id)) this.#violated(`10: ${id} accrued twice`);
    if (this.#expected.get(id) !== amountFen) this.#violated(`10: ${id} accrued ${amountFen}, expected ${this.#expected.get(id)} fen`);
    this.#accrued.add(id);
    this.#expected.delete(id);
    if (kind !== 'host-fronted') return;
    const pair = this.#pair(`${debtor}-${creditor}`);
    pair.inFlight.delete(reference);
    pair.unsettledFen += amountFen;
    this.#headroom(`${debtor}-${creditor}`);
  }

  /** At least what the pair itself has left: the auditor hears of what frees it no later, and of what draws on it no earlier. */
  #headroom(name: string): void {
    const { prefundFen, inFlight, unsettledFen } = this.#pair(name);
    const left = prefundFen - unsettledFen - [...inFlight.values()].reduce((sum, one) => sum + one, 0);
    if (left < 0) this.#violated(`11: the headroom of ${name} is ${left} fen`);
  }

  #net(data: Shown): void {
    const { cycle, gross, nets, transfers, settledDebtors } = data;
    if (this.#netted.has(cycle)) this.#violated(`12: ${cycle} was netted twice`);
    this.#netted.set(cycle, { transfers, sent: new Set(), received: new Set() });
    const positions = new Map<string, number>();
    for (const { debtor, creditor, amountFen } of gross) {
      const confirmed = this.#confirmed.get(`${cycle} ${debtor}-${creditor}`);
      if (confirmed !== amountFen) this.#violated(`10: ${debtor}-${creditor} is in ${cycle} with ${amountFen}, confirmed ${confirmed} fen`);
      positions.set(debtor, (positions.get(debtor) ?? 0) - amountFen);
      positions.set(creditor, (positions.get(creditor) ?? 0) + amountFen);
    }
    const stated = new Map<string, number>(nets.map(({ party, netFen }: Shown) => [party, netFen]));
    for (const [party, netFen] of positions)
      if ((stated.get(party) ?? 0) !== netFen) this.#violated(`10: the net of ${party} in ${cycle} does not follow from the gross`);
    const left = new Map(positions);
    for (const { payer, receiver, amountFen } of transfers) {
      left.set(payer, (left.get(payer) ?? 0) + amountFen);
      left.set(receiver, (left.get(receiver) ?? 0) - amountFen);
    }
    if ([...left.values()].some((amount) => amount !== 0)) this.#violated(`10: the transfers of ${cycle} do not settle its nets`);
    const nonZero = [...positions.values()].filter((amount) => amount !== 0).length;
    if (transfers.length > Math.max(0, nonZero - 1))
      this.#violated(`10: ${cycle} needs ${transfers.length} transfers for ${nonZero} parties`);
    this.#settled(cycle, settledDebtors);
  }

  #transfer(name: string, { cycle, transferId, settledDebtors }: Shown): void {
    const netted = this.#netted.get(cycle);
    const set = name === 'transfer-sent' ? netted?.sent : netted?.received;
    if (!netted?.transfers.some((transfer) => transfer.transferId === transferId))
      this.#violated(`12: ${transferId} is no transfer of ${cycle}`);
    if (set?.has(transferId)) this.#violated(`12: ${name} of ${transferId} came twice`);
    set?.add(transferId);
    if (name === 'transfer-received') this.#settled(cycle, settledDebtors);
  }

  /** Not all that was confirmed is host-fronted; the most that can have been is taken. */
  #settled(cycle: string, debtors: readonly string[]): void {
    for (const debtor of debtors)
      for (const [name, pair] of this.#pairs) {
        if (!name.startsWith(`${debtor}-`)) continue;
        pair.unsettledFen -= Math.min(pair.unsettledFen, this.#confirmed.get(`${cycle} ${name}`) ?? 0);
      }
  }

  #reconciled({ cycle }: Shown): void {
    const netted = this.#netted.get(cycle);
    if (!netted || netted.transfers.length !== netted.received.size) this.#violated(`12: ${cycle} is reconciled without all its transfers`);
  }

  /** When nothing more is to come. */
  close(paid: readonly { readonly reference: string; readonly amountFen: number }[]): void {
    for (const [id, amountFen] of this.#expected) this.#violated(`10: ${id} of ${amountFen} fen never accrued`);
    for (const [cycle, sealed] of this.#calls) {
      const members = new Set([...sealed].flatMap((pair) => pair.split('-')).filter((party) => isMember(party))).size;
      if (sealed.size !== members * (members - 1) || members === 0)
        this.#violated(`12: ${sealed.size} pairs answered the call of ${cycle}`);
    }
    const live = new Map<string, string[]>();
    for (const { reference } of paid) {
      if (!this.#paidReferences.has(reference)) this.#violated(`9: the bank paid ${reference}, which does not count as paid`);
      if (this.returned.has(reference)) continue;
      const payment = reference.slice(0, reference.lastIndexOf('-'));
      live.set(payment, [...(live.get(payment) ?? []), reference]);
    }
    for (const [payment, references] of live)
      if (references.length > 1) this.#violated(`9: the bank paid ${payment} by ${references.join(' and ')}`);
    const known = new Set(paid.map(({ reference }) => reference as string));
    for (const reference of this.#paidReferences)
      if (!known.has(reference)) this.#violated(`9: ${reference} counts as paid, and the bank has not paid it`);
  }

  #pair(name: string): Pair {
    const pair = this.#pairs.get(name) ?? { prefundFen: 0, inFlight: new Map(), unsettledFen: 0 };
    this.#pairs.set(name, pair);
    return pair;
  }
}

const isFronted = ({ route, home, host, payee }: Shown): boolean => route === 'host-fronted' && home !== host && payee.kind === 'lab';

const sharesOf = ({ slices, home }: Shown): Map<string, number> => {
  const shares = new Map<string, number>();
  for (const { owner, amountFen } of slices) if (owner !== home && amountFen > 0) shares.set(owner, (shares.get(owner) ?? 0) + amountFen);
  return shares;
};
