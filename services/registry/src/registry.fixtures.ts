import type { Actor, BankAccount, Home, Instant, LocalDate, Member, OfferingId, RecognitionId, SanctionId, Uscc } from '@tongdui/contracts';
import { usccCheckCharacter } from '@tongdui/contracts';

/** Names that the tests of this service share. */

export const host = '330400' as Member;
export const uscc = (serial: number): Uscc => {
  const first17 = `91330400MA${String(serial).padStart(7, '0')}`;
  return `${first17}${usccCheckCharacter(first17)}` as Uscc;
};
export const lab = uscc(1);
export const account: BankAccount = { cnaps: '102100099996', number: '6222020200012345', name: '嘉兴检测中心' };
const ulid = (number: number) => `01J${String(number).padStart(23, '0')}`;
export const offeringId = (number: number) => `${host}-offering-${ulid(number)}` as OfferingId;
export const recognitionId = (number: number) => `310117-recognition-${ulid(number)}` as RecognitionId;
export const sanctionId = (number: number) => `G60-sanction-${ulid(number)}` as SanctionId;
export const at = '2026-03-02T02:00:00.000Z' as Instant;
export const day = (text: string) => text as LocalDate;

export const labPerson: Actor = { sub: 'lab-1', city: host as string as Home, org: lab, roles: ['lab'] };
export const reviewer: Actor = { sub: 'reviewer-1', city: host as string as Home, roles: ['reviewer'] };
export const approver: Actor = { sub: 'approver-1', city: '310117' as Home, roles: ['approver'] };
export const jointOffice: Actor = { sub: 'joint-1', city: 'G60' as Home, roles: ['joint-office'] };
