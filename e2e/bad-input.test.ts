import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { badAddresses } from './bad-input.addresses.ts';
import { badContent } from './bad-input.content.ts';
import { badPeople } from './bad-input.people.ts';
import { everyService, openStage, type Stage, sampleOf } from './bad-input.stage.ts';

/** Whatever the outside world sends: each fault has its own problem in both languages, and nothing anywhere changes. */

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage?.stop());
afterEach(() => stage.expectNothingFollowed());

badContent(() => stage);
badPeople(() => stage);
badAddresses(() => stage);

/** Last, because it changes something: had the samples a fault of their own, nothing above would show that its fault was found. */
test.each(everyService)('the sample of $service is accepted when nothing is wrong with it', async ({ service }) => {
  const response = await stage.send(sampleOf(stage, service));
  const { code } = (await response.json()) as { code?: string };
  expect([response.status, code]).toEqual(service === 'ledger' ? [409, 'line-not-halted'] : [201, undefined]);
});
