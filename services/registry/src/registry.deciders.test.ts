import { given } from '@tongdui/decider/testing';
import { describe, expect, test } from 'vitest';
import * as offerings from './offering.decider.ts';
import * as recognitions from './recognition.decider.ts';
import { at, day, host, lab, offeringId, recognitionId, sanctionId } from './registry.fixtures.ts';
import * as sanctions from './sanction.decider.ts';

const by = 'someone';

describe('an offering', () => {
  const offering = { offeringId: offeringId(1), host, provider: lab, category: 'testing', name: '力学性能检测' } as const;
  const publish: offerings.Command = { type: 'PublishOffering', offering, standing: 'admitted', by, at };
  const published: offerings.Fact = { type: 'OfferingPublished', offering, by, at };

  test('is published by a lab that is admitted for its category', () => {
    expect(given(offerings.offering).when(publish)).toEqual({ accepted: true, facts: [published] });
  });
  test('refuses: offering-exists', () => {
    expect(given(offerings.offering, published).when(publish)).toEqual({ accepted: false, reason: 'offering-exists' });
  });
  test.each(['provider-unknown', 'provider-not-admitted', 'provider-suspended', 'category-not-admitted'] as const)(
    'refuses: %s',
    (standing) => {
      expect(given(offerings.offering).when({ ...publish, standing })).toEqual({ accepted: false, reason: standing });
    },
  );
});

describe('a recognition', () => {
  const wanted: recognitions.Recognition = {
    recognitionId: recognitionId(1),
    home: '310117' as typeof host,
    host,
    provider: lab,
    categories: ['testing'],
    validFrom: day('2026-03-02'),
    validUntil: day('2026-03-02'),
  };
  const recognise: recognitions.Command = { type: 'RecogniseProvider', recognition: wanted, by, at };
  const recognised: recognitions.Fact = { type: 'ProviderRecognised', recognition: wanted, by, at };

  test('accepts a lab of another city, for a single day at least', () => {
    expect(given(recognitions.recognition).when(recognise)).toEqual({ accepted: true, facts: [recognised] });
  });
  test.each<[string, recognitions.Fact[], recognitions.Command]>([
    ['recognition-exists', [recognised], recognise],
    ['own-lab-needs-no-recognition', [], { ...recognise, recognition: { ...wanted, host: wanted.home } }],
    ['validity-ends-before-it-begins', [], { ...recognise, recognition: { ...wanted, validUntil: day('2026-03-01') } }],
  ])('refuses: %s', (reason, past, command) => {
    expect(given(recognitions.recognition, ...past).when(command)).toEqual({ accepted: false, reason });
  });
});

describe('a sanction', () => {
  const sanction: sanctions.Sanction = {
    sanctionId: sanctionId(1),
    uscc: lab,
    reason: '骗取补贴',
    validFrom: day('2026-03-02'),
    validUntil: day('2028-03-01'),
  };
  const impose: sanctions.Command = { type: 'ImposeSanction', sanction, by, at };
  const lift: sanctions.Command = { type: 'LiftSanction', by, at };
  const imposed: sanctions.Fact = { type: 'SanctionImposed', sanction, by, at };
  const lifted: sanctions.Fact = { type: 'SanctionLifted', sanction, by, at };

  test.each<[string, sanctions.Fact[], sanctions.Command, sanctions.Fact[]]>([
    ['is imposed', [], impose, [imposed]],
    ['is lifted', [imposed], lift, [lifted]],
    ['is lifted once only', [imposed, lifted], lift, []],
  ])('%s', (_, past, command, facts) => {
    expect(given(sanctions.sanction, ...past).when(command)).toEqual({ accepted: true, facts });
  });
  test.each<[string, sanctions.Fact[], sanctions.Command]>([
    ['sanction-exists', [imposed], impose],
    ['sanction-unknown', [], lift],
    ['validity-ends-before-it-begins', [], { ...impose, sanction: { ...sanction, validUntil: day('2026-03-01') } }],
  ])('refuses: %s', (reason, past, command) => {
    expect(given(sanctions.sanction, ...past).when(command)).toEqual({ accepted: false, reason });
  });
});
