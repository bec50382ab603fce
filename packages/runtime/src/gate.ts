import { randomUUID } from 'node:crypto';
import type { RequestListener, ServerResponse } from 'node:http';
import type { Metrics } from './metrics.ts';
import { detailsOf, failure } from './problems.ts';
import type { Log, WallClock } from './seams.ts';

/** How many requests are taken on at once, and for how long in one turn of the event loop. */
export type Bounds = { readonly inFlightMax: number; readonly turnMaxMs: number };

export type GateOptions = {
  readonly bounds: Bounds;
  /** What is let in always. */
  readonly open: ReadonlySet<string>;
  readonly wall: WallClock;
  readonly log: Log;
  readonly metrics?: Metrics;
};

const tellEveryMs = 1_000;

/**
 * More at once would only make every one of them late. What waits in the sockets is not seen as a number, because taking a request on
 * costs more than finishing it; but it makes a turn of the event loop long, and what comes late in such a turn has waited already. A refusal
 * must cost a fraction of an answer: it is made before everything else, and many share one line in the log.
 */
export const gate = (listener: RequestListener, { bounds, open, wall, log, metrics }: GateOptions): RequestListener => {
  let inFlight = 0;
  let turnBeganMs: number | undefined;
  let refused = 0;
  let toldAtMs = 0;

  const isTurnOver = () => {
    if (turnBeganMs !== undefined) return wall.nowMs() - turnBeganMs > bounds.turnMaxMs;
    turnBeganMs = wall.nowMs();
    setImmediate(() => {
      turnBeganMs = undefined;
    });
    return false;
  };
  const left = () => {
    inFlight -= 1;
  };
  const refuse = (path: string, res: ServerResponse) => {
    const failed = failure('overloaded');
    const text = JSON.stringify(detailsOf(failed, path, randomUUID().replaceAll('-', '')));
    const { status } = failed.problem;
    res.writeHead(status, {
      ...failed.headers,
      'content-type': 'application/problem+json; charset=utf-8',
      'content-length': Buffer.byteLength(text),
    });
    res.end(text);
    metrics?.request('refused', status, 0);
    refused += 1;
    const nowMs = wall.nowMs();
    if (nowMs - toldAtMs < tellEveryMs) return;
    log.warn({ refused, inFlight }, 'requests are refused: more come than can be answered in time');
    toldAtMs = nowMs;
    refused = 0;
  };

  return (req, res) => {
    const [path = '/'] = (req.url ?? '/').split('?', 1);
    if (!open.has(path)) {
      if (isTurnOver() || inFlight >= bounds.inFlightMax) return refuse(path, res);
      inFlight += 1;
      res.on('close', left);
    }
    listener(req, res);
  };
};
