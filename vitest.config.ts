import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { fastTemporaryFolder } from './test/support/memory-disk.ts';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['test/slow/**', 'node_modules/**', 'dist/**'],
    pool: 'forks',
    // A process loads the code once, not again for each file: no test leaves anything behind that another could meet.
    isolate: false,
    env: { TMPDIR: fastTemporaryFolder() },
    // Much of the time goes by waiting, for timeouts and for processes, so no core is left out.
    maxWorkers: availableParallelism(),
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // What a test waits for comes when it comes: a machine that is busy is no failure.
    expect: { poll: { timeout: 30_000 } },
    reporters: ['default', './test/support/count-reporter.ts'],
  },
});
