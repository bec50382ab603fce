import { readFileSync } from 'node:fs';
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
const releasing = ['coordinator.before-release', 'coordinator.after-first-release'];
const coordinating = ['coordinator.before-ask', ...outcome];

/** Redemption's own points, as it names them: a service's code is not imported here, and a point it adds must be come to. */
const redemptionPoints = [
  ...readFileSync(new URL('../services/redemption/src/redemption.crash-points.ts', import.meta.url), 'utf8').matchAll(/^ {2}'([^']+)',$/gm),
].map(([, name = '']) => name);

/** In the order in which the steps are taken; two that have nothing to do with each other are taken at the same time. */
const chains: readonly { readonly title: string; readonly steps: readonly Step[]; readonly victims: Chains }[] = [
  {
    title: 'an application is approved and its voucher issued',
    steps: ['issue'],
    victims: {
      issuance: [...following, 'work.before-perform', ...coordinating],
      redemption: consuming,
      ledger: consuming,
    },
  },
  {
    title: 'a contract and a lab are registered',
    steps: ['register'],
    victims: {
      redemption: [...following, 'work.before-perform', 'coordinator.before-ask', 'voucher.after-reserve-amount', ...outcome],
      registry: following,
    },
  },
  {
    title: 'another voucher is issued and another contract registered',
    steps: ['issueAgain', 'registerAgain'],
    victims: { issuance: ['work.after-perform'], redemption: ['work.after-perform'], ledger: following },
  },
  {
    title: 'an issue is refused and its parts are released, a contract is refused and its hold released',
    steps: ['refuseIssue', 'refuseContract'],
    victims: { issuance: releasing, redemption: releasing },
  },
  {
    title: 'another contract is refused and its hold released',
    steps: ['refuseContractAgain'],
    victims: { redemption: ['voucher.after-release-amount'] },
  },
  {
    title: 'a contract is amended downward',
    steps: ['amend'],
    victims: { redemption: ['coordinator.before-ask', 'voucher.after-lower-amount', ...outcome] },
  },
  {
    title: 'a delivery is accepted and the voucher redeemed',
    steps: ['accept'],
    victims: { redemption: ['coordinator.before-ask', 'voucher.after-redeem-amount', ...outcome] },
  },
  {
    title: 'a claim is submitted and takes its invoice slice',
    steps: ['submit'],
    victims: { redemption: ['coordinator.before-ask', 'invoice.after-take-slice', ...outcome] },
  },
  {
    title: 'a review cuts a claim and lowers its invoice slice',
    steps: ['cut'],
    victims: { redemption: ['invoice.after-lower-slice'] },
  },
  { title: 'a claim is rejected and its amount restored', steps: ['reject'], victims: { redemption: ['voucher.after-restore-amount'] } },
  {
    title: 'a payable claim is rejected, its payment cancelled and its invoice slice given back',
    steps: ['rejectPayable'],
    victims: {
      redemption: ['coordinator.before-ask', 'payment.after-cancel-payment', ...outcome, 'invoice.after-release-slice'],
    },
  },
  {
    title: 'a payment draws on the prefund and goes to the bank, a voucher is revoked and its pots get the rest back',
    steps: ['pay', 'revoke'],
    victims: { redemption: [...coordinating, ...paymentPoints], clearing: consuming, issuance: consuming },
  },
  { title: 'another payment draws on the prefund', steps: ['payAgain'], victims: { clearing: following } },
  {
    title: 'the month ends and the cycle is called',
    steps: ['endMonth'],
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

  test.for(chains)('$title', async ({ steps, victims }) => {
    const entries = Object.entries(victims) as [ServiceName, readonly string[]][];
    await system.waitIdle();
    await Promise.all(entries.map(([service, [first = '']]) => processOf(service).restart({ CRASH_AT: first })));
    await Promise.all([...steps.map((step) => stage.steps[step]()), ...entries.map(([service, points]) => die(service, points))]);
  });

  test('every point has been come to', () => {
    const pointsOf = (service: ServiceName) => new Set(chains.flatMap(({ victims }) => victims[service] ?? []));
    expect(redemptionPoints).toEqual(expect.arrayContaining(paymentPoints));
    const all = [...crashPointNames, ...redemptionPoints];
    expect(all.filter((point) => !pointsOf('redemption').has(point))).toEqual([]);
    expect(crashPointNames.filter((point) => !pointsOf('issuance').has(point))).toEqual([]);
  });

  test('every story completes', async () => {
    await stage.complete();
  });

  test('nothing acknowledged is lost, nothing is recorded twice', () => assertNothingLost(system, acknowledged));

  test('the invariants hold, the services agree, the bank has paid each once', () => assertInvariants(system));
});
