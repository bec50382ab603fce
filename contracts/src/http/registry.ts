import { z } from 'zod';
import {
  BankAccount,
  Category,
  corridorHome,
  Fen,
  type Home,
  homeOf,
  Instant,
  isMember,
  LocalDate,
  Member,
  members,
  OfferingId,
  RecognitionId,
  SanctionId,
  Text,
  Uscc,
} from '../vocabulary.ts';
import { AttemptNumber, commandsOf, Nothing, nounsOf } from './route.ts';

const command = commandsOf('registry');
const noun = nounsOf('registry');

/** A lab as one city registered it: `<home>-provider-<USCC>`. */
export const ProviderId = z
  .string()
  .regex(new RegExp(`^(${members.join('|')})-provider-[0-9A-HJ-NPQRTUWXY]{18}$`), 'an id like 310117-provider-91350100M000100Y43')
  .refine((id) => Uscc.safeParse(id.slice(-18)).success, 'the check character of this unified social credit code is wrong')
  .brand<'ProviderId'>()
  .meta({ id: 'ProviderId', description: '<home>-provider-<USCC>' });
export type ProviderId = z.infer<typeof ProviderId>;
export const providerIdOf = (host: Member | Home, uscc: Uscc): ProviderId => `${host}-provider-${uscc}` as ProviderId;

const memberOnly = (id: string) => isMember(homeOf(id));
const AtMember = { message: 'a member city decides this' };
const CityOfferingId = OfferingId.refine(memberOnly, AtMember);
const CityRecognitionId = RecognitionId.refine(memberOnly, AtMember);
const CorridorSanctionId = SanctionId.refine((id) => homeOf(id) === corridorHome, {
  message: 'the joint office decides this: G60-sanction-<ulid>',
});

const Categories = z
  .array(Category)
  .min(1)
  .max(6)
  .refine((listed) => new Set(listed).size === listed.length, 'each category is named once');
const Name = z.string().trim().min(1).max(120);

export const RegisterProvider = z.strictObject({ name: Name, account: BankAccount }).meta({ id: 'RegisterProvider' });
export const AdmitProvider = z
  .strictObject({
    categories: Categories,
    /** The last day of the admission. */
    admittedUntil: LocalDate,
    /** Accreditation as stated: CMA or CNAS scope and number. */
    accreditation: Text.optional(),
  })
  .meta({ id: 'AdmitProvider' });
export const SuspendProvider = z.strictObject({ reason: Text }).meta({ id: 'SuspendProvider' });
export const PublishOffering = z
  .strictObject({
    provider: Uscc,
    category: Category,
    name: Name,
    description: Text.optional(),
    /** Published price per unit, where there is one. */
    tariffFen: Fen.optional(),
  })
  .meta({ id: 'PublishOffering' });
export const RecogniseProvider = z
  .strictObject({ host: Member, provider: Uscc, categories: Categories, validFrom: LocalDate, validUntil: LocalDate })
  .meta({ id: 'RecogniseProvider' });
export const ImposeSanction = z
  .strictObject({ uscc: Uscc, reason: Text, validFrom: LocalDate, validUntil: LocalDate })
  .meta({ id: 'ImposeSanction' });

