import type { System } from '@tongdui/development/system';
import { describe, expect, test } from 'vitest';
import { battery } from './battery.ts';
import { assertInvariants, assertNothingLost } from './checks.ts';
import { type Load, patiently, startLoad } from './load.ts';
import { type Market, openMarket } from './market.ts';
import { type Sent, type Story, story } from './story.ts';

describe('the broker fails under load', () => {
  const preparing: Sent[] = [];
  let system: System;
  let tell: Story;
  let market: Market;
  let load: Load;

  battery('nats', async (started) => {
    system = started.system;
    tell = story(system, patiently(preparing));
    market = await openMarket(tell);
    await system.waitIdle();
    load = startLoad(system, market, { concurrency: 6 });
  });

  /** Without it, what one service decides alone is still acknowledged; the rest waits. */
  const breakDown = async () => {
    await load.progress(30);
    await system.nats.kill();
    for (const { home } of market) await tell.registerEnterprise(home);
  };

  test('killed and started again: the stories go on by themselves', async () => {
    await breakDown();
    await system.nats.start();
    await load.progress(60);
  });

  test('killed and everything it held wiped: the stories go on by themselves', async () => {
    await breakDown();
    system.nats.wipeStore();
    await system.nats.start();
    await load.progress(60);
  });

  test('every story completes', async () => {
    await load.stop();
    expect(load.completed.length).toBeGreaterThan(10);
  });

  test('nothing acknowledged is lost, nothing is recorded twice', () => assertNothingLost(system, [...preparing, ...load.acknowledged]));

  test('the invariants hold, the services agree, the bank has paid each once', () => assertInvariants(system));
});
