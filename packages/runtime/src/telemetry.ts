/** Spans are made by hand everywhere through the API, which does nothing until this wires an exporter behind it. */
export type Telemetry = { stop(): Promise<void> };

export type TelemetryOptions = {
  readonly service: string;
  /** OTLP over HTTP; without it nothing is sent, and the SDK is not even loaded. */
  readonly endpoint: string | undefined;
  /** Share of traces that start here and are kept; what others have started follows their choice. */
  readonly sampled?: number;
};

export const telemetry = async (options: TelemetryOptions): Promise<Telemetry> => {
  if (options.endpoint === undefined) return { stop: async () => {} };
  const [
    { context, propagation, trace },
    { AsyncLocalStorageContextManager },
    { W3CTraceContextPropagator },
    { OTLPTraceExporter },
    { resourceFromAttributes },
    sdk,
  ] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/context-async-hooks'),
    import('@opentelemetry/core'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/sdk-trace'),
  ]);
  const exporter = new OTLPTraceExporter({ url: `${options.endpoint.replace(/\/$/, '')}/v1/traces` });
  const provider = new sdk.TracerProvider({
    resource: resourceFromAttributes({ 'service.name': `tongdui-${options.service}` }),
    sampler: new sdk.ParentBasedSampler({ root: new sdk.TraceIdRatioBasedSampler(options.sampled ?? 0.01) }),
    spanProcessors: [new sdk.BatchSpanProcessor({ exporter })],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(provider);
  return { stop: () => provider.shutdown() };
};
