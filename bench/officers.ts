import type { Wire } from '@tongdui/development/wire';
import { ulid } from 'ulid';

/** An officer who works through a list: whatever waits, up to a hundred items, goes out as one batch; the next batch when that is answered. */
export type Desk = {
  /** Resolves with the time from the officer's sending to the final answer. */
  act(path: string, body?: unknown): Promise<number>;
};

type Item = {
  readonly path: string;
  readonly body: unknown;
  sentMs: number;
  readonly done: (waitedMs: number) => void;
  readonly fail: (error: Error) => void;
};

const listMax = 100;
/** People gather a list before they act on it. */
const gatherMs = 50;

export const desk = (wire: Wire, token: string): Desk => {
  const waiting: Item[] = [];
  let working = false;

  const work = async () => {
    while (waiting.length > 0) {
      if (waiting.length < listMax) await pause(gatherMs);
      const list = waiting.splice(0, listMax);
      const nowMs = performance.now();
      for (const item of list) item.sentMs ||= nowMs;
      const items = list.map(({ path, body }) => ({ path, body }));
      const { status, text } = await wire.put(`/batches/${ulid()}`, token, { items });
      if (status !== 200) {
        if (status !== 503 && status !== 0) for (const item of list) item.fail(new Error(`a batch was answered ${status}: ${text}`));
        else waiting.push(...list);
        continue;
      }
      const answered = (JSON.parse(text) as { items: { status: number; problem?: unknown }[] }).items;
      for (const [index, item] of list.entries()) settle(item, answered[index] ?? { status: 0 });
    }
    working = false;
  };

  const settle = (item: Item, { status, problem }: { readonly status: number; readonly problem?: unknown }) => {
    if (status === 200 || status === 201) item.done(performance.now() - item.sentMs);
    // Other streams are still being asked, or the store is busy: the same command again.
    else if (status === 202 || status === 503) waiting.push(item);
    else item.fail(new Error(`${item.path} was answered ${status}: ${JSON.stringify(problem)}`));
  };

  return {
    act: (path, body = {}) =>
      new Promise((resolve, reject) => {
        waiting.push({ path, body, sentMs: 0, done: resolve, fail: reject });
        if (working) return;
        working = true;
        void work();
      }),
  };
};

export const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
