import { enterpriseIdOf, type Home } from '@tongdui/contracts';
import type { System } from '@tongdui/development/system';
import { beforeAll, describe, expect, test } from 'vitest';
import { battery } from './battery.ts';
import { assertInvariants, assertNothingLost } from './checks.ts';
import { patiently } from './load.ts';
import { openMarket, type Place } from './market.ts';
import { type Enterprise, eventually, type Reply, type Sent, type Story, story } from './story.ts';

const racers = 64;
const each = <Result>(run: (n: number) => Promise<Result>) => Promise.all(Array.from({ length: racers }, (_, n) => run(n)));

describe('64 race for the last fen', () => {
  const acknowledged: Sent[] = [];
  let system: System;
  let tell: Story;
  let place: Place;

  battery('race', async (started) => {
    system = started.system;
    tell = story(system, patiently(acknowledged));
    [place] = await openMarket(tell);
  });

  /** Sent until it is decided: still being asked is no answer. */
  const decided = async (send: () => Promise<Reply>): Promise<Reply> => {
    let reply = await send();
    await eventually(async () => {
      if (reply.status === 202 || reply.status === 503) reply = await send();
      return reply.status !== 202 && reply.status !== 503;
    }, 'the race is decided');
    return reply;
  };
  const told = (replies: readonly Reply[]) =>
    replies.map(({ status, body }) => (status === 409 ? String(body.code) : String(status))).sort();
  const losers = (count: number, code: string) => Array.from({ length: count }, () => code);
  const seenBy = async (service: 'issuance' | 'redemption', path: string) =>
    (await tell.get(service, place.home, path, `auditor.${place.home}`)).body;

  describe('of one voucher', () => {
    const faceFen = 100_001;
    let enterprise: Enterprise;
    let voucherId: string;
    let register: (() => Promise<Reply>)[];

    beforeAll(async () => {
      enterprise = await tell.registerEnterprise(place.home);
      voucherId = await tell.issueVoucher(enterprise, faceFen, place.funding);
      register = await each(async () => {
        const { orderId } = await tell.propose(enterprise, place.lab, voucherId);
        const contract = tell.contract(2 * faceFen, faceFen);
        return () => tell.put('redemption', place.home, `/orders/${orderId}/contracts/1`, tell.boss(enterprise), contract);
      });
    });

    test('one contract takes all of it, 63 are told that the voucher is short', async () => {
      expect(told(await Promise.all(register.map((send) => decided(send))))).toEqual(['201', ...losers(racers - 1, 'voucher-short')]);
      expect(await seenBy('redemption', `/vouchers/${voucherId}`)).toMatchObject({ faceFen, availableFen: 0, reservedFen: faceFen });
    });

    test('asked again, all get the same answer and nothing is spent twice', async () => {
      expect(told(await Promise.all(register.map((send) => decided(send))))).toEqual(['200', ...losers(racers - 1, 'voucher-short')]);
      await system.waitIdle();
      expect(await seenBy('redemption', `/vouchers/${voucherId}`)).toMatchObject({ availableFen: 0, reservedFen: faceFen, redeemedFen: 0 });
    });
  });

  describe('of one pot', () => {
    const faceFen = 70_003;
    const winners = 7;
    let potId: string;
    let applicants: { enterprise: Enterprise; approve: () => Promise<Reply> }[];
    let replies: Reply[];

    beforeAll(async () => {
      const { home } = place;
      potId = await tell.openPot(home, home, [home], winners * faceFen + faceFen - 1);
      applicants = await each(async () => {
        const enterprise = await tell.registerEnterprise(home);
        const id = await tell.apply(enterprise, faceFen);
        const grant = { faceFen, funding: [{ potId, bps: 10_000 }] };
        return { enterprise, approve: () => tell.put('issuance', home, `/applications/${id}/approval`, `approver-1.${home}`, grant) };
      });
    });

    test('exactly as many vouchers are issued as fit, the others are told that the pot is short', async () => {
      replies = await Promise.all(applicants.map(({ approve }) => decided(approve)));
      expect(told(replies)).toEqual([...losers(winners, '201'), ...losers(racers - winners, 'pot-short')]);
      expect(await seenBy('issuance', `/pots/${potId}`)).toMatchObject({ grantedFen: winners * faceFen, availableFen: faceFen - 1 });
    });

    test('who got nothing has the whole allowance again', async () => {
      await system.waitIdle();
      const used = await Promise.all(
        applicants.map(async ({ enterprise: { uscc } }) => {
          const id = enterpriseIdOf(place.home as Home, uscc).replace('-enterprise-', '-allowance-');
          return (await seenBy('issuance', `/allowances/${id}-2026`)).usedFen;
        }),
      );
      expect(used).toEqual(replies.map(({ status }) => (status === 201 ? faceFen : 0)));
    });
  });

  test('nothing acknowledged is lost, nothing is recorded twice', () => assertNothingLost(system, firstOf(acknowledged)));

  test('the invariants hold and the services agree', () => assertInvariants(system, { looked: ['1', '2', '3', '4', '6', '13', '16'] }));
});

/** A command that was sent again was acknowledged twice. */
const firstOf = (sent: readonly Sent[]): readonly Sent[] => [...new Map(sent.map((one) => [`${one.service} ${one.path}`, one])).values()];
