import type { RecordedEvent } from '@eventstore/db-client';
import { beginning, type JsonObject, type Position, type StoredFact, StoreUnavailable } from '../port.ts';

/** Both numbers, because a position may be `{commit, prepare: 0}` (trap 7), each padded so that positions compare as strings. */
export function positionText(position: { readonly commit: bigint; readonly prepare: bigint } | undefined): Position | undefined {
  // The server says 2^64-1 where it means that there is no position (trap 8).
  if (position === undefined || position.commit === absent || position.prepare === absent) return undefined;
  return `${padded(position.commit)}/${padded(position.prepare)}`;
}

export function positionOf(text: Position): { commit: bigint; prepare: bigint } {
  const [commit, prepare] = text.split('/');
  if (commit === undefined || prepare === undefined) throw new TypeError(`${text} is no position of an EventStoreDB`);
  return { commit: BigInt(commit), prepare: BigInt(prepare) };
}

const absent = 2n ** 64n - 1n;

function padded(number: bigint): string {
  return String(number).padStart(20, '0');
}

export function storedFact(event: RecordedEvent, prefix: string): StoredFact {
  return {
    id: event.id,
    type: event.type,
    data: event.data as JsonObject,
    metadata: (event.metadata ?? {}) as JsonObject,
    stream: event.streamId.slice(prefix.length),
    revision: Number(event.revision),
    position: positionText(event.position) ?? beginning,
    // `created` comes as a Date in milliseconds (trap 9).
    recordedAt: event.created.toISOString(),
  };
}

export type Failure =
  | { readonly is: 'wrong-expected-revision'; readonly actualRevision: number }
  | { readonly is: 'stream-missing' }
  /** The server said no, and would say no again: a configuration or a program is wrong. */
  | { readonly is: 'refused'; readonly message: string }
  /** Nobody knows whether the call had its effect. */
  | { readonly is: 'unavailable'; readonly message: string };

/**
 * Whatever is not known to be an answer counts as unavailable, because resending is safe and giving up is not: a server that is down
 * rejects appends with a raw gRPC error of code 14 without `type`, reads with UnavailableError; one that starts says UnknownError
 * "Server Is Not Ready"; one that died rejects calls of which some have landed (trap 5).
 */
export function failureOf(error: unknown): Failure {
  if (error instanceof StoreUnavailable) return { is: 'unavailable', message: error.message };
  const kind = kindOf(error);
  if (kind === 'wrong-expected-version') return { is: 'wrong-expected-revision', actualRevision: actualRevisionOf(error) };
  if (kind === 'stream-not-found') return { is: 'stream-missing' };
  const message = `${kind}: ${error instanceof Error ? error.message : String(error)}`;
  return { is: refusals.has(kind) ? 'refused' : 'unavailable', message };
}

const refusals = new Set([
  'access-denied',
  'invalid-argument',
  'maximum-append-size-exceeded',
  'missing-required-metadata-property',
  'stream-deleted',
  'unsupported',
]);

function kindOf(error: unknown): string {
  const type = property(error, 'type');
  if (typeof type === 'string') return type;
  // A raw gRPC error names the server's exception in its metadata.
  const metadata = property(error, 'metadata') as { getMap?: () => Record<string, unknown> } | undefined;
  const exception = metadata?.getMap?.().exception;
  if (exception !== undefined) return String(exception);
  const code = property(error, 'code');
  if (code === permissionDenied || code === unauthenticated) return 'access-denied';
  return typeof code === 'number' ? `gRPC code ${code}` : 'no answer';
}

const permissionDenied = 7;
const unauthenticated = 16;

/** The error carries `actualVersion`, a bigint or 'no_stream', and an empty message (trap 3). */
function actualRevisionOf(error: unknown): number {
  const actual = property(error, 'actualVersion');
  return typeof actual === 'bigint' ? Number(actual) : -1;
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
