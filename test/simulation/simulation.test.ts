import { expect, test } from 'vitest';
import { seedFrom } from '../support/kv/random.ts';
import { simulate } from '../support/simulation/simulation.ts';

const seed = seedFrom('NEREUS_SIMULATION_SEED');

test(`a cluster that works on one service, which is killed meanwhile, finds everything as promised, NEREUS_SIMULATION_SEED=${seed}`, async () => {
  const simulated = await simulate({ seed, calls: 1_500, crashes: 1 });
  try {
    expect(simulated.findings).toEqual([]);
    expect(simulated.lost).toBeGreaterThan(0);
    expect(simulated.model.visibleLoads().length).toBeGreaterThan(0);
    expect(simulated.tally.of('read')).toBeGreaterThan(0);
  } finally {
    await simulated.dispose();
  }
});
