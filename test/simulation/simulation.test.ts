import { expect, test } from 'vitest';
import { describeOnEngines, type EngineName } from '../support/kv/engines.ts';
import { newSeed } from '../support/random.ts';
import { LAZY_IN_STEPS, simulate } from '../support/simulation/simulation.ts';

const seed = newSeed();

const suite = `a cluster that works on a service which is killed meanwhile finds everything as promised, TEST_SEED=${seed}`;
describeOnEngines(suite, simulated, 'other processes');

function simulated(engine: EngineName): void {
  test.each([
    ['in one process', { calls: 900, crashes: 1 }],
    [
      'in two, one of which is killed first, with lazy commits',
      { calls: 500, crashes: 2, workers: 2, args: LAZY_IN_STEPS },
    ],
  ])('%s', async (_, options) => {
    const run = await simulate({ seed, engine, ...options });
    try {
      expect(run.findings).toEqual([]);
      expect(run.lost).toBeGreaterThan(0);
      expect(run.model.visibleLoads().length).toBeGreaterThan(0);
      expect(run.tally.of('read')).toBeGreaterThan(0);
    } finally {
      await run.dispose();
    }
  });
}
