import { client } from '@tongdui/development/client';
import type { System } from '@tongdui/development/system';
import { Wire } from '@tongdui/development/wire';
import { applyForVoucher, type Market, newEnterprise, type Place, urlOf } from './market.ts';
import { quantile } from './measure.ts';
import { pause } from './officers.ts';

/** From the answer to an approval in issuance until redemption answers with the voucher: published, carried, decided, stored, shown. */
export const publishToEffect = async (
  system: System,
  market: Market,
  times: number,
): Promise<{ readonly p50Ms: number; readonly p99Ms: number }> => {
  const wire = new Wire(urlOf(system, 'redemption'), { connectionsMax: 1 });
  const api = client(system);
  const tookMs: number[] = [];
  try {
    for (let time = 0; time < times; time += 1) {
      const place = market[time % market.length] as Place;
      const { voucherId, approve } = await applyForVoucher(api, place, await newEnterprise(api, place));
      const auditor = await system.token(`auditor.${place.home}`);
      await approve();
      const answeredMs = performance.now();
      while ((await wire.get(`/vouchers/${voucherId}`, auditor)).status !== 200) await pause(1);
      tookMs.push(performance.now() - answeredMs);
    }
  } finally {
    wire.close();
    api.close();
  }
  return { p50Ms: quantile(tookMs, 0.5), p99Ms: quantile(tookMs, 0.99) };
};
