import { z } from 'zod';
import corridor from './corridor.json' with { type: 'json' };

/** The words every service shares. Money is integer fen; every id says its home; times are UTC instants or local dates of Asia/Shanghai. */

const memberCodes = corridor.members.map((member) => member.code);

/** A member city of the corridor, by its six-digit division code (GB/T 2260). */
export const Member = z
  .enum(memberCodes as [string, ...string[]])
  .brand<'Member'>()
  .meta({ id: 'Member', description: 'Member city, GB/T 2260 division code' });
export type Member = z.infer<typeof Member>;

/** Where an entity is decided: a member city, or G60 for what must be unique across cities. */
export const Home = z
  .enum([...memberCodes, 'G60'])
  .brand<'Home'>()
  .meta({ id: 'Home', description: 'Member city, or G60 for the corridor' });
export type Home = z.infer<typeof Home>;

/** Who can own a pot and keep a book: a member city, another district, or a province. */
export const Party = z
  .string()
  .regex(/^\d{6}$/)
  .brand<'Party'>()
  .meta({ id: 'Party', description: 'Book-keeping party, GB/T 2260 division code' });
export type Party = z.infer<typeof Party>;

export const serviceNames = ['issuance', 'registry', 'redemption', 'clearing', 'ledger'] as const;
export const ServiceName = z.enum(serviceNames);
export type ServiceName = z.infer<typeof ServiceName>;

export const homes: readonly Home[] = [...memberCodes, 'G60'] as Home[];
export const members: readonly Member[] = memberCodes as Member[];
export const corridorHome = 'G60' as Home;
export const corridorData = corridor;

export const isMember = (party: string): party is Member => memberCodes.includes(party);

/** The home that keeps a party's book: the party itself when it is a member, else the `bookHome` of its province. */
export const bookHomeOf = (party: Party | Member): Home => {
  if (isMember(party)) return party as string as Home;
  const province = corridor.provinces.find((candidate) => candidate.code.slice(0, 2) === party.slice(0, 2));
  if (!province) throw new Error(`no member keeps the book of ${party}`);
  return province.bookHome as Home;
};

/** Largest single amount, ¥100 billion: sums of 900 of these still fit 2^53. */
export const fenMax = 10 ** 13;

/** Money: a non-negative whole number of fen (¥0.01). */
export const Fen = z.int().min(0).max(fenMax).brand<'Fen'>().meta({ id: 'Fen', description: 'Money in whole fen, ¥0.01' });
export type Fen = z.infer<typeof Fen>;

/** An amount that moves: at least one fen. */
export const PositiveFen = z
  .int()
  .min(1)
  .max(fenMax)
  .brand<'Fen'>()
  .meta({ id: 'PositiveFen', description: 'Money in whole fen, at least one' });

/** Basis points, 1/10 000. */
export const Bps = z.int().min(0).max(10_000).brand<'Bps'>().meta({ id: 'Bps', description: 'Basis points, 1/10 000' });
export type Bps = z.infer<typeof Bps>;

const usccAlphabet = '0123456789ABCDEFGHJKLMNPQRTUWXY';

/** Check character of the first 17 characters of a unified social credit code (GB 32100-2015: weights 3^(i-1) mod 31). */
export const usccCheckCharacter = (first17: string): string => {
  let weight = 1;
  let sum = 0;
  for (const character of first17) {
    sum += usccAlphabet.indexOf(character) * weight;
    weight = (weight * 3) % 31;
  }
  return usccAlphabet.charAt((31 - (sum % 31)) % 31);
};

/** Unified social credit code, 18 characters with its check character. */
export const Uscc = z
  .string()
  .regex(/^[0-9A-HJ-NPQRTUWXY]{18}$/, 'a unified social credit code has 18 characters of 0-9 and A-Z without I, O, S, V, Z')
  .refine(
    (value) => usccCheckCharacter(value.slice(0, 17)) === value[17],
    'the check character of this unified social credit code is wrong',
  )
  .brand<'Uscc'>()
  .meta({ id: 'Uscc', description: 'Unified social credit code, GB 32100-2015' });
export type Uscc = z.infer<typeof Uscc>;

