import { type CycleView, members, type PotView } from '@tongdui/contracts';
import { cityName, nameOf } from './cities.ts';
import { type Examination, rowsOf } from './examine.ts';
import { bareYuan, chunks, seconds, section, table, yuan } from './screen.ts';
import type { Stage } from './stage.ts';

/** Everything behind the summary, for who wants to see it: table by table. */
export const showDetail = (stage: Stage, examination: Examination, processorMs: ReadonlyMap<string, number>): void => {
  const cycles = calledCycles(examination);
  showReasons(stage, examination);
  showPots(examination);
  showGross(cycles);
  showNets(cycles);
  showTransfers(cycles);
  showTrialBalances(examination);
  showProcessorTime(processorMs);
};

const calledCycles = ({ everything }: Examination): readonly CycleView[] =>
  rowsOf<CycleView>(everything, 'clearing/cycles').filter(({ status }) => status !== 'open');

const showReasons = ({ refusals }: Stage, { figures }: Examination) => {
  section('未支付、未成交的原因', 'refused, by reason');
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
    cityName(debtor),
    ...members.map((creditor) => (debtor === creditor ? '—' : bareYuan(gross.get(`${debtor}-${creditor}`) ?? 0))),
  ]);
  table([['', ...members.map((city) => short(city).slice(0, 9))], ...rows]);
};

const showNets = (cycles: readonly CycleView[]) => {
  section('轧差净额（正数应收）', 'net positions, positive receives');
  const netOf = (cycle: CycleView, city: string) => cycle.nets.find(({ party }) => (party as string) === city)?.netFen ?? 0;
  const rows = members.map((city) => [
    `${cityName(city)} ${short(city)}`,
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
      `${cityName(party)} ${short(party)}`,
      bareYuan(sum((balance) => balance > 0)),
      bareYuan(-sum((balance) => balance < 0)),
      yuan(sum(() => true)),
      bareYuan(accounts.expenditure ?? 0),
      bareYuan(-(accounts['payable:payee'] ?? 0)),
    ];
  });
  table([['账簿 book', '借方 debit', '贷方 credit', '差额 difference', '支出 expenditure', '应付 payable'], ...rows]);
};

const showProcessorTime = (processorMs: ReadonlyMap<string, number>) => {
  section('处理器用时', 'processor time by process');
  table([...processorMs].sort(([, a], [, b]) => b - a).map(([name, usedMs]) => [name, seconds(usedMs)]));
};

const merged = (counts: readonly Readonly<Record<string, number>>[]): [string, number][] => {
  const totals = new Map<string, number>();
  for (const count of counts) for (const [name, value] of Object.entries(count)) totals.set(name, (totals.get(name) ?? 0) + value);
  return [...totals].sort(([, a], [, b]) => b - a);
};
