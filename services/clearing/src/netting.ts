import type { CycleMonth, Fen, GrossEntry, Member, NetPosition, Transfer } from '@tongdui/contracts';
import { fen } from '@tongdui/money';

/** Multilateral netting: what the confirmed segments of a cycle come to per member, and the fewest-steps transfers that clear it. */
export type Netting = {
  readonly gross: readonly GrossEntry[];
  /** One per member, in the order of their codes; positive receives. They sum to zero. */
  readonly nets: readonly NetPosition[];
  readonly transfers: readonly Transfer[];
  /** Members that send nothing: what they owed in this cycle is settled by the netting itself. */
  readonly settledDebtors: readonly Member[];
};

export const netted = (cycle: CycleMonth, members: readonly Member[], gross: readonly GrossEntry[]): Netting => {
  const ordered = [...gross].sort((a, b) => byCode(a.debtor, b.debtor) || byCode(a.creditor, b.creditor));
  const net = new Map(members.map((member) => [member, 0]));
  for (const { debtor, creditor, amountFen } of ordered) {
    net.set(debtor, (net.get(debtor) ?? 0) - amountFen);
    net.set(creditor, (net.get(creditor) ?? 0) + amountFen);
  }
  const nets = [...net].map(([party, netFen]) => ({ party, netFen })).sort((a, b) => byCode(a.party, b.party));
  const transfers = transfersOf(cycle, nets);
  const payers = new Set(transfers.map((transfer) => transfer.payer));
  return { gross: ordered, nets, transfers, settledDebtors: nets.map(({ party }) => party).filter((party) => !payers.has(party)) };
};

/**
 * The largest debtor pays the largest creditor as much as both allow; ties go to the lower code. Every transfer clears one party and
 * the last clears two, so n parties with something to clear need at most n − 1.
 */
const transfersOf = (cycle: CycleMonth, nets: readonly NetPosition[]): Transfer[] => {
  const left = new Map(nets.map(({ party, netFen }) => [party, netFen]));
  const transfers: Transfer[] = [];
  for (;;) {
    const payer = furthest(left, -1);
    const receiver = furthest(left, 1);
    if (!payer || !receiver) return transfers;
    const amountFen: Fen = fen(Math.min(payer.amount, receiver.amount));
    left.set(payer.party, amountFen - payer.amount);
    left.set(receiver.party, receiver.amount - amountFen);
    transfers.push({ transferId: `${cycle}-${payer.party}-${receiver.party}`, payer: payer.party, receiver: receiver.party, amountFen });
  }
};

/** Parties come in the order of their codes, so the first of equals has the lowest. */
const furthest = (left: ReadonlyMap<Member, number>, side: 1 | -1): { party: Member; amount: number } | undefined => {
  let found: { party: Member; amount: number } | undefined;
  for (const [party, net] of left) if (net * side > (found?.amount ?? 0)) found = { party, amount: net * side };
  return found;
};

const byCode = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
