import { clearingCommands, clearingNouns } from '@tongdui/contracts';
import { commandRoute, type Endpoint, nounRoutes, type Problem } from '@tongdui/runtime';
import type { Reason as AgreementReason } from './agreement.decider.ts';
import type { CycleReason } from './corridor.operations.ts';
import type { Reason as PairReason } from './pair.decider.ts';
import type { Operations } from './service.ts';

const conflict = (zh: string, en: string): Problem => ({ status: 409, zh, en });
const unknown = (zh: string, en: string): Problem => ({ status: 404, zh, en });

const agreementProblems: Record<AgreementReason, Problem> = {
  'version-already-published': conflict(
    '该协议版本已发布，不可更改；请发布下一版本',
    'This version is published and never changes: publish the next one',
  ),
  'version-not-next': conflict('协议版本须从 1 起连续编号', 'Versions are numbered from 1 without gaps: publish the next number'),
};

const pairProblems: Record<PairReason, Problem> = {
  'segment-not-sealed': conflict('该账期尚未截止', 'The cut-off of this cycle has not come: declare and confirm after it'),
  'segment-closed': conflict(
    '该账期已结转、已因逾期未确认转入争议或已结清',
    'This segment was left unanswered, carried over or settled: look for its obligations in dispute or in a later cycle',
  ),
  'already-declared': conflict('该账期已申报', 'The creditor has declared this segment already'),
  'already-confirmed': conflict('该账期已确认', 'The debtor has confirmed this segment already'),
  'not-declared': conflict('债权方尚未申报', 'The creditor has not declared yet: confirm after the declaration'),
  'declaration-closed': conflict(
    '申报期限已过，有关义务转入下一账期',
    'The declaration deadline has passed: these obligations go to the next cycle',
  ),
  'confirmation-closed': conflict(
    '确认期限已过：代付义务视为有争议，由联席办裁定；其余义务转入下一账期',
    'The confirmation deadline has passed: fronted obligations count as disputed and the joint office rules; the others go to the next cycle',
  ),
  'total-differs': conflict(
    '金额与账期合计不符，请核对明细后重新提交',
    'This is not what the segment comes to: compare its obligations, disputed ones left out',
  ),
  'obligation-unknown': unknown('没有该项义务', 'This pair has no such obligation'),
  'already-disputed': conflict('该项义务已在争议中', 'This obligation is in dispute already'),
  'not-disputed': conflict('该项义务不在争议中', 'This obligation is not in dispute'),
  'ruling-pending': conflict(
    '裁定处理中，正在向付款城市核实，请稍候',
    'A ruling is under way: the paying city is asked whether the money came back',
  ),
  'not-host-fronted': conflict('只有代付义务可以提出争议', 'Only a host-fronted obligation can be disputed'),
  'already-ruled': conflict('该项义务的争议已裁定', 'A dispute about this obligation was decided already'),
  'obligation-reversed': conflict(
    '该笔款项已退回，已形成反向义务',
    'The money of this payment came back and a reverse obligation offsets it: nothing is left to win',
  ),
  'obligation-not-sealed': conflict('账期截止后方可提出争议', 'It is not cut off yet: dispute it between cut-off and confirmation'),
  'obligation-confirmed': conflict('该项义务已确认，不能再提出争议', 'It was confirmed: a dispute has to come before the confirmation'),
  'already-settled': conflict('其中有义务已结清', 'One of these obligations is settled already'),
  'amount-differs': conflict('结算金额与所列义务合计不符', 'The amount is not the sum of these obligations: whole obligations only'),
  'draw-released': conflict(
    '该笔占用已释放，须以新的支付指令重新申请',
    'This draw was released: a new instruction draws under a new reference',
  ),
  'draw-differs': conflict('该笔占用的金额与此前不同', 'This reference drew another amount before'),
  'headroom-short': conflict('可用预付金不足，或仍有付款排队', 'Not enough of the prefund is free, or payments are waiting for it'),
};

const cycleProblems: Record<CycleReason, Problem> = {
  'cycle-unknown': unknown('没有该账期', 'There is no such cycle'),
  'cycle-already-open': conflict('该账期已按其他规则开启', 'This cycle is open already, with other terms'),
  'cycle-not-first': conflict('后续账期自动开启', 'Only the first cycle is opened by hand: the others follow by themselves'),
  'month-not-over': conflict('该月尚未结束', 'The month is not over'),
  'cycle-not-called': conflict('账期尚未截止', 'The cut-off of this cycle has not been called'),
  'pairs-outstanding': conflict(
    '仍有双边账期未确认，且确认期限未到',
    'Pairs have still to confirm, and the confirmation deadline has not passed',
  ),
  'cycle-not-netted': conflict('账期尚未轧差', 'This cycle is not netted yet'),
  'cycle-not-noticed': conflict('清算通知尚未下达', 'The settlement notice comes first'),
  'transfer-unknown': unknown('该账期没有此笔划款', 'This cycle has no such transfer'),
  'transfer-not-sent': conflict('付款方尚未登记划款', 'The payer has not recorded this transfer as sent'),
  'transfers-outstanding': conflict('仍有划款未收到', 'Transfers are still to be received'),
};

/** Agreements and cycles are the corridor's and open to everyone signed in; pairs belong to their two cities. */
export const routes = (operations: Operations): readonly Endpoint[] => [
  commandRoute(clearingCommands.publishAgreement, operations.publishAgreement, agreementProblems),
  commandRoute(clearingCommands.depositPrefund, operations.depositPrefund, pairProblems),
  commandRoute(clearingCommands.withdrawPrefund, operations.withdrawPrefund, pairProblems),
  commandRoute(clearingCommands.settleVertically, operations.settleVertically, pairProblems),
  commandRoute(clearingCommands.declareSegment, operations.declareSegment, pairProblems),
  commandRoute(clearingCommands.confirmSegment, operations.confirmSegment, pairProblems),
  commandRoute(clearingCommands.disputeObligation, operations.disputeObligation, pairProblems),
  commandRoute(clearingCommands.ruleDispute, operations.ruleDispute, pairProblems),
  commandRoute(clearingCommands.openCycle, operations.openCycle, cycleProblems),
  commandRoute(clearingCommands.netCycle, operations.netCycle, cycleProblems),
  commandRoute(clearingCommands.noticeCycle, operations.noticeCycle, cycleProblems),
  commandRoute(clearingCommands.sendTransfer, operations.sendTransfer, cycleProblems),
  commandRoute(clearingCommands.receiveTransfer, operations.receiveTransfer, cycleProblems),
  commandRoute(clearingCommands.reconcileCycle, operations.reconcileCycle, cycleProblems),
  nounRoutes(clearingNouns.agreements, { visible: 'everyone' }),
  nounRoutes(clearingNouns.cycles, { visible: 'everyone' }),
  nounRoutes(clearingNouns.pairs),
  nounRoutes(clearingNouns.obligations),
  nounRoutes(clearingNouns.segments),
  nounRoutes(clearingNouns.draws),
];
