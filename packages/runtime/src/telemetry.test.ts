import { createServer } from 'node:http';
import { context, propagation, trace } from '@opentelemetry/api';
import { afterAll, expect, test } from 'vitest';
import { listen } from './issuer.fixture.ts';
import { telemetry } from './telemetry.ts';

afterAll(() => {
  trace.disable();
  propagation.disable();
  context.disable();
});

test('without an endpoint nothing is wired', async () => {
  await (await telemetry({ service: 'registry', endpoint: undefined })).stop();
  expect(trace.getTracer('test').startSpan('x').isRecording()).toBe(false);
});

test('with an endpoint spans are sent there, with the name of the service, and a caller’s trace goes on', async () => {
  const received: string[] = [];
  const collector = createServer((req, res) => {
    req.on('data', (chunk: Buffer) => received.push(`${req.url} ${String(chunk)}`));
    req.on('end', () => res.end('{}'));
  });
  const { stop } = await telemetry({ service: 'registry', endpoint: await listen(collector), sampled: 1 });
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const span = trace.getTracer('test').startSpan('a request', {}, propagation.extract(context.active(), { traceparent }));
  expect(span.spanContext().traceId).toBe('0af7651916cd43dd8448eb211c80319c');
  span.end();
  await stop();
  collector.close();
  expect(received.join('')).toMatch(/^\/v1\/traces .*tongdui-registry.*a request/);
});
