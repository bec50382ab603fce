import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { audit, type CommandEvidence, type Comparison, type Figures, type Finding, type InvariantNumber } from '@tongdui/audit';
import {
  type CycleView,
  clearingNouns,
  figuresSchemas,
  InvariantReport,
  issuanceNouns,
  ledgerNouns,
  type NounRoute,
  type PaymentView,
  redemptionNouns,
  registryNouns,
  serviceNames,
} from '@tongdui/contracts';
import { client, inParallel, type Sent } from '@tongdui/development/client';
import { together } from './setup.ts';
import { corridorAuditor, type Stage } from './stage.ts';

/** The auditor's visit: reads everything from outside, has every read model rebuilt, sends some commands again. */

const nouns: readonly NounRoute[] = [issuanceNouns, registryNouns, redemptionNouns, clearingNouns, ledgerNouns].flatMap((all) =>
  Object.values(all as Readonly<Record<string, NounRoute>>),
);

/** Every resource of the system by its path, as text. */
export type Everything = ReadonlyMap<string, string>;

const readEverything = async ({ api }: Stage): Promise<Everything> => {
  const lists = await inParallel(nouns, 4, async ({ service, noun }) => {
    const rows = await api.list<{ readonly id?: string; readonly party?: string }>(service, noun, corridorAuditor);
    return rows.map((row) => [`${service}/${noun}/${row.id ?? row.party}`, JSON.stringify(row)] as const);
  });
  return new Map(lists.flat());
};

export const rowsOf = <Row>(everything: Everything, prefix: string): Row[] =>
  [...everything].flatMap(([path, text]) => (path.startsWith(`${prefix}/`) ? [JSON.parse(text) as Row] : []));

export type Examination = {
  readonly findings: Readonly<Record<InvariantNumber, Finding>>;
  readonly figures: Figures;
  readonly everything: Everything;
  readonly commands: CommandEvidence;
  readonly rebuilt: Comparison;
};

export const examinationSteps = ['replay', 'rebuild', 'audit'] as const;
export type ExaminationStep = (typeof examinationSteps)[number];

export const examine = async (stage: Stage, onStep: (step: ExaminationStep) => void): Promise<Examination> => {
  onStep('replay');
  const before = await readEverything(stage);
  const commands = await commandEvidence(stage, before);
  await stage.system.waitIdle();
  onStep('rebuild');
  await rebuildReadModels(stage);
  const everything = await readEverything(stage);
  onStep('audit');
  const rebuilt = compare(before, everything);
  const { figures, skipped } = await figuresOf(stage);
  const reports = await inParallel(serviceNames, together, (service) => stage.api.everywhere(service, '/invariants', corridorAuditor));
  const findings = audit({
    invariants: reports.flat().map((report) => InvariantReport.parse(report)),
    figures,
    skipped,
    cycles: rowsOf<CycleView>(everything, 'clearing/cycles'),
    payments: rowsOf<PaymentView>(everything, 'redemption/payments'),
    returned: stage.acknowledged.flatMap(({ path }) => (/\/returns\/\d+$/.test(path) ? [path.split('/')[2] ?? ''] : [])),
    bank: await bankAudit(stage),
    commands,
    rebuilt,
  });
  return { findings, figures, everything, commands, rebuilt };
};

const compare = (before: Everything, after: Everything): Comparison => {
  const paths = new Set([...before.keys(), ...after.keys()]);
  return { compared: paths.size, different: [...paths].filter((path) => before.get(path) !== after.get(path)) };
};

/** Projections from nothing: every process ends, loses its read model, starts again, and reads facts and events once more. */
const rebuildReadModels = async ({ system }: Stage): Promise<void> => {
  const names = system.sets.flatMap((set) => serviceNames.map((service) => ({ set: set.name, service, name: `${set.name}/${service}` })));
  const running = names.map(({ name, ...place }) => {
    const process = system.processes.get(name);
    if (!process) throw new Error(`there is no process ${name}`);
    return { process, directory: join(system.dataDirectory, place.set, place.service) };
  });
  await Promise.all(running.map(({ process }) => process.kill('SIGTERM')));
  for (const { directory } of running)
    for (const file of readdirSync(directory)) if (file.includes('.read-model.db')) rmSync(join(directory, file));
  await Promise.all(running.map(({ process }) => process.restart()));
  await system.waitIdle();
};

