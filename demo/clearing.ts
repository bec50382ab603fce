import { type CycleView, clearingCommands as commands, isMember, type ObligationView, type SegmentView } from '@tongdui/contracts';
import { inParallel } from '@tongdui/development/client';
import { ulid } from 'ulid';
import { together } from './setup.ts';
import { corridorAuditor, jointOffice, officer, type Stage, treasurerOf } from './stage.ts';
import { stories } from './stories.ts';

/** What treasuries and the joint office do after the end of a month, one step a day. */
export const cycleSteps: readonly { readonly daysAfterCutOff: number; readonly act: (stage: Stage, cycle: string) => Promise<void> }[] = [
  { daysAfterCutOff: 0, act: (stage, cycle) => disputeAndDeclare(stage, cycle) },
  { daysAfterCutOff: 1, act: (stage, cycle) => confirm(stage, cycle) },
  { daysAfterCutOff: 2, act: (stage, cycle) => net(stage, cycle) },
  { daysAfterCutOff: 5, act: (stage, cycle) => transfer(stage, cycle, 'sent') },
  { daysAfterCutOff: 6, act: (stage, cycle) => transfer(stage, cycle, 'received') },
  { daysAfterCutOff: 13, act: (stage) => ruleDisputes(stage) },
];

const obligationsOf = ({ api }: Stage, status: ObligationView['status']) =>
  api.list<ObligationView>('clearing', 'obligations', corridorAuditor, { status });

const segmentsOf = async ({ api }: Stage, cycle: string, status: SegmentView['status']): Promise<readonly SegmentView[]> => {
  const segments = await api.list<SegmentView>('clearing', 'segments', corridorAuditor);
  return segments.filter((segment) => segment.cycle === cycle && segment.status === status && segment.totalFen > 0);
};

/** A claim whose story is a dispute, by the id of the claim. */
const disputesOf = (stage: Stage): ReadonlyMap<string, 'debtor' | 'creditor'> =>
  new Map(
    stage.data.orders.flatMap((order) => {
      const { dispute } = stories[order.story];
      return dispute ? [[stage.orderOf(order).claimId, dispute] as const] : [];
    }),
  );

const disputeAndDeclare = async (stage: Stage, cycle: string) => {
  const disputes = disputesOf(stage);
  const disputable = (await obligationsOf(stage, 'accrued')).filter(
    ({ kind, claimId, dispute }) => kind === 'host-fronted' && disputes.has(claimId) && !dispute,
  );
  await inParallel(disputable, together, ({ id, pair, debtor, claimId }) =>
    stage.act(
      commands.disputeObligation,
      { pair, id },
      { reason: disputes.get(claimId) === 'debtor' ? 'wrong-amount' : 'duplicate' },
      treasurerOf(debtor),
    ),
  );
  await stage.system.waitIdle();
  const sealed = await segmentsOf(stage, cycle, 'sealed');
  await inParallel(sealed, together, ({ pair, totalFen, disputedFen }) =>
    stage.act(commands.declareSegment, { pair, cycle }, { totalFen: totalFen - disputedFen }, treasurerOf(pair.slice(7))),
  );
};

const confirm = async (stage: Stage, cycle: string) => {
  const declared = await segmentsOf(stage, cycle, 'declared');
  await inParallel(declared, together, ({ pair, totalFen, disputedFen }) =>
    stage.act(commands.confirmSegment, { pair, cycle }, { totalFen: totalFen - disputedFen }, treasurerOf(pair.slice(0, 6))),
  );
};

const cycleOf = async ({ api }: Stage, cycle: string): Promise<CycleView> => {
  const reply = await api.get<CycleView>('clearing', `/cycles/${cycle}`, jointOffice);
  if (!reply.ok) throw new Error(`cycle ${cycle} cannot be read: ${reply.code}`);
  return reply.body;
};

/** A cycle in which nobody owes anything is reconciled by its netting. */
const net = async (stage: Stage, cycle: string) => {
  await stage.act(commands.netCycle, { cycle }, {}, jointOffice);
  await stage.system.waitIdle();
  if ((await cycleOf(stage, cycle)).status === 'netted') await stage.act(commands.noticeCycle, { cycle }, {}, jointOffice);
};

const transfer = async (stage: Stage, cycle: string, step: 'sent' | 'received') => {
  const { transfers, status } = await cycleOf(stage, cycle);
  await inParallel(transfers, together, ({ transferId: id, payer, receiver }) =>
    step === 'sent'
      ? stage.act(commands.sendTransfer, { cycle, id }, {}, officer('treasurer', payer))
      : stage.act(commands.receiveTransfer, { cycle, id }, {}, officer('treasurer', receiver)),
  );
  if (step === 'sent') return;
  if (status !== 'reconciled') await stage.act(commands.reconcileCycle, { cycle }, {}, jointOffice);
  await settleVertically(stage);
};

const vertically = 500;

/** Provinces settle with their cities outside the cycle. */
const settleVertically = async (stage: Stage) => {
  await stage.system.waitIdle();
  const byPair = new Map<string, ObligationView[]>();
  for (const obligation of await obligationsOf(stage, 'accrued'))
    if (!isMember(obligation.debtor) || !isMember(obligation.creditor))
      byPair.set(obligation.pair, [...(byPair.get(obligation.pair) ?? []), obligation]);
  const settlements = [...byPair].flatMap(([pair, all]) =>
    Array.from({ length: Math.ceil(all.length / vertically) }, (_, index) => ({
      pair,
      obligations: all.slice(index * vertically, (index + 1) * vertically),
    })),
  );
  await inParallel(settlements, together, ({ pair, obligations }) =>
    stage.act(
      commands.settleVertically,
      { pair, id: ulid() },
      { amountFen: obligations.reduce((sum, { amountFen }) => sum + amountFen, 0), obligations: obligations.map(({ id }) => id) },
      treasurerOf(pair.slice(7)),
    ),
  );
};

const ruleDisputes = async (stage: Stage) => {
  const disputes = disputesOf(stage);
  await inParallel(await obligationsOf(stage, 'disputed'), together, ({ id, pair, claimId }) => {
    const wonBy = disputes.get(claimId) ?? 'creditor';
    const reason = wonBy === 'debtor' ? '核查确认代付金额有误' : '核查未发现重复支付';
    return stage.act(commands.ruleDispute, { pair, id }, { wonBy, reason }, jointOffice);
  });
};
