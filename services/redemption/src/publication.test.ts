import { eventDefinitionOf, Instant, redemptionEvents } from '@tongdui/contracts';
import { describe, expect, test } from 'vitest';
import { publish } from './publication.ts';
import { histories } from './redemption.history.fixtures.ts';

const published = histories.flat().flatMap((followed) => publish(followed).map((draft) => ({ followed, draft })));

test('every event of the contract comes of some history', () => {
  expect([...new Set(published.map(({ draft }) => draft.type))].sort()).toEqual(redemptionEvents.map(({ name }) => name).sort());
});

describe.each(redemptionEvents.map(({ name }) => name))('%s', (name) => {
  test('has the data of the contract, nothing more and nothing less', () => {
    for (const { draft, followed } of published.filter(({ draft: { type } }) => type === name)) {
      const definition = eventDefinitionOf(`g60.redemption.${name}.v1`);
      const parsed = definition?.data.safeParse(JSON.parse(JSON.stringify(draft.data)));
      expect({ fact: followed.fact.type, issues: parsed?.error?.issues }).toEqual({ fact: followed.fact.type });
      expect(draft.subject).toBe(`${followed.home}-${followed.noun}-${followed.key}`);
      expect(draft.time).toBe(followed.fact.at);
      expect(draft.data.occurredAt).toBe(Instant.parse(followed.fact.at));
    }
  });
});

test('no event names a bank account or the person who acted, beside the people of a claim', () => {
  const texts = published.map(({ draft }) => JSON.stringify({ ...draft.data, people: undefined }));
  for (const text of texts) expect(text).not.toMatch(/cnaps|"by"|account|approver|reviewer|payer"?:"payer/);
});

test('the same fact is always the same event', () => {
  for (const { followed, draft } of published) expect(publish(followed)).toContainEqual(draft);
});
