import { runService } from '@tongdui/runtime';
import { checksOf, figuresOf } from './invariants.ts';
import { routes } from './issuance.http.ts';
import { issuance } from './service.ts';

await runService({
  name: 'issuance',
  service: issuance,
  routes: ({ operations }) => routes(operations),
  invariants: (_built, { rows }) => checksOf(rows),
  tieOuts: (_built, { rows }) => [{ name: 'figures', holds: true, details: figuresOf(rows) }],
});
