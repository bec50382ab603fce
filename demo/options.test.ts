import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { help, OptionRefusal, readOptions } from './options.ts';

test('without options the whole demo is played on one screen, on any free ports', () => {
  expect(readOptions([], {})).toEqual({ isHelp: false, isDetailed: false, orders: 5_040, dataDirectory: resolve('.data/demo') });
});

test.each([
  [['--detail', '--orders', '500', '--out', '/tmp/here', '--port', '24000'], {}],
  [[], { DETAIL: '1', ORDERS: '500', TONGDUI_DATA: '/tmp/here', TONGDUI_PORT: '24000' }],
  [['--orders', '500', '--out', '/tmp/here', '--port', '24000'], { DETAIL: '1', ORDERS: '60', TONGDUI_DATA: '/x', TONGDUI_PORT: '1' }],
])('what can be typed can be set, and what is typed wins: %j', (args, environment) => {
  const options = readOptions(args, environment);
  expect(options).toEqual({ isHelp: false, isDetailed: true, orders: 500, dataDirectory: '/tmp/here', basePort: 24_000 });
});

test.each(['0', ''])('DETAIL=%s is none', (DETAIL) => expect(readOptions([], { DETAIL }).isDetailed).toBe(false));

test.each(['59', '9001', '60.5', 'many', '-1'])('%s is no number of orders, and the answer says which are', (orders) => {
  expect(() => readOptions([], { ORDERS: orders })).toThrow(OptionRefusal);
  expect(() => readOptions([], { ORDERS: orders })).toThrow(`${orders} is no number of orders from 60 to 9000`);
});

test('an option that there is not is answered with the way to those there are', () => {
  expect(() => readOptions(['--everything'], {})).toThrow(/--everything.*--help/s);
});

test('the help names every option and variable', () => {
  for (const name of ['--detail', '--orders', '--out', '--port', '--help', 'DETAIL', 'ORDERS', 'TONGDUI_DATA', 'TONGDUI_PORT'])
    expect(help).toContain(name);
});
