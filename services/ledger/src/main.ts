import openapi from '@tongdui/contracts/openapi/ledger.json' with { type: 'json' };
import { runService } from '@tongdui/runtime';
import { figuresOf, invariantsOf } from './invariants.ts';
import { routes } from './ledger.http.ts';
import { ledger } from './service.ts';

await runService({
  name: 'ledger',
  service: ledger,
  routes: (_built, deps) => routes({ rows: deps.rows, homes: deps.homes, cityUrls: deps.config.cityUrls }),
  openapi,
  invariants: invariantsOf,
  figures: figuresOf,
});
