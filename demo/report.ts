import { type Finding, trialBalanceFen } from '@tongdui/audit';
import { type ClaimView, type CycleView, members, type OrderView, type PotView } from '@tongdui/contracts';
import { nameOf } from './cities.ts';
import { type Examination, rowsOf } from './examine.ts';
import { bareYuan, say, section, table, yuan } from './screen.ts';
import type { Stage } from './stage.ts';
import { stories } from './stories.ts';

/** The result of a demo, as `result.json` holds it; every figure is one of the running system. */
export type Result = {
  readonly invariants: Readonly<Record<string, boolean>>;
  readonly orders: number;
  readonly claimsPaid: number;
  readonly claimsRefused: number;
  readonly netSumFen: number;
  readonly trialBalanceFen: Readonly<Record<string, number>>;
  readonly elapsedMs: number;
  readonly commandsPerSecond: number;
};

export const resultOf = (
  { findings, figures, everything }: Examination,
  spent: { commands: number; playedMs: number; elapsedMs: number },
): Result => {
  const claims = rowsOf<ClaimView>(everything, 'redemption/claims');
  const count = (...statuses: ClaimView['status'][]) => claims.filter(({ status }) => statuses.includes(status)).length;
  return {
    invariants: Object.fromEntries(Object.entries(findings).map(([number, { held }]) => [number, held])),
    orders: rowsOf<OrderView>(everything, 'redemption/orders').length,
    claimsPaid: count('paid'),
    claimsRefused: count('rejected', 'lapsed'),
    netSumFen: rowsOf<CycleView>(everything, 'clearing/cycles').reduce(
      (sum, { nets }) => nets.reduce((total, { netFen }) => total + netFen, sum),
      0,
    ),
    trialBalanceFen: Object.fromEntries(trialBalanceFen(figures)),
    elapsedMs: Math.round(spent.elapsedMs),
    commandsPerSecond: Math.round(spent.commands / (spent.playedMs / 1_000)),
  };
};

/** Orders and claims that did not end as their story wants. */
export const wrongEnds = (stage: Stage, { everything }: Examination): string[] => {
  const orders = new Map(rowsOf<OrderView>(everything, 'redemption/orders').map((order) => [order.id as string, order.status]));
  const claims = new Map(rowsOf<ClaimView>(everything, 'redemption/claims').map((claim) => [claim.id as string, claim.status]));
  return stage.data.orders.flatMap((order) => {
    const { ends } = stories[order.story];
    const { claimId } = stage.orderOf(order);
    const [orderStatus, claimStatus] = [orders.get(order.order), claims.get(claimId)];
    return orderStatus === ends.order && claimStatus === ends.claim
      ? []
      : [
          `${order.order} (${order.story}) ended ${orderStatus}, ${claimStatus ?? 'no claim'}; expected ${ends.order}, ${ends.claim ?? 'no claim'}`,
        ];
  });
};

export const report = (stage: Stage, examination: Examination, result: Result): void => {
  const cycles = rowsOf<CycleView>(examination.everything, 'clearing/cycles').filter(
    ({ status }) => status !== 'open' && status !== 'called',
  );
  showClaims(stage, examination);
  showPots(examination);
  showGross(cycles);
  showNets(cycles);
  showTransfers(cycles);
  showTrialBalances(examination);
  showInvariants(examination.findings);
  section('用时', 'time');
  table([
    ['订单 orders', String(result.orders)],
    ['命令 commands', String(stage.commands())],
    ['每秒命令 commands per second', String(result.commandsPerSecond)],
    ['总用时 elapsed', `${(result.elapsedMs / 1_000).toFixed(1)} s`],
  ]);
};

const statusNames: Readonly<Partial<Record<string, string>>> = {
  paid: '已支付',
  rejected: '已驳回',
  lapsed: '逾期失效',
  recovered: '已追回',
  'written-off': '已核销',
};

const showClaims = ({ refusals }: Stage, { figures }: Examination) => {
  section('申领', 'claims');
  const counted = merged(figures.redemption.map(({ claims }) => claims));
  table([
    ['状态 status', '件数 claims'],
    ...counted.map(([status, count]) => [`${statusNames[status] ?? '其他'} ${status}`, String(count)]),
  ]);
  say('\n  未支付、未成交的原因 · refused, by reason');
  const refused = merged([
    ...figures.redemption.map((figure) => figure.refused),
    Object.fromEntries([...refusals].map(([code, count]) => [`HTTP ${code}`, count])),
  ]);
  const cells = refused.map(([reason, count]) => `${String(count).padStart(3)} ${reason}`);
  table(chunks(cells, 3), [0, 1, 2]);
};

const showPots = ({ figures, everything }: Examination) => {
  section('资金池使用', 'pot utilisation');
  const spent = new Map(figures.ledger.flatMap(({ pots }) => Object.entries(pots)));
  const rows = rowsOf<PotView>(everything, 'issuance/pots').map(({ id, name, owner, appropriatedFen, grantedFen }) => {
    const of = (bucket: string) => spent.get(id)?.[`pot:${bucket}`] ?? 0;
    return [
      name,
      nameOf(owner).en,
      bareYuan(appropriatedFen),
      bareYuan(of('committed')),
      bareYuan(of('reserved') + of('redeemed')),
      bareYuan(of('spent')),
      `${((grantedFen * 100) / appropriatedFen).toFixed(1)}%`,
    ];
  });
  table([['资金池 pot', '归属 owner', '拨付 appropriated', '承诺 committed', '占用 held', '支出 spent', '%'], ...rows], [0, 1]);
};

