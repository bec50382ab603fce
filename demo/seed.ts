import { dateOf } from '@tongdui/calendar';
import type { Instant } from '@tongdui/contracts';
import { inParallel } from '@tongdui/development/client';
import type { System } from '@tongdui/development/system';
import { cityOf } from './cities.ts';
import { inventData, wholeDemo } from './data.ts';
import { apply, setUp, setUpSteps, together } from './setup.ts';
import { stageOf } from './stage.ts';

export type SeedOptions = {
  /** Told of every finished step. */
  readonly progress?: (done: number, total: number, step: string) => void;
};

/** Nobody orders anything here; the number says how many enterprises there are. */
const beginning = { ...wholeDemo, orders: 544 };

/**
 * Fills a new system with the nine cities: policies, agreements, prefunds, pots, labs, offerings, recognitions, enterprises, and one
 * voucher in each city to begin with. Beginning again on a half-filled system is harmless: every command has an id of its own.
 */
export const seed = async (system: System, { progress = () => {} }: SeedOptions = {}): Promise<void> => {
  const stage = stageOf(system, inventData(beginning));
  const total = setUpSteps.length + 1;
  let done = 0;
  try {
    await setUp(stage, dateOf(new Date().toISOString() as Instant), (step) => {
      done += 1;
      progress(done, total, step);
    });
    await system.waitIdle();
    const first = new Map([...stage.data.applications].reverse().map((application) => [cityOf(application.application), application]));
    const issued = stage.data.applications.filter(({ story }) => story === 'issued');
    const chosen = [...first.keys()].flatMap((city) => issued.find(({ application }) => cityOf(application) === city) ?? []);
    await inParallel(chosen, together, (application) => apply(stage, application));
    progress(total, total, 'vouchers');
  } finally {
    stage.api.close();
  }
  if (stage.unexpected.length > 0) throw new Error(`the seed was refused:\n${stage.unexpected.slice(0, 20).join('\n')}`);
};
