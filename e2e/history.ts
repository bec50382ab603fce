import type { System } from '@tongdui/development/system';
import { ulid } from 'ulid';
import { expect } from 'vitest';
import { prepareSteps, type Stage } from './steps.ts';
import { eventually, type Placed, type Sent } from './story.ts';

export type History = {
  /** Payments that came back from the payee's bank. */
  readonly returned: readonly string[];
};

/**
 * A little of everything: issued and refused, registered, amended, rejected, cancelled, paid, revoked, returned, failed, clawed back,
 * frozen, sanctioned, and a month that is called, answered by nobody and netted.
 */
export const variedHistory = async (system: System, acknowledged: Sent[]): Promise<History> => {
  const stage = await prepareSteps(system, acknowledged);
  for (const step of Object.values(stage.steps)) await step();
  const [returned, recovered, frozen] = await stage.complete();
  if (!returned || !recovered || !frozen) throw new Error('too few stories were paid');
  const { tell, place } = stage;
  const { home } = place;
  const byPayer = (placed: Placed) => [`/payments/${placed.paymentId}`, `payer.${placed.paymentId.slice(0, 6)}`] as const;

  const [returnedAt, payer] = byPayer(returned);
  await tell.must('redemption', place.host, `${returnedAt}/returns/1`, payer, { returnedOn: '2026-04-02', reason: 'Test' });
  await tell.must('redemption', home, `/claims/${recovered.claimId}/clawbacks/1`, `approver-2.${home}`, { reason: 'Test' });
  await tell.must('redemption', home, `/vouchers/${frozen.voucherId}/freezes/1`, `approver-2.${home}`, { reason: 'Test' });
  const sanction = { uscc: frozen.enterprise.uscc, reason: 'Test', validFrom: '2026-04-02', validUntil: '2026-12-31' };
  await tell.must('registry', 'G60', `/sanctions/G60-sanction-${ulid()}`, 'joint-office-1.G60', sanction);
  await system.waitIdle();
  await tell.pay(returned, 2);
  const { subsidyFen } = await tell.claimView(recovered);
  const [recoveredAt] = byPayer(recovered);
  await tell.must('redemption', place.host, `${recoveredAt}/recoveries/1`, payer, { recoveredOn: '2026-04-02', amountFen: subsidyFen });
  await failedAndPaid(system, stage);
  await system.waitIdle();
  const statusOf = async (placed: Placed) => (await tell.claimView(placed)).status;
  expect([await statusOf(returned), await statusOf(recovered)]).toEqual(['paid', 'recovered']);
  await stage.goTo('2026-05-05');
  return { returned: [returned.paymentId] };
};

/** The bank refuses the first instruction; the second one is another payment reference. */
const failedAndPaid = async (system: System, { tell, place, goTo }: Stage): Promise<void> => {
  const { home, lab, funding, payeeMode } = place;
  const enterprise = await tell.registerEnterprise(home);
  const order = await tell.propose(enterprise, lab, await tell.issueVoucher(enterprise, 50_009, funding));
  await tell.redeem(order, 100_003, 50_001);
  await tell.submit(order, 100_003, 50_001, payeeMode);
  await tell.approve(order, 100_003, 50_001, payeeMode);
  await goTo('2026-04-03');
  const placed = await tell.paymentOf(order);
  const rule = await fetch(`${system.bankUrl}/rules/${placed.paymentId}-1`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ outcome: 'failed' }),
  });
  expect(rule.ok).toBe(true);
  await tell.pay(placed);
  await eventually(async () => (await tell.claimView(placed)).status === 'failed', 'the claim has heard that the bank refused');
  await tell.pay(placed, 2);
  await eventually(async () => (await tell.claimView(placed)).status === 'paid', 'the claim is paid after all');
};
