/**
 * What a screen or an event shows, by the names of its fields: who reads one knows from the domain what is in it, and nothing here depends on
 * how a service keeps it.
 */
type Names =
  | 'account'
  | 'applicationId'
  | 'cause'
  | 'acceptedOn'
  | 'book'
  | 'claimId'
  | 'creditor'
  | 'cycle'
  | 'debtor'
  | 'direction'
  | 'enterprise'
  | 'expiresOn'
  | 'callAt'
  | 'home'
  | 'host'
  | 'id'
  | 'is'
  | 'issuedOn'
  | 'kind'
  | 'lab'
  | 'number'
  | 'orderId'
  | 'owner'
  | 'pair'
  | 'party'
  | 'payeeMode'
  | 'payer'
  | 'paymentId'
  | 'policyId'
  | 'potId'
  | 'receiver'
  | 'reference'
  | 'returnsTo'
  | 'route'
  | 'ruling'
  | 'signedOn'
  | 'status'
  | 'transferId'
  | 'uscc'
  | 'voucherId'
  | 'wonBy';
type Numbers =
  | 'amendments'
  | 'amountFen'
  | 'appropriatedFen'
  | 'baseFen'
  | 'bps'
  | 'capPerEnterpriseYearFen'
  | 'capPerOrderFen'
  | 'creditFen'
  | 'debitFen'
  | 'disputedFen'
  | 'drawnFen'
  | 'faceFen'
  | 'fiscalYear'
  | 'grantedFen'
  | 'headroomFen'
  | 'inFlightFen'
  | 'instruction'
  | 'netFen'
  | 'ownShareFloorBps'
  | 'prefundFen'
  | 'queued'
  | 'redFen'
  | 'requestedFen'
  | 'selfPaidFen'
  | 'sliceFen'
  | 'subsidyFen'
  | 'totalFen'
  | 'usedFen'
  | 'year';
type Lists =
  | 'attempts'
  | 'funding'
  | 'gross'
  | 'left'
  | 'nets'
  | 'objections'
  | 'released'
  | 'revoked'
  | 'slices'
  | 'transfers'
  | 'versions'
  | 'available'
  | 'reserved'
  | 'redeemed'
  | 'closed';
type Parts = 'contract' | 'invoice' | 'payee' | 'pending' | 'state' | 'submission' | 'terms';

export type Shown = { readonly [name in Names]: string } & { readonly [name in Numbers]: number } & {
  readonly [name in Lists]: readonly Shown[];
} & {
  readonly [name in Parts]: Shown;
} & {
  readonly people: Readonly<Record<string, string>>;
  readonly ratioBps: Readonly<Record<string, number>>;
  readonly settledDebtors: readonly string[];
  readonly wasPayable: boolean;
};
