import type { Actor } from '@tongdui/contracts';
import type { CommandEndpoint } from './command-route.ts';
import type { NounEndpoint, Reply } from './noun-route.ts';

/** Something beside commands and nouns: `GET /books/{party}/trial-balance`. */
export type PlainEndpoint = {
  readonly is: 'plain';
  readonly method: 'GET' | 'PUT';
  /** OpenAPI form. */
  readonly path: string;
  /** Any one of these; without it everyone signed in. */
  readonly roles?: readonly string[];
  /** Throws `FailureError` for a problem. */
  run(call: PlainCall): Promise<JsonReply | Reply> | JsonReply | Reply;
};
export type PlainCall = {
  readonly actor: Actor;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, unknown>>;
  /** Of a PUT: JSON, not parsed further. */
  readonly body: unknown;
};
export type JsonReply = { readonly json: unknown; readonly status?: number; readonly headers?: Readonly<Record<string, string>> };

export type Endpoint = CommandEndpoint | NounEndpoint | PlainEndpoint;
