import type { Reporter, TestModule } from 'vitest/node';

/** Ends every run with one line that people and scripts can read: `N passed, N failed, N skipped`. */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const counts = { passed: 0, failed: 0, skipped: 0, pending: 0 };
    for (const module of modules) {
      for (const test of module.children.allTests()) counts[test.result().state] += 1;
      // A file that could not be loaded has no tests to count, and must not look like success.
      if (module.state() === 'failed' && module.errors().length > 0) counts.failed += 1;
    }
    counts.failed += errors.length;
    // After the summary of the default reporter, which writes when its own hook has run.
    process.on('exit', () =>
      process.stdout.write(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped + counts.pending} skipped\n`),
    );
  }
}
