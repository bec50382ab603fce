import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { corridorHome, serviceNames } from '@tongdui/contracts';
import { startSystem, type System } from '@tongdui/development/system';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assertInvariants, assertNothingLost } from './checks.ts';
import { frozenAt, type Load, patiently, startLoad } from './load.ts';
import { type Market, openMarket } from './market.ts';
import { type Sent, story } from './story.ts';

const killsOfEach = 5;

describe('services killed under load', () => {
  const directory = mkdtempSync(join(tmpdir(), 'tongdui-kill-'));
  const preparing: Sent[] = [];
  let system: System;
  let market: Market;
  let load: Load;

  beforeAll(async () => {
    system = await startSystem({ dataDirectory: directory, clock: { frozenAt } });
    market = await openMarket(story(system, patiently(preparing)));
    await system.waitIdle();
  });
  afterAll(async () => {
    await system?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  test('every story completes although each of the five services is killed five times', async () => {
    load = startLoad(system, market, { concurrency: 4 });
    for (let kill = 0; kill < killsOfEach * serviceNames.length; kill += 1) {
      const service = serviceNames[kill % serviceNames.length] as (typeof serviceNames)[number];
      // Another moment of the stories each time.
      await load.progress(5 + (kill % 7));
      const victim = system.process(service, corridorHome);
      const before = victim.pid;
      await victim.kill('SIGKILL');
      expect(victim.pid).toBeUndefined();
      await victim.restart();
      expect(victim.pid).not.toBe(before);
    }
    await load.progress(20);
    await load.stop();
    console.info(load.completed.length, load.acknowledged.length);
    expect(load.completed.length).toBeGreaterThan(10);
  });

  test('nothing acknowledged is lost, nothing is recorded twice', () => assertNothingLost(system, [...preparing, ...load.acknowledged]));

  test('the invariants hold, the services agree, the bank has paid each once', () => assertInvariants(system));
});
