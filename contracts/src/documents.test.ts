import { readFileSync } from 'node:fs';
import { Parser } from '@asyncapi/parser';
import { validate } from '@readme/openapi-parser';
import { describe, expect, test } from 'vitest';
import { documents, outOfStep } from './generate.documents.ts';
import { faces } from './generate.openapi.ts';
import { type CommandRoute, eventDefinitions, homes, serviceNames } from './index.ts';
import { contractsPage } from './page.ts';

type Operation = {
  operationId: string;
  summary: string;
  'x-summary-zh': string;
  'x-roles'?: string[];
  responses: Record<string, unknown>;
  parameters?: { name: string; in: string }[];
};
type Openapi = { paths: Record<string, Record<string, Operation>>; components: { schemas: Record<string, unknown> } };

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
const openapiOf = (service: string) => JSON.parse(read(`openapi/${service}.json`)) as Openapi;
const operationsOf = (service: string) => Object.values(openapiOf(service).paths).flatMap((methods) => Object.values(methods));

describe('the checked-in documents', () => {
  test('are what the schemas generate now', () => {
    expect(outOfStep(read)).toEqual([]);
  });

  test('are told when they are out of step, with the place', () => {
    const changed = (path: string) =>
      path === 'openapi/ledger.json'
        ? read(path).replace('"listBooks"', '"listBook"')
        : path === 'asyncapi/tongdui.json'
          ? undefined
          : read(path);
    const differences = outOfStep(changed);
    expect(differences).toHaveLength(2);
    expect(differences[0]).toMatch(/^openapi\/ledger\.json line \d+ is\n.*"listBook".*\nand would be\n.*"listBooks"/);
    expect(differences[1]).toBe('asyncapi/tongdui.json is missing');
  });
});

describe.each(serviceNames.map((service) => [service]))('the OpenAPI document of %s', (service) => {
  test('is valid OpenAPI 3.1', async () => {
    const result = await validate(JSON.parse(read(`openapi/${service}.json`)));
    expect(result).toMatchObject({ valid: true });
  });

  test('has every command and noun of the route tables, with its roles and both summaries', () => {
    const { paths } = openapiOf(service);
    const shapes = new Map(Object.entries(paths).map(([path, methods]) => [path.replace(/\{\w+\}/g, '{}'), methods]));
    for (const route of Object.values(faces[service].commands) as CommandRoute[]) {
      const operation = shapes.get(route.path.replace(/\{\w+\}/g, '{}'))?.put;
      expect(operation).toMatchObject({
        operationId: route.operation,
        summary: route.summary.en,
        'x-summary-zh': route.summary.zh,
        'x-roles': [...route.roles],
      });
      expect(Object.keys(operation!.responses).includes('202')).toBe(route.coordinated);
      expect(Object.keys(operation!.responses)).toEqual(
        expect.arrayContaining(['200', '201', '400', '401', '403', '404', '409', '422', '503']),
      );
    }
    for (const { noun } of Object.values(faces[service].nouns)) {
      expect(shapes.get(`/${noun}`)?.get).toBeDefined();
      expect(shapes.get(`/${noun}/{}`)?.get).toBeDefined();
    }
  });

  test('names each parameter of a path once and no other', () => {
    for (const [path, methods] of Object.entries(openapiOf(service).paths)) {
      const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      for (const operation of Object.values(methods))
        expect((operation.parameters ?? []).filter((one) => one.in === 'path').map(({ name }) => name)).toEqual(names);
    }
  });

  test('has what every service answers', () => {
    for (const path of ['/livez', '/readyz', '/startupz', '/metrics', '/tie-outs', '/invariants', '/lines', '/openapi.json'])
      expect(openapiOf(service).paths[path]?.get).toBeDefined();
  });
});

test('operation ids are unique in each service, and those of commands in all of them', () => {
  for (const service of serviceNames) {
    const ids = operationsOf(service).map(({ operationId }) => operationId);
    expect(ids.filter((id, place) => ids.indexOf(id) !== place)).toEqual([]);
  }
  const commands = serviceNames.flatMap((service) =>
    Object.values(faces[service].commands as Record<string, CommandRoute>).map(({ operation }) => operation),
  );
  expect(commands.filter((id, place) => commands.indexOf(id) !== place)).toEqual([]);
});

test('the AsyncAPI document is valid AsyncAPI 3 and has every event on the channel of its service', async () => {
  const { document, diagnostics } = await new Parser().parse(read('asyncapi/tongdui.json'));
  expect(diagnostics.filter(({ severity }) => severity === 0).map(({ message, path }) => `${path.join('.')}: ${message}`)).toEqual([]);
  const channels = document!.allChannels().all();
  for (const definition of eventDefinitions) {
    const channel = channels.find((one) => one.address() === `g60.{home}.${definition.service}`);
    expect(
      channel
        ?.messages()
        .all()
        .map((message) => message.name()),
    ).toContain(definition.type);
    expect(channel?.parameters().get('home')?.json('enum')).toEqual([...homes]);
  }
});

test('the page shows every operation and event, and loads nothing from elsewhere', () => {
  const texts = documents();
  const page = contractsPage([...texts.values()].map((text) => JSON.parse(text) as Record<string, unknown>));
  for (const service of serviceNames) for (const { operationId } of operationsOf(service)) expect(page).toContain(`>${operationId}<`);
  for (const { type } of eventDefinitions) expect(page).toContain(type);
  expect(page).not.toMatch(/<(link|img|iframe|object|embed)\b|<script[^>]*\bsrc|@import|url\(/i);
  expect(page).not.toMatch(/\son\w+=/i);
});

test('the page escapes what documents say', () => {
  const evil = { openapi: '3.1.1', info: { title: '<script>alert(1)</script>' }, paths: {}, components: { schemas: {} } };
  expect(contractsPage([evil])).not.toContain('<script>alert');
});
