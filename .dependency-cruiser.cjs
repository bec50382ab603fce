/** The import rules of the architecture. A fixture that breaks each of them is checked by infra/rules.test.ts. */
const domain = 'services/([^/]+)/src/.*\\.(decider|state|process|projection)\\.ts$';

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Two modules that need each other are one module.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'domain-is-pure',
      comment: 'Deciders, processes and projections import only the decider, money and calendar packages, siblings, and the contracts.',
      severity: 'error',
      from: { path: domain, pathNot: '\\.test\\.ts$' },
      to: {
        dependencyTypesNot: ['type-only'],
        pathNot: ['^packages/(decider|money|calendar)/', '^contracts/', '^services/$1/src/'],
      },
    },
    {
      name: 'operations-are-beneath-http',
      comment: 'Operations know handlers and rows, neither the runtime nor a client.',
      severity: 'error',
      from: { path: '\\.operations\\.ts$' },
      to: { dependencyTypesNot: ['type-only'], path: ['^packages/(runtime|bus|event-store)/', 'node_modules'] },
    },
    {
      name: 'no-service-imports-a-service',
      comment: 'Services share contracts and nothing else.',
      severity: 'error',
      from: { path: '^services/([^/]+)/' },
      to: { path: '^services/', pathNot: '^services/$1/' },
    },
    {
      name: 'packages-never-import-services',
      severity: 'error',
      from: { path: '^(packages|contracts)/' },
      to: { path: '^services/' },
    },
    {
      name: 'contracts-import-nothing-of-ours',
      severity: 'error',
      from: { path: '^contracts/' },
      to: { path: '^(packages|services|infra)/' },
    },
    {
      name: 'only-the-bus-knows-nats',
      severity: 'error',
      from: { pathNot: ['^packages/bus/'] },
      to: { path: 'node_modules/nats/' },
    },
    {
      name: 'only-the-event-store-knows-its-client',
      severity: 'error',
      from: { pathNot: ['^packages/event-store/'] },
      to: { path: 'node_modules/@eventstore/' },
    },
    {
      name: 'the-auditor-knows-no-rules',
      comment:
        'The auditor of the simulation is a second opinion: it borrows no code of the services, nor of what they decide and split with.',
      severity: 'error',
      from: { path: '^simulation/auditor', pathNot: '\\.test\\.ts$' },
      to: { dependencyTypesNot: ['type-only'], path: ['^services/', '^packages/', '^simulation/(?!auditor)'] },
    },
    {
      name: 'not-to-unresolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ['(^|/)fixtures/', '\\.data/'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.json'],
    },
    moduleSystems: ['es6', 'cjs'],
  },
};
