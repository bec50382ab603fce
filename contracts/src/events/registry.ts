import { z } from 'zod';
import { BankAccount, Category, Fen, LocalDate, Member, OfferingId, RecognitionId, SanctionId, Uscc } from '../vocabulary.ts';
import { event, occurred } from './definition.ts';

export const providerChanged = event(
  'registry',
  'provider-changed',
  { en: 'A lab was registered, admitted or suspended', zh: '服务机构状态变更' },
  {
    uscc: Uscc,
    host: Member,
    name: z.string(),
    status: z.enum(['registered', 'admitted', 'suspended']),
    categories: z.array(Category),
    admittedUntil: LocalDate.optional(),
    account: BankAccount,
    ...occurred,
  },
);

export const offeringChanged = event(
  'registry',
  'offering-changed',
  { en: 'A lab published or changed an offering', zh: '服务项目发布或变更' },
  {
    offeringId: OfferingId,
    host: Member,
    provider: Uscc,
    category: Category,
    name: z.string(),
    tariffFen: Fen.optional(),
    ...occurred,
  },
);

export const recognitionChanged = event(
  'registry',
  'recognition-changed',
  { en: "A city recognised another city's lab", zh: '跨市互认' },
  {
    recognitionId: RecognitionId,
    home: Member,
    host: Member,
    provider: Uscc,
    categories: z.array(Category),
    validFrom: LocalDate,
    validUntil: LocalDate,
    ...occurred,
  },
);

export const sanctionChanged = event(
  'registry',
  'sanction-changed',
  { en: 'A sanction was imposed or lifted', zh: '失信惩戒变更' },
  {
    sanctionId: SanctionId,
    uscc: Uscc,
    status: z.enum(['imposed', 'lifted']),
    reason: z.string(),
    validFrom: LocalDate,
    validUntil: LocalDate,
    ...occurred,
  },
);

export const registryEvents = [providerChanged, offeringChanged, recognitionChanged, sanctionChanged] as const;
