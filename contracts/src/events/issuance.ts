import { z } from 'zod';
import {
  ApplicationId,
  BankAccount,
  Bps,
  Category,
  Fen,
  FiscalYear,
  LocalDate,
  Member,
  Party,
  PayeeMode,
  PolicyId,
  PositiveFen,
  PotId,
  Slices,
  Uscc,
  VoucherId,
} from '../vocabulary.ts';
import { event, occurred } from './definition.ts';

const days = z.int().min(0).max(3_650);

/** What a policy version says. Amounts and day counts are data of the city, never constants of the software. */
export const PolicyTerms = z
  .strictObject({
    payeeMode: PayeeMode,
    /** Subsidy ratio of each recognised category; a category that is missing is not subsidised. */
    ratioBps: z.partialRecord(Category, Bps),
    capPerEnterpriseYearFen: Fen,
    capPerGroupYearFen: Fen,
    capPerOrderFen: Fen,
    ownShareFloorBps: Bps,
    secondApprovalAboveFen: Fen,
    stackingMaximumBps: Bps,
    validityDays: days,
    enterpriseMinimumAgeMonths: z.int().min(0).max(600),
    relatedPartyShareholdingBps: Bps,
    groupCapAcrossCities: z.boolean(),
    applicationDecisionWorkingDays: days,
    proposalValidDays: days,
    registrationAfterServiceStartDays: days,
    deliveryReminderDays: days,
    cancelAfterContractEndDays: days,
    finalAfterContractEndDays: days,
    claimAfterAcceptanceDays: days,
    annualClaimCutOff: z.string().regex(/^(0[1-9]|1[0-2])-\d\d$/),
    corrections: z.int().min(0).max(9),
    correctionWorkingDays: days,
    reviewWorkingDays: days,
    holdWorkingDays: days,
    noticeWorkingDays: days,
    paymentWorkingDays: days,
    coordinatorDeadlineMinutes: z.int().min(1).max(1_440),
    /** Where each figure comes from: `official`, `press` or our own `default`; a default is shown as unverified. */
    verification: z.record(z.string(), z.enum(['official', 'press', 'default'])),
  })
  .meta({ id: 'PolicyTerms' });
export type PolicyTerms = z.infer<typeof PolicyTerms>;

export const policyPublished = event(
  'issuance',
  'policy-published',
  { en: 'A city published a version of its policy', zh: '城市发布政策版本' },
  {
    policyId: PolicyId,
    home: Member,
    version: z.int().min(1),
    effectiveFrom: LocalDate,
    terms: PolicyTerms,
    ...occurred,
  },
);

export const enterpriseRegistered = event(
  'issuance',
  'enterprise-registered',
  { en: 'An enterprise was registered in its city', zh: '企业登记' },
  {
    uscc: Uscc,
    home: Member,
    name: z.string(),
    establishedOn: LocalDate,
    controllerGroup: z.string().optional(),
    account: BankAccount,
    ...occurred,
  },
);

export const potAppropriated = event(
  'issuance',
  'pot-appropriated',
  { en: 'Money was appropriated to a pot', zh: '资金池预算拨付' },
  {
    potId: PotId,
    appropriationId: z.string(),
    home: Member,
    owner: Party,
    fiscalYear: FiscalYear,
    amountFen: PositiveFen,
    slices: Slices,
    ...occurred,
  },
  ['appropriated'],
);

export const voucherIssued = event(
  'issuance',
  'voucher-issued',
  { en: 'A voucher was issued, committed from its pots', zh: '创新券发放' },
  {
    voucherId: VoucherId,
    applicationId: ApplicationId,
    home: Member,
    enterprise: Uscc,
    policyId: PolicyId,
    faceFen: PositiveFen,
    issuedOn: LocalDate,
    /** The last day on which a contract can be registered. */
    expiresOn: LocalDate,
    slices: Slices,
    ...occurred,
  },
  ['issued'],
);

export const issuanceEvents = [policyPublished, enterpriseRegistered, potAppropriated, voucherIssued] as const;
