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

export type CoordinateOptions<Data> = CoordinationSeams & {
  /** Whether the coordinator's own deadline has passed, in business time. Asked before every attempt. */
  readonly deadlinePassed: () => boolean;
  /** Records the outcome as a fact of the coordinating stream. It must be harmless when it is recorded already. */
  readonly record?: (outcome: CertainOutcome<Data>) => Promise<void>;
};

/** Never `waiting`: where the deadline ends the attempts, that is a refusal. */
export type CertainOutcome<Data> = Exclude<Outcome<Data>, { is: 'waiting' }>;

/**
 * Asks every part, and again those that did not answer, until the outcome is certain; then records it. Not reaching a part is never a
 * refusal; only when the coordinator's own deadline has passed is the outcome to refuse, for `deadline-passed`. After a refusal the
 * caller's process sends `releaseAll`, as the work that the recorded refusal opens, so that a crash in between loses no release.
 */
export const coordinate = async <Data = unknown>(
  parts: readonly Part[],
  options: CoordinateOptions<Data>,
): Promise<CertainOutcome<Data>> => {
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
  const outcome = certain(answers);
  await options.record?.(outcome);
  crash('coordinator.after-outcome');
  return outcome;
};

/** A part that nobody could reach before the deadline may still hold something; its release leaves a tombstone there. */
const certain = <Data>(answers: readonly (PartAnswer<Data> | undefined)[]): CertainOutcome<Data> => {
  const outcome = outcomeOf(answers);
  return outcome.is === 'waiting' ? { is: 'refuse', reason: 'deadline-passed' } : outcome;
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
