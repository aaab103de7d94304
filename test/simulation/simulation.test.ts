import { describe, expect, test } from 'vitest';
import { newSeed } from '../support/random.ts';
import { LAZY_IN_STEPS, simulate } from '../support/simulation/simulation.ts';

const seed = newSeed();

describe(`a cluster that works on a service which is killed meanwhile finds everything as promised, TEST_SEED=${seed}`, () => {
  test.each([
    ['in one process', { calls: 900, crashes: 1 }],
    [
      'in two, one of which is killed first, with lazy commits',
      { calls: 500, crashes: 2, workers: 2, args: LAZY_IN_STEPS },
    ],
  ])('%s', async (_, options) => {
    const simulated = await simulate({ seed, ...options });
    try {
      expect(simulated.findings).toEqual([]);
      expect(simulated.lost).toBeGreaterThan(0);
      expect(simulated.model.visibleLoads().length).toBeGreaterThan(0);
      expect(simulated.tally.of('read')).toBeGreaterThan(0);
    } finally {
      await simulated.dispose();
    }
  });
});
