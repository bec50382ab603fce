import { given } from '@tongdui/decider/testing';
import { expect, test } from 'vitest';
import { evidence } from './evidence.decider.ts';
import { at, digest, factsOf, lab, reasonOf, songjiang } from './redemption.fixtures.ts';

const register = {
  type: 'RegisterEvidence',
  home: songjiang,
  sha256: digest(1),
  sm3: digest(2),
  kind: 'invoice',
  bytes: 1_024,
  mediaType: 'application/pdf',
  organisation: lab,
  at,
} as const;

test('a file is registered with both digests and who brought it', () => {
  const facts = factsOf(given(evidence).when(register));
  expect(facts).toEqual([{ ...register, type: 'EvidenceRegistered' }]);
  expect(given(evidence, ...facts).state).toMatchObject({ is: 'registered', sm3: digest(2), organisation: lab, registeredAt: at });
});

test('evidence-already-registered', () => {
  const facts = factsOf(given(evidence).when(register));
  expect(reasonOf(given(evidence, ...facts).when({ ...register, kind: 'contract' }))).toBe('evidence-already-registered');
});
