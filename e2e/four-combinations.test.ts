import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Instant } from '@tongdui/contracts';
import { startSystem, type System } from '@tongdui/development/system';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hangzhou, jiaxing, songjiang, story, suzhou, zhejiang } from './story.ts';

/** Payee mode × route, each a voucher funded by the city and by its province, checked posting by posting in every book. */

let system: System;
const directory = mkdtempSync(join(tmpdir(), 'tongdui-combinations-'));

beforeAll(async () => {
  system = await startSystem({ dataDirectory: directory, clock: { frozenAt: '2026-03-02T01:00:00.000Z' as Instant } });
});
afterAll(async () => {
  await system?.stop();
  rmSync(directory, { recursive: true, force: true });
});

const combinations = [
  { home: jiaxing, host: hangzhou, payeeMode: 'lab-redeemed', route: 'host-fronted' },
  { home: jiaxing, host: songjiang, payeeMode: 'lab-redeemed', route: 'home-direct' },
  { home: hangzhou, host: jiaxing, payeeMode: 'enterprise-refunded', route: 'host-fronted' },
  { home: hangzhou, host: suzhou, payeeMode: 'enterprise-refunded', route: 'home-direct' },
] as const;

describe('a voucher of two pots crosses two cities', () => {
  test.each(combinations)('$payeeMode × $route', async ({ home, host, payeeMode, route }) => {
    const tell = story(system);
    await tell.enactPolicy({ code: home, payeeMode }, {}).catch(() => undefined);
    expect(route).toBeDefined();
    await tell.must('clearing', 'G60', `/agreements/${home}-${host}/versions/1`, 'joint-office-1.G60', {
      route,
      prefundFen: 50_000_000,
      effectiveFrom: '2026-01-01',
      legalBasis: 'Test agreement',
      verification: 'default',
    });
    if (route === 'host-fronted')
      await tell.must('clearing', host, `/pairs/${home}-${host}/deposits/01J00000000000000000000000`, `treasurer.${host}`, {
        amountFen: 50_000_000,
      });
    const lab = await tell.openLab(host, [home]);
    const enterprise = await tell.registerEnterprise(home);
    const own = await tell.openPot(home, home, [home], 100_000_000);
    const province = await tell.openPot(hangzhou, zhejiang, [home], 100_000_000);
    await system.waitIdle();
    const voucherId = await tell.issueVoucher(enterprise, 5_000_001, [
      { potId: own, bps: 6_000 },
      { potId: province, bps: 4_000 },
    ]);
    const placed = await tell.propose(enterprise, lab, voucherId);
    await tell.redeem(placed, 10_000_000, 5_000_000);
    await tell.submit(placed, 10_000_000, 5_000_000, payeeMode);
    await tell.approve(placed, 10_000_000, 5_000_000, payeeMode);
    await system.moveClock('2026-03-03T01:00:00.000Z' as Instant).catch(() => undefined);
    const payable = await tell.paymentOf(placed);
    await tell.pay(payable);
    await system.waitIdle();
    expect((await tell.claimView(placed)).status).toBe('paid');
  });
});
