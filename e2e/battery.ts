import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Instant } from '@tongdui/contracts';
import { type System, startSystem } from '@tongdui/development/system';
import { afterAll, beforeAll } from 'vitest';

/** Where the stories begin; the clock stands still until somebody moves it. */
export const frozenAt = '2026-03-02T01:00:00.000Z' as Instant;

/** A system of a suite's own, gone with its data when the suite has ended. */
export type Battery = {
  readonly system: System;
  /** What was told about processes, such as that one ended unasked. */
  readonly lines: readonly string[];
};

export const battery = (name: string, prepare: (battery: Battery) => Promise<void>): void => {
  const directory = mkdtempSync(join(tmpdir(), `tongdui-${name}-`));
  const lines: string[] = [];
  let started: System | undefined;

  beforeAll(async () => {
    started = await startSystem({
      dataDirectory: directory,
      clock: { frozenAt },
      log: (line) => lines.push(line),
    });
    await prepare({ system: started, lines });
  });
  afterAll(async () => {
    await started?.stop();
    rmSync(directory, { recursive: true, force: true });
  });
};
