/** What is written to the terminal: sections in Chinese first and English second, tables that fit 120 columns, and a bar while it runs. */

export const say = (line = ''): void => {
  process.stdout.write(`${line}\n`);
};

export const section = (zh: string, en: string): void =>
  say(`\n━━ ${zh} · ${en} ${'━'.repeat(Math.max(3, 110 - widthOf(zh) - en.length))}`);

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

/** ¥1,234.56; a debt with a minus before it. */
export const yuan = (amountFen: number): string => {
  const absolute = Math.abs(amountFen);
  const whole = String(Math.floor(absolute / 100)).replace(/\B(?=(\d{3})+$)/g, ',');
  return `${amountFen < 0 ? '-' : ''}¥${whole}.${String(absolute % 100).padStart(2, '0')}`;
};
/** Without the sign, for narrow columns; a point where there is nothing. */
export const bareYuan = (amountFen: number): string => (amountFen === 0 ? '·' : yuan(amountFen).replace('¥', ''));

export type Progress = { step(done: number, note: string): void; end(note: string): void };

/** One line that is rewritten on a terminal; elsewhere a plain line at every tenth. */
export const progress = (label: string, total: number): Progress => {
  const isTerminal = process.stdout.isTTY === true;
  let tenth = -1;
  const line = (done: number, note: string) => {
    const filled = Math.round((24 * done) / Math.max(1, total));
    return `  ${padded(label, 30, false)} ${'█'.repeat(filled)}${'░'.repeat(24 - filled)} ${String(done).padStart(4)}/${total}  ${note}`;
  };
  return {
    step: (done, note) => {
      const now = Math.floor((10 * done) / Math.max(1, total));
      if (isTerminal) process.stdout.write(`\r\u001b[2K${line(done, note)}`);
      else if (now > tenth) say(line(done, note));
      tenth = now;
    },
    end: (note) => {
      if (isTerminal) process.stdout.write(`\r\u001b[2K${line(total, note)}\n`);
      else say(line(total, note));
    },
  };
};
