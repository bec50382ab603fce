import { appendBytesMax, appendFactsMax, type JsonObject, type NewFact, noStream, type StoredFact } from './port.ts';

export type EncodedFact = { readonly id: string; readonly type: string; readonly data: string; readonly metadata: string };

/**
 * What every adapter does first: refuse misuse before anything is sent, and turn data into JSON text once.
 * Throws `TypeError` or `RangeError`; an adapter's `append` lets that reject.
 */
export function encodeAppend(stream: string, expectedRevision: number, facts: readonly NewFact[]): EncodedFact[] {
  if (stream === '') throw new TypeError('a stream needs a name');
  if (!Number.isSafeInteger(expectedRevision) || expectedRevision < noStream) {
    throw new RangeError(`expected revision ${expectedRevision} of ${stream} is neither a revision nor ${noStream}`);
  }
  // EventStoreDB calls an empty append a success and creates nothing, so a caller would believe in a stream that is not there.
  if (facts.length === 0) throw new RangeError(`an append to ${stream} needs at least one fact`);
  if (facts.length > appendFactsMax) throw new RangeError(`${facts.length} facts for ${stream} in one append, at most ${appendFactsMax}`);
  const encoded = facts.map(encodeFact);
  refuseTooManyBytes(stream, encoded);
  refuseRepeatedIds(stream, encoded);
  return encoded;
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

function encodeFact(fact: NewFact): EncodedFact {
  // Lower case only: EventStoreDB gives ids back in lower case, and a retry is recognised by comparing them.
  if (!uuid.test(fact.id)) throw new TypeError(`fact id ${fact.id} is not a UUID in lower case`);
  if (fact.type === '') throw new TypeError(`fact ${fact.id} needs a type`);
  // JSON.stringify throws on a BigInt, which would hang an append of the EventStoreDB client for ever.
  return { id: fact.id, type: fact.type, data: objectText(fact.data, fact.id), metadata: objectText(fact.metadata, fact.id) };
}

function objectText(value: JsonObject, id: string): string {
  const text = JSON.stringify(value);
  if (text?.[0] !== '{') throw new TypeError(`data and metadata of fact ${id} must be JSON objects`);
  return text;
}

function refuseTooManyBytes(stream: string, facts: readonly EncodedFact[]): void {
  let characters = 0;
  for (const fact of facts) characters += fact.type.length + fact.data.length + fact.metadata.length;
  // A UTF-16 unit takes at most three bytes of UTF-8, so most appends need no exact count.
  if (characters * 3 <= appendBytesMax) return;
  let bytes = 0;
  for (const fact of facts) bytes += Buffer.byteLength(fact.type) + Buffer.byteLength(fact.data) + Buffer.byteLength(fact.metadata);
  if (bytes > appendBytesMax) throw new RangeError(`${bytes} bytes for ${stream} in one append, at most ${appendBytesMax}`);
}

function refuseRepeatedIds(stream: string, facts: readonly EncodedFact[]): void {
  if (facts.length === 1) return;
  if (new Set(facts.map((fact) => fact.id)).size < facts.length) throw new TypeError(`an append to ${stream} repeats a fact id`);
}

export function decodeFact(fact: EncodedFact, place: Omit<StoredFact, keyof NewFact>): StoredFact {
  return {
    id: fact.id,
    type: fact.type,
    data: JSON.parse(fact.data),
    metadata: JSON.parse(fact.metadata),
    stream: place.stream,
    revision: place.revision,
    position: place.position,
    recordedAt: place.recordedAt,
  };
}
