import { hash } from 'node:crypto';
import type { CloudEvent } from '@tongdui/contracts';
import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { eventHash } from './published.ts';
import { publishedBy, redemption } from './testing.ts';

const [published] = publishedBy(redemption, 1);
const json = fc.jsonValue({ maxDepth: 4 });

test('the hash of an event is of its RFC 8785 form, whatever the order of its names', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: 'binary' }), json), (data) => {
      const event = { ...published, data } as CloudEvent;
      const text = canonicalize(event) ?? '';
      const expected = hash('sha256', text, 'base64url');
      expect(eventHash(event)).toBe(expected);
      expect(eventHash(JSON.parse(text) as CloudEvent)).toBe(expected);
    }),
  );
});

test('text with half a character has no hash', () => {
  for (const data of [{ text: '\ud800' }, Object.fromEntries([['\ud800', 1]])])
    expect(() => eventHash({ ...published, data } as unknown as CloudEvent)).toThrow();
});
