import { describe, expect, test } from 'vitest';
import { seedFrom } from '../../support/kv/random.ts';
import { simulate } from '../../support/simulation/simulation.ts';

const seed = seedFrom('NEREUS_SIMULATION_SEED');

/** What a long run must have come by, so that it is worth its time. Each of it happens often. */
const MUST_HAPPEN = [
  'read',
  'label in use',
  'load: commit',
  'load: precommit',
  'load: race',
  'load: abandon',
  'load in parts: commit',
  'load in parts: race',
  'compaction: CUMULATIVE',
  'compaction: BASE',
  'compaction: FULL',
  'compaction committed: OK',
  'compaction started: JOB_TABLET_BUSY',
  'compaction started: STALE_TABLET_CACHE',
  'schema change',
  'index dropped',
  'partition created',
  'partition dropped',
];

describe(`a cluster whose service is killed again and again finds everything as promised, NEREUS_SIMULATION_SEED=${seed}`, () => {
  test.each([
    ['as it is set up', { calls: 60_000, crashes: 12, args: [] }],
    [
      'with lazy commits in many steps, so that crashes find them half visible',
      {
        calls: 40_000,
        crashes: 20,
        args: ['--txn-lazy-commit-rowsets-thresold', '2', '--txn-lazy-max-rowsets-per-batch', '1'],
      },
    ],
  ])('%s', async (_, options) => {
    const simulated = await simulate({ seed, ...options });
    try {
      expect(simulated.findings).toEqual([]);
      expect(simulated.lost).toBeGreaterThan(options.crashes);
      expect(MUST_HAPPEN.filter((what) => simulated.tally.of(what) === 0)).toEqual([]);
    } finally {
      await simulated.dispose();
    }
  });
});
