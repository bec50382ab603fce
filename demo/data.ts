import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  ApplicationId,
  Bps,
  Category,
  EnterpriseId,
  Fen,
  LocalDate,
  Member,
  members,
  OfferingId,
  OrderId,
  Party,
  PolicyId,
  PolicyTerms,
  PositiveFen,
  PotId,
  ProviderId,
  RecognitionId,
  Route,
  Text,
  Ulid,
} from '@tongdui/contracts';
import { z } from 'zod';
import { storyNames } from './stories.ts';

/** What the demo is fed with: files in `data/`, never code. Days are counted from the first day of the demo, day 0. */

const split = (separator: string) => (value: unknown) => (typeof value === 'string' ? value.split(separator) : value);
const list = <Item extends z.ZodType>(item: Item) => z.preprocess(split('|'), z.array(item));
const whole = z.string().regex(/^\d+$/).transform(Number);
const fen = whole.pipe(Fen);
const positiveFen = whole.pipe(PositiveFen);
const day = whole.pipe(z.int().min(0).max(365));
/** A day on which something happens in some stories only. */
const someDay = z.union([z.literal('').transform(() => undefined), day]);
const account = { cnaps: z.string().regex(/^\d{12}$/), account: z.string().regex(/^\d{8,32}$/) };

export const schemas = {
  policies: z.array(z.strictObject({ id: PolicyId, terms: PolicyTerms })),
  agreements: z.array(
    z.strictObject({
      home: Member,
      host: Member,
      version: z.int().min(1),
      route: Route,
      prefundFen: Fen,
      legalBasis: Text,
      verification: z.enum(['official', 'press', 'default']),
    }),
  ),
  prefunds: z.strictObject({ deposit: Ulid, debtor: Member, creditor: Member, on: day, amountFen: positiveFen }),
  pots: z.strictObject({ pot: PotId, owner: Party, name: Text, openTo: list(Member), appropriation: Ulid, amountFen: positiveFen }),
  providers: z.strictObject({ provider: ProviderId, name: Text, categories: list(Category), ...account }),
  offerings: z.strictObject({ offering: OfferingId, provider: ProviderId, category: Category, name: Text, tariffFen: fen }),
  recognitions: z.strictObject({ recognition: RecognitionId, provider: ProviderId, categories: list(Category) }),
  enterprises: z.strictObject({ enterprise: EnterpriseId, name: Text, establishedOn: LocalDate, ...account }),
  applications: z.strictObject({
    application: ApplicationId,
    enterprise: EnterpriseId,
    story: z.enum(['issued', 'too-young', 'allowance-short']),
    requestedFen: positiveFen,
    faceFen: positiveFen,
    /** Pots and their basis points, `<pot>:<bps>|<pot>:<bps>`. */
    funding: z
      .string()
      .transform((text) => text.split('|').map((part) => ({ potId: part.split(':')[0], bps: Number(part.split(':')[1]) })))
      .pipe(z.array(z.strictObject({ potId: PotId, bps: Bps })).min(1)),
    category: Category,
    purpose: Text,
  }),
  orders: z.strictObject({
    order: OrderId,
    story: z.enum(storyNames),
    application: ApplicationId,
    offering: OfferingId,
    baseFen: positiveFen,
    /** What the contract says; what is paid follows from the actual base. */
    subsidyFen: positiveFen,
    actualBaseFen: positiveFen,
    proposeOn: day,
    labOn: someDay,
    contractOn: someDay,
    deliverOn: someDay,
    acceptOn: someDay,
    claimOn: someDay,
    reviewOn: someDay,
    payOn: someDay,
    /** When the turn of the story is, and when it is over. */
    laterOn: someDay,
    finallyOn: someDay,
    invoice: z.string().regex(/^\d{20}$/),
  }),
} as const;

type Row<Name extends keyof typeof schemas> = z.infer<(typeof schemas)[Name]>;
export type Policy = Row<'policies'>[number];
export type Agreement = Row<'agreements'>[number];
export type Pot = Row<'pots'>;
export type Provider = Row<'providers'>;
export type Offering = Row<'offerings'>;
export type Enterprise = Row<'enterprises'>;
export type Application = Row<'applications'>;
export type Order = Row<'orders'>;
export type Prefund = Row<'prefunds'>;

export type Data = ReturnType<typeof loadData>;

const ownData = fileURLToPath(new URL('./data', import.meta.url));

/** Reads and checks every file; throws with file and line at the first one that is wrong. */
export const loadData = (directory = ownData) => {
  const json = <Schema extends z.ZodType>(name: string, schema: Schema): z.infer<Schema> =>
    schema.parse(JSON.parse(readFileSync(`${directory}/${name}.json`, 'utf8')));
  const rows = <Name extends keyof typeof schemas>(name: Name): Row<Name>[] =>
    rowsOf(readFileSync(`${directory}/${name}.csv`, 'utf8')).map((row, index) => {
      const parsed = schemas[name].safeParse(row);
      if (!parsed.success) throw new Error(`${directory}/${name}.csv, line ${index + 2}: ${z.prettifyError(parsed.error)}`);
      return parsed.data as Row<Name>;
    });
  return {
    policies: json('policies', schemas.policies),
    agreements: json('agreements', schemas.agreements),
    prefunds: rows('prefunds'),
    pots: rows('pots'),
    providers: rows('providers'),
    offerings: rows('offerings'),
    recognitions: rows('recognitions'),
    enterprises: rows('enterprises'),
    applications: rows('applications'),
    orders: rows('orders'),
  };
};

/** Lines of comma-separated values, the first naming the columns. No value holds a comma, so none is quoted. */
const rowsOf = (text: string): Record<string, string>[] => {
  const [header = '', ...lines] = text.trimEnd().split('\n');
  const columns = header.split(',');
  return lines.map((line) => {
    const values = line.split(',');
    if (values.length !== columns.length) throw new Error(`${values.length} values for ${columns.length} columns: ${line}`);
    return Object.fromEntries(columns.map((column, index) => [column, values[index] ?? '']));
  });
};

/** `<home>-enterprise-<USCC>` and `<host>-provider-<USCC>` end in the code. */
export const usccOf = (id: string): string => id.slice(-18);
export const cityOf = (id: string): Member => {
  const city = members.find((member) => id.startsWith(`${member}-`));
  if (!city) throw new Error(`${id} is of no member city`);
  return city;
};
