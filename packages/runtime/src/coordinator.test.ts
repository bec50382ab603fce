import { Unreachable } from '@tongdui/bus';
import type { PartAnswer } from '@tongdui/decider';
import { expect, test } from 'vitest';
import type { Ask } from './asker.ts';
import { type CertainOutcome, coordinate, type Part, releaseAll, Stopping } from './coordinator.ts';
import { noCrash } from './seams.ts';
import { jiaxing, ManualWall, songjiang } from './testing.ts';

const parts: Part[] = [
  { home: songjiang, service: 'issuance', ask: { type: 'Take', id: 'a' } },
  { home: jiaxing, service: 'issuance', ask: { type: 'Take', id: 'b' } },
];
const yes = (data: string): PartAnswer => ({ is: 'yes', data });
const away = new Unreachable('nobody answers');

/** Answers of the two parts, in turn; a part with no more answers repeats its last. */
const given = (...answers: readonly (readonly (PartAnswer | Unreachable)[])[]) => {
  const asked: string[] = [];
  const ask: Ask = async (home, _service, payload) => {
    const part = parts.findIndex((one) => one.home === home);
    const answer = answers[part]![Math.min(asked.filter((each) => each === home).length, answers[part]!.length - 1)]!;
    asked.push(home);
    expect(payload).toBe(parts[part]!.ask);
    if (answer instanceof Unreachable) throw answer;
    return answer;
  };
  return { ask, asked };
};

const decide = async (ask: Ask, options: { wall?: ManualWall; deadlinePassed?: () => boolean; crash?: (name: string) => void } = {}) => {
  const recorded: CertainOutcome<unknown>[] = [];
  const wall = options.wall ?? new ManualWall();
  let outcome: CertainOutcome<unknown> | undefined;
  const coordinating = coordinate(parts, {
    ask,
    wall,
    crash: options.crash ?? noCrash,
    deadlinePassed: options.deadlinePassed ?? (() => false),
    record: async (one) => void recorded.push(one),
  }).then((one) => {
    outcome = one;
  });
  await wall.until(() => outcome !== undefined);
  await coordinating;
  return { outcome, recorded };
};

test('all yes: commit, with the data in the stated order of parts', async () => {
  const { outcome, recorded } = await decide(given([yes('first')], [yes('second')]).ask);
  expect(outcome).toEqual({ is: 'commit', data: ['first', 'second'] });
  expect(recorded).toEqual([outcome]);
});

test('one no: refuse with the reason of the first part that said no, whoever answered first', async () => {
  const answers = given([away, { is: 'no', reason: 'budget-short' }], [{ is: 'no', reason: 'allowance-short' }]);
  expect((await decide(answers.ask)).outcome).toEqual({ is: 'refuse', reason: 'budget-short' });
  expect((await decide(given([yes('a')], [{ is: 'no', reason: 'allowance-short' }]).ask)).outcome).toEqual({
    is: 'refuse',
    reason: 'allowance-short',
  });
});

test('a queued part leaves the decision open, unless another says no', async () => {
  expect((await decide(given([yes('a')], [{ is: 'queued' }]).ask)).outcome).toEqual({ is: 'queued' });
  expect((await decide(given([{ is: 'no', reason: 'sanctioned' }], [{ is: 'queued' }]).ask)).outcome).toEqual({
    is: 'refuse',
    reason: 'sanctioned',
  });
});

test('an unreachable part is asked again after 1, 2, 4 … 60 seconds, and is no refusal', async () => {
  const wall = new ManualWall();
  const { ask, asked } = given([yes('a')], [...Array.from({ length: 9 }, () => away), yes('b')]);
  expect((await decide(ask, { wall })).outcome).toEqual({ is: 'commit', data: ['a', 'b'] });
  expect(wall.slept).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  expect(asked.filter((home) => home === songjiang)).toHaveLength(1);
});

test('when the deadline passes first, the outcome is a refusal for it', async () => {
  const wall = new ManualWall();
  const deadlineMs = wall.nowMs() + 20_000;
  const { ask } = given([yes('a')], [away]);
  expect((await decide(ask, { wall, deadlinePassed: () => wall.nowMs() > deadlineMs })).outcome).toEqual({
    is: 'refuse',
    reason: 'deadline-passed',
  });
});

test('a failure that is not "unreachable" is told at once: the work as a whole is tried again', async () => {
  const ask = () => Promise.reject(new Error('a bug'));
  await expect(coordinate(parts, { ask, wall: new ManualWall(), crash: noCrash, deadlinePassed: () => false })).rejects.toThrow('a bug');
});

test('releases are sent until every part has acknowledged', async () => {
  const wall = new ManualWall();
  const { ask, asked } = given([yes('done')], [away, { is: 'no', reason: 'busy' }, away, yes('done')]);
  let released = false;
  void releaseAll(parts, { ask, wall, crash: noCrash }).then(() => {
    released = true;
  });
  await wall.until(() => released);
  expect(asked.filter((home) => home === jiaxing)).toHaveLength(4);
  expect(asked.filter((home) => home === songjiang)).toHaveLength(1);
});

test('stopping the process ends the waiting without an outcome', async () => {
  const stopping = new AbortController();
  const wall = new ManualWall();
  const coordinating = coordinate(parts, {
    ask: given([away], [away]).ask,
    wall,
    crash: noCrash,
    deadlinePassed: () => false,
    signal: stopping.signal,
  });
  const ended = expect(coordinating).rejects.toBeInstanceOf(Stopping);
  stopping.abort();
  await ended;
});

test('passes its crash points in order, the outcome between the last two', async () => {
  const passed: string[] = [];
  const crash = (name: string) => void passed.push(name);
  await decide(given([yes('a')], [yes('b')]).ask, { crash });
  await releaseAll(parts, { ask: given([yes('a')], [yes('b')]).ask, wall: new ManualWall(), crash });
  expect(passed).toEqual([
    'coordinator.before-ask',
    'coordinator.after-first-answer',
    'coordinator.before-outcome',
    'coordinator.after-outcome',
    'coordinator.before-release',
    'coordinator.after-first-release',
  ]);
});
