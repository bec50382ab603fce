import { cpus, loadavg, totalmem } from 'node:os';
import type { CommandFigures, OverloadFigures } from './commands.ts';
import type { RedemptionFigures } from './redemptions.ts';
import type { Compared } from './stores.ts';

export type Figures = {
  /** By how many append at once. */
  readonly append: Readonly<Record<string, Compared>>;
  readonly scan: Compared;
  readonly command: CommandFigures;
  readonly effect: { readonly p50Ms: number; readonly p99Ms: number };
  readonly overload: OverloadFigures;
  /** From the smallest store to the largest. */
  readonly growth: readonly {
    readonly stored: number;
    readonly redemptions: RedemptionFigures;
    readonly violations: readonly string[];
  }[];
  readonly eventStoreDb?: { readonly append: Readonly<Record<string, number>>; readonly redemptions: RedemptionFigures };
};

/** What other programs read: `append.ratio.20`, `redemptions.perSecond` and so on. */
export const summaryOf = (figures: Figures) => {
  const first = figures.growth[0]!;
  const last = figures.growth.at(-1)!;
  const violations = figures.growth.flatMap((size) => size.violations);
  return {
    takenAt: new Date().toISOString(),
    machine: machine(),
    append: {
      ratio: mapped(figures.append, ({ ratio }) => ratio),
      perSecond: mapped(figures.append, ({ subject }) => subject),
    },
    scan: { ratio: figures.scan.ratio, perSecond: figures.scan.subject },
    command: figures.command,
    effect: figures.effect,
    redemptions: {
      perSecond: first.redemptions.perSecond,
      p50Ms: first.redemptions.p50Ms,
      p99Ms: first.redemptions.p99Ms,
      cpuMs: first.redemptions.cpuMsTotal,
      cpuMsOf: first.redemptions.cpuMs,
      memoryMiB: first.redemptions.memoryMiB,
      invariantViolations: violations.length,
    },
    growth: {
      ratio: last.redemptions.cpuMsTotal / first.redemptions.cpuMsTotal,
      from: first.stored,
      to: last.stored,
      perSecond: Object.fromEntries(figures.growth.map(({ stored, redemptions }) => [stored, redemptions.perSecond])),
      cpuMs: Object.fromEntries(figures.growth.map(({ stored, redemptions }) => [stored, redemptions.cpuMsTotal])),
    },
    overload: figures.overload,
    ...(figures.eventStoreDb
      ? { eventStoreDb: { append: figures.eventStoreDb.append, redemptionsPerSecond: figures.eventStoreDb.redemptions.perSecond } }
      : {}),
    violations,
  };
};

/** For docs/benchmarks.md as it is. */
export const markdownOf = (figures: Figures, { quick }: { readonly quick: boolean }): string => {
  const { command, effect, overload, scan, growth, eventStoreDb } = figures;
  const first = growth[0]!.redemptions;
  const summary = summaryOf(figures);
  const rows: (readonly [string, string, string, string, string])[] = [
    ...Object.entries(figures.append).map(
      ([atOnce, one]) =>
        [`durable append, 670 bytes, ${atOnce} at once`, perSecond(one.subject), perSecond(one.floor), ratio(one.ratio), '≥ 0.8'] as const,
    ),
    ['catch-up scan', perSecond(scan.subject), perSecond(scan.floor), ratio(scan.ratio), '≥ 0.7'],
    [
      'durable command over HTTP (an order proposed), 64 at once',
      perSecond(command.subject),
      perSecond(command.floor),
      ratio(command.ratio),
      '≥ 0.5',
    ],
    ['· p50 / p99', pair(command.p50Ms, command.p99Ms), '', '', ''],
    ['publish → effect in another service, p50 / p99', pair(effect.p50Ms, effect.p99Ms), '', '', ''],
    ['completed redemptions, all services and the load on this machine', perSecond(first.perSecond), '', '', '≥ 500/s'],
    ['· invariant violations afterwards', String(summary.redemptions.invariantViolations), '', '', '0'],
    ['· waiting for answers over all steps, p50 / p99', pair(first.p50Ms, first.p99Ms), '', '', ''],
    ['· one command of a party, p50 / p99', pair(first.commandP50Ms, first.commandP99Ms), '', '', ''],
    ['· instructed → shown as paid, p50 / p99', pair(first.paidP50Ms, first.paidP99Ms), '', '', ''],
    ['· processor time each', `${first.cpuMsTotal.toFixed(2)} ms`, '', '', ''],
    ...Object.entries(first.cpuMs).map(
      ([name, ms]) => [`· · ${name}`, `${ms.toFixed(2)} ms, ${first.memoryMiB[name] ?? '–'} MiB`, '', '', ''] as const,
    ),
    ...growth.map(
      ({ stored, redemptions }) =>
        [
          `redemptions on top of ${stored.toLocaleString('en')} facts`,
          `${perSecond(redemptions.perSecond)}, ${redemptions.cpuMsTotal.toFixed(2)} ms each`,
          '',
          '',
          '',
        ] as const,
    ),
    [
      `growth of the cost, ${summary.growth.from.toLocaleString('en')} → ${summary.growth.to.toLocaleString('en')} facts`,
      '',
      '',
      ratio(summary.growth.ratio),
      'flat',
    ],
    ['overload: offered / accepted', `${perSecond(overload.offeredPerSecond)} / ${perSecond(overload.acceptedPerSecond)}`, '', '', '3 ×'],
    ['· refused with 503 / of them without Retry-After', `${overload.refused} / ${overload.withoutRetryAfter}`, '', '', '– / 0'],
    ['· accepted, p50 / p99', pair(overload.p50Ms, overload.p99Ms), '', '', ''],
    ['· acknowledged and lost', `${overload.lost} of ${overload.acknowledged}`, '', '', '0'],
    ...(eventStoreDb
      ? [
          ...Object.entries(eventStoreDb.append).map(
            ([atOnce, rate]) => [`EventStoreDB: durable append, ${atOnce} at once`, perSecond(rate), '', '', ''] as const,
          ),
          ['EventStoreDB: completed redemptions', perSecond(eventStoreDb.redemptions.perSecond), '', '', ''] as const,
        ]
      : []),
  ];
  return [
    `${machine()}, ${new Date().toISOString().slice(0, 10)}, load average before the table ${loadavg()[0]?.toFixed(1)}${quick ? ' (quick: these numbers mean nothing)' : ''}`,
    '',
    '| path | measured | floor, same run | ratio | aim |',
    '|---|---|---|---|---|',
    ...rows.map((cells) => `| ${cells.join(' | ')} |`),
    '',
  ].join('\n');
};

const machine = () =>
  `${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}`;
const perSecond = (rate: number) => `${Math.round(rate).toLocaleString('en')}/s`;
const ratio = (value: number) => value.toFixed(2);
const pair = (p50Ms: number, p99Ms: number) => `${p50Ms.toFixed(1)} / ${p99Ms.toFixed(1)} ms`;
const mapped = <From, To>(record: Readonly<Record<string, From>>, map: (value: From) => To): Record<string, To> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
