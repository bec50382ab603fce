import { addDays } from '@tongdui/calendar';
import {
  type Actor,
  type BankAccount,
  type Bps,
  type ClaimId,
  type ClaimPeople,
  type Fen,
  type Home,
  type Instant,
  type InvoiceNumber,
  type LocalDate,
  type Member,
  type OfferingId,
  type OrderId,
  type Party,
  type PaymentId,
  type PolicyId,
  type PolicyTerms,
  type PotId,
  type Role,
  type Sha256,
  type Slice,
  type Uscc,
  usccCheckCharacter,
  type VoucherId,
} from '@tongdui/contracts';
import type { Decision } from '@tongdui/decider';
import { type PinnedTerms, pinTerms } from './terms.ts';

/** Names, figures and days that the tests of this service share: Songjiang is home, Jiaxing is host. */

export const songjiang = '310117' as Member;
export const jiaxing = '330400' as Member;
const shanghai = '310000' as Party;

export const fenOf = (amount: number) => amount as Fen;
export const bpsOf = (amount: number) => amount as Bps;
const day = (text: string) => text as LocalDate;
/** Noon in Shanghai. */
const noon = (date: string) => `${date}T04:00:00.000Z` as Instant;
export const today = day('2026-03-02');
export const at = noon(today);
export const later = (days: number): Instant => noon(addDays(today, days));
export const onDay = (days: number): LocalDate => addDays(today, days);

const ulid = (number: number) => `01J${String(number).padStart(23, '0')}`;
export const voucherId = (number = 1) => `${songjiang}-voucher-${ulid(number)}` as VoucherId;
export const orderId = (number = 1) => `${songjiang}-order-${ulid(number)}` as OrderId;
export const claimId = (number = 1) => `${songjiang}-claim-${ulid(number)}-1` as ClaimId;
export const paymentId = (payer: Member = jiaxing, number = 1) => `${payer}-payment-${ulid(number)}-1` as PaymentId;
export const policyId = (number = 1) => `${songjiang}-policy-${ulid(number)}` as PolicyId;
export const potId = (number: number, home: Member = songjiang) => `${home}-pot-${ulid(number)}` as PotId;
export const offeringId = (number = 1) => `${jiaxing}-offering-${ulid(number)}` as OfferingId;

const uscc = (serial: number): Uscc => {
  const first17 = `91310117MA${String(serial).padStart(7, '0')}`;
  return `${first17}${usccCheckCharacter(first17)}` as Uscc;
};
export const enterprise = uscc(1);
export const lab = uscc(2);
export const stranger = uscc(3);
export const digest = (number: number) => String(number).padStart(64, '0') as Sha256;
export const invoiceNumber = (number: number) => String(number).padStart(20, '0') as InvoiceNumber;
export const accountOf = (serial: number): BankAccount => ({
  cnaps: '102100099996',
  number: `62220202${String(serial).padStart(8, '0')}`,
  name: `户名${serial}`,
});

/** Two thirds Songjiang, one third the province. */
export const slices = (amountFen: number, pots = 2): Slice[] => {
  const first = pots === 1 ? amountFen : Math.ceil((amountFen * 2) / 3);
  const both = [
    { potId: potId(1), owner: songjiang as string as Party, fiscalYear: 2026, amountFen: fenOf(first) },
    { potId: potId(2), owner: shanghai, fiscalYear: 2026, amountFen: fenOf(amountFen - first) },
  ];
  return both.slice(0, pots);
};

export const policyTerms: PolicyTerms = {
  payeeMode: 'lab-redeemed',
  ratioBps: { testing: bpsOf(5_000) },
  capPerEnterpriseYearFen: fenOf(100_000_000),
  capPerGroupYearFen: fenOf(100_000_000),
  capPerOrderFen: fenOf(8_000_000),
  ownShareFloorBps: bpsOf(3_000),
  secondApprovalAboveFen: fenOf(50_000_000),
  stackingMaximumBps: bpsOf(10_000),
  validityDays: 365,
  enterpriseMinimumAgeMonths: 0,
  relatedPartyShareholdingBps: bpsOf(2_500),
  groupCapAcrossCities: false,
  applicationDecisionWorkingDays: 10,
  proposalValidDays: 30,
  registrationAfterServiceStartDays: 14,
  deliveryReminderDays: 15,
  cancelAfterContractEndDays: 30,
  finalAfterContractEndDays: 180,
  claimAfterAcceptanceDays: 90,
  annualClaimCutOff: '11-30',
  corrections: 1,
  correctionWorkingDays: 10,
  reviewWorkingDays: 15,
  holdWorkingDays: 20,
  noticeWorkingDays: 5,
  paymentWorkingDays: 15,
  coordinatorDeadlineMinutes: 10,
  verification: {},
};

export const pinned = (change: Partial<PinnedTerms> = {}): PinnedTerms => {
  const terms = pinTerms(policyId(), policyTerms, 'testing', { route: 'host-fronted', version: 1 });
  if (!terms) throw new Error('the policy of the fixtures subsidises testing');
  return { ...terms, ...change };
};

/** ¥100 000, half of it subsidised. */
export const baseFen = fenOf(10_000_000);
export const subsidyFen = fenOf(5_000_000);

export const people: ClaimPeople = { submittedBy: 'lab-clerk', checkedBy: 'checker', reviewedBy: 'reviewer', approvedBy: 'approver' };

export const actor = (sub: string, role: Role, city: Member | 'G60' = songjiang, org?: Uscc): Actor => ({
  sub,
  city: city as string as Home,
  roles: [role],
  ...(org ? { org } : {}),
});

/** The reason of a refusal, `undefined` when it was accepted: what a table of rules compares. */
export const reasonOf = <Reason extends string>(decision: Decision<unknown, Reason>): Reason | undefined =>
  decision.accepted ? undefined : decision.reason;

/** The facts of an accepted decision; a refusal here is a failing test. */
export const factsOf = <Fact>(decision: Decision<Fact, string>): readonly Fact[] => {
  if (!decision.accepted) throw new Error(`refused: ${decision.reason}`);
  return decision.facts;
};
export const typesOf = (decision: Decision<{ readonly type: string }, string>): string[] => factsOf(decision).map((fact) => fact.type);