/** Commands that are sent again: so many in all, scattered over the whole time, and some of every kind however rare. */
const sampleSize = 3_000;
const leastOfEachKind = 20;

/** What was acknowledged can be read; a sample is sent again, with its own body and with another one. */
const commandEvidence = async ({ system, acknowledged }: Stage, everything: Everything): Promise<CommandEvidence> => {
  const missing = acknowledged.filter(({ service, path }) => !everything.has(resourceOf(service, path))).map(({ path }) => path);
  const sample = [...Map.groupBy(acknowledged, kindOf).values()].flatMap((kind) => {
    const share = Math.ceil((kind.length * sampleSize) / acknowledged.length);
    const stride = Math.max(1, Math.floor(kind.length / Math.max(share, leastOfEachKind)));
    return kind.filter((_, index) => index % stride === 0);
  });
  // Not the actors' own client: what is sent again is no new deed of theirs.
  const api = client(system, { actsOnLists: () => true });
  const sendAll = (commands: readonly Pick<Sent, 'service' | 'path' | 'body' | 'person'>[]) =>
    inParallel(commands, together, async ({ service, path, body, person }) => (await api.put(service, path, body, person)).status);
  const same = await sendAll(sample);
  const altered = sample.flatMap((sent) => {
    const body = otherBody(sent.body as Fields);
    return body === undefined ? [] : [{ ...sent, body }];
  });
  const refused = await sendAll(altered);
  api.close();
  const otherBodies = new Map(altered.map(({ path }, index) => [path, refused[index] ?? 0]));
  const replayed = sample.map(({ path }, index) => {
    const otherBodyStatus = otherBodies.get(path);
    // A text that is a word of a list cannot be changed freely; a body of the wrong form was not compared.
    const other = otherBodyStatus === undefined || otherBodyStatus === 422 ? {} : { otherBody: otherBodyStatus };
    return { path, sameBody: same[index] ?? 0, ...other };
  });
  return { acknowledged: acknowledged.length, missing, replayed };
};

/** What a path is about, without its ids: `orders/contracts`. */
const kindOf = ({ service, path }: Sent): string =>
  `${service} ${path
    .split('/')
    .filter((_, index) => index % 2 === 1)
    .join('/')}`;

/** `/pairs/…/deposits/…` is of the pair, `/invoices/<digest>/…` of the invoice. */
const resourceOf = (service: Sent['service'], path: string): string => {
  const [, noun = '', id = ''] = path.split('/');
  return `${service}/${noun}/${decodeURIComponent(id)}`;
};

type Fields = Readonly<Record<string, unknown>>;

/** The same body with one amount, text or date changed, still of the right form; a body without any has no other. */
const otherBody = (body: Fields): Fields | undefined => {
  for (const [name, value] of Object.entries(body)) {
    if (typeof value === 'number' && (name.endsWith('Fen') || name === 'bytes')) return { ...body, [name]: value + 1 };
    if (typeof value === 'string' && (name === 'reason' || name === 'name')) return { ...body, [name]: `${value}。` };
    if (typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value)) return { ...body, [name]: '2026-01-31' };
  }
  return undefined;
};

const figuresOf = async ({ api }: Stage): Promise<{ figures: Figures; skipped: string[] }> => {
  const skipped: string[] = [];
  const of = async <Name extends keyof typeof figuresSchemas>(service: Name) => {
    const reports = await api.everywhere<{ figures: unknown; skipped: readonly unknown[] }>(service, '/tie-outs', corridorAuditor);
    skipped.push(...reports.flatMap((report) => report.skipped.map((event) => `${service}: ${JSON.stringify(event)}`)));
    return reports.map((report) => figuresSchemas[service].parse(report.figures));
  };
  const figures = {
    issuance: (await of('issuance')) as Figures['issuance'],
    redemption: (await of('redemption')) as Figures['redemption'],
    clearing: (await of('clearing')) as Figures['clearing'],
    ledger: (await of('ledger')) as Figures['ledger'],
  };
  await of('registry');
  return { figures, skipped };
};

const bankAudit = async ({ system }: Stage) => {
  const response = await fetch(`${system.bankUrl}/audit`);
  if (!response.ok) throw new Error(`the bank did not answer its audit: ${response.status}`);
  return (await response.json()) as Parameters<typeof audit>[0]['bank'];
};
