import type {
  Category,
  ClaimId,
  ClaimPeople,
  Fen,
  Instant,
  InvoiceNumber,
  LocalDate,
  Member,
  OrderId,
  Payee,
  PaymentId,
  PaymentReference,
  Route,
  Sha256,
  Slices,
  Uscc,
  VoucherId,
} from '@tongdui/contracts';
import type { PinnedTerms } from './terms.ts';

/** What a claim keeps of its order, from the day it is awaited. */
export type Opening = {
  readonly claimId: ClaimId;
  readonly orderId: OrderId;
  readonly contract: number;
  readonly voucherId: VoucherId;
  readonly home: Member;
  readonly host: Member;
  readonly enterprise: Uscc;
  readonly lab: Uscc;
  readonly category: Category;
  readonly payee: Payee;
  readonly payer: Member;
  readonly slices: Slices;
  readonly subsidyFen: Fen;
  readonly signedOn: LocalDate;
  readonly acceptedOn: LocalDate;
  readonly claimBy: LocalDate;
  readonly terms: PinnedTerms;
};

export type ClaimInvoice = {
  readonly digest: Sha256;
  readonly number: InvoiceNumber;
  readonly totalFen: Fen;
  readonly sliceFen: Fen;
  readonly seller: Uscc;
  readonly buyer: Uscc;
  readonly issuedOn: LocalDate;
};

export type Submission = {
  readonly n: number;
  readonly invoice: ClaimInvoice;
  readonly selfPaidFen: Fen;
  readonly evidence: readonly Sha256[];
  readonly by: string;
};

/** What every published event of a claim says; amounts are those still claimed. */
export type Movement = {
  readonly voucherId: VoucherId;
  readonly orderId: OrderId;
  readonly claimId: ClaimId;
  readonly home: Member;
  readonly host: Member;
  readonly enterprise: Uscc;
  readonly payee: Payee;
  readonly payer: Member;
  readonly route: Route;
  readonly amountFen: Fen;
  readonly slices: Slices;
};
export type PaymentTry = { readonly paymentId: PaymentId; readonly instruction: number; readonly reference: PaymentReference };

type At = { readonly at: Instant };
type WithContract = { readonly contract: number };

export type Fact =
  | ({ readonly type: 'ClaimAwaited'; readonly dueAt: Instant } & Opening & At)
  | ({ readonly type: 'SubmissionMade'; readonly claimId: ClaimId; readonly home: Member; readonly dueAt: Instant } & Submission & At)
  | ({ readonly type: 'ClaimSubmitted'; readonly n: number } & At)
  /** `dueAt`: when the claim lapses or its correction is overdue, as before. */
  | ({
      readonly type: 'SubmissionRefused';
      readonly claimId: ClaimId;
      readonly n: number;
      readonly invoice: Sha256;
      readonly reason: string;
      readonly dueAt: Instant;
    } & At)
  | ({ readonly type: 'SliceGivenBack'; readonly n: number } & At)
  | ({
      readonly type: 'ClaimSentBack';
      readonly claimId: ClaimId;
      readonly by: string;
      readonly reason: string;
      readonly dueAt: Instant;
    } & At)
  | ({ readonly type: 'ClaimChecked'; readonly by: string } & At)
  | ({
      readonly type: 'ClaimHeld';
      readonly claimId: ClaimId;
      readonly by: string;
      readonly reasons: readonly string[];
      readonly dueAt: Instant;
    } & At)
  | ({ readonly type: 'HoldEscalated' } & At)
  | ({ readonly type: 'HoldDismissed'; readonly by: string; readonly reason: string } & At)
  | ({
      readonly type: 'ClaimReviewed';
      readonly by: string;
      readonly claimId: ClaimId;
      readonly orderId: OrderId;
      readonly voucherId: VoucherId;
      readonly n: number;
      readonly invoice: Sha256;
      readonly slices: Slices;
      /** What the review cut: goes back to the voucher. */
      readonly cut: Slices;
      readonly subsidyFen: Fen;
      readonly sliceFen: Fen;
      readonly sliceLowered: boolean;
      readonly selfPaidFen: Fen;
    } & WithContract &
      At)
  | ({
      readonly type: 'NoticeOpened';
      readonly claimId: ClaimId;
      readonly by: string;
      readonly until: LocalDate;
      readonly dueAt: Instant;
    } & At)
  | ({ readonly type: 'ObjectionRaised'; readonly objection: string; readonly by: string; readonly reason: string } & At)
  /** `dueAt` ends the notice: its timer may have found the claim objected and done nothing. */
  | ({
      readonly type: 'ObjectionDismissed';
      readonly objection: string;
      readonly by: string;
      readonly reason: string;
      readonly dueAt?: Instant;
    } & At)
  | ({ readonly type: 'ClaimPayable'; readonly people: ClaimPeople; readonly payBy: LocalDate } & Movement & At)
  /** A rejection or a write-off that the payment's own stream must agree to first. */
  | ({
      readonly type: 'ClosingAsked';
      readonly closing: 'rejection' | 'write-off';
      readonly claimId: ClaimId;
      readonly payer: Member;
      readonly paymentId: PaymentId;
      readonly by: string;
      readonly reason: string;
    } & At)
  | ({
      readonly type: 'ClosingRefused';
      readonly closing: 'rejection' | 'write-off';
      readonly claimId: ClaimId;
      readonly reason: string;
    } & At)
  | ({
      readonly type: 'ClaimRejected';
      readonly wasPayable: boolean;
      /** The objection that was upheld. */
      readonly objection?: string;
      readonly by: string;
      readonly reason: string;
      readonly submission?: { readonly n: number; readonly invoice: Sha256 };
    } & Movement &
      WithContract &
      At)
  | ({ readonly type: 'ClaimLapsed' } & Movement & WithContract & At)
  | ({ readonly type: 'PaymentNoted'; readonly outcome: 'instructed' | 'paid' | 'failed' | 'unknown' } & PaymentTry & At)
  | ({ readonly type: 'RedLetterNoted'; readonly redLetterId: string; readonly claimId: ClaimId } & At)
  | ({ readonly type: 'ClawbackDue'; readonly by: string; readonly reason: string } & Movement & PaymentTry & At)
  | ({ readonly type: 'ClawbackWrittenOff'; readonly by: string; readonly reason: string } & Movement & PaymentTry & At)
  | ({ readonly type: 'ClaimRecovered'; readonly cause: 'recovery' | 'dispute' } & At);
