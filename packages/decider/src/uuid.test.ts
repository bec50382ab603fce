import { expect, test } from 'vitest';
import { uuidv5 } from './uuid.ts';

test('agrees with the example of RFC 9562', () => {
  expect(uuidv5('www.example.com', '6ba7b810-9dad-11d1-80b4-00c04fd430c8')).toBe('2ed6657d-e927-568b-95e1-2665a8aea6a2');
});
