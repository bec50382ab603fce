import { homeOfPair } from '@tongdui/contracts';
import { history } from '@tongdui/decider/testing';
import type { JsonObject } from '@tongdui/event-store';
import { describe, expect, test } from 'vitest';
import { april, fenOf, march, obligationIdOf, referenceOf } from './clearing.fixtures.ts';
import {
  accrue,
  confirm,
  declare,
  deposit,
  dispute,
  disputeUnanswered,
  draw,
  fronted,
  mark,
  net,
  release,
  reversal,
  ruledFor,
  seal,
  settle,
  silence,
} from './pair.commands.fixtures.ts';
import { type Command, pair } from './pair.decider.ts';
import { pairProjections } from './pair.projection.ts';

const key = '330400-310117';

/** The rows of a pair after these commands, by table and id. */
const rowsAfter = (...commands: Command[]) => {
  const rows = new Map<string, JsonObject>();
  history(pair, commands).facts.forEach((fact, revision) => {
    const followed = {
      fact: fact as unknown as JsonObject & { type: string },
      id: String(revision),
      stream: `clearing.310117.pair-${key}`,
      home: homeOfPair(key),
      noun: 'pair',
      key,
      revision,
      position: String(revision),
    };
    for (const { table, rowId, project } of pairProjections) {
      const id = rowId(followed);
      if (id === undefined) continue;
      const row = project(rows.get(`${table} ${id}`), followed);
      if (row) rows.set(`${table} ${id}`, row);
    }
  });
  return rows;
};
const sealed = [deposit(100), ...fronted(1, 40), seal()];
const segment = (rows: Map<string, JsonObject>, cycle = march) => rows.get(`segments ${key}-${cycle}`);
const unconfirmed = silence('2026-05-04T16:00:00.000Z' as Parameters<typeof silence>[0]);
const obligation = (rows: Map<string, JsonObject>) => rows.get(`obligations ${obligationIdOf(1)}`);

describe('a pair', () => {
  test('shows its totals, its headroom and its alert', () => {
    expect(rowsAfter(deposit(100), ...fronted(1, 40), draw(2, 35), draw(3, 30)).get(`pairs ${key}`)).toEqual({
      id: key,
      debtor: '330400',
      creditor: '310117',
      prefundFen: 100,
      drawnFen: 40,
      inFlightFen: 35,
      headroomFen: 25,
      queued: 1,
      queuedFen: 30,
      alertBps: 7_000,
      unnettedFen: 40,
      unsettledFen: 40,
      disputedFen: 0,
      runningTotalFen: 40,
    });
  });
  test('belongs to the creditor and may be read by the debtor', () => {
    for (const { table, index } of pairProjections)
      expect([table, index({ id: key, pair: key })]).toMatchObject([table, { home: '310117', host: '330400' }]);
  });
});

describe('a segment', () => {
  test.each<[string, Command[], object]>([
    ['sealed', [], { totalFen: 40, obligations: 1, disputedFen: 0, escalated: false }],
    ['sealed', [dispute(1)], { totalFen: 40, disputedFen: 40 }],
    ['declared', [declare(40)], { declaredFen: 40 }],
    ['confirmed', [declare(40), confirm(40)], { confirmedFen: 40 }],
    ['carried-over', [silence('2026-04-20T16:00:00.000Z' as Parameters<typeof silence>[0])], { escalated: true }],
    ['unanswered', [declare(40), unconfirmed], { totalFen: 40, disputedFen: 0, escalated: true }],
    ['carried-over', [declare(40), unconfirmed, disputeUnanswered()], { totalFen: 40, disputedFen: 40, escalated: true }],
    ['carried-over', [net(0)], { disputedFen: 0, escalated: false }],
    ['unanswered', [declare(40), confirm(40), net(0)], { escalated: false }],
    ['carried-over', [declare(40), confirm(40), net(0), disputeUnanswered()], { disputedFen: 40, escalated: false }],
    ['netted', [declare(40), confirm(40), net(40)], {}],
    ['settled', [declare(40), confirm(40), net(40), settle()], {}],
  ])('is shown %s', (status, commands, more) => {
    expect(segment(rowsAfter(...sealed, ...commands))).toMatchObject({ status, ...more });
  });
  test('of nothing is shown confirmed', () => {
    expect(segment(rowsAfter(seal()))).toMatchObject({ status: 'confirmed', confirmedFen: 0 });
  });
});

describe('an obligation', () => {
  test.each<[string, Command[], object]>([
    ['accrued', [], { amountFen: 40, kind: 'host-fronted' }],
    ['disputed', [dispute(1)], { dispute: { reason: 'wrong-amount', dueAt: '2026-06-01T16:00:00.000Z', escalated: false } }],
    [
      'disputed',
      [declare(40), unconfirmed, disputeUnanswered()],
      { dispute: { reason: 'silence', dueAt: '2026-07-04T16:00:00.000Z', escalated: false } },
    ],
    ['accrued', [dispute(1), ...ruledFor(1, 'debtor')], { dispute: { ruling: { wonBy: 'debtor', reason: 'heard' } } }],
    ['accrued', [declare(40), confirm(40), reversal(1)], {}],
    ['netted', [declare(40), confirm(40), net(40), mark], { cycle: march }],
    ['settled', [declare(40), confirm(40), net(40), mark, settle(), mark], { cycle: march }],
    [
      'settled',
      [
        silence('2026-04-20T16:00:00.000Z' as Parameters<typeof silence>[0]),
        seal(april),
        declare(40, april),
        confirm(40, april),
        net(40, april),
        settle(april),
        mark,
      ],
      { cycle: april },
    ],
  ])('is shown %s', (status, commands, more) => {
    expect(obligation(rowsAfter(...sealed, ...commands))).toMatchObject({ status, ...more });
  });
});

describe('a draw', () => {
  const row = (rows: Map<string, JsonObject>) => rows.get(`draws ${referenceOf(1)}`);
  test.each<[string, Command[]]>([
    ['queued', [draw(1, 40)]],
    ['granted', [deposit(40), draw(1, 40)]],
    ['granted', [draw(1, 40), deposit(40)]],
    ['released', [draw(1, 40), release(1)]],
    ['used', [deposit(40), draw(1, 40), accrue(1, 40)]],
  ])('is shown %s', (status, commands) => {
    expect(row(rowsAfter(...commands))).toMatchObject({ status, amountFen: fenOf(40) });
  });
  test('released before it was seen has nothing to show', () => {
    expect(row(rowsAfter(release(1)))).toBeUndefined();
  });
});
