import { z } from 'zod';
import { ServiceName } from '../vocabulary.ts';

/** What every service says of itself to an auditor: its part of the invariants, and figures that must tie out across services. */

const SignedFen = z.int();
const perPot = <Shape extends z.ZodRawShape>(shape: Shape) => z.record(z.string(), z.strictObject(shape));

/** `GET /invariants`: by the number of the invariant (1 to 16). */
export const InvariantReport = z
  .strictObject({
    service: ServiceName,
    invariants: z.record(
      z.string(),
      z.strictObject({ held: z.boolean(), checked: z.int().min(0), violations: z.array(z.string()).max(20) }),
    ),
  })
  .meta({ id: 'InvariantReport' });
export type InvariantReport = z.infer<typeof InvariantReport>;

/** What issuance's pots know: `granted` is committed at issue less everything that came back. */
export const IssuanceFigures = z.strictObject({
  pots: perPot({ owner: z.string(), appropriatedFen: SignedFen, grantedFen: SignedFen }),
});
export type IssuanceFigures = z.infer<typeof IssuanceFigures>;

/** Vouchers' buckets per pot; `awaiting` is redeemed and not yet payable, `spent` payable or paid, `recovered` clawed back or won in dispute. */
export const RedemptionFigures = z.strictObject({
  pots: perPot({
    availableFen: SignedFen,
    reservedFen: SignedFen,
    redeemedFen: SignedFen,
    awaitingFen: SignedFen,
    spentFen: SignedFen,
    recoveredFen: SignedFen,
  }),
  /** Claims payable, in flight, unknown or failed, by the pot owner whose book owes them. */
  payableFen: z.record(z.string(), SignedFen),
  claims: z.record(z.string(), z.int()),
  /** Rejected or lapsed claims and refused orders, by reason. */
  refused: z.record(z.string(), z.int()),
});
export type RedemptionFigures = z.infer<typeof RedemptionFigures>;

/** Per `<debtor>-<creditor>`: what is not yet netted (or settled vertically), what is not yet settled, and the prefund with what it covers. */
export const ClearingFigures = z.strictObject({
  pairs: z.record(
    z.string(),
    z.strictObject({
      unnettedFen: SignedFen,
      unsettledFen: SignedFen,
      prefundFen: SignedFen,
      drawnFen: SignedFen,
      inFlightFen: SignedFen,
      queued: z.int(),
    }),
  ),
});
export type ClearingFigures = z.infer<typeof ClearingFigures>;

/** Balances by book and account, debit positive; pot accounts are also given per pot. */
export const LedgerFigures = z.strictObject({
  books: z.record(z.string(), z.record(z.string(), SignedFen)),
  pots: z.record(z.string(), z.record(z.string(), SignedFen)),
  /** By owner and fiscal year. */
  expenditureFen: z.record(z.string(), z.record(z.string(), SignedFen)),
  spentFen: z.record(z.string(), z.record(z.string(), SignedFen)),
  entries: z.int(),
});
export type LedgerFigures = z.infer<typeof LedgerFigures>;

export const figuresSchemas = {
  issuance: IssuanceFigures,
  redemption: RedemptionFigures,
  clearing: ClearingFigures,
  ledger: LedgerFigures,
  registry: z.strictObject({}),
} as const;
