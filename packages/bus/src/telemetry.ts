import {
  type Context,
  context,
  type Link,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { type MsgHdrs, headers as natsHeaders } from 'nats';
import { messageOf } from './seams.ts';

/** OpenTelemetry's messaging conventions are still in development: their names live here and nowhere else. */
const names = {
  system: 'messaging.system',
  destination: 'messaging.destination.name',
  operation: 'messaging.operation.type',
  count: 'messaging.batch.message_count',
} as const;

/** Sends under a producer span; the work gets headers that carry it. */
export const sending = <T>(destination: string, events: number, work: (headers: MsgHdrs) => Promise<T>): Promise<T> =>
  inSpan(`send ${destination}`, SpanKind.PRODUCER, [], context.active(), { destination, operation: 'send', events }, () => work(carried()));

/** Processes under a span of its own that links to the sender's: one message may be processed many times and much later. */
export const processing = <T>(destination: string, events: number, headers: MsgHdrs | undefined, work: () => Promise<T>): Promise<T> => {
  const sender = trace.getSpanContext(extracted(headers));
  const links = sender ? [{ context: sender }] : [];
  return inSpan(`process ${destination}`, SpanKind.CONSUMER, links, ROOT_CONTEXT, { destination, operation: 'process', events }, work);
};

/** Asks under a client span; the work gets headers that carry it. */
export const requesting = <T>(destination: string, work: (headers: MsgHdrs) => Promise<T>): Promise<T> =>
  inSpan(`request ${destination}`, SpanKind.CLIENT, [], context.active(), { destination, operation: 'send', events: 1 }, () =>
    work(carried()),
  );

/** Answers under a child of the asker's span: the asker waits for it. */
export const answering = <T>(destination: string, headers: MsgHdrs | undefined, work: () => Promise<T>): Promise<T> =>
  inSpan(`answer ${destination}`, SpanKind.SERVER, [], extracted(headers), { destination, operation: 'process', events: 1 }, work);

type Facts = { readonly destination: string; readonly operation: string; readonly events: number };

const inSpan = async <T>(
  name: string,
  kind: SpanKind,
  links: Link[],
  parent: Context,
  facts: Facts,
  work: () => Promise<T>,
): Promise<T> => {
  const attributes = {
    [names.system]: 'nats',
    [names.destination]: facts.destination,
    [names.operation]: facts.operation,
    [names.count]: facts.events,
  };
  const span = trace.getTracer('@tongdui/bus').startSpan(name, { kind, links, attributes }, parent);
  try {
    return await context.with(trace.setSpan(parent, span), work);
  } catch (error) {
    failed(span, error);
    throw error;
  } finally {
    span.end();
  }
};

const failed = (span: Span, error: unknown): void => {
  span.setStatus({ code: SpanStatusCode.ERROR, message: messageOf(error) });
};

const carried = (): MsgHdrs => {
  const headers = natsHeaders();
  propagation.inject(context.active(), headers, { set: (carrier, key, value) => carrier.set(key, value) });
  return headers;
};

const extracted = (headers: MsgHdrs | undefined): Context => {
  if (!headers) return ROOT_CONTEXT;
  return propagation.extract(ROOT_CONTEXT, headers, {
    get: (carrier, key) => (carrier.has(key) ? carrier.get(key) : undefined),
    keys: (carrier) => carrier.keys(),
  });
};
