import { trialBalanceFen } from '@tongdui/audit';
import type { ClaimView, CycleView, OrderView, PaymentView, PotView } from '@tongdui/contracts';
import { type Examination, rowsOf } from './examine.ts';
import { chunks, grouped, say, seconds, section, table, yuan } from './screen.ts';
import type { Stage } from './stage.ts';
import { stories } from './stories.ts';

/** Wall time by phase, and what all processes together took of the processors. */
export type Spent = {
  readonly startMs: number;
  readonly setUpMs: number;
  readonly playMs: number;
  readonly auditMs: number;
  readonly elapsedMs: number;
  readonly processorMs: number;
  readonly commands: number;
};

/** The result of a demo, as `result.json` holds it; every figure is one of the running system. */
export type Result = {
  readonly invariants: Readonly<Record<string, boolean>>;
  readonly orders: number;
  readonly claims: Readonly<Record<string, number>>;
  readonly claimsPaid: number;
  readonly claimsRefused: number;
  readonly payments: number;
  readonly paidFen: number;
  readonly frontedFen: number;
  readonly appropriatedFen: number;
  readonly spentFen: number;
  readonly cycles: readonly {
    readonly id: string;
    readonly status: CycleView['status'];
    readonly grossFen: number;
    readonly transfers: number;
    readonly transferredFen: number;
    readonly netSumFen: number;
  }[];
  readonly netSumFen: number;
  readonly trialBalanceFen: Readonly<Record<string, number>>;
  readonly elapsedMs: number;
  readonly processorMs: number;
  readonly commands: number;
  readonly commandsPerSecond: number;
};

export const resultOf = ({ findings, figures, everything }: Examination, spent: Spent): Result => {
  const claims = rowsOf<ClaimView>(everything, 'redemption/claims');
  const counted: Record<string, number> = {};
  for (const { status } of claims) counted[status] = (counted[status] ?? 0) + 1;
  const paid = rowsOf<PaymentView>(everything, 'redemption/payments').filter(({ status }) => status === 'paid');
  const cycles = rowsOf<CycleView>(everything, 'clearing/cycles')
    .filter(({ status }) => status !== 'open')
    .map(({ id, status, gross, transfers, nets }) => ({
      id: id as string,
      status,
      grossFen: sum(gross.map(({ amountFen }) => amountFen)),
      transfers: transfers.length,
      transferredFen: sum(transfers.map(({ amountFen }) => amountFen)),
      netSumFen: sum(nets.map(({ netFen }) => netFen)),
    }));
  const buckets = figures.ledger.flatMap(({ pots }) => Object.values(pots));
  return {
    invariants: Object.fromEntries(Object.entries(findings).map(([number, { held }]) => [number, held])),
    orders: rowsOf<OrderView>(everything, 'redemption/orders').length,
    claims: counted,
    claimsPaid: counted.paid ?? 0,
    claimsRefused: (counted.rejected ?? 0) + (counted.lapsed ?? 0),
    payments: paid.length,
    paidFen: sum(paid.map(({ amountFen }) => amountFen)),
    frontedFen: sum(paid.filter(({ route }) => route === 'host-fronted').map(({ amountFen }) => amountFen)),
    appropriatedFen: sum(rowsOf<PotView>(everything, 'issuance/pots').map(({ appropriatedFen }) => appropriatedFen)),
    spentFen: sum(buckets.map((bucket) => bucket['pot:spent'] ?? 0)),
    cycles,
    netSumFen: sum(cycles.map(({ netSumFen }) => netSumFen)),
    trialBalanceFen: Object.fromEntries(trialBalanceFen(figures)),
    elapsedMs: Math.round(spent.elapsedMs),
    processorMs: spent.processorMs,
    commands: spent.commands,
    commandsPerSecond: Math.round(spent.commands / ((spent.setUpMs + spent.playMs) / 1_000)),
  };
};

/** What did not end as it should: orders and claims by their story, and cycles that were called and not closed. */
export const wrongEnds = (stage: Stage, { everything }: Examination, { cycles }: Result): string[] => {
  const orders = new Map(rowsOf<OrderView>(everything, 'redemption/orders').map((order) => [order.id as string, order.status]));
  const claims = new Map(rowsOf<ClaimView>(everything, 'redemption/claims').map((claim) => [claim.id as string, claim.status]));
  const wrong = stage.data.orders.flatMap((order) => {
    const { ends } = stories[order.story];
    const [orderStatus, claimStatus] = [orders.get(order.order), claims.get(stage.orderOf(order).claimId)];
    if (orderStatus === ends.order && claimStatus === ends.claim) return [];
    const expected = `${ends.order}, ${ends.claim ?? 'no claim'}`;
    return [`${order.order} (${order.story}) ended ${orderStatus}, ${claimStatus ?? 'no claim'}; expected ${expected}`];
  });
  const closed = cycles.filter(({ status }) => status === 'reconciled');
  return [
    ...wrong,
    ...cycles.filter((cycle) => !closed.includes(cycle)).map(({ id, status }) => `cycle ${id} ended ${status}, not reconciled`),
    ...(closed.length < 2 ? [`${closed.length} cycles were closed; at least two should be`] : []),
  ];
};

const statusNames: Readonly<Record<string, string>> = {
  paid: '已付',
  rejected: '驳回',
  lapsed: '逾期',
  recovered: '追回',
  'written-off': '核销',
};

