import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['test/slow/**', 'node_modules/**', 'dist/**'],
    pool: 'forks',
    // Much of the time goes by waiting, for the disk, for timeouts and for processes, so no core is left out.
    maxWorkers: availableParallelism(),
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // What a test waits for comes when it comes: a machine that is busy is no failure.
    expect: { poll: { timeout: 30_000 } },
    reporters: ['default', './test/support/count-reporter.ts'],
  },
});
