import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/slow/**/*.test.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 900_000,
    hookTimeout: 120_000,
    // What a test waits for comes when it comes: a machine that is busy is no failure.
    expect: { poll: { timeout: 30_000 } },
    reporters: ['default', './test/support/count-reporter.ts'],
  },
});