export const registryCommands = {
  registerProvider: command({
    operation: 'registerProvider',
    path: '/providers/{id}',
    params: { id: ProviderId },
    body: RegisterProvider,
    roles: ['lab'],
    en: 'A lab registers itself with a host city',
    zh: '服务机构登记',
  }),
  admitProvider: command({
    operation: 'admitProvider',
    path: '/providers/{id}/admissions/{n}',
    params: { id: ProviderId, n: AttemptNumber },
    body: AdmitProvider,
    roles: ['reviewer'],
    en: 'A reviewer of the host city admits the lab for categories; a new admission replaces the last and lifts a suspension',
    zh: '服务机构入库（再次入库解除暂停）',
  }),
  suspendProvider: command({
    operation: 'suspendProvider',
    path: '/providers/{id}/suspensions/{n}',
    params: { id: ProviderId, n: AttemptNumber },
    body: SuspendProvider,
    roles: ['reviewer'],
    en: 'A reviewer of the host city suspends an admitted lab',
    zh: '暂停服务机构',
  }),
  publishOffering: command({
    operation: 'publishOffering',
    path: '/offerings/{id}',
    params: { id: CityOfferingId },
    body: PublishOffering,
    roles: ['lab'],
    en: 'A lab that is admitted for the category publishes an offering',
    zh: '发布服务项目',
  }),
  recogniseProvider: command({
    operation: 'recogniseProvider',
    path: '/recognitions/{id}',
    params: { id: CityRecognitionId },
    body: RecogniseProvider,
    roles: ['approver'],
    en: 'An approver of the home city recognises a lab of another city',
    zh: '跨市互认服务机构',
  }),
  imposeSanction: command({
    operation: 'imposeSanction',
    path: '/sanctions/{id}',
    params: { id: CorridorSanctionId },
    body: ImposeSanction,
    roles: ['joint-office'],
    en: 'The joint office imposes a sanction, seen by all cities',
    zh: '失信惩戒',
  }),
  liftSanction: command({
    operation: 'liftSanction',
    path: '/sanctions/{id}/lifting',
    params: { id: CorridorSanctionId },
    body: Nothing,
    roles: ['joint-office'],
    en: 'The joint office lifts a sanction',
    zh: '解除惩戒',
  }),
} as const;

export const ProviderView = z
  .strictObject({
    id: ProviderId,
    host: Member,
    uscc: Uscc,
    name: z.string(),
    account: BankAccount,
    status: z.enum(['registered', 'admitted', 'suspended']),
    categories: z.array(Category),
    admittedUntil: LocalDate.optional(),
    accreditation: z.string().optional(),
    suspendedFor: z.string().optional(),
    changedAt: Instant,
  })
  .meta({ id: 'ProviderView' });
export type ProviderView = z.infer<typeof ProviderView>;

export const OfferingView = z
  .strictObject({
    id: OfferingId,
    host: Member,
    provider: Uscc,
    category: Category,
    name: z.string(),
    description: z.string().optional(),
    tariffFen: Fen.optional(),
    publishedAt: Instant,
  })
  .meta({ id: 'OfferingView' });
export type OfferingView = z.infer<typeof OfferingView>;

export const RecognitionView = z
  .strictObject({
    id: RecognitionId,
    home: Member,
    host: Member,
    provider: Uscc,
    categories: z.array(Category),
    validFrom: LocalDate,
    validUntil: LocalDate,
    recognisedBy: z.string(),
    recognisedAt: Instant,
  })
  .meta({ id: 'RecognitionView' });
export type RecognitionView = z.infer<typeof RecognitionView>;

export const SanctionView = z
  .strictObject({
    id: SanctionId,
    uscc: Uscc,
    status: z.enum(['imposed', 'lifted']),
    reason: z.string(),
    validFrom: LocalDate,
    validUntil: LocalDate,
    imposedAt: Instant,
    liftedAt: Instant.optional(),
  })
  .meta({ id: 'SanctionView' });
export type SanctionView = z.infer<typeof SanctionView>;

export const registryNouns = {
  providers: noun('providers', ProviderId, ProviderView, { en: 'Labs as their host cities know them', zh: '服务机构' }),
  offerings: noun('offerings', OfferingId, OfferingView, { en: 'Services that labs sell', zh: '服务项目' }),
  recognitions: noun('recognitions', RecognitionId, RecognitionView, { en: 'Labs recognised across cities', zh: '互认' }),
  sanctions: noun('sanctions', SanctionId, SanctionView, { en: 'Sanctions of the corridor', zh: '失信惩戒' }),
} as const;
