import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { portOf } from '@tongdui/development/system';
import { ordersAllowed, wholeDemo } from './data.ts';

export const help = `通兑演示：九城市两个月的订单，从预算到清算、对账和审计；全部不变量成立才以 0 退出。
Tongdui demo: two months of orders between nine cities, from the budget to the last transfer, then the
auditor's visit. Exits 0 only if every invariant held.

  make demo [DETAIL=1] [ORDERS=500] [TONGDUI_DATA=…] [TONGDUI_PORT=…]
  node demo/run.ts [--detail] [--orders 500] [--out .data/demo] [--port 24000]

  --detail   各张明细表：原因、资金池、总额矩阵、净额、划款、账簿、处理器用时
             every table behind the summary: reasons, pots, gross matrix, nets, transfers, books, processor time
  --orders   订单数 number of orders, ${ordersAllowed.least} … ${ordersAllowed.most} (${wholeDemo.orders})
  --out      数据目录，旧演示数据会被清除 directory of its system; what an earlier demo left there is removed
  --port     起始端口，默认任选空闲端口 first of its ports; any free ones by default
  --help

EVENTSTOREDB_URL, NATS_URL: 使用现有服务器 a server of your own; 较慢时请减少订单 where that is slower, take fewer orders.
`;

export type Options = {
  readonly isHelp: boolean;
  readonly isDetailed: boolean;
  readonly orders: number;
  readonly dataDirectory: string;
  readonly basePort?: number;
};

/** An option that makes no sense; the message says in one line what would. */
export class OptionRefusal extends Error {}

export const readOptions = (args: readonly string[], environment: NodeJS.ProcessEnv): Options => {
  const { detail, orders, out, port, help: isHelp } = parsed(args);
  const { DETAIL, ORDERS, TONGDUI_DATA, TONGDUI_PORT } = environment;
  const firstPort = port ?? TONGDUI_PORT;
  return {
    isHelp,
    isDetailed: detail || !['', '0', undefined].includes(DETAIL),
    orders: ordersOf(orders ?? ORDERS ?? String(wholeDemo.orders)),
    dataDirectory: resolve(out ?? TONGDUI_DATA ?? '.data/demo'),
    ...(firstPort ? { basePort: portOf(firstPort) } : {}),
  };
};

const parsed = (args: readonly string[]) => {
  try {
    return parseArgs({
      args: [...args],
      options: {
        detail: { type: 'boolean', default: false },
        orders: { type: 'string' },
        out: { type: 'string' },
        port: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
  } catch (error) {
    throw new OptionRefusal(`${(error as Error).message}\n--help 列出全部选项 · --help lists the options`);
  }
};

const ordersOf = (text: string): number => {
  const orders = Number(text);
  const { least, most } = ordersAllowed;
  if (!Number.isInteger(orders) || orders < least || orders > most)
    throw new OptionRefusal(`订单数须为 ${least} 到 ${most} 的整数 · ${text} is no number of orders from ${least} to ${most}`);
  return orders;
};
