import type { Instant, LocalDate } from '@tongdui/contracts';
import { given, history } from '@tongdui/decider/testing';
import { expect, test } from 'vitest';
import { agreement, type Command, type Reason } from './agreement.decider.ts';
import { fenOf, jiaxing, songjiang } from './clearing.fixtures.ts';

const publish = (version: number): Command => ({
  type: 'PublishVersion',
  home: jiaxing,
  host: songjiang,
  version,
  route: 'host-fronted',
  prefundFen: fenOf(1_000),
  effectiveFrom: '2026-03-01' as LocalDate,
  legalBasis: 'framework agreement',
  verification: 'default',
  at: '2026-02-01T02:00:00.000Z' as Instant,
});

test('versions follow one another from 1', () => {
  expect(history(agreement, [publish(1), publish(2)]).facts.map((fact) => fact.version)).toEqual([1, 2]);
});
test.each<[Reason, Command[], Command]>([
  ['version-already-published', [publish(1)], publish(1)],
  ['version-already-published', [publish(1), publish(2)], publish(1)],
  ['version-not-next', [], publish(2)],
  ['version-not-next', [publish(1)], publish(3)],
])('refuses: %s', (reason, past, command) => {
  expect(given(agreement, ...history(agreement, past).facts).when(command)).toEqual({ accepted: false, reason });
});
