import { z } from 'zod';
import { PolicyTerms } from '../events/issuance.ts';
import {
  ApplicationId,
  BankAccount,
  Bps,
  Category,
  corridorData,
  Fen,
  FiscalYear,
  type Home,
  homeOf,
  Instant,
  isMember,
  LocalDate,
  Member,
  members,
  Party,
  PolicyId,
  PositiveFen,
  PotId,
  Slice,
  Text,
  Ulid,
  Uscc,
  VoucherId,
} from '../vocabulary.ts';
import { commandsOf, Nothing, nounsOf } from './route.ts';

const command = commandsOf('issuance');
const noun = nounsOf('issuance');

const city = `(${members.join('|')})`;
const uscc = '[0-9A-HJ-NPQRTUWXY]{18}';
const wrongCheck = 'the check character of this unified social credit code is wrong';

/** An enterprise as its home city registered it: `<home>-enterprise-<USCC>`. */
export const EnterpriseId = z
  .string()
  .regex(new RegExp(`^${city}-enterprise-${uscc}$`), 'an id like 310117-enterprise-91350100M000100Y43')
  .refine((id) => Uscc.safeParse(id.slice(-18)).success, wrongCheck)
  .brand<'EnterpriseId'>()
  .meta({ id: 'EnterpriseId', description: '<home>-enterprise-<USCC>' });
export type EnterpriseId = z.infer<typeof EnterpriseId>;
export const enterpriseIdOf = (home: Member | Home, enterprise: Uscc): EnterpriseId => `${home}-enterprise-${enterprise}` as EnterpriseId;

/** What an enterprise may still be granted by its city in a year: `<home>-allowance-<USCC>-<year>`. */
export const AllowanceId = z
  .string()
  .regex(new RegExp(`^${city}-allowance-${uscc}-2\\d{3}$`), 'an id like 310117-allowance-91350100M000100Y43-2026')
  .brand<'AllowanceId'>()
  .meta({ id: 'AllowanceId', description: '<home>-allowance-<USCC>-<year>' });
export type AllowanceId = z.infer<typeof AllowanceId>;
export const allowanceIdOf = (home: Member | Home, enterprise: Uscc, year: number): AllowanceId =>
  `${home}-allowance-${enterprise}-${year}` as AllowanceId;

const memberOnly = (id: string) => isMember(homeOf(id));
const AtMember = { message: 'a member city decides this' };
const CityPolicyId = PolicyId.refine(memberOnly, AtMember);
const CityPotId = PotId.refine(memberOnly, AtMember);
const CityApplicationId = ApplicationId.refine(memberOnly, AtMember);
const Name = z.string().trim().min(1).max(120);

/** A member, or another party of a province that takes part: somebody must keep its book. */
const Owner = Party.refine(
  (party) => isMember(party) || corridorData.provinces.some((province) => province.code.slice(0, 2) === party.slice(0, 2)),
  'no member keeps the book of this party',
);

export const PublishPolicy = z.strictObject({ effectiveFrom: LocalDate, terms: PolicyTerms }).meta({ id: 'PublishPolicy' });
export const RegisterEnterprise = z
  .strictObject({ name: Name, establishedOn: LocalDate, controllerGroup: Name.optional(), account: BankAccount })
  .meta({ id: 'RegisterEnterprise' });
export const OpenPot = z
  .strictObject({
    owner: Owner,
    fiscalYear: FiscalYear,
    name: Name,
    /** Homes whose approvals may draw on this pot. */
    openTo: z
      .array(Member)
      .min(1)
      .max(100)
      .refine((listed) => new Set(listed).size === listed.length, 'each home is named once'),
  })
  .meta({ id: 'OpenPot' });
export const AppropriateToPot = z.strictObject({ amountFen: PositiveFen }).meta({ id: 'AppropriateToPot' });
export const DraftApplication = z
  .strictObject({ enterprise: Uscc, requestedFen: PositiveFen, categories: z.array(Category).max(6).default([]), purpose: Text })
  .meta({ id: 'DraftApplication' });
