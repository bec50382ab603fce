import { runService } from '@tongdui/runtime';
import { figuresOf, invariantsOf } from './invariants.ts';
import { httpPaymentRail } from './payment-rail.ts';
import { routes } from './redemption.http.ts';
import { redemption } from './service.ts';

await runService({
  name: 'redemption',
  service: (deps) => redemption(deps, httpPaymentRail(bankUrl())),
  routes: ({ operations }) => routes(operations),
  invariants: invariantsOf,
  figures: figuresOf,
});

function bankUrl(): string {
  const url = process.env.BANK_URL;
  if (!url) throw new Error('BANK_URL is missing: it must be the base URL of the payment rail');
  return url;
}
