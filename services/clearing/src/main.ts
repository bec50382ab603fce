import { runService } from '@tongdui/runtime';
import { routes } from './clearing.http.ts';
import { figuresOf, invariantsOf } from './invariants.ts';
import { clearing } from './service.ts';

await runService({
  name: 'clearing',
  service: clearing,
  routes: ({ operations }) => routes(operations),
  invariants: invariantsOf,
  figures: figuresOf,
});