export const Funding = z.strictObject({ potId: CityPotId, bps: Bps }).meta({ id: 'Funding' });
export type Funding = z.infer<typeof Funding>;
export const ApproveApplication = z
  .strictObject({
    /** At most what was requested. */
    faceFen: PositiveFen,
    /** Which pots pay, in the order in which remainders are given; basis points sum to 10 000. */
    funding: z.array(Funding).min(1).max(20),
  })
  .meta({ id: 'ApproveApplication' });
export const RejectApplication = z.strictObject({ reason: Text }).meta({ id: 'RejectApplication' });

export const issuanceCommands = {
  publishPolicy: command({
    operation: 'publishPolicy',
    path: '/policies/{id}',
    params: { id: CityPolicyId },
    body: PublishPolicy,
    roles: ['policy-officer'],
    en: 'A policy officer publishes the next version of the city policy; it takes effect the next day at the earliest',
    zh: '发布政策版本',
  }),
  registerEnterprise: command({
    operation: 'registerEnterprise',
    path: '/enterprises/{id}',
    params: { id: EnterpriseId },
    body: RegisterEnterprise,
    roles: ['reviewer'],
    en: 'A reviewer registers an enterprise in its home city',
    zh: '企业登记',
  }),
  openPot: command({
    operation: 'openPot',
    path: '/pots/{id}',
    params: { id: CityPotId },
    body: OpenPot,
    roles: ['budget-officer'],
    en: 'A budget officer of the administering city opens a pot for a fiscal year',
    zh: '设立资金池',
  }),
  appropriateToPot: command({
    operation: 'appropriateToPot',
    path: '/pots/{id}/appropriations/{appropriationId}',
    params: { id: CityPotId, appropriationId: Ulid },
    body: AppropriateToPot,
    roles: ['budget-officer'],
    en: 'A budget officer of the administering city appropriates money to a pot',
    zh: '资金池预算拨付',
  }),
  draftApplication: command({
    operation: 'draftApplication',
    path: '/applications/{id}',
    params: { id: CityApplicationId },
    body: DraftApplication,
    roles: ['enterprise'],
    en: 'An enterprise drafts an application for a voucher at its home city',
    zh: '起草申请',
  }),
  submitApplication: command({
    operation: 'submitApplication',
    path: '/applications/{id}/submission',
    params: { id: CityApplicationId },
    body: Nothing,
    roles: ['enterprise'],
    en: 'The enterprise submits its application',
    zh: '提交申请',
  }),
  checkApplication: command({
    operation: 'checkApplication',
    path: '/applications/{id}/check',
    params: { id: CityApplicationId },
    body: Nothing,
    roles: ['reviewer'],
    en: 'A reviewer confirms that the enterprise is registered here, old enough and not sanctioned',
    zh: '资格审核',
  }),
  approveApplication: command({
    operation: 'approveApplication',
    path: '/applications/{id}/approval',
    params: { id: CityApplicationId },
    body: ApproveApplication,
    roles: ['approver'],
    en: 'An approver grants a face value and names the pots; the voucher is issued unless the amount needs a second approval',
    zh: '批准发放',
    coordinated: true,
  }),
  approveApplicationAgain: command({
    operation: 'approveApplicationAgain',
    path: '/applications/{id}/second-approval',
    params: { id: CityApplicationId },
    body: Nothing,
    roles: ['approver'],
    en: 'Another approver confirms a large amount; the voucher is issued',
    zh: '二次批准',
    coordinated: true,
  }),
  rejectApplication: command({
    operation: 'rejectApplication',
    path: '/applications/{id}/rejection',
    params: { id: CityApplicationId },
    body: RejectApplication,
    roles: ['reviewer', 'approver'],
    en: 'A reviewer or approver rejects the application, with the reason',
    zh: '驳回申请',
  }),
  withdrawApplication: command({
    operation: 'withdrawApplication',
    path: '/applications/{id}/withdrawal',
    params: { id: CityApplicationId },
    body: Nothing,
    roles: ['enterprise'],
    en: 'The enterprise withdraws its application before it is approved',
    zh: '撤回申请',
  }),
} as const;

