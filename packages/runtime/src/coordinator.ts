import { Unreachable } from '@tongdui/bus';
import type { Home, ServiceName } from '@tongdui/contracts';
import { type Outcome, outcomeOf, type PartAnswer } from '@tongdui/decider';
import type { JsonObject } from '@tongdui/event-store';
import type { Ask } from './asker.ts';
import type { CrashPoint, WallClock } from './seams.ts';

/** One stream's part in a decision: who decides it and what is asked. The ask carries a deterministic command id. */
export type Part = { readonly home: Home; readonly service: ServiceName; readonly ask: JsonObject };

export type CoordinationSeams = {
  readonly ask: Ask;
  readonly wall: WallClock;
  readonly crash: CrashPoint;
  /** Ends the attempts when the process stops: the promise then rejects with `Stopping` and the work is done again after the start. */
  readonly signal?: AbortSignal;
};

export class Stopping extends Error {
  override name = 'Stopping';
}

/**
 * Asks every part, and again those that did not answer, until the outcome is certain. Not reaching a part is never a refusal; only when
 * the coordinator's own deadline has passed (business time) is the outcome to refuse, for `deadline-passed`. The caller records the
 * outcome as a fact of the coordinating stream and then, for a refusal, calls `releaseAll`.
 */
export const coordinate = async <Data = unknown>(
  parts: readonly Part[],
  options: CoordinationSeams & { readonly deadlinePassed: () => boolean },
): Promise<Outcome<Data>> => {
  const { crash } = options;
  crash('coordinator.before-ask');
  let answered = 0;
  const answers = await Promise.all(
    parts.map(async ({ home, service, ask }) => {
      const answer = await untilReached(() => options.ask(home, service, ask), options, options.deadlinePassed);
      answered += 1;
      if (answered === 1) crash('coordinator.after-first-answer');
      return answer as PartAnswer<Data> | undefined;
    }),
  );
  crash('coordinator.before-outcome');
  const outcome = outcomeOf(answers);
  // A part that nobody could reach before the deadline may still hold something; its release leaves a tombstone there.
  const decided: Outcome<Data> = outcome.is === 'waiting' ? { is: 'refuse', reason: refusalAmong(answers) ?? 'deadline-passed' } : outcome;
  crash('coordinator.after-outcome');
  return decided;
};

/** Sends every part its release until it has acknowledged. Never gives up: a hold that is not released stays for ever. */
export const releaseAll = async (parts: readonly Part[], options: CoordinationSeams): Promise<void> => {
  const { crash } = options;
  crash('coordinator.before-release');
  let released = 0;
  await Promise.all(
    parts.map(async ({ home, service, ask }) => {
      await untilReached(async () => {
        const answer = await options.ask(home, service, ask);
        if (answer.is !== 'yes')
          throw new Unreachable(`the release was not acknowledged: ${answer.is === 'no' ? answer.reason : answer.is}`);
        return answer;
      }, options);
      released += 1;
      if (released === 1) crash('coordinator.after-first-release');
    }),
  );
};

const firstPauseMs = 1_000;
const longestPauseMs = 60_000;

/** Undefined when the time was over before an answer came. */
const untilReached = async <Answer>(
  attempt: () => Promise<Answer>,
  { wall, signal }: CoordinationSeams,
  over: () => boolean = () => false,
): Promise<Answer | undefined> => {
  for (let pause = firstPauseMs; ; pause = Math.min(pause * 2, longestPauseMs)) {
    if (signal?.aborted) throw new Stopping('the process stops before every part has answered');
    if (over()) return undefined;
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
    }
    await wall.sleep(pause, signal);
  }
};

const refusalAmong = (answers: readonly (PartAnswer | undefined)[]): string | undefined => {
  const no = answers.find((answer) => answer?.is === 'no');
  return no?.is === 'no' ? no.reason : undefined;
};
