import { describe, expect, test } from 'vitest';
import { newSeed } from '../../support/random.ts';
import { runChaos } from '../../support/recycler/chaos.ts';

const seed = newSeed();
/** For how long it runs; a crash comes every five seconds or so. */
const seconds = Number(process.env.NEREUS_CHAOS_SECONDS ?? 60);

/** What a run must have come by, so that it is worth its time. */
const MUST_HAPPEN = [
  'audit',
  'load: commit',
  'load: abort',
  'load: abandon',
  'compaction committed: OK',
  'schema change',
  'index dropped',
  'partition created',
  'partition dropped',
  'rowset forsaken',
  'label cleaned',
  'tenant created',
  'tenant dropped',
];

describe(`next to the recycler, on storage that fails, TEST_SEED=${seed}`, () => {
  test(
    'nothing live is lost, and in the end nothing is left, however often the service is killed',
    async () => {
      const chaos = await runChaos({ seed, seconds, crashes: Math.round(seconds / 5) });
      console.log(`${chaos.calls} calls, ${chaos.requests} requests for objects, ${chaos.faults} of them with faults`);
      expect(chaos.findings).toEqual([]);
      expect(chaos.faults).toBeGreaterThan(0);
      expect(MUST_HAPPEN.filter((what) => chaos.tally.of(what) === 0)).toEqual([]);
    },
    (seconds + 600) * 1000,
  );
});
