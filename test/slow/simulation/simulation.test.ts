import { describe, expect, test } from 'vitest';
import { seedFrom } from '../../support/kv/random.ts';
import { LAZY_IN_STEPS, simulate } from '../../support/simulation/simulation.ts';

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
  'compaction: EMPTY_CUMULATIVE',
  'compaction: BASE',
  'compaction: FULL',
  'compaction committed: OK',
  'compaction started: JOB_TABLET_BUSY',
  'compaction started: STALE_TABLET_CACHE',
  'schema change',
  'index dropped',
  'partition created',
  'partition dropped',
  'merged rows read',
  'merged in vain',
  'lock held by others',
  'lock lost',
  'lock taken by a compaction',
  'rows deleted under a compaction',
  'label cleaned',
  'cleaned label used again',
  'database cleaned',
];

describe(`a cluster whose service is killed again and again finds everything as promised, NEREUS_SIMULATION_SEED=${seed}`, () => {
  test.each([
    ['as it is set up', { calls: 40_000, crashes: 8 }],
    [
      'with lazy commits in many steps, so that crashes find them half visible',
      { calls: 30_000, crashes: 15, args: LAZY_IN_STEPS },
    ],
    [
      'in three processes, which are killed by themselves and all together',
      { calls: 30_000, crashes: 14, workers: 3, args: LAZY_IN_STEPS },
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
