import { defineConfig } from 'vitest/config';

const exclude = ['**/node_modules/**', '**/.data/**'];

export default defineConfig({
  test: {
    reporters: ['default', './infra/closing-line.ts'],
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{contracts,packages,services,infra,demo,simulation,bench}/**/*.test.ts'],
          exclude,
          testTimeout: 30_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        // Whole systems of real processes: one at a time on two cores.
        test: {
          name: 'e2e',
          include: ['e2e/**/*.test.ts'],
          exclude,
          fileParallelism: false,
          maxWorkers: 1,
          testTimeout: 240_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
