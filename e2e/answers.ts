import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  type BookView,
  clearingNouns,
  issuanceNouns,
  ledgerNouns,
  type NounRoute,
  redemptionNouns,
  registryNouns,
  type ServiceName,
  serviceNames,
} from '@tongdui/contracts';
import { inParallel } from '@tongdui/development/client';
import type { System } from '@tongdui/development/system';
import { expect } from 'vitest';

/** Every answer of the system to an auditor of the whole corridor, byte for byte, by its path. */
export type Answers = ReadonlyMap<string, string>;

const auditor = 'auditor.G60';
const nouns: readonly NounRoute[] = [issuanceNouns, registryNouns, redemptionNouns, clearingNouns, ledgerNouns].flatMap((all) =>
  Object.values(all as Readonly<Record<string, NounRoute>>),
);

/** All lists page by page, trial balances, entries, and what each service says of invariants and figures. */
export const readAnswers = async (system: System): Promise<Answers> => {
  const answers = new Map<string, string>();
  const read = async (service: ServiceName, path: string): Promise<string> => {
    const response = await fetch(`${urlOf(system, service)}${path}`, {
      headers: { authorization: `Bearer ${await system.token(auditor)}` },
    });
    const text = await response.text();
    expect(response.status, `${service} ${path}: ${text}`).toBe(200);
    answers.set(`${service} ${path}`, text);
    return text;
  };
  const pages = async (service: ServiceName, first: string): Promise<unknown[]> => {
    const items: unknown[] = [];
    for (let path: string | undefined = first; path !== undefined; ) {
      const page = JSON.parse(await read(service, path)) as { items: unknown[]; next?: string };
      items.push(...page.items);
      path = page.next;
    }
    return items;
  };
  await inParallel(nouns, 4, ({ service, noun }) => pages(service, `/${noun}?limit=200`));
  const books = (await pages('ledger', '/books?limit=200')) as BookView[];
  for (const { party } of books) {
    await read('ledger', `/books/${party}/trial-balance`);
    await pages('ledger', `/books/${party}/entries?limit=200`);
  }
  for (const service of serviceNames) for (const path of ['/invariants', '/tie-outs']) await read(service, path);
  return answers;
};

/** Paths whose answers are not the same; there must be plenty to compare. */
export const differences = (before: Answers, after: Answers): readonly string[] =>
  [...new Set([...before.keys(), ...after.keys()])].filter((path) => before.get(path) !== after.get(path));

/** Ends every service, runs what is to happen while none is there, deletes every read model and starts them again. */
export const rebuildReadModels = async (system: System, meanwhile: () => Promise<void> = async () => {}): Promise<void> => {
  const places = serviceNames.flatMap((service) =>
    system.sets.map(({ name }) => ({ name: `${name}/${service}`, directory: join(name, service) })),
  );
  const processes = places.flatMap(({ name }) => system.processes.get(name) ?? []);
  expect(processes).toHaveLength(places.length);
  await Promise.all(processes.map((process) => process.kill('SIGTERM')));
  await meanwhile();
  let deleted = 0;
  for (const { directory } of places)
    for (const file of readdirSync(join(system.dataDirectory, directory)))
      if (file.includes('.read-model.db')) {
        rmSync(join(system.dataDirectory, directory, file));
        deleted += 1;
      }
  expect(deleted).toBeGreaterThanOrEqual(places.length);
  await Promise.all(processes.map((process) => process.restart()));
  await system.waitIdle();
};

/** One set of processes serves everyone here. */
const urlOf = (system: System, service: ServiceName): string => {
  const [set] = system.sets;
  const url = system.urls.get(`${set?.name}/${service}`);
  if (url === undefined) throw new Error(`there is no ${service}`);
  return url;
};
