import { runService } from '@tongdui/runtime';
import { figuresOf, invariantsOf } from './invariants.ts';
import { routes } from './issuance.http.ts';
import { issuance } from './service.ts';

await runService({
  name: 'issuance',
  service: issuance,
  routes: ({ operations }) => routes(operations),
  invariants: invariantsOf,
  figures: figuresOf,
});
