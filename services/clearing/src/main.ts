import { runService } from '@tongdui/runtime';
import { routes } from './clearing.http.ts';
import { checksOf, figuresOf } from './invariants.ts';
import { clearing } from './service.ts';

await runService({
  name: 'clearing',
  service: clearing,
  routes: ({ operations }) => routes(operations),
  invariants: (_built, { rows }) => checksOf(rows),
  tieOuts: (_built, { rows }) => [{ name: 'figures', holds: true, details: figuresOf(rows) }],
});
