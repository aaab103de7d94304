import { describe, expect, test } from 'vitest';
import { describeOnCluster } from '../../support/kv/engines.ts';
import { newSeed } from '../../support/random.ts';
import { LAZY_IN_STEPS, type SimulationOptions, simulate } from '../../support/simulation/simulation.ts';

const seed = newSeed();

/** What it must have come by where tables merge on write. */
const OF_MERGING = [
  'merged rows read',
  'merged in vain',
  'lock held by others',
  'lock lost',
  'lock taken by a compaction',
  'rows deleted under a compaction',
];

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
  ...OF_MERGING,
  'label cleaned',
  'cleaned label used again',
  'database cleaned',
];

interface Run extends Omit<SimulationOptions, 'seed'> {
  /** What it must have come by; all of it, unless told otherwise. */
  readonly needs?: readonly string[];
}

describe(`a cluster whose service is killed again and again finds everything as promised, TEST_SEED=${seed}`, () => {
  test.each<[string, Run]>([
    ['as it is set up', { calls: 40_000, crashes: 8 }],
    [
      'with lazy commits in many steps, so that crashes find them half visible',
      { calls: 30_000, crashes: 15, args: LAZY_IN_STEPS },
    ],
    [
      'in three processes, which are killed by themselves and all together',
      { calls: 30_000, crashes: 14, workers: 3, args: LAZY_IN_STEPS },
    ],
    [
      'with nothing but tables that merge on write',
      { calls: 20_000, crashes: 4, tables: [true, true], needs: OF_MERGING },
    ],
  ])('%s', async (_, { needs = MUST_HAPPEN, ...options }) => {
    const simulated = await simulate({ seed, ...options });
    try {
      expect(simulated.findings).toEqual([]);
      expect(simulated.lost).toBeGreaterThan(options.crashes);
      expect(needs.filter((what) => simulated.tally.of(what) === 0)).toEqual([]);
    } finally {
      await simulated.dispose();
    }
  });
});

describeOnCluster(
  `a cluster whose service is killed again and again finds everything as promised, TEST_SEED=${seed}`,
  () => {
    test('in three processes', async () => {
      const crashes = 8;
      const simulated = await simulate({
        seed,
        engine: 'foundationdb',
        calls: 6_000,
        crashes,
        workers: 3,
        args: LAZY_IN_STEPS,
      });
      try {
        expect(simulated.findings).toEqual([]);
        expect(simulated.lost).toBeGreaterThan(crashes);
      } finally {
        await simulated.dispose();
      }
    });
  },
  'other processes',
);
