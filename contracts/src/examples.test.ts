import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { CloudEvent } from 'cloudevents';
import { describe, expect, test } from 'vitest';
import { exampleOf } from './generate.asyncapi.ts';
import { eventDefinitions, type CloudEvent as Published, postingRows, sequenceOf } from './index.ts';

const folder = new URL('../examples/', import.meta.url);
const textOf = (name: string) => readFileSync(new URL(`${name}.v1.json`, folder), 'utf8');

test('there is one example for each event, and no other file', () => {
  expect(readdirSync(folder).sort()).toEqual(eventDefinitions.map(({ name }) => `${name}.v1.json`).sort());
});

test('each row of the posting table is fed by exactly one event', () => {
  expect(eventDefinitions.flatMap(({ posts }) => posts).sort()).toEqual([...postingRows].sort());
});

describe.each(eventDefinitions.map((definition) => [definition.name, definition] as const))('the example of %s', (name, definition) => {
  test('is read by the schema, and written again as the same JSON', () => {
    const parsed = definition.event.parse(JSON.parse(textOf(name)));
    expect(JSON.stringify(parsed)).toBe(JSON.stringify(JSON.parse(textOf(name))));
  });

  test('is a CloudEvent as the CloudEvents SDK has it', () => {
    const event = new CloudEvent(exampleOf(definition));
    expect(event.validate()).toBe(true);
    expect(event.toJSON()).toMatchObject({ ...exampleOf(definition) });
  });

  test('is refused with a field that the contract does not have, and without one that it has', () => {
    const example = exampleOf(definition) as { data: Record<string, unknown> };
    expect(definition.event.safeParse({ ...example, data: { ...example.data, unheardOf: 1 } }).success).toBe(false);
    const { occurredAt: _missing, ...rest } = example.data;
    expect(definition.event.safeParse({ ...example, data: rest }).success).toBe(false);
  });

  test('has the amounts of its slices in its total', () => {
    const { slices, amountFen, faceFen } = (
      exampleOf(definition) as { data: { slices?: { amountFen: number }[]; amountFen?: number; faceFen?: number } }
    ).data;
    const total = amountFen ?? faceFen;
    if (slices && total !== undefined) expect(slices.reduce((sum, slice) => sum + slice.amountFen, 0)).toBe(total);
  });
});

test("the examples of one producer follow each other: each names its predecessor's hash", () => {
  const events = eventDefinitions.map((definition) => exampleOf(definition) as unknown as Published);
  for (const source of new Set(events.map((event) => event.source))) {
    const own = events.filter((event) => event.source === source).sort((a, b) => sequenceOf(a) - sequenceOf(b));
    expect(own.map(sequenceOf)).toEqual(own.map((_, place) => place + 1));
    own.forEach((event, place) => {
      const before = own[place - 1];
      expect(event.previoushash).toBe(before && createHash('sha256').update(canonical(before)).digest('base64url'));
    });
  }
});

/** RFC 8785 for what events hold: objects, lists, text, whole numbers and booleans. */
const canonical = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, one]) => `${JSON.stringify(name)}:${canonical(one)}`).join(',')}}`;
};
