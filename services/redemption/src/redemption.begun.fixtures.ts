import { eventDefinitionOf, redemptionNouns } from '@tongdui/contracts';
import type { CrashPoint } from '@tongdui/runtime';
import { expect } from 'vitest';
import { invariantsOf } from './invariants.ts';
import { claimId, jiaxing, orderId, paymentId, songjiang, voucherId } from './redemption.fixtures.ts';
import { type Process, payerOf, prepared, processOf, world } from './redemption.stage.fixtures.ts';
import { storyOf } from './redemption.story.fixtures.ts';
import { claimView, evidenceView, invoiceView, orderView, paymentView, voucherView } from './redemption.views.ts';

/** A running service with everything an order needs, and what is read of it afterwards. */

export const begin = async (
  options: Parameters<typeof prepared>[1] = {},
  route: Parameters<typeof prepared>[2] = 'host-fronted',
  faceFen?: number,
  crash?: CrashPoint,
) => {
  const at = world();
  const process = processOf(at, 'all', undefined, crash);
  await prepared(at, options, route, faceFen);
  await process.idle();
  const payeeMode = options?.payeeMode ?? 'lab-redeemed';
  return { at, process, story: storyOf(at, process, { payeeMode, payer: payerOf(route ?? 'home-direct', payeeMode) }) };
};

const views = {
  vouchers: voucherView,
  orders: orderView,
  evidence: evidenceView,
  invoices: invoiceView,
  claims: claimView,
  payments: paymentView,
};
export const tables = [
  ...Object.keys(views),
  'copy-policies',
  'copy-enterprises',
  'copy-providers',
  'copy-offerings',
  'copy-recognitions',
  'copy-agreements',
];
export const claimOf = ({ rows }: Process) => claimView(rows.get('claims', claimId())!);
export const voucherOf = ({ rows }: Process) => voucherView(rows.get('vouchers', voucherId())!);
export const orderOf = ({ rows }: Process, n = 1) => orderView(rows.get('orders', orderId(n))!);
export const paymentOf = ({ rows }: Process, payer = jiaxing) => paymentView(rows.get('payments', paymentId(payer))!);
export const typesAt = async (process: Process, home: string) => (await process.published(home)).map(({ type }) => type.split('.')[2]);

export const everythingHolds = async (process: Process) => {
  const { invariants: parts } = invariantsOf(process.rows);
  expect(Object.entries(parts).filter(([, { held }]) => !held)).toEqual([]);
  for (const [noun, view] of Object.entries(views))
    for (const body of process.rows.list<never>(noun)) {
      const seen = view(body);
      if (seen) expect(redemptionNouns[noun as keyof typeof views].view.safeParse(seen).error?.issues).toBeUndefined();
    }
  for (const home of [songjiang, jiaxing, 'G60'])
    for (const event of await process.published(home))
      expect([event.type, eventDefinitionOf(event.type)?.event.safeParse(event).error?.issues]).toEqual([event.type, undefined]);
  expect((await process.running.status()).halted).toEqual([]);
};