export const PolicyView = z
  .strictObject({
    id: PolicyId,
    home: Member,
    version: z.int().min(1),
    effectiveFrom: LocalDate,
    terms: PolicyTerms,
    publishedBy: z.string(),
    publishedAt: Instant,
  })
  .meta({ id: 'PolicyView' });
export type PolicyView = z.infer<typeof PolicyView>;

export const EnterpriseView = z
  .strictObject({
    id: EnterpriseId,
    home: Member,
    uscc: Uscc,
    name: z.string(),
    establishedOn: LocalDate,
    controllerGroup: z.string().optional(),
    account: BankAccount,
    registeredAt: Instant,
  })
  .meta({ id: 'EnterpriseView' });
export type EnterpriseView = z.infer<typeof EnterpriseView>;

export const PotView = z
  .strictObject({
    id: PotId,
    home: Member,
    owner: Party,
    fiscalYear: FiscalYear,
    name: z.string(),
    openTo: z.array(Member),
    appropriatedFen: Fen,
    /** Committed when vouchers were issued, less what came back from them. */
    grantedFen: Fen,
    availableFen: Fen,
    changedAt: Instant,
  })
  .meta({ id: 'PotView' });
export type PotView = z.infer<typeof PotView>;

export const AllowanceView = z
  .strictObject({
    id: AllowanceId,
    home: Member,
    enterprise: Uscc,
    year: FiscalYear,
    usedFen: Fen,
    /** Cap of the policy version by which the latest voucher was issued. */
    capFen: Fen,
    changedAt: Instant,
  })
  .meta({ id: 'AllowanceView' });
export type AllowanceView = z.infer<typeof AllowanceView>;

export const ApplicationStatus = z
  .enum(['draft', 'submitted', 'checked', 'approved', 'issuing', 'issued', 'rejected', 'withdrawn'])
  .meta({ id: 'ApplicationStatus', description: 'approved: a second approval is awaited; issuing: the pots have not all answered' });
export type ApplicationStatus = z.infer<typeof ApplicationStatus>;

export const ApplicationView = z
  .strictObject({
    id: ApplicationId,
    home: Member,
    enterprise: Uscc,
    status: ApplicationStatus,
    requestedFen: Fen,
    categories: z.array(Category),
    purpose: z.string(),
    changedAt: Instant,
    /** The city decides by this day. */
    decideBy: LocalDate.optional(),
    submittedBy: z.string().optional(),
    checkedBy: z.string().optional(),
    approvedBy: z.string().optional(),
    secondApprovedBy: z.string().optional(),
    faceFen: Fen.optional(),
    funding: z.array(z.strictObject({ potId: PotId, bps: Bps, amountFen: Fen })).optional(),
    /** The policy version in force when the decision was taken. */
    policyId: PolicyId.optional(),
    issuing: z.strictObject({ dueAt: Instant, year: FiscalYear }).optional(),
    rejectedBy: z.string().optional(),
    /** Why it was rejected: a person's text, or the first part that could not be had. */
    reason: z.string().optional(),
    voucherId: VoucherId.optional(),
    issuedOn: LocalDate.optional(),
    expiresOn: LocalDate.optional(),
    slices: z.array(Slice).optional(),
  })
  .meta({ id: 'ApplicationView' });
export type ApplicationView = z.infer<typeof ApplicationView>;

export const issuanceNouns = {
  policies: noun('policies', PolicyId, PolicyView, { en: 'Versions of the cities’ policies', zh: '政策版本' }),
  enterprises: noun('enterprises', EnterpriseId, EnterpriseView, { en: 'Enterprises as their home cities know them', zh: '企业' }),
  pots: noun('pots', PotId, PotView, { en: 'Pots of money for vouchers', zh: '资金池' }),
  allowances: noun('allowances', AllowanceId, AllowanceView, { en: 'What enterprises were granted in a year', zh: '年度额度' }),
  applications: noun('applications', ApplicationId, ApplicationView, { en: 'Applications for vouchers', zh: '申请' }),
} as const;
