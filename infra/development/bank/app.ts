import { setTimeout as delay } from 'node:timers/promises';
import { Member } from '@tongdui/contracts';
import express, { type ErrorRequestHandler, type Express, type Response } from 'express';
import { z } from 'zod';
import type { Book } from './book.ts';
import { PaymentOrder, Reference, Rule, StatementQuery } from './protocol.ts';

/** The bank over HTTP. An answer leaves only after the book is synced. */
export const createApp = (book: Book): Express => {
  const app = express();
  app.disable('x-powered-by');
  app.use(express.json({ limit: '16kb' }));
  app.get('/livez', (_request, response) => void response.json({ status: 'ok' }));
  app.get('/readyz', (_request, response) => void response.json({ status: 'ok' }));

  app.put('/payments/:reference', async (request, response) => {
    const reference = Reference.parse(request.params.reference);
    const instructed = book.instruct(reference, PaymentOrder.parse(request.body), todayInShanghai());
    if (instructed.kind === 'differs') {
      problem(response, 409, 'reference-differs', 'this reference was used with another body');
      return;
    }
    const { answer, behaviour, first } = instructed;
    if (first && behaviour.outcome === 'crash-before-answer') {
      response.destroy();
      return;
    }
    // The money has moved by now: a caller that gives up waiting must ask before it sends again.
    if (first && behaviour.outcome === 'slow') await delay(behaviour.delayMs);
    response.status(first ? 201 : 200).json(answer);
  });

  app.get('/payments/:reference', (request, response) => {
    response.json(book.find(Reference.parse(request.params.reference)));
  });
  app.get('/statements/:city', (request, response) => {
    response.json(book.statement(Member.parse(request.params.city), StatementQuery.parse(request.query)));
  });
  app.put('/rules/:key', (request, response) => {
    const rule = Rule.parse(request.body);
    book.setRule(Reference.parse(request.params.key), rule);
    response.json(rule);
  });
  app.get('/audit', (_request, response) => void response.json(book.audit()));

  app.use((_request, response) => problem(response, 404, 'not-found', 'there is nothing here'));
  app.use(answerError);
  return app;
};

const todayInShanghai = (): string => new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10);

const problem = (response: Response, status: number, code: string, detail: string): void => {
  response
    .status(status)
    .type('application/problem+json')
    .send(JSON.stringify({ type: `urn:tongdui:bank:${code}`, title: code, status, detail }));
};

const answerError: ErrorRequestHandler = (error: Error & { status?: number }, _request, response, _next) => {
  if (error instanceof z.ZodError) return problem(response, 422, 'schema', z.prettifyError(error));
  const status = error.status ?? 500;
  if (status >= 500) process.stderr.write(`${error.stack}\n`);
  problem(response, status, status >= 500 ? 'internal' : 'bad-request', status >= 500 ? 'internal error' : error.message);
};
