export { Unreachable } from '@tongdui/bus';
export { type Ask, asker, askTimeoutMs } from './asker.ts';
export { type Authenticate, oidcAuthentication } from './auth.ts';
export { type AdjustableClock, adjustableClock, ClockWouldGoBack, instantOf, runningClock, wallClock } from './clock.ts';
export {
  type CommandCall,
  type CommandContext,
  type CommandEndpoint,
  type CommandReply,
  commandRoute,
  type Input,
} from './command-route.ts';
export { type Configuration, ConfigurationError, configuration } from './config.ts';
export {
  type CertainOutcome,
  type CoordinateOptions,
  type CoordinationSeams,
  coordinate,
  type Part,
  releaseAll,
  Stopping,
} from './coordinator.ts';
export { crashPointNames, crashPoints } from './crash-points.ts';
export type { Endpoint, JsonReply, PlainCall, PlainEndpoint } from './endpoint.ts';
export type { HostMeasure, HostSeams } from './host.seams.ts';
export { type Host, type HostStatus, host } from './host.ts';
export { type ApplicationOptions, application } from './http.ts';
export { type Metrics, metricsOf } from './metrics.ts';
export { type NounEndpoint, type NounOptions, nounRoutes, type Reply } from './noun-route.ts';
export type { Reports } from './operator-routes.ts';
export {
  type CommonProblem,
  commonProblems,
  type Failure,
  FailureError,
  failure,
  failureOf,
  type Problem,
  problemType,
} from './problems.ts';
export type { Visible } from './read-model.search.ts';
export { type ReadModel, type ReadModelOptions, readModel } from './read-model.ts';
export * from './seams.ts';
export * from './service.ts';
export { type Deps, type RunningService, runService, type ServiceDefinition, startService } from './start.ts';
export { telemetry } from './telemetry.ts';
export { visibleTo } from './visibility.ts';
