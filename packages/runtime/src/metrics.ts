import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { HostMeasure } from './host.seams.ts';

/** What `/metrics` shows. Names start with `tongdui_`; labels are few and bounded. */
export type Metrics = {
  readonly registry: Registry;
  measure(measure: HostMeasure): void;
  request(route: string, status: number, durationMs: number): void;
};

export const metricsOf = (service: string, options: { readonly process?: boolean } = {}): Metrics => {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  if (options.process) collectDefaultMetrics({ register: registry });
  const counter = (name: string, help: string, labelNames: string[] = []) =>
    new Counter({ name: `tongdui_${name}`, help, labelNames, registers: [registry] });
  const requests = new Histogram({
    name: 'tongdui_http_request_seconds',
    help: 'Duration of HTTP requests',
    labelNames: ['route', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [registry],
  });
  const followed = counter('facts_followed_total', 'Own facts taken into the read model');
  const performed = counter('work_performed_total', 'Pieces of work that were done', ['kind']);
  const workFailed = counter('work_failed_total', 'Attempts at work that failed', ['kind']);
  const relayed = counter('events_relayed_total', 'Events appended to the published streams', ['home']);
  const applied = counter('events_applied_total', 'Events whose effects are durable', ['producer']);
  const trouble = counter('bus_trouble_total', 'What went wrong on the bus, by kind', ['kind', 'producer']);
  const halted = new Gauge({ name: 'tongdui_lines_halted', help: 'Lines that wait for an operator', registers: [registry] });
  return {
    registry,
    request: (route, status, durationMs) => requests.observe({ route, status }, durationMs / 1_000),
    measure: (measure) => {
      switch (measure.is) {
        case 'followed':
          return followed.inc(measure.facts);
        case 'work-performed':
          return performed.inc({ kind: measure.kind });
        case 'work-failed':
          return workFailed.inc({ kind: measure.kind });
        case 'relayed':
          return relayed.inc({ home: measure.producer.home }, measure.events);
        case 'applied':
          return applied.inc({ producer: `${measure.producer.service}-${measure.producer.home}` }, measure.events);
        case 'line-halted':
          return halted.inc();
        case 'line-resumed':
          return halted.dec();
        default:
          return trouble.inc({ kind: measure.is, producer: `${measure.producer.service}-${measure.producer.home}` });
      }
    },
  };
};
