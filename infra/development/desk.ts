import { randomUUID } from 'node:crypto';
import type { Reply } from './client.ts';

/** One answer to one sending; a busy service says when to ask again. */
export type Attempt = Reply & { readonly retryAfterMs?: number };

type Item = { readonly path: string; readonly body: unknown; readonly answer: (attempt: Attempt) => void };
type Answered = { readonly status: number; readonly answer?: unknown; readonly problem?: { readonly code?: string } };

const listMax = 100;
/** People gather a list before they act on it; short enough that nobody notices. */
const gatherMs = 15;
const busyMs = 100;

/**
 * An officer who works through a list at one service: what waits, up to a hundred commands, goes out as one batch, the next when that one is
 * answered. Every command has an answer of its own.
 */
export class Desk {
  readonly #send: (path: string, body: unknown) => Promise<Attempt>;
  readonly #waiting: Item[] = [];
  #isWorking = false;

  constructor(send: (path: string, body: unknown) => Promise<Attempt>) {
    this.#send = send;
  }

  put(path: string, body: unknown): Promise<Attempt> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ path, body, answer: resolve });
      if (!this.#isWorking) this.#work().catch(reject);
    });
  }

  async #work(): Promise<void> {
    this.#isWorking = true;
    while (this.#waiting.length > 0) {
      if (this.#waiting.length < listMax) await new Promise((resolve) => setTimeout(resolve, gatherMs));
      const list = this.#waiting.splice(0, listMax);
      const items = list.map(({ path, body }) => ({ path, body }));
      const reply = await this.#send(`/batches/${randomUUID()}`, { items });
      const answers = reply.ok ? (reply.body as { readonly items: readonly Answered[] }).items : [];
      for (const [index, item] of list.entries()) {
        const answered = answers[index];
        item.answer(answered ? attemptOf(answered) : reply);
      }
    }
    this.#isWorking = false;
  }
}

const attemptOf = ({ status, answer, problem }: Answered): Attempt => {
  if (problem === undefined) return { ok: true, status, body: answer };
  const busy = status === 503 ? { retryAfterMs: busyMs } : {};
  return { ok: false, status, code: problem.code ?? `http-${status}`, body: problem, ...busy };
};