/** Calendar date in Asia/Shanghai, `YYYY-MM-DD`. */
export const LocalDate = z.iso.date().brand<'LocalDate'>().meta({ id: 'LocalDate', description: 'Calendar date in Asia/Shanghai' });
export type LocalDate = z.infer<typeof LocalDate>;

/** Point in time, UTC with milliseconds: `2026-03-01T00:00:00.000Z`. Compares as a string. */
export const Instant = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  .refine((value) => !Number.isNaN(Date.parse(value)), 'no such instant')
  .brand<'Instant'>()
  .meta({ id: 'Instant', description: 'UTC instant with milliseconds' });
export type Instant = z.infer<typeof Instant>;

/** Month of a settlement cycle, `YYYYMM`. */
export const CycleMonth = z
  .string()
  .regex(/^20\d\d(0[1-9]|1[0-2])$/)
  .brand<'CycleMonth'>()
  .meta({ id: 'CycleMonth', description: 'Settlement month, YYYYMM' });
export type CycleMonth = z.infer<typeof CycleMonth>;

export const FiscalYear = z.int().min(2000).max(2999).meta({ id: 'FiscalYear', description: 'Calendar year in Asia/Shanghai' });

const ulid = '[0-7][0-9A-HJKMNP-TV-Z]{25}';
const idOf = <Name extends string>(noun: string, name: Name, suffix = '') =>
  z
    .string()
    .regex(
      new RegExp(`^(${[...memberCodes, 'G60'].join('|')})-${noun}-${ulid}${suffix}$`),
      `an id like 310117-${noun}-01J00000000000000000000000${suffix && '-1'}`,
    )
    .brand<Name>()
    .meta({ id: name, description: `<home>-${noun}-<ulid>${suffix && '-<milestone>'}` });

export const Ulid = z
  .string()
  .regex(new RegExp(`^${ulid}$`))
  .brand<'Ulid'>()
  .meta({ id: 'Ulid' });
export const PolicyId = idOf('policy', 'PolicyId');
export type PolicyId = z.infer<typeof PolicyId>;
export const PotId = idOf('pot', 'PotId');
export type PotId = z.infer<typeof PotId>;
export const ApplicationId = idOf('application', 'ApplicationId');
export type ApplicationId = z.infer<typeof ApplicationId>;
export const VoucherId = idOf('voucher', 'VoucherId');
export type VoucherId = z.infer<typeof VoucherId>;
export const OfferingId = idOf('offering', 'OfferingId');
export type OfferingId = z.infer<typeof OfferingId>;
export const RecognitionId = idOf('recognition', 'RecognitionId');
export type RecognitionId = z.infer<typeof RecognitionId>;
export const SanctionId = idOf('sanction', 'SanctionId');
export type SanctionId = z.infer<typeof SanctionId>;
export const OrderId = idOf('order', 'OrderId');
export type OrderId = z.infer<typeof OrderId>;
export const ClaimId = idOf('claim', 'ClaimId', '-[1-9]\\d?');
export type ClaimId = z.infer<typeof ClaimId>;
export const PaymentId = idOf('payment', 'PaymentId', '-[1-9]\\d?');
export type PaymentId = z.infer<typeof PaymentId>;

/** One try at paying: payment id and the number of its instruction. The bank knows a payment by it. */
export const PaymentReference = z
  .string()
  .regex(new RegExp(`^\\d{6}-payment-${ulid}-[1-9]\\d?-[1-9]\\d{0,2}$`))
  .brand<'PaymentReference'>()
  .meta({ id: 'PaymentReference', description: '<payment id>-<instruction number>' });
export type PaymentReference = z.infer<typeof PaymentReference>;

/** The home written into an id. */
export const homeOf = (id: string): Home => id.slice(0, id.indexOf('-')) as Home;

/** The same ulid (and milestone) under another noun, and another home where given: a voucher takes its application's, a claim its order's. */
export const idFrom = <Id extends string>(id: string, noun: string, options: { home?: Home | Member; suffix?: string } = {}): Id => {
  const [home, , ...rest] = id.split('-');
  return [options.home ?? home, noun, ...rest, ...(options.suffix ? [options.suffix] : [])].join('-') as Id;
};

/** Lower-case hexadecimal SHA-256 of a file or a canonical text. */
export const Sha256 = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .brand<'Sha256'>()
  .meta({ id: 'Sha256', description: 'SHA-256, lower-case hexadecimal' });
