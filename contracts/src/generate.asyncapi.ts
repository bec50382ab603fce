import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import { type Json, type Schemas, schemasOf } from './generate.schemas.ts';
import { type EventDefinition, eventDefinitions, homes, type ServiceName, serviceNames } from './index.ts';

export const exampleOf = (definition: Pick<EventDefinition, 'name'>): Json =>
  JSON.parse(readFileSync(new URL(`../examples/${definition.name}.v1.json`, import.meta.url), 'utf8')) as Json;

/** AsyncAPI 3 of everything that is published: one channel for each service, with the home in its address. */
export const asyncapi = (): Json => {
  const schemas = schemasOf();
  const publishing = serviceNames.filter((service) => eventsOf(service).length > 0);
  const messages = Object.fromEntries(eventDefinitions.map((definition) => [definition.name, messageOf(definition, schemas)]));
  const { document, components } = schemas.resolve({ messages });
  return {
    asyncapi: '3.0.0',
    info: { title: 'Tongdui events · 通兑事件', version: '1.0.0', license: { name: 'Apache-2.0' }, description: introduction },
    defaultContentType: 'application/cloudevents+json',
    channels: Object.fromEntries(publishing.map((service) => [service, channelOf(service)])),
    operations: Object.fromEntries(publishing.map((service) => [`publish-${service}`, operationOf(service)])),
    components: { messages: document.messages, schemas: components },
  };
};

const introduction = [
  'CloudEvents 1.0 in JSON with two extensions: sequence counts the events of a producer (service and home) without gaps, and previoushash is the base64url',
  'SHA-256 of the event before it in RFC 8785 form. A message on the wire is a batch of at most 200 events in the CloudEvents batch format',
  '(application/cloudevents-batch+json), delivered at least once; traceparent travels in the message headers. A published event changes only by a new version.',
].join(' ');

const eventsOf = (service: ServiceName) => eventDefinitions.filter((definition) => definition.service === service);

const channelOf = (service: ServiceName): Json => ({
  address: `g60.{home}.${service}`,
  title: `What ${service} publishes`,
  description: `Batches of the events of ${service} at one home, in the order of their sequence.`,
  parameters: { home: { enum: [...homes], description: 'Member city by its GB/T 2260 division code, or G60 for the corridor' } },
  messages: Object.fromEntries(eventsOf(service).map(({ name }) => [name, { $ref: `#/components/messages/${name}` }])),
});

const operationOf = (service: ServiceName): Json => ({
  action: 'send',
  channel: { $ref: `#/channels/${service}` },
  title: `${service} publishes`,
  messages: eventsOf(service).map(({ name }) => ({ $ref: `#/channels/${service}/messages/${name}` })),
});

const messageOf = (definition: EventDefinition, schemas: Schemas): Json => ({
  name: definition.type,
  title: definition.summary.en,
  summary: definition.summary.zh,
  ...(definition.posts.length > 0
    ? { description: `Posted by the ledger: ${definition.posts.join(', ')}`, 'x-posts': [...definition.posts] }
    : {}),
  contentType: 'application/cloudevents+json',
  payload: schemas.use(definition.event as z.ZodType),
  examples: [{ name: definition.name, payload: exampleOf(definition) }],
});