const short = (city: string) => nameOf(city).en;

const showGross = (cycles: readonly CycleView[]) => {
  section('代付与分担总额（欠款方 → 收款方，元）', 'gross: rows owe columns, yuan');
  const gross = new Map<string, number>();
  for (const entry of cycles.flatMap((cycle) => cycle.gross)) {
    const pair = `${entry.debtor}-${entry.creditor}`;
    gross.set(pair, (gross.get(pair) ?? 0) + entry.amountFen);
  }
  const rows = members.map((debtor) => [
    `${nameOf(debtor).zh.replace('上海', '')} ${short(debtor)}`,
    ...members.map((creditor) => (debtor === creditor ? '—' : bareYuan(gross.get(`${debtor}-${creditor}`) ?? 0))),
  ]);
  table([['', ...members.map((city) => short(city).slice(0, 9))], ...rows]);
};

const showNets = (cycles: readonly CycleView[]) => {
  section('轧差净额（正数应收）', 'net positions, positive receives');
  const netOf = (cycle: CycleView, city: string) => cycle.nets.find(({ party }) => (party as string) === city)?.netFen ?? 0;
  const rows = members.map((city) => [
    `${nameOf(city).zh.replace('上海', '')} ${short(city)}`,
    ...cycles.map((cycle) => bareYuan(netOf(cycle, city))),
    yuan(cycles.reduce((sum, cycle) => sum + netOf(cycle, city), 0)),
  ]);
  const sums = cycles.map((cycle) => cycle.nets.reduce((sum, { netFen }) => sum + netFen, 0));
  table([
    ['', ...cycles.map(({ id }) => id), '合计 total'],
    ...rows,
    ['合计 sum', ...sums.map(yuan), yuan(sums.reduce((total, sum) => total + sum, 0))],
  ]);
};

const showTransfers = (cycles: readonly CycleView[]) => {
  section('清算划款', 'transfers that settled them');
  const cells = cycles.flatMap(({ id, transfers }) =>
    transfers.map(({ payer, receiver, amountFen, status }) => [id, `${short(payer)} → ${short(receiver)}`, yuan(amountFen), status]),
  );
  table([...chunks(cells, 2).map((pair) => pair.flat())], [0, 1, 4, 5]);
};

const showTrialBalances = ({ figures }: Examination) => {
  section('试算平衡', 'trial balances');
  const books = figures.ledger.flatMap((ledger) => Object.entries(ledger.books));
  const rows = books.map(([party, accounts]) => {
    const sum = (wanted: (balance: number) => boolean) =>
      Object.values(accounts).reduce((total, balance) => (wanted(balance) ? total + balance : total), 0);
    return [
      `${nameOf(party).zh} ${short(party)}`,
      bareYuan(sum((balance) => balance > 0)),
      bareYuan(-sum((balance) => balance < 0)),
      yuan(sum(() => true)),
      bareYuan(accounts.expenditure ?? 0),
      bareYuan(-(accounts['payable:payee'] ?? 0)),
    ];
  });
  table([['账簿 book', '借方 debit', '贷方 credit', '差额 difference', '支出 expenditure', '应付 payable'], ...rows]);
};

const invariantNames: Readonly<Record<string, string>> = {
  '1': '分录平衡 entries balance',
  '2': '券额守恒 vouchers add up',
  '3': '资金池不超支 pots not overdrawn',
  '4': '年度额度 allowances',
  '5': '发票不重复 invoices claimed once',
  '6': '补贴上限 subsidy maximum',
  '7': '申领金额相符 claims add up',
  '8': '日期先后 dates in order',
  '9': '只付一次 paid once',
  '10': '义务与净额 obligations and nets',
  '11': '预付金不透支 prefund headroom',
  '12': '账期不可改 closed cycles',
  '13': '岗位分离 distinct people',
  '14': '命令只记一次 recorded once',
  '15': '可重建 rebuilt equal',
  '16': '勾稽一致 tie-outs',
};

const showInvariants = (findings: Readonly<Record<string, Finding>>) => {
  section('不变量', 'invariants');
  const cells = Object.entries(findings).map(([number, { held, checked }]) => [
    `${number.padStart(2)} ${held ? '✓' : '✗'} ${invariantNames[number]}`,
    `${checked} 项 checked`,
  ]);
  table(
    chunks(cells, 2).map((pair) => pair.flat()),
    [0, 2],
  );
  for (const [number, { violations }] of Object.entries(findings))
    for (const violation of violations.slice(0, 10)) say(`  ✗ ${number}: ${violation}`);
};

const merged = (counts: readonly Readonly<Record<string, number>>[]): [string, number][] => {
  const totals = new Map<string, number>();
  for (const count of counts) for (const [name, value] of Object.entries(count)) totals.set(name, (totals.get(name) ?? 0) + value);
  return [...totals].sort(([, a], [, b]) => b - a);
};

const chunks = <Item>(items: readonly Item[], size: number): Item[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size));
