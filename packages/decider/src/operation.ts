import type { Actor, Instant } from '@tongdui/contracts';
import type { Command, HandleReason, Ran } from './handle.ts';
import { uuidv5 } from './uuid.ts';

/** A command or query of a person, beneath HTTP: what simulation drives and routes call. */
export type Request = {
  readonly actor: Actor;
  /** Identity of the command: the method and path the client chose. */
  readonly key: string;
  /** SHA-256 of the RFC 8785 form of the body: the same key with another hash is refused `id-reused`. */
  readonly hash: string;
  /** uuidv5 of key and hash. */
  readonly id: string;
  /** Revision the caller saw last (If-Match). */
  readonly expectedRevision?: number;
  /** Business time. */
  readonly at: Instant;
};

/** Refusals any operation can give beside its decider's. */
export type CommonReason =
  | HandleReason
  /** The person lacks the role at this city: 403. */
  | 'not-allowed'
  /** The person belongs to another organisation: 403. */
  | 'foreign-organisation';

export type Answer<Reason extends string> =
  | { readonly is: 'done'; readonly created: boolean; readonly id: string; readonly revision: number; readonly position: string }
  /** Recorded; other streams still have to answer. */
  | { readonly is: 'pending'; readonly id: string; readonly revision: number; readonly position: string }
  | { readonly is: 'refused'; readonly reason: Reason | CommonReason };

/** How long an operation waits for the outcome of a coordinated command before it answers `pending`. */
export const outcomeWaitMs = 2_000;

export const refused = <Reason extends string>(reason: Reason) => ({ is: 'refused', reason }) as const;

/** Wraps what a person asked for as a command of a stream. */
export const asked = <C>(request: Request, command: C): Command<C> => ({
  command,
  id: request.id,
  request: { key: request.key, hash: request.hash },
  ...(request.expectedRevision === undefined ? {} : { expectedRevision: request.expectedRevision }),
});

/** The answer to a command that one stream decides. */
export const answered = <Reason extends string>(id: string, ran: Ran<unknown, unknown, Reason>): Answer<Reason> =>
  ran.is === 'refused'
    ? refused(ran.reason)
    : { is: 'done', created: ran.facts.length > 0, id, revision: ran.revision, position: ran.position };

/** Name of the stream that an API id belongs to: `310117-order-01J…` of redemption is `redemption.310117.order-01J…`. */
export const streamOf = (service: string, id: string): string => {
  const dash = id.indexOf('-');
  return `${service}.${id.slice(0, dash)}.${id.slice(dash + 1)}`;
};

const causedIds = 'a1f3f9de-5c1b-5b63-9c53-2b1c5a0e6d47';

/** Id of a command that a process sends: the same for the same cause (a fact's or event's id) and step, however often it is sent. */
export const commandIdOf = (causeId: string, step: string): string => uuidv5(`${causeId}/${step}`, causedIds);
