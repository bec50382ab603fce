import { afterEach, beforeEach, describe } from 'vitest';
import { appendRules } from './conformance/append.ts';
import { followRules } from './conformance/follow.ts';
import { lifeRules } from './conformance/life.ts';
import { readRules } from './conformance/read.ts';
import type { ConformanceSubject } from './conformance/subject.ts';

export * from './conformance/subject.ts';

/** One suite drives every adapter: what these rules say is what the port promises. */
export function eventStoreConformance(name: string, open: () => Promise<ConformanceSubject>): void {
  describe(name, { timeout: 30_000 }, () => {
    let subject: ConformanceSubject;
    beforeEach(async () => {
      subject = await open();
    }, 60_000);
    afterEach(() => subject.dispose());
    appendRules(() => subject);
    readRules(() => subject);
    followRules(() => subject);
    lifeRules(() => subject);
  });
}
