import { audit, type BankAudit, type Comparison, type Evidence, type Figures, type InvariantNumber } from '@tongdui/audit';
import { figuresSchemas, InvariantReport, type ServiceName, serviceNames } from '@tongdui/contracts';
import { client, inParallel } from '@tongdui/development/client';
import type { System } from '@tongdui/development/system';
import { expect } from 'vitest';
import { type Sent, story } from './story.ts';

/** What must hold after every fault. */

const auditor = 'auditor.G60';
const atOnce = 16;
const otherBodies = 60;

/** Every acknowledged command was recorded exactly once: sent again it is answered 200 and records nothing, with another body it is refused. */
export const assertNothingLost = async (system: System, acknowledged: readonly Sent[]): Promise<void> => {
  await system.waitIdle();
  const heads = await headsOf(system);
  const { put } = story(system);
  const again = await inParallel(acknowledged, atOnce, async ({ service, home, path, person, body }) => {
    const { status } = await put(service, home, path, person, body);
    return status === 200 ? [] : [`${service} ${path} by ${person} again: ${status}`];
  });
  expect(again.flat()).toEqual([]);
  expect(new Set(acknowledged.map(({ service, path }) => `${service} ${path}`)).size).toBe(acknowledged.length);
  const changeable = acknowledged.flatMap((sent) => {
    const other = anotherBody(sent.body);
    return other ? [{ ...sent, body: other }] : [];
  });
  const sample = changeable.filter((_, index) => index % Math.ceil(changeable.length / otherBodies) === 0);
  expect(sample.length).toBeGreaterThan(0);
  const reused = await inParallel(sample, atOnce, async ({ service, home, path, person, body }) => {
    const reply = await put(service, home, path, person, body);
    return reply.status === 409 && reply.body.code === 'id-reused' ? [] : [`${path} with another body: ${JSON.stringify(reply)}`];
  });
  expect(reused.flat()).toEqual([]);
  await system.waitIdle();
  expect(await headsOf(system)).toEqual(heads);
};

/** One amount or text changed, still of the right form; a body without any has no other. */
const anotherBody = (body: unknown): object | undefined => {
  for (const [name, value] of Object.entries(body as object)) {
    if (typeof value === 'number' && (name.endsWith('Fen') || name === 'bytes')) return { ...(body as object), [name]: value + 1 };
    if (typeof value === 'string' && ['name', 'purpose', 'contractNumber'].includes(name))
      return { ...(body as object), [name]: `${value}x` };
  }
  return undefined;
};

const headsOf = async (system: System) => new Map([...(await system.statuses())].map(([name, { head }]) => [name, head]));

/** Numbers that only some histories have anything of; `audit` counts what nobody has looked at as a violation. */
const unseen = 'nobody has checked this';

type Looked = {
  readonly rebuilt?: Comparison;
  /** Payments that came back from the payee's bank, once for each time. */
  readonly returned?: readonly string[];
  /** Those that this history must have had something of. */
  readonly looked?: readonly InvariantNumber[];
};
const manyInvariants: readonly InvariantNumber[] = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11', '13', '16'];

/** Every invariant that can be looked at from outside: what services say of themselves, their figures against each other, and the bank. */
export const assertInvariants = async (
  system: System,
  { rebuilt = { compared: 0, different: [] }, returned = [], looked = manyInvariants }: Looked = {},
): Promise<void> => {
  await system.waitIdle();
  const evidence = await gather(system, { rebuilt, returned });
  const findings = audit(evidence);
  const violations = Object.entries(findings).flatMap(([number, finding]) =>
    finding.violations.map((violation) => `${number}: ${violation}`),
  );
  const expected = Object.entries(findings).flatMap(([number, { checked }]) => (checked === 0 ? [`${number}: ${unseen}`] : []));
  // Commands are asserted apart, and only the rebuilding test compares what was rebuilt.
  expect(violations.filter((violation) => !/^14: no command was sent again$/.test(violation))).toEqual(expected);
  expect(looked.filter((number) => findings[number].checked === 0)).toEqual([]);
  expect(await haltedLines(system)).toEqual([]);
};

const haltedLines = async (system: System) =>
  [...(await system.statuses())].flatMap(([name, { halted }]) => halted.map((line) => ({ name, line })));

const gather = async (system: System, known: Pick<Evidence, 'rebuilt' | 'returned'>): Promise<Evidence> => {
  const api = client(system);
  try {
    const skipped: string[] = [];
    const figuresOf = async <Name extends keyof typeof figuresSchemas>(service: Name) => {
      const reports = await api.everywhere<{ figures: unknown; skipped: readonly unknown[] }>(service, '/tie-outs', auditor);
      skipped.push(...reports.flatMap((report) => report.skipped.map((event) => `${service}: ${JSON.stringify(event)}`)));
      return reports.map(({ figures }) => figuresSchemas[service].parse(figures));
    };
    const reports = await Promise.all(serviceNames.map((service: ServiceName) => api.everywhere(service, '/invariants', auditor)));
    return {
      invariants: reports.flat().map((report) => InvariantReport.parse(report)),
      figures: {
        issuance: (await figuresOf('issuance')) as Figures['issuance'],
        redemption: (await figuresOf('redemption')) as Figures['redemption'],
        clearing: (await figuresOf('clearing')) as Figures['clearing'],
        ledger: (await figuresOf('ledger')) as Figures['ledger'],
      },
      skipped,
      cycles: await api.list('clearing', 'cycles', auditor),
      payments: await api.list('redemption', 'payments', auditor),
      bank: (await (await fetch(`${system.bankUrl}/audit`)).json()) as BankAudit,
      commands: { acknowledged: 0, missing: [], replayed: [] },
      ...known,
    };
  } finally {
    api.close();
  }
};
