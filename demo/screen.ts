/** What is written to the terminal: sections in Chinese first and English second, tables, and one line that moves while it runs. */

export const say = (line = ''): void => {
  process.stdout.write(`${line}\n`);
};

const screenWidth = 98;

export const section = (zh: string, en: string): void => {
  const title = `━━ ${zh} · ${en} `;
  say(`\n${title}${'━'.repeat(Math.max(3, screenWidth - widthOf(title)))}`);
};

/** Columns on a terminal: Chinese characters take two. */
export const widthOf = (text: string): number =>
  [...text].reduce((width, character) => width + (/[\u2e80-\u9fff\uf900-\ufaff\uff00-\uff60\uffe0-\uffe6]/.test(character) ? 2 : 1), 0);

const padded = (text: string, width: number, right: boolean): string => {
  const space = ' '.repeat(Math.max(0, width - widthOf(text)));
  return right ? space + text : text + space;
};

/** Every column but the first is set to the right, `left` ones excepted. */
export const table = (rows: readonly (readonly string[])[], left: readonly number[] = [0]): void => {
  const columns = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) => Math.max(...rows.map((row) => widthOf(row[column] ?? ''))));
  for (const row of rows)
    say(
      `  ${row
        .map((cell, column) => padded(cell, widths[column] ?? 0, !left.includes(column)))
        .join('  ')
        .trimEnd()}`,
    );
};

export const chunks = <Item>(items: readonly Item[], size: number): Item[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size));

/** 12,345 */
export const grouped = (whole: number): string => String(whole).replace(/\B(?=(\d{3})+$)/g, ',');

/** ¥1,234.56; a debt with a minus before it. */
export const yuan = (amountFen: number): string => {
  const absolute = Math.abs(amountFen);
  return `${amountFen < 0 ? '-' : ''}¥${grouped(Math.floor(absolute / 100))}.${String(absolute % 100).padStart(2, '0')}`;
};
/** Without the sign, for narrow columns; a point where there is nothing. */
export const bareYuan = (amountFen: number): string => (amountFen === 0 ? '·' : yuan(amountFen).replace('¥', ''));

export const seconds = (milliseconds: number): string => `${(milliseconds / 1_000).toFixed(1)} s`;

/** A part of the whole run, and in how many plain lines it may be told. */
export type Phase = { readonly zh: string; readonly en: string; readonly lines: number };

export type Progress = {
  step(phase: Phase, done: number, total: number, note?: string): void;
  /** A line that stays. */
  tell(line: string): void;
  /** The moving line goes away. */
  end(): void;
};

type Output = { readonly isTTY?: boolean; readonly columns?: number; write(text: string): unknown };

/** One line that is rewritten on a terminal; elsewhere a few plain ones for each phase. */
export const progressTo = (output: Output, elapsedMs: () => number): Progress => {
  let told: string | undefined;
  const erase = () => {
    if (output.isTTY) output.write('\r\u001b[2K');
  };
  const lineOf = ({ zh, en }: Phase, done: number, total: number, note: string): string => {
    const filled = Math.floor((12 * done) / Math.max(1, total));
    return `  ${padded(`${zh} ${en}`, 26, false)} ${'█'.repeat(filled)}${'░'.repeat(12 - filled)} ${done}/${total} ${note} ${seconds(elapsedMs())}`;
  };
  return {
    step: (phase, done, total, note = '') => {
      const line = lineOf(phase, done, total, note);
      const part = `${phase.en} ${Math.floor((phase.lines * done) / Math.max(1, total))}`;
      if (output.isTTY) output.write(`\r\u001b[2K${cut(line, (output.columns ?? 80) - 1)}`);
      else if (part !== told && !part.endsWith(' 0')) output.write(`${line}\n`);
      told = part;
    },
    tell: (line) => {
      erase();
      output.write(`${line}\n`);
    },
    end: erase,
  };
};

/** A line that wraps cannot be rewritten. */
const cut = (line: string, columns: number): string => {
  let width = 0;
  let kept = '';
  for (const character of line) {
    width += widthOf(character);
    if (width > columns) break;
    kept += character;
  }
  return kept;
};
