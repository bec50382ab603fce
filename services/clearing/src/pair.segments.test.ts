import { endOf } from '@tongdui/calendar';
import type { Instant } from '@tongdui/contracts';
import { history } from '@tongdui/decider/testing';
import { describe, expect, test } from 'vitest';
import { april, confirmBy, declareBy, march } from './clearing.fixtures.ts';
import {
  accrue,
  after,
  confirm,
  declare,
  deposit,
  dispute,
  fronted,
  mark,
  net,
  seal,
  sealed,
  settle,
  silence,
  types,
} from './pair.commands.fixtures.ts';
import { pair } from './pair.decider.ts';

describe('a segment', () => {
  test('of nothing is confirmed by its marker', () => {
    expect(after(seal()).when(net(0))).toMatchObject({ facts: [{ type: 'SegmentNetted', totalFen: 0 }] });
  });
  test('is sealed once; a call that comes again or late is harmless', () => {
    expect(after(...sealed).when(seal())).toEqual({ accepted: true, facts: [] });
    expect(after(...sealed, seal(april)).when(seal())).toEqual({ accepted: true, facts: [] });
    expect(after(seal(april)).when(seal(march))).toEqual({ accepted: true, facts: [] });
  });
  test('is confirmed less what was disputed after the declaration', () => {
    const disputed = after(deposit(100), ...fronted(1, 40), ...fronted(2, 7), seal(), declare(47), dispute(1));
    expect(disputed.when(confirm(7))).toMatchObject({ facts: [{ type: 'SegmentConfirmed', obligations: 1, totalFen: 7 }] });
  });
  test('of which everything was disputed still needs its confirmation of nothing', () => {
    expect(types(after(...sealed, declare(40), dispute(1)).when(confirm(0)))).toEqual(['SegmentConfirmed']);
  });
  test('not declared in time goes to the next cycle whole: the debtor owes no answer to a creditor that said nothing', () => {
    expect(after(...sealed).when(silence(endOf(declareBy)))).toMatchObject({
      facts: [{ type: 'SegmentCarriedOver', totalFen: 40, cause: 'not-declared' }],
    });
    expect(after(...sealed, silence(endOf(declareBy))).when(seal(april))).toMatchObject({ facts: [{ totalFen: 40, obligations: 1 }] });
  });
  test('is silent neither before its deadline nor once confirmed', () => {
    expect(after(...sealed).when(silence('2026-04-20T15:59:59.999Z' as Instant))).toEqual({ accepted: true, facts: [] });
    expect(after(...sealed, declare(40)).when(silence(endOf(declareBy)))).toEqual({ accepted: true, facts: [] });
    expect(after(...sealed, declare(40), confirm(40)).when(silence(endOf(confirmBy)))).toEqual({ accepted: true, facts: [] });
  });
  test('that was never confirmed is not netted, whatever is left of it', () => {
    expect(after(...sealed, dispute(1)).when(net(0))).toMatchObject({ facts: [{ type: 'SegmentCarriedOver', cause: 'not-netted' }] });
    expect(() => after(...sealed).when(net(40))).toThrow('corrupt');
  });
  test('netted with another amount than was confirmed is a bug and stops', () => {
    expect(() => after(...sealed, declare(40), confirm(40)).when(net(41))).toThrow('corrupt');
    expect(() => after(...sealed).when(net(41))).toThrow('corrupt');
  });
  test('is netted and settled once; the cycle is closed for it', () => {
    const netted = [...sealed, declare(40), confirm(40), net(40)];
    expect(after(...netted).when(net(40))).toEqual({ accepted: true, facts: [] });
    expect(after(...netted, settle()).when(settle())).toEqual({ accepted: true, facts: [] });
    expect(after(...netted, settle()).when(net(40))).toEqual({ accepted: true, facts: [] });
    expect(after(...netted).when(seal(april))).toMatchObject({ facts: [{ totalFen: 0 }] });
    expect(after(...sealed, declare(40), confirm(40)).when(settle())).toEqual({ accepted: true, facts: [] });
  });
  test('tells its obligations what became of them, as many as an append holds', () => {
    const many = Array.from({ length: 100 }, (_, n) => accrue(n + 1, 1, 'cost-share'));
    const netted = after(...many, seal(), declare(100), confirm(100), net(100));
    expect(types(netted.when(mark))).toHaveLength(90);
    const { facts } = history(pair, [...many, seal(), declare(100), confirm(100), net(100), mark, settle(), mark, mark, mark]);
    expect(facts.filter((fact) => fact.type === 'ObligationNetted')).toHaveLength(90);
    expect(new Set(facts.flatMap((fact) => (fact.type === 'ObligationSettled' ? [fact.obligationId] : []))).size).toBe(100);
  });
});
