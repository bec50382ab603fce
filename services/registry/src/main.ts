import { runService } from '@tongdui/runtime';
import { invariantsOf } from './invariants.ts';
import { routes } from './registry.http.ts';
import { registry } from './service.ts';

await runService({
  name: 'registry',
  service: registry,
  routes: ({ operations }) => routes(operations),
  invariants: invariantsOf,
});
