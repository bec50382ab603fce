import { z } from 'zod';
import { envelope } from '../cloud-event.ts';
import {
  ClaimId,
  Fen,
  Home,
  Instant,
  LocalDate,
  Member,
  OrderId,
  Party,
  PaymentId,
  PaymentReference,
  PositiveFen,
  Route,
  type ServiceName,
  Slices,
  Uscc,
  VoucherId,
} from '../vocabulary.ts';

/** Rows of the posting table (ledger README): each is fed by exactly one event. */
export const postingRows = [
  'appropriated',
  'issued',
  'contract-registered',
  'released',
  'unused-difference',
  'accepted',
  'voucher-closed',
  'restored',
  'payable',
  'rejected-after-payable',
  'paid-home-direct',
  'paid-host-fronted',
  'clawback-due',
  'returned',
  'recovered',
  'after-recovered',
  'dispute-won',
  'after-dispute',
  'clawback-written-off',
  'prefund-moved',
  'netted',
  'transfer-sent',
  'transfer-received',
  'vertical-settled',
] as const;
export type PostingRow = (typeof postingRows)[number];

export type EventDefinition<Data extends z.ZodRawShape = z.ZodRawShape> = {
  readonly service: ServiceName;
  /** Short name, `voucher-issued`. */
  readonly name: string;
  /** On the wire, `g60.issuance.voucher-issued.v1`. */
  readonly type: string;
  readonly data: z.ZodObject<Data>;
  readonly event: z.ZodType;
  readonly summary: { readonly en: string; readonly zh: string };
  /** Rows of the posting table this event feeds. */
  readonly posts: readonly PostingRow[];
};

export const event = <Data extends z.ZodRawShape>(
  service: ServiceName,
  name: string,
  summary: { en: string; zh: string },
  data: Data,
  posts: readonly PostingRow[] = [],
): EventDefinition<Data> => {
  const type = `g60.${service}.${name}.v1`;
  const schema = z.strictObject(data);
  return { service, name, type, summary, posts, data: schema, event: envelope.extend({ type: z.literal(type), data: schema }) };
};

/** Business time of what happened; it decides the fiscal year of a posting. */
export const occurred = { occurredAt: Instant };

/** A movement of a voucher's money, split over the pots that carry it. */
export const voucherMovement = {
  voucherId: VoucherId,
  home: Member,
  enterprise: Uscc,
  slices: Slices,
  ...occurred,
};

/** …for an order with a lab of a host city. */
export const orderMovement = { ...voucherMovement, orderId: OrderId, host: Member };

/** Where value goes that leaves reserved or redeemed: back to the open voucher (`committed`), or to the pot because the voucher is closed (`available`). */
export const ReturnsTo = z.enum(['committed', 'available']).meta({ id: 'ReturnsTo' });
export type ReturnsTo = z.infer<typeof ReturnsTo>;

export const Payee = z.strictObject({ kind: z.enum(['enterprise', 'lab']), uscc: Uscc }).meta({ id: 'Payee' });
export type Payee = z.infer<typeof Payee>;

/** Who acted on a claim; they and the payer are distinct people. */
export const ClaimPeople = z
  .strictObject({ submittedBy: z.string(), checkedBy: z.string(), reviewedBy: z.string(), approvedBy: z.string() })
  .meta({ id: 'ClaimPeople' });
export type ClaimPeople = z.infer<typeof ClaimPeople>;

/** A claim and what it pays, from `payable` on. */
export const claimMovement = { ...orderMovement, claimId: ClaimId, payee: Payee, payer: Member, route: Route, amountFen: PositiveFen };

/** One try at paying a claim. */
export const paymentMovement = { ...claimMovement, paymentId: PaymentId, instruction: z.int().min(1), reference: PaymentReference };

/** Debtor and creditor of an obligation; either may be a party that is not a member. */
export const pair = { debtor: Party, creditor: Party };

export const memberPair = { debtor: Member, creditor: Member };
export { ClaimId, Fen, Home, Instant, LocalDate };
