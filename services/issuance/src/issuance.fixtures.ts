import type {
  Actor,
  ApplicationId,
  BankAccount,
  Bps,
  Fen,
  Home,
  Instant,
  LocalDate,
  Member,
  Party,
  PolicyId,
  PolicyTerms,
  PotId,
  Role,
  Uscc,
} from '@tongdui/contracts';
import { usccCheckCharacter } from '@tongdui/contracts';

/** Names and figures that the tests of this service share. */

export const songjiang = '310117' as Member;
export const jiaxing = '330400' as Member;
export const hangzhou = '330100' as Member;
export const shanghai = '310000' as Party;
export const ownedBy = (member: Member) => member as string as Party;

export const fenOf = (amount: number) => amount as Fen;
export const bpsOf = (amount: number) => amount as Bps;
export const day = (text: string) => text as LocalDate;
export const at = '2026-03-02T02:00:00.000Z' as Instant;
export const later = (days: number) => new Date(Date.parse(at) + days * 86_400_000).toISOString() as Instant;

const ulid = (number: number) => `01J${String(number).padStart(23, '0')}`;
export const applicationId = (number: number, home = songjiang) => `${home}-application-${ulid(number)}` as ApplicationId;
export const potId = (number: number, home = songjiang) => `${home}-pot-${ulid(number)}` as PotId;
export const policyId = (number: number, home = songjiang) => `${home}-policy-${ulid(number)}` as PolicyId;
export const uscc = (serial: number): Uscc => {
  const first17 = `91310117MA${String(serial).padStart(7, '0')}`;
  return `${first17}${usccCheckCharacter(first17)}` as Uscc;
};
export const enterprise = uscc(1);
export const account: BankAccount = { cnaps: '102100099996', number: '6222020200012345', name: '松江新材料公司' };

export const terms: PolicyTerms = {
  payeeMode: 'enterprise-refunded',
  ratioBps: { testing: bpsOf(5_000) },
  capPerEnterpriseYearFen: fenOf(1_000_000),
  capPerGroupYearFen: fenOf(2_000_000),
  capPerOrderFen: fenOf(500_000),
  ownShareFloorBps: bpsOf(3_000),
  secondApprovalAboveFen: fenOf(500_000),
  stackingMaximumBps: bpsOf(10_000),
  validityDays: 365,
  enterpriseMinimumAgeMonths: 12,
  relatedPartyShareholdingBps: bpsOf(2_500),
  groupCapAcrossCities: false,
  applicationDecisionWorkingDays: 10,
  proposalValidDays: 30,
  registrationAfterServiceStartDays: 14,
  deliveryReminderDays: 7,
  cancelAfterContractEndDays: 30,
  finalAfterContractEndDays: 90,
  claimAfterAcceptanceDays: 90,
  annualClaimCutOff: '11-30',
  corrections: 1,
  correctionWorkingDays: 10,
  reviewWorkingDays: 15,
  holdWorkingDays: 15,
  noticeWorkingDays: 5,
  paymentWorkingDays: 15,
  coordinatorDeadlineMinutes: 10,
  verification: { validityDays: 'default' },
};

export const officer = (sub: string, role: Role, city: Member = songjiang): Actor => ({ sub, city: city as string as Home, roles: [role] });
export const applicant = (org: Uscc = enterprise): Actor => ({
  sub: `person-of-${org}`,
  city: songjiang as string as Home,
  org,
  roles: ['enterprise'],
});
