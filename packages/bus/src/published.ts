import { hash } from 'node:crypto';
import { type CloudEvent, type Home, type Instant, type Producer, sequenceOf, serviceNames, sourceOf } from '@tongdui/contracts';
import type { StoredFact } from '@tongdui/event-store';
import canonicalize from 'canonicalize';

/** What a fact means to others; the relay adds the envelope. */
export type PublishedEventDraft = {
  readonly type: string;
  readonly subject: string;
  readonly time: Instant;
  readonly data: Readonly<Record<string, unknown>>;
};

/** Where a published event comes from. Positions are compared within one epoch only. */
export type EventSource = {
  readonly stream: string;
  readonly revision: number;
  readonly position: string;
  readonly epoch: string;
  readonly index: number;
};

/** An event with what its successor and the size limits need. */
export type SealedEvent = { readonly event: CloudEvent; readonly hash: string; readonly bytes: number };

export const publishedStreamOf = (producer: Producer): string => `${producer.service}.${producer.home}.published`;

/** One message, one append and one feed page hold at most this much; a single larger event still travels, alone. */
export const batchBytesMax = 256 * 1024;
export const messageEventsMax = 200;

/** Gives a draft its place in the producer's sequence. The same fact yields the same event id however often it is relayed. */
export const sealEvent = (
  producer: Producer,
  draft: PublishedEventDraft,
  fact: StoredFact,
  index: number,
  previous: { readonly sequence: number; readonly hash: string | undefined },
): SealedEvent => {
  const eventOf = ({ type, subject, time, data }: PublishedEventDraft): CloudEvent => ({
    specversion: '1.0',
    id: uuidFrom(`${producer.service}/${producer.home}/${fact.stream}/${fact.revision}/${index}`),
    source: sourceOf(producer),
    type,
    subject,
    time,
    datacontenttype: 'application/json',
    sequence: sequenceText(previous.sequence + 1),
    ...(previous.hash === undefined ? {} : { previoushash: previous.hash }),
    data,
  });
  try {
    return sealed(eventOf(draft));
  } catch {
    // Text with half a surrogate pair has no canonical form; it must not stop everything its home publishes after it.
    return sealed(eventOf(wellFormed(draft)));
  }
};

/** With its names in canonical order, so that whoever checks the chain need not sort them again. */
const sealed = (event: CloudEvent): SealedEvent => {
  const text = canonicalText(event);
  return { event: JSON.parse(text) as CloudEvent, hash: hash('sha256', text, 'base64url'), bytes: Buffer.byteLength(text) };
};

const wellFormed = (draft: PublishedEventDraft): PublishedEventDraft =>
  JSON.parse(JSON.stringify(draft), (_key, value: unknown) =>
    typeof value === 'string' ? value.toWellFormed() : value,
  ) as PublishedEventDraft;

/** base64url SHA-256 of the RFC 8785 form: what the next event carries as `previoushash`. */
export const eventHash = (event: CloudEvent): string => hash('sha256', canonicalText(event), 'base64url');

const canonicalText = (event: CloudEvent): string => {
  const text = isInOrder(event) ? JSON.stringify(event) : canonicalize(event);
  if (text === undefined) throw new Error('an event has no canonical form');
  return text;
};

/** Whether plain JSON already is the RFC 8785 form: names in order, and nothing that JSON would leave out or write otherwise. */
const isInOrder = (value: unknown): boolean => {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object') return typeof value === 'boolean';
  if (value === null) return true;
  if (Array.isArray(value)) return value.every(isInOrder);
  let before = '';
  for (const name in value) {
    if (name < before || !name.isWellFormed() || !isInOrder((value as Record<string, unknown>)[name])) return false;
    before = name;
  }
  return true;
};

const sequenceText = (sequence: number): string => String(sequence).padStart(16, '0');

const namespace = Buffer.from('6f1d7a1e5a0b5c0e9b8e7d1c3a2f4b60', 'hex');

/** UUID version 5: the same text always yields the same id. */
const uuidFrom = (text: string): string => {
  const digest = hash('sha1', Buffer.concat([namespace, Buffer.from(text)]), 'hex');
  const variant = ((Number.parseInt(digest.slice(16, 17), 16) & 0x3) | 0x8).toString(16);
  return `${digest.slice(0, 8)}-${digest.slice(8, 12)}-5${digest.slice(13, 16)}-${variant}${digest.slice(17, 20)}-${digest.slice(20, 32)}`;
};

const sources = new RegExp(`^/(${serviceNames.join('|')})/(\\d{6}|G60)$`);
const digits = /^\d{16}$/;

/** Why this is no event envelope, or undefined. Hand-written because it runs for every delivery of every event. */
export const envelopeProblem = (value: unknown): string | undefined => {
  if (typeof value !== 'object' || value === null) return 'not an object';
  const event = value as Partial<Record<keyof CloudEvent, unknown>>;
  if (event.specversion !== '1.0') return 'specversion is not 1.0';
  if (typeof event.source !== 'string' || !sources.test(event.source)) return 'source names no producer';
  if (typeof event.sequence !== 'string' || !digits.test(event.sequence) || Number(event.sequence) < 1)
    return 'sequence is not a positive number of 16 digits';
  if (typeof event.id !== 'string' || event.id.length !== 36) return 'id is not a UUID';
  if (typeof event.type !== 'string' || event.type.length === 0) return 'type is missing';
  if (typeof event.subject !== 'string' || event.subject.length === 0) return 'subject is missing';
  if (typeof event.time !== 'string' || event.time.length !== 24) return 'time is not an instant with milliseconds';
  if (event.datacontenttype !== 'application/json') return 'datacontenttype is not application/json';
  if (typeof event.data !== 'object' || event.data === null) return 'data is missing';
  return undefined;
};

/** Why this event cannot stand at this place of its producer's sequence, or undefined. An unknown previous hash is not checked. */
export const chainProblem = (event: CloudEvent, sequence: number, previousHash: string | undefined): string | undefined => {
  if (sequenceOf(event) !== sequence) return `sequence is ${event.sequence}, expected ${sequence}`;
  if (sequence === 1) return event.previoushash === undefined ? undefined : 'the first event names a previous one';
  if (event.previoushash === undefined) return 'previoushash is missing';
  if (previousHash !== undefined && event.previoushash !== previousHash) return 'previoushash does not match the previous event';
  return undefined;
};

export const producersOf = (services: readonly Producer['service'][], homes: readonly Home[]): Producer[] =>
  homes.flatMap((home) => services.map((service) => ({ service, home })));
