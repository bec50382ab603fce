import { expect, test } from 'vitest';
import { type CpuProfile, flameGraph, framesOf, longest } from './flame.ts';

const frame = (functionName: string) => ({ functionName, url: 'file:///x/packages/bus/src/a.ts', lineNumber: 4 });
const profile: CpuProfile = {
  nodes: [
    { id: 1, callFrame: { ...frame('(root)'), url: '' }, children: [2, 4, 5] },
    { id: 2, callFrame: frame('outer'), children: [3] },
    { id: 3, callFrame: frame('in<ner>') },
    { id: 4, callFrame: frame('outer') },
    { id: 5, callFrame: { ...frame('(idle)'), url: '' } },
  ],
  samples: [2, 3, 4, 5],
  timeDeltas: [1_000, 3_000, 2_000, 90_000],
};

test('equal calls are one frame, and waiting is left out', () => {
  const root = framesOf(profile);
  expect(root.totalMs).toBe(6);
  expect([...root.children.values()].map(({ name, selfMs, totalMs }) => ({ name, selfMs, totalMs }))).toEqual([
    { name: 'outer packages/bus/src/a.ts:5', selfMs: 3, totalMs: 6 },
  ]);
});

test('the graph stands by itself and shows names as text', () => {
  const page = flameGraph('redemption', framesOf(profile));
  expect(page).toContain('in&lt;ner&gt;');
  expect(page).not.toMatch(/src=|href=/);
});

test('the longest functions come first', () => {
  expect(longest(framesOf(profile), 1)).toEqual([' 50.0 %  outer packages/bus/src/a.ts:5']);
});
