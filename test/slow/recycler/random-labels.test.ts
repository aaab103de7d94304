import { expect, test } from 'vitest';
import { newSeed, Random } from '../../support/random.ts';
import { LabelWorld } from '../../support/recycler/label-world.ts';

test('over thousands of steps a label loses no live transaction, and each time nothing is left in the end', async () => {
  const world = await LabelWorld.open(new Random(newSeed()));
  try {
    for (let round = 0; round < 20; round++) {
      for (let i = 0; i < 400; i++) await world.step();
      await world.catchUp();
      await world.check();
      expect(await world.keysLeft()).toEqual([]);
    }
  } finally {
    await world.domain.dispose();
  }
});
