import { corridorHome, type ServiceName } from '@tongdui/contracts';
import type { System } from '@tongdui/development/system';
import { crashPointNames } from '@tongdui/runtime';
import { describe, expect, test } from 'vitest';
import { battery } from './battery.ts';
import { assertInvariants, assertNothingLost } from './checks.ts';
import { prepareSteps, type Stage, type Step } from './steps.ts';
import { eventually, type Sent } from './story.ts';

/**
 * At each named point the process is killed, started again with the next point armed, killed there, and so on: the points of one chain lie
 * one behind the other on the way of one step, and each process gets further than the one before it.
 */
type Chains = Partial<Record<ServiceName, readonly string[]>>;

const following = ['follower.before-commit', 'follower.after-commit'];
const consuming = ['consumer.before-effects', 'consumer.after-effects', 'consumer.after-commit'];
const outcome = ['coordinator.after-first-answer', 'coordinator.before-outcome', 'coordinator.after-outcome'];
const paymentPoints = ['payment.before-find', 'payment.before-send', 'payment.after-send'];
const voucherPoints = ['reserve', 'release', 'lower', 'redeem', 'restore'].map((what) => `voucher.after-${what}-amount`);
const releasing = ['coordinator.before-release', 'coordinator.after-first-release'];
const coordinating = ['coordinator.before-ask', ...outcome];

/** In the order in which the steps are taken. */
const chains: readonly { readonly title: string; readonly step: Step; readonly victims: Chains }[] = [
  {
    title: 'an application is approved and the voucher issued',
    step: 'issue',
    victims: {
      issuance: [...following, 'work.before-perform', ...coordinating],
      redemption: consuming,
      ledger: consuming,
      registry: ['consumer.after-commit'],
    },
  },
  { title: 'another voucher is issued', step: 'issueAgain', victims: { issuance: ['work.after-perform'], ledger: following } },
  { title: 'an issue is refused and its parts are released', step: 'refuseIssue', victims: { issuance: releasing } },
  {
    title: 'a contract is registered',
    step: 'register',
    victims: {
      redemption: [...following, 'work.before-perform', 'coordinator.before-ask', 'voucher.after-reserve-amount', ...outcome],
      registry: following,
    },
  },
  { title: 'another contract is registered', step: 'registerAgain', victims: { redemption: ['work.after-perform'] } },
  { title: 'a contract is refused and its hold released', step: 'refuseContract', victims: { redemption: releasing } },
  { title: 'another contract is refused', step: 'refuseContractAgain', victims: { redemption: ['voucher.after-release-amount'] } },
  {
    title: 'a contract is amended downward',
    step: 'amend',
    victims: { redemption: ['coordinator.before-ask', 'voucher.after-lower-amount', ...outcome] },
  },
  {
    title: 'a delivery is accepted and the voucher redeemed',
    step: 'accept',
    victims: { redemption: ['coordinator.before-ask', 'voucher.after-redeem-amount', ...outcome] },
  },
  { title: 'a claim is submitted and takes its invoice slice', step: 'submit', victims: { redemption: coordinating } },
  { title: 'a claim is rejected and its amount restored', step: 'reject', victims: { redemption: ['voucher.after-restore-amount'] } },
  { title: 'a payable claim is rejected and its payment cancelled', step: 'rejectPayable', victims: { redemption: coordinating } },
  {
    title: 'a payment draws on the prefund and goes to the bank',
    step: 'pay',
    victims: { redemption: [...coordinating, ...paymentPoints], clearing: consuming },
  },
  { title: 'another payment draws on the prefund', step: 'payAgain', victims: { clearing: following } },
  { title: 'a voucher is revoked and its pots get the rest back', step: 'revoke', victims: { issuance: consuming } },
  {
    title: 'the month ends and the cycle is called',
    step: 'endMonth',
    victims: { clearing: ['work.before-perform', 'work.after-perform'] },
  },
];

describe('services killed at named points', () => {
  const acknowledged: Sent[] = [];
  let system: System;
  let lines: readonly string[];
  let stage: Stage;

  battery('crash-points', async (started) => {
    ({ system, lines } = started);
    stage = await prepareSteps(system, acknowledged);
  });

  const processOf = (service: ServiceName) => system.process(service, corridorHome);
  const killsOf = (service: ServiceName) =>
    lines.filter((line) => line.startsWith(`${processOf(service).name} ended unasked (SIGKILL)`)).length;

  /** Waits for the process to die at each of its points; after the last one it is started without any. */
  const die = async (service: ServiceName, points: readonly string[]): Promise<void> => {
    const victim = processOf(service);
    const before = killsOf(service);
    for (const [index, point] of points.entries()) {
      await eventually(() => victim.pid === undefined, `${service} dies at ${point}`, 60_000);
      expect(killsOf(service)).toBe(before + index + 1);
      const next = points[index + 1];
      // It may come to its next point even before it is ready.
      await victim.restart(next === undefined ? {} : { CRASH_AT: next }).catch((error: unknown) => {
        if (next === undefined || killsOf(service) === before + index + 1) throw error;
      });
    }
  };

  test.for(chains)('$title', async ({ step, victims }) => {
    const entries = Object.entries(victims) as [ServiceName, readonly string[]][];
    await system.waitIdle();
    await Promise.all(entries.map(([service, [first = '']]) => processOf(service).restart({ CRASH_AT: first })));
    await Promise.all([stage.steps[step](), ...entries.map(([service, points]) => die(service, points))]);
  });

  test('every point has been come to', () => {
    const pointsOf = (service: ServiceName) => new Set(chains.flatMap(({ victims }) => victims[service] ?? []));
    const all = [...crashPointNames, ...paymentPoints, ...voucherPoints];
    expect(all.filter((point) => !pointsOf('redemption').has(point))).toEqual([]);
    expect(crashPointNames.filter((point) => !pointsOf('issuance').has(point))).toEqual([]);
  });

  test('every story completes', async () => {
    await stage.complete();
  });

  test('nothing acknowledged is lost, nothing is recorded twice', () => assertNothingLost(system, acknowledged));

  test('the invariants hold, the services agree, the bank has paid each once', () => assertInvariants(system));
});