/** One screen: what happened, whether it held, how long it took. */
export const showSummary = (stage: Stage, examination: Examination, result: Result, spent: Spent): void => {
  const { enterprises, providers, policies, pots } = stage.data;
  const books = Object.values(result.trialBalanceFen);
  const balanced = books.filter((balance) => balance === 0).length;
  const claims = claimsByStatus(result);
  section('结果', 'summary');
  table(
    [
      [
        '订单 orders',
        grouped(result.orders),
        `企业 enterprises ${enterprises.length} · 机构 labs ${providers.length} · 城市 cities ${policies.length}`,
      ],
      ['申领 claims', grouped(sum(Object.values(result.claims))), claims[0] ?? ''],
      ...claims.slice(1).map((line) => ['', '', line]),
      ['支付 paid out', yuan(result.paidFen), `${grouped(result.payments)} 笔 payments，垫付 fronted by hosts ${yuan(result.frontedFen)}`],
      ['预算 budget', yuan(result.appropriatedFen), `${pots.length} 个资金池 pots，支出 spent ${yuan(result.spentFen)}`],
      ['试算平衡 balances', `${balanced}/${books.length}`, '本账簿差额为 ¥0.00 · books whose trial balance is ¥0.00'],
    ],
    [0, 2],
  );
  showCycles(result);
  showInvariants(examination);
  showTimes(result, spent);
};

/** Three on a line, the most frequent first. */
const claimsByStatus = ({ claims }: Result): readonly string[] => {
  const counts = Object.entries(claims).sort(([, a], [, b]) => b - a);
  const texts = counts.map(([status, count]) => `${statusNames[status] ?? '其他'} ${status} ${grouped(count)}`);
  return chunks(texts, 3).map((line) => line.join(' · '));
};

const showCycles = ({ cycles }: Result) => {
  const closed = cycles.filter(({ status }) => status === 'reconciled').length;
  section(`账期 ${closed}/${cycles.length} 已结清`, `${closed} of ${cycles.length} cycles closed`);
  table(
    [
      ['账期 cycle', '状态 status', '应付总额 gross', '净额之和 net sum', '划款 transfers', '金额 amount'],
      ...cycles.map(({ id, status, grossFen, netSumFen, transfers, transferredFen }) => [
        id,
        status === 'reconciled' ? '已对账 reconciled' : status,
        yuan(grossFen),
        yuan(netSumFen),
        String(transfers),
        yuan(transferredFen),
      ]),
    ],
    [0, 1],
  );
};

const invariantNames: Readonly<Record<string, string>> = {
  '1': '分录平衡 entries balance',
  '2': '券额守恒 vouchers add up',
  '3': '资金池不超支 pots not overdrawn',
  '4': '年度额度 allowances',
  '5': '发票不重复 invoices once',
  '6': '补贴上限 subsidy maximum',
  '7': '申领金额相符 claims add up',
  '8': '日期先后 dates in order',
  '9': '只付一次 paid once',
  '10': '义务与净额 obligations, nets',
  '11': '预付金不透支 prefund headroom',
  '12': '账期不可改 closed cycles',
  '13': '岗位分离 distinct people',
  '14': '命令只记一次 recorded once',
  '15': '可重建 rebuilt equal',
  '16': '勾稽一致 tie-outs',
};

const showInvariants = ({ findings, commands, rebuilt }: Examination) => {
  const all = Object.entries(findings);
  const held = all.filter(([, finding]) => finding.held).length;
  section(`不变量 ${held}/${all.length} 成立`, `${held} of ${all.length} invariants held, with the number of checks`);
  const cells = all.map(([number, finding]) => [
    `${number.padStart(2)} ${finding.held ? '✓' : '✗'} ${invariantNames[number]}`,
    grouped(finding.checked),
  ]);
  const half = cells.length / 2;
  table(
    cells.slice(0, half).map((cell, index) => [...cell, ` ${cells[index + half]?.[0]}`, cells[index + half]?.[1] ?? '']),
    [0, 2],
  );
  const { acknowledged, missing, replayed } = commands;
  const again = replayed.filter(({ sameBody }) => sameBody === 200).length;
  const altered = replayed.filter(({ otherBody }) => otherBody === 409).length;
  say(
    `  14: 已确认 acknowledged ${grouped(acknowledged)}，查到 found ${grouped(acknowledged - missing.length)}；` +
      `重发 again ${grouped(again)} → 200，改后 altered ${grouped(altered)} → 409`,
  );
  say(
    `  15: 读模型删除并重建 read models rebuilt，逐字节比较 compared ${grouped(rebuilt.compared)}，不同 different ${rebuilt.different.length}`,
  );
  for (const [number, { violations }] of all)
    for (const violation of violations.slice(0, violationsShown)) say(`  ✗ ${number}: ${violation}`);
};
const violationsShown = 5;

const showTimes = ({ elapsedMs, commands, commandsPerSecond, processorMs }: Result, { startMs, setUpMs, playMs, auditMs }: Spent) => {
  section(`用时 ${seconds(elapsedMs)}`, `took ${seconds(elapsedMs)}`);
  say(
    `  启动 start ${seconds(startMs)} · 开户与发券 set-up ${seconds(setUpMs)} · 业务 business ${seconds(playMs)} · 审计 audit ${seconds(auditMs)}`,
  );
  say(`  命令 commands ${grouped(commands)}，每秒 per second ${grouped(commandsPerSecond)}；处理器 processor time ${seconds(processorMs)}`);
};

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
