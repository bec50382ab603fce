import { expect, test } from 'vitest';
import { csvOf } from './csv.ts';

test.each([
  ['=1+1', "'=1+1"],
  ['+49 21', "'+49 21"],
  ['-cmd', "'-cmd"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['\t=1', "'\t=1"],
  [' =1', "' =1"],
  ['\r=1', '"\'\r=1"'],
  ['＝1', "'＝1"],
  ['=1,2', '"\'=1,2"'],
  ['a=1', 'a=1'],
  ['say "hello"', '"say ""hello"""'],
  ['line\nbreak', '"line\nbreak"'],
  [-5, '-5'],
  [0, '0'],
  [true, 'true'],
  [undefined, ''],
  [null, ''],
  [{ a: [1] }, '"{""a"":[1]}"'],
])('%j is written %j', (value, cell) => {
  expect(csvOf(['x'], [{ x: value }])).toBe(`x\r\n${cell}\r\n`);
});
