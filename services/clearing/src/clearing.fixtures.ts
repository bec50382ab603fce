import type {
  ClaimId,
  CycleMonth,
  DataOf,
  Fen,
  Instant,
  LocalDate,
  Member,
  ObligationId,
  ObligationKind,
  Party,
  PaymentId,
  PaymentReference,
  PotId,
  paymentPaid,
} from '@tongdui/contracts';
import type { DisputablePayment } from './pair.facts.ts';

/** Short names for what tests of this service talk about. */
export const fenOf = (amount: number) => amount as Fen;
export const jiaxing = '330400' as Member;
export const songjiang = '310117' as Member;
export const hangzhou = '330100' as Member;
export const zhejiang = '330000' as Party;
export const march = '202603' as CycleMonth;
export const april = '202604' as CycleMonth;
export const at = '2026-04-02T02:00:00.000Z' as Instant;
export const declareBy = '2026-04-20' as LocalDate;
export const confirmBy = '2026-05-04' as LocalDate;

const ulidOf = (n: number) => `01J${String(n).padStart(23, '0')}`;
export const paymentIdOf = (n: number, payer = songjiang) => `${payer}-payment-${ulidOf(n)}-1` as PaymentId;
export const referenceOf = (n: number, payer = songjiang) => `${paymentIdOf(n, payer)}-1` as PaymentReference;
export const claimIdOf = (n: number, home = jiaxing) => `${home}-claim-${ulidOf(n)}-1` as ClaimId;
export const obligationIdOf = (n: number, kind: ObligationKind = 'host-fronted', pair = `${jiaxing}-${songjiang}`) =>
  `${pair}-${kind}-${referenceOf(n)}` as ObligationId;

/** A payment of a lab in Songjiang for an enterprise of Jiaxing, as its event tells it. */
export const paymentOf = (
  n: number,
  amount: number,
  options: { route?: 'home-direct' | 'host-fronted'; slices?: readonly (readonly [owner: string, amount: number])[] } = {},
): DataOf<typeof paymentPaid> => {
  const { route = 'host-fronted', slices = [[jiaxing, amount]] } = options;
  const payer = route === 'host-fronted' ? songjiang : jiaxing;
  return {
    voucherId: `${jiaxing}-voucher-${ulidOf(n)}` as DisputablePayment['voucherId'],
    home: jiaxing,
    enterprise: '91350100M000100Y43' as DisputablePayment['enterprise'],
    slices: slices.map(([owner, amountFen], index) => ({
      potId: `${jiaxing}-pot-${ulidOf(index)}` as PotId,
      owner: owner as Party,
      fiscalYear: 2026,
      amountFen: fenOf(amountFen),
    })),
    occurredAt: at,
    orderId: `${jiaxing}-order-${ulidOf(n)}` as DisputablePayment['orderId'],
    host: songjiang,
    claimId: claimIdOf(n),
    payee: { kind: 'lab', uscc: '91350100M000100Y43' as DisputablePayment['enterprise'] },
    payer,
    route,
    amountFen: fenOf(amount),
    paymentId: paymentIdOf(n, payer),
    instruction: 1,
    reference: referenceOf(n, payer),
    paidOn: '2026-04-02' as LocalDate,
  };
};

/** What a dispute decision repeats of that payment. */
export const disputableOf = (n: number, amount: number): DisputablePayment => {
  const { occurredAt: _, paidOn: __, ...payment } = paymentOf(n, amount);
  return payment;
};
