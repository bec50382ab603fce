import type { System } from '@tongdui/development/system';
import { describe, expect, test } from 'vitest';
import { type Answers, differences, readAnswers, rebuildReadModels } from './answers.ts';
import { battery } from './battery.ts';
import { assertInvariants, assertNothingLost } from './checks.ts';
import { type History, variedHistory } from './history.ts';
import type { Sent } from './story.ts';

describe('read models rebuilt from nothing', () => {
  const acknowledged: Sent[] = [];
  let system: System;
  let history: History;
  let before: Answers;

  battery('rebuild', async (started) => {
    system = started.system;
    history = await variedHistory(system, acknowledged);
    before = await readAnswers(system);
  });

  test('reading twice gives the same bytes', async () => {
    const listed = [...before].flatMap(([path, text]) => (path.includes('?limit=') && !text.startsWith('{"items":[]') ? [path] : []));
    // Nothing is compared that this history has nothing of.
    expect(listed.length).toBe([...before.keys()].filter((path) => path.includes('?limit=')).length);
    expect(differences(before, await readAnswers(system))).toEqual([]);
  });

  test('every answer is the same, byte for byte', async () => {
    await rebuildReadModels(system);
    const after = await readAnswers(system);
    expect(differences(before, after)).toEqual([]);
    await assertInvariants(system, {
      rebuilt: { compared: before.size, different: differences(before, after) },
      ...history,
      looked: ['15'],
    });
  });

  // Also a return, although the payment has been made anew since.
  test('commands from before are still known', () => assertNothingLost(system, acknowledged));

  test('the invariants hold, the services agree, the bank has paid each once', () => assertInvariants(system, history));
});
