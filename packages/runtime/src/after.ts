import { z } from 'zod';
import { FailureError, failure } from './problems.ts';

/** Read your writes: a command answers with a token, and a query that carries it waits until it sees that command. */
export type AfterTokens = {
  encode(position: string): string;
  /** The position in a token of this service and store; throws a `FailureError` (400) for any other. */
  decode(token: string): string;
};

/** Positions are the store's own, but every store writes digits (and a slash); empty is the one before every fact. */
const Token = z.strictObject({ service: z.string(), epoch: z.string(), position: z.string().regex(/^(\d[\d/]{0,99})?$/) });

export const afterTokens = (service: string, epoch: string): AfterTokens => ({
  encode: (position) => Buffer.from(JSON.stringify({ service, epoch, position })).toString('base64url'),
  decode: (token) => {
    const parsed = Token.safeParse(jsonOf(token));
    if (!parsed.success) throw unusable('after is not a token that a command has answered');
    if (parsed.data.service !== service) throw unusable(`after is a token of ${parsed.data.service.slice(0, 40)}, not of ${service}`);
    if (parsed.data.epoch !== epoch) throw unusable('after is a token of an earlier store; read without it');
    return parsed.data.position;
  },
});

export const unusable = (detail: string): FailureError => new FailureError(failure('bad-request', { detail }));

const jsonOf = (token: string): unknown => {
  if (token.length > 1_000 || !/^[A-Za-z0-9_-]+$/.test(token)) return undefined;
  try {
    return JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
};
