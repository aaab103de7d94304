import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { fastTemporaryFolder } from './test/support/memory-disk.ts';

const ELSEWHERE = ['test/slow/**', 'node_modules/**', 'dist/**'];
/** Tests that put doubles in the place of modules, which a process that has loaded them already would not see. */
const ALONE = '**/*.alone.test.ts';

export default defineConfig({
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'together',
          include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: [...ELSEWHERE, ALONE],
          // A process loads the code once, not again for each file: no test leaves anything behind that another could meet.
          isolate: false,
        },
      },
      { extends: true, test: { name: 'alone', include: [ALONE], exclude: ELSEWHERE } },
    ],
    pool: 'forks',
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
