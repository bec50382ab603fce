import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { serviceNames } from '@tongdui/contracts';
import { startSystem } from '@tongdui/development/system';
import { type CpuProfile, flameGraph, framesOf, longest } from './flame.ts';
import { issueVouchers, openMarket, ordersPerVoucher } from './market.ts';
import { calendarOf, firstInstant, redeem } from './redemptions.ts';

/** `make profile`: a flame graph of each service, its main thread and its store's thread, while redemptions go through. */
const redemptions = Number(process.env.BENCH_REDEMPTIONS ?? 2_000);
const out = fileURLToPath(new URL('./profiles/', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'tongdui-profile-'));
const raw = join(directory, 'raw');

try {
  const system = await startSystem({
    dataDirectory: join(directory, 'data'),
    clock: { frozenAt: firstInstant },
    env: { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${raw}` },
  });
  // The processor profile of a process carries its pid, which nobody knows any more once it has ended.
  const pids = new Map(serviceNames.map((service) => [String(system.process(service, 'G60' as never).pid), service]));
  try {
    const vouchers = await issueVouchers(system, await openMarket(system), Math.ceil(redemptions / ordersPerVoucher));
    const { perSecond, cpuMsTotal } = await redeem(system, vouchers, redemptions, {
      concurrency: 192,
      calendar: calendarOf(system),
      daysMax: 20,
    });
    process.stdout.write(`${redemptions} redemptions, ${perSecond.toFixed(0)}/s, ${cpuMsTotal.toFixed(2)} ms each, while being profiled\n`);
  } finally {
    await system.stop();
  }
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  for (const file of readdirSync(raw)) {
    // CPU.<date>.<time>.<pid>.<thread>.<sequence>.cpuprofile
    const [, , , pid = '', thread] = file.split('.');
    const service = pids.get(pid);
    if (!service) continue;
    const name = thread === '0' ? service : `${service}-store`;
    const root = framesOf(JSON.parse(readFileSync(join(raw, file), 'utf8')) as CpuProfile);
    writeFileSync(join(out, `${name}.html`), flameGraph(`${name}: ${(root.totalMs / redemptions).toFixed(2)} ms per redemption`, root));
    process.stdout.write(`\n${name}: ${join(out, `${name}.html`)}\n${longest(root, thread === '0' ? 15 : 4).join('\n')}\n`);
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
process.exit();
