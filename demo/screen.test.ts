import { expect, test } from 'vitest';
import { grouped, type Progress, progressTo, widthOf, yuan } from './screen.ts';

test.each([
  [0, '¥0.00'],
  [123_456, '¥1,234.56'],
  [-5, '-¥0.05'],
  [100_000_000, '¥1,000,000.00'],
])('%i fen is %s', (amountFen, text) => expect(yuan(amountFen)).toBe(text));

test('a Chinese character takes two columns', () => expect(widthOf('通兑 ok')).toBe(7));
test('thousands are set apart', () => expect([grouped(7), grouped(60_317), grouped(1_000_000)]).toEqual(['7', '60,317', '1,000,000']));

const days = { zh: '业务日', en: 'business days', lines: 4 };
const written = (output: { isTTY?: boolean; columns?: number }, use: (progress: Progress) => void): readonly string[] => {
  const texts: string[] = [];
  use(progressTo({ ...output, write: (text: string) => texts.push(text) }, () => 1_500));
  return texts;
};
const play = (progress: Progress) => {
  for (let done = 1; done <= 74; done += 1) progress.step(days, done, 74, '2026-03-02');
};

test('where nobody can rewrite a line, a phase is told in as many lines as it may have', () => {
  const lines = written({}, play);
  expect(lines).toHaveLength(4);
  expect(lines.at(-1)).toBe('  业务日 business days       ████████████ 74/74 2026-03-02 1.5 s\n');
});

test('on a terminal one line is rewritten, never wider than the terminal, and goes away', () => {
  const texts = written({ isTTY: true, columns: 40 }, (progress) => {
    play(progress);
    progress.end();
  });
  expect(texts).toHaveLength(75);
  for (const text of texts) {
    expect(text.startsWith('\r\u001b[2K')).toBe(true);
    expect(text).not.toContain('\n');
    expect(widthOf(text.slice(5))).toBeLessThan(40);
  }
  expect(texts.at(-1)).toBe('\r\u001b[2K');
});

test('what must stay stands on a line of its own', () => {
  const texts = written({ isTTY: true, columns: 80 }, (progress) => {
    progress.step(days, 1, 74);
    progress.tell('⚠ bank');
  });
  expect(texts.slice(1)).toEqual(['\r\u001b[2K', '⚠ bank\n']);
});
