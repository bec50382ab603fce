import { runService } from '@tongdui/runtime';
import { figuresOf, invariantsOf } from './invariants.ts';
import { routes } from './ledger.http.ts';
import { ledger } from './service.ts';

await runService({
  name: 'ledger',
  service: ledger,
  routes: (_built, deps) => routes({ rows: deps.rows, homes: deps.homes, cityUrls: deps.config.cityUrls }),
  invariants: invariantsOf,
  figures: figuresOf,
});
