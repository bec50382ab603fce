import { corridorHome, serviceNames } from '@tongdui/contracts';
import type { System } from '@tongdui/development/system';
import { describe, expect, test } from 'vitest';
import { battery } from './battery.ts';
import { assertInvariants, assertNothingLost } from './checks.ts';
import { type Load, patiently, startLoad } from './load.ts';
import { type Market, openMarket } from './market.ts';
import { type Sent, story } from './story.ts';

const killsOfEach = 5;

describe('services killed under load', () => {
  const preparing: Sent[] = [];
  let system: System;
  let market: Market;
  let load: Load;

  battery('kill', async (started) => {
    system = started.system;
    market = await openMarket(story(system, patiently(preparing)));
    await system.waitIdle();
  });

  test('every story completes although each of the five services is killed five times', async () => {
    load = startLoad(system, market, { concurrency: 4 });
    for (let kill = 0; kill < killsOfEach * serviceNames.length; kill += 1) {
      const victim = system.process(serviceNames[kill % serviceNames.length] ?? 'ledger', corridorHome);
      // Another moment of the stories each time.
      await load.progress(5 + (kill % 7));
      const before = victim.pid;
      await victim.kill('SIGKILL');
      expect(victim.pid).toBeUndefined();
      await victim.restart();
      expect(victim.pid).not.toBe(before);
    }
    await load.progress(20);
    await load.stop();
    expect(load.completed.length).toBeGreaterThan(10);
  });

  test('nothing acknowledged is lost, nothing is recorded twice', () => assertNothingLost(system, [...preparing, ...load.acknowledged]));

  test('the invariants hold, the services agree, the bank has paid each once', () => assertInvariants(system));
});
