import type { EncodedFact } from '../encode.ts';

/**
 * What passes between the store and its worker. Structured cloning is the cost of the thread, so appends and their answers
 * travel as one flat array per message.
 */
export type ToWorker = AppendsMessage | AskMessage;

/** Each append: sequence, stream, expected revision, number of facts, then id, type, data and metadata of each fact. */
export type AppendsMessage = { readonly appends: readonly (string | number)[]; readonly recordedAt: number };

export type AskMessage = { readonly sequence: number; readonly ask: Ask };
/** `probe`: does the file take writes? */
export type Ask = 'probe' | 'close' | StreamAsk;
export type StreamAsk = { readonly stream: string; readonly from: number; readonly max: number } | { readonly lastOf: string };

/** position, stream, revision, id, type, recordedAt in milliseconds, data, metadata */
export type Row = readonly [number, string, number, string, string, number, string, string];

export type FromWorker =
  | { readonly opened: true }
  /** Answers in the order of the commits: sequence, outcome, revision, position. */
  | { readonly answers: readonly number[] }
  | { readonly unavailable: readonly number[]; readonly message: string }
  /** Done, with what was read, or why not. */
  | { readonly sequence: number; readonly rows?: readonly Row[]; readonly error?: string };

/** Outcomes of an append, as numbers because they are flat: written now, written by an identical earlier append, wrong expected revision. */
export const written = 0;
export const writtenEarlier = 1;
export const wrongRevision = 2;

/** An append in the hands of the thread. */
export type Posted = { readonly stream: string; readonly expectedRevision: number; readonly facts: readonly EncodedFact[] };

export type Commit = Posted & { readonly revision: number; readonly position: number; readonly recordedAt: string };
