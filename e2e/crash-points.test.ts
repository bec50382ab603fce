import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { corridorHome, type Instant, type ServiceName } from '@tongdui/contracts';
import { startSystem, type System } from '@tongdui/development/system';
import { crashPointNames } from '@tongdui/runtime';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assertInvariants, assertNothingLost } from './checks.ts';
import { type CrashStage, prepareSteps } from './crash-points.stage.ts';
import { frozenAt, patiently } from './load.ts';
import { eventually, type Sent, story } from './story.ts';

/**
 * At each named point the process is killed, started again with the next point armed, killed there, and so on: the points of one chain lie
 * one behind the other on the way of one step, and each process gets further than the one before it.
 */
type Chains = Partial<Record<ServiceName, readonly string[]>>;

const following = ['follower.before-commit', 'follower.after-commit'];
const consuming = ['consumer.before-effects', 'consumer.after-effects', 'consumer.after-commit'];
const outcome = ['coordinator.after-first-answer', 'coordinator.before-outcome', 'coordinator.after-outcome'];
const coordinating = ['coordinator.before-ask', ...outcome];

/** In the order in which the steps are taken. */
const chains: readonly (readonly [step: keyof CrashStage['steps'], chains: Chains])[] = [
  [
    'an application is approved and the voucher issued',
    {
      issuance: [...following, 'work.before-perform', ...coordinating],
      redemption: consuming,
      ledger: consuming,
      registry: ['consumer.after-commit'],
    },
  ],
  ['another application is approved and the voucher issued', { issuance: ['work.after-perform'], ledger: following }],
  ['an issue is refused and its parts are released', { issuance: ['coordinator.before-release', 'coordinator.after-first-release'] }],
  [
    'a contract is registered',
    {
      redemption: [...following, 'work.before-perform', 'coordinator.before-ask', 'voucher.after-reserve-amount', ...outcome],
    },
  ],
  ['another contract is registered', { redemption: ['work.after-perform'] }],
  ['a contract is refused and its hold released', { redemption: ['coordinator.before-release', 'coordinator.after-first-release'] }],
  ['another contract is refused and its hold released', { redemption: ['voucher.after-release-amount'] }],
  ['a contract is amended downward', { redemption: ['coordinator.before-ask', 'voucher.after-lower-amount', ...outcome] }],
  ['a delivery is accepted and redeemed', { redemption: ['coordinator.before-ask', 'voucher.after-redeem-amount', ...outcome] }],
  ['a claim is submitted and takes its invoice slice', { redemption: coordinating }],
  ['a claim is rejected and its amount restored', { redemption: ['voucher.after-restore-amount'] }],
  ['a payable claim is rejected and its payment cancelled', { redemption: coordinating }],
  [
    'a payment draws on the prefund and goes to the bank',
    { redemption: [...coordinating, 'payment.before-find', 'payment.before-send', 'payment.after-send'], clearing: consuming },
  ],
  ['another payment draws on the prefund and goes to the bank', { clearing: following }],
  ['a voucher is revoked and its pots get the rest back', { issuance: consuming }],
  ['a lab is registered', { registry: following }],
  ['the month ends and the cycle is called', { clearing: ['work.before-perform', 'work.after-perform'] }],
];

describe('services killed at named points', () => {
  const directory = mkdtempSync(join(tmpdir(), 'tongdui-crash-'));
  const acknowledged: Sent[] = [];
  const lines: string[] = [];
  let system: System;
  let stage: CrashStage;

  beforeAll(async () => {
    system = await startSystem({ dataDirectory: directory, clock: { frozenAt }, log: (line) => lines.push(line) });
    stage = await prepareSteps(story(system, patiently(acknowledged)), system);
  });
  afterAll(async () => {
    await system?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  const processOf = (service: ServiceName) => system.process(service, corridorHome);
  const killsOf = (service: ServiceName) => lines.filter((line) => line.startsWith(`${processOf(service).name} ended unasked (SIGKILL)`)).length;

  /** Waits for the process to die at each of its points; after the last one it is started without any. */
  const die = async (service: ServiceName, points: readonly string[]): Promise<void> => {
    const victim = processOf(service);
    const before = killsOf(service);
    for (const [index, point] of points.entries()) {
      await eventually(() => victim.pid === undefined, `${service} dies at ${point}`, 20_000);
      expect(killsOf(service)).toBe(before + index + 1);
      const next = points[index + 1];
      // It may come to its next point even before it is ready.
      await victim.restart(next === undefined ? {} : { CRASH_AT: next }).catch((error: unknown) => {
        if (next === undefined || killsOf(service) === before + index + 1) throw error;
      });
    }
  };

  test.for(chains)('%s', async ([step, victims]) => {
    const entries = Object.entries(victims) as [ServiceName, readonly string[]][];
    await system.waitIdle();
    await Promise.all(entries.map(([service, [first = '']]) => processOf(service).restart({ CRASH_AT: first })));
    await Promise.all([stage.steps[step](), ...entries.map(([service, points]) => die(service, points))]);
  });

  test('every point has been come to', () => {
    const pointsOf = (service: ServiceName) => new Set(chains.flatMap(([, victims]) => victims[service] ?? []));
    const all = [...crashPointNames, ...paymentPoints, ...voucherPoints];
    expect(all.filter((point) => !pointsOf('redemption').has(point))).toEqual([]);
    expect(crashPointNames.filter((point) => !pointsOf('issuance').has(point))).toEqual([]);
  });

  test('every story completes', async () => {
    await stage.complete();
    await system.moveClock('2026-04-02T01:00:00.000Z' as Instant);
    await stage.assertCompleted();
  });

  test('nothing acknowledged is lost, nothing is recorded twice', () => assertNothingLost(system, acknowledged));

  test('the invariants hold, the services agree, the bank has paid each once', () => assertInvariants(system));
});

const paymentPoints = ['payment.before-find', 'payment.before-send', 'payment.after-send'];
const voucherPoints = ['reserve', 'release', 'lower', 'redeem', 'restore'].map((what) => `voucher.after-${what}-amount`);
