import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, ParentBasedSampler, TraceIdRatioBasedSampler, TracerProvider } from '@opentelemetry/sdk-trace';

export type Telemetry = { stop(): Promise<void> };

/** Spans are made by hand everywhere through the API, which does nothing until this wires an exporter behind it. */
export const telemetry = (options: {
  readonly service: string;
  readonly endpoint: string | undefined;
  readonly sampled?: number;
}): Telemetry => {
  if (options.endpoint === undefined) return { stop: async () => {} };
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': `tongdui-${options.service}` }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(options.sampled ?? 0.01) }),
    spanProcessors: [
      new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url: `${options.endpoint.replace(/\/$/, '')}/v1/traces` }) }),
    ],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(provider);
  return { stop: () => provider.shutdown() };
};
