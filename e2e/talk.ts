import type { Home, ServiceName } from '@tongdui/contracts';
import type { System } from '@tongdui/development/system';
import { expect } from 'vitest';

/** How people talk to the services: as somebody, again when it matters, and with a note of what was answered. */

export type Reply = { readonly status: number; readonly body: Readonly<Record<string, unknown>> };

/** A command that a service answered. */
export type Sent = {
  readonly service: ServiceName;
  readonly home: string;
  readonly path: string;
  readonly person: string;
  readonly body: unknown;
};

export type TalkOptions = {
  /** Told of every command that was answered. */
  readonly onAnswer?: (sent: Sent, reply: Reply) => void;
  /** How long people wait for a step; with it they also look again when a service is away. */
  readonly patienceMs?: number;
};

export const talk = (system: System, { onAnswer, patienceMs }: TalkOptions) => {
  const stepMs = patienceMs ?? 30_000;
  const call = async (
    method: 'PUT' | 'GET',
    service: ServiceName,
    home: string,
    path: string,
    person: string | undefined,
    body?: unknown,
  ): Promise<Reply> => {
    const token = person === undefined ? undefined : await system.token(person);
    const response = await fetch(`${system.url(service, home as Home)}${path}`, {
      method,
      headers: {
        ...(token ? { authorization: `Bearer ${token}` } : {}),
        ...(method === 'PUT' ? { 'content-type': 'application/json' } : {}),
      },
      ...(method === 'PUT' ? { body: typeof body === 'string' ? body : JSON.stringify(body ?? {}) } : {}),
      signal: AbortSignal.timeout(30_000),
    });
    const text = await response.text();
    const reply = { status: response.status, body: text.startsWith('{') ? JSON.parse(text) : { text } };
    if (method === 'PUT' && person !== undefined) onAnswer?.({ service, home, path, person, body }, reply);
    return reply;
  };

  const get = async (service: ServiceName, home: string, path: string, person: string): Promise<Reply> => {
    const deadline = Date.now() + (patienceMs ?? 0);
    for (;;) {
      const looking = call('GET', service, home, path, person);
      const reply = patienceMs === undefined ? await looking : await looking.catch(unanswered);
      if (![503, 599].includes(reply.status) || Date.now() >= deadline) return reply;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  const put = (service: ServiceName, home: string, path: string, person: string | undefined, body: unknown = {}) =>
    call('PUT', service, home, path, person, body);

  /** Takes a step that must succeed; while other streams are still being asked it is asked again, which is the same step. */
  const must = async (service: ServiceName, home: string, path: string, person: string, body: unknown = {}): Promise<Reply> => {
    const deadline = Date.now() + stepMs;
    for (;;) {
      const reply = await put(service, home, path, person, body).catch(unanswered);
      if (reply.status === 201 || reply.status === 200) return reply;
      if (![202, 503, 599].includes(reply.status) || Date.now() > deadline)
        expect.fail(`PUT ${service} ${path} by ${person}: ${reply.status} ${JSON.stringify(reply.body)}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };

  return { call, get, put, must, stepMs };
};

/** No answer at all, as if it were one. */
const unanswered = (error: Error): Reply => ({ status: 599, body: { error: String(error.cause ?? error) } });

/** Waits for a condition, looking again and again; fails with what was expected when it does not come. */
export const eventually = async (holds: () => Promise<boolean> | boolean, what: string, timeoutMs = 30_000): Promise<void> => {
  const deadline = Date.now() + timeoutMs;
  while (!(await holds())) {
    if (Date.now() > deadline) expect.fail(`not within ${timeoutMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};