export type Sha256 = z.infer<typeof Sha256>;
export const Sm3 = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .brand<'Sm3'>()
  .meta({ id: 'Sm3', description: 'SM3 (GB/T 32905-2016), lower-case hexadecimal' });

/**
 * Canonical invoice number: 20 digits for an all-digital invoice, else `<code of 10 or 12>-<number of 8>`.
 * Tax interfaces give the code of an all-digital invoice as null, "" or `00000000`; those are the same invoice.
 */
export const InvoiceNumber = z
  .string()
  .regex(/^(\d{20}|(\d{10}|\d{12})-\d{8})$/)
  .brand<'InvoiceNumber'>()
  .meta({ id: 'InvoiceNumber', description: 'Canonical invoice number' });
export type InvoiceNumber = z.infer<typeof InvoiceNumber>;

/** An invoice number as tax interfaces give it. */
export const InvoiceNumberAsGiven = z
  .strictObject({ code: z.string().max(12).nullish(), number: z.string().max(20) })
  .refine(
    (given) => canonicalInvoiceNumber(given) !== undefined,
    'an invoice has 20 digits, or a code of 10 or 12 digits and a number of 8',
  )
  .meta({ id: 'InvoiceNumberAsGiven' });

export const canonicalInvoiceNumber = (given: { code?: string | null | undefined; number: string }): InvoiceNumber | undefined => {
  const code = given.code ?? '';
  const number = given.number.trim();
  if (/^\d{20}$/.test(number) && /^(0*)$/.test(code)) return number as InvoiceNumber;
  if (/^\d{8}$/.test(number) && /^(\d{10}|\d{12})$/.test(code)) return `${code}-${number}` as InvoiceNumber;
  return undefined;
};

/** Bank account of an organisation. The CNAPS code has 12 digits and is looked up in a directory, not checked by a check digit. */
export const BankAccount = z
  .strictObject({ cnaps: z.string().regex(/^\d{12}$/), number: z.string().regex(/^\d{8,32}$/), name: z.string().min(1).max(120) })
  .meta({ id: 'BankAccount' });
export type BankAccount = z.infer<typeof BankAccount>;

export const categories = ['instrument-sharing', 'testing', 'commissioned-rd', 'technology-transfer', 'design', 'ip-service'] as const;
/** What a voucher can pay for. */
export const Category = z.enum(categories).meta({ id: 'Category', description: 'Service category' });
export type Category = z.infer<typeof Category>;

/** 通用 (the enterprise pays in full and is refunded) or 通兑 (the enterprise pays its share, the lab claims the rest). */
export const PayeeMode = z.enum(['enterprise-refunded', 'lab-redeemed']).meta({ id: 'PayeeMode' });
export type PayeeMode = z.infer<typeof PayeeMode>;

/** Who pays the payee: the home city itself, or the host city covered by a prefund. */
export const Route = z.enum(['home-direct', 'host-fronted']).meta({ id: 'Route' });
export type Route = z.infer<typeof Route>;

/** Part of an amount that one pot carries. The split of every movement is recorded with it. */
export const Slice = z.strictObject({ potId: PotId, owner: Party, fiscalYear: FiscalYear, amountFen: Fen }).meta({ id: 'Slice' });
export type Slice = z.infer<typeof Slice>;
export const Slices = z.array(Slice).min(1).max(20);
export type Slices = readonly Slice[];

export const roles = [
  'enterprise',
  'lab',
  'policy-officer',
  'budget-officer',
  'reviewer',
  'approver',
  'payer',
  'treasurer',
  'joint-office',
  'auditor',
  'operator',
] as const;
export const Role = z.enum(roles).meta({ id: 'Role' });
export type Role = z.infer<typeof Role>;

/** Who acts, as the verified token says. `org` is set for people of an enterprise or a lab. */
export type Actor = { readonly sub: string; readonly city: Home; readonly org?: Uscc; readonly roles: readonly Role[] };

/** `true` where a person with this role acts for this home. */
export const actsAs = (actor: Actor, role: Role, home: Home | Member | Party): boolean =>
  actor.roles.includes(role) && (actor.city as string) === home;

/** Short free text of people: a reason, a remark. */
export const Text = z.string().trim().min(1).max(500);
