import express, { type ErrorRequestHandler, type Express } from 'express';
import type Provider from 'oidc-provider';
import { findPerson, seededPeople } from './people.ts';
import { signInPage } from './sign-in-page.ts';

/** The provider with its sign-in page and the list of people, as one express application. */
export const createApp = (provider: Provider): Express => {
  const app = express();
  app.disable('x-powered-by');
  app.get('/livez', (_request, response) => void response.json({ status: 'ok' }));
  app.get('/readyz', (_request, response) => void response.json({ status: 'ok' }));
  app.get('/people', (_request, response) => {
    response.json({
      people: seededPeople,
      organisations: ['enterprise.<home>.<USCC>', 'lab.<home>.<USCC>'],
    });
  });
  app.get('/interaction/:uid', async (request, response) => {
    const { uid } = await provider.interactionDetails(request, response);
    response.type('html').send(signInPage({ uid, people: seededPeople }));
  });
  app.post('/interaction/:uid', express.urlencoded({ extended: false, limit: '4kb' }), async (request, response) => {
    const { uid } = await provider.interactionDetails(request, response);
    const given = (request.body as Record<string, unknown> | undefined) ?? {};
    const sub = [given.organisation, given.person].find((value): value is string => typeof value === 'string' && value !== '');
    if (!sub || !findPerson(sub)) {
      response
        .status(400)
        .type('html')
        .send(signInPage({ uid, people: seededPeople, unknown: sub ?? '' }));
      return;
    }
    await provider.interactionFinished(request, response, { login: { accountId: sub } }, { mergeWithLastSubmission: false });
  });
  app.use(provider.callback());
  app.use(answerError);
  return app;
};

/** An interaction that has expired is the visitor's business; anything else is a bug of ours and goes to the log. */
const answerError: ErrorRequestHandler = (error: Error & { status?: number }, _request, response, _next) => {
  const status = error.status ?? 500;
  if (status >= 500) process.stderr.write(`${error.stack}\n`);
  response
    .status(status)
    .type('text')
    .send(status >= 500 ? 'internal error' : error.message);
};
