import { runService } from './start.ts';
import { counterRoutes, counterService } from './testing.ts';

/** What the `main.ts` of a service looks like, for the tests that start, kill and stop a process. */
await runService({
  name: 'registry',
  service: (deps) => counterService(deps.store, deps.wall),
  routes: (_, deps) => [
    ...counterRoutes(deps.store, deps.wall),
    {
      is: 'plain',
      method: 'GET',
      path: '/slow',
      run: async () => {
        deps.log.info({}, 'a slow request is under way');
        await deps.wall.sleep(300);
        return { json: { done: true } };
      },
    },
  ],
  invariants: () => ({ service: 'registry', invariants: {} }),
});
