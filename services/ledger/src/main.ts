import { runService } from '@tongdui/runtime';
import { checksOf, figuresOf } from './invariants.ts';
import { routes } from './ledger.http.ts';
import { ledger } from './service.ts';

await runService({
  name: 'ledger',
  service: ledger,
  routes: (_built, deps) => routes({ rows: deps.rows, homes: deps.homes, cityUrls: deps.config.cityUrls }),
  invariants: (_built, { rows }) => checksOf(rows),
  tieOuts: (_built, { rows }) => [{ name: 'figures', holds: true, details: figuresOf(rows) }],
});
