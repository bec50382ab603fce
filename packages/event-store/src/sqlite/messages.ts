import type { EncodedFact } from '../encode.ts';
import type { JsonObject } from '../port.ts';

/**
 * What passes between the store and its worker. Structured cloning is the cost of the thread, so appends and their answers
 * travel as one flat array per message, and facts that are read travel as one JSON text per slice.
 */
export type ToWorker = AppendsMessage | ReadMessage;

/** Each append: sequence, stream, expected revision, number of facts, then id, type, data and metadata of each fact. */
export type AppendsMessage = { readonly appends: readonly (string | number)[]; readonly recordedAt: number };

export type ReadMessage = { readonly sequence: number; readonly ask: Ask };

export type Ask =
  | { readonly what: 'stream'; readonly stream: string; readonly from: number; readonly max: number }
  | { readonly what: 'last'; readonly stream: string }
  | { readonly what: 'scan'; readonly prefixes: readonly string[]; readonly after: number }
  | { readonly what: 'head'; readonly prefixes: readonly string[] | undefined }
  | { readonly what: 'probe' }
  | { readonly what: 'close' };

/** JSON text of an array of rows; `more`: the slice ended before the stream or the store did; `scannedTo`: a position. */
export type Slice = { readonly rows: string; readonly more: boolean; readonly scannedTo: number };

export type FromWorker =
  | { readonly opened: { readonly epoch: string; readonly lastPosition: number } }
  /** Answers in the order of the commits: sequence, outcome, revision, position. */
  | { readonly answers: readonly number[] }
  | { readonly unavailable: readonly number[]; readonly message: string }
  | { readonly sequence: number; readonly slice: Slice }
  | { readonly sequence: number; readonly number: number }
  | { readonly sequence: number; readonly error: string };

/** Outcomes of an append, as numbers because they are flat: written now, written by an identical earlier append, wrong expected revision. */
export const written = 0;
export const writtenEarlier = 1;
export const wrongRevision = 2;

/** position, stream, revision, id, type, recordedAt in milliseconds, data, metadata */
export type Row = readonly [number, string, number, string, string, number, JsonObject, JsonObject];

/** An append in the hands of the thread. */
export type Posted = { readonly stream: string; readonly expectedRevision: number; readonly facts: readonly EncodedFact[] };

export type Commit = Posted & { readonly revision: number; readonly position: number; readonly recordedAt: string };
