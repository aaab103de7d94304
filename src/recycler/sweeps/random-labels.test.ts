import { expect, test } from 'vitest';
import { fuzzSeed, Random } from '../../../test/support/fuzz/random.ts';
import { LabelWorld } from '../../../test/support/recycler/label-world.ts';

test('whatever happens in whichever order, a label loses no live transaction, and nothing is left in the end', async () => {
  const world = await LabelWorld.open(new Random(fuzzSeed()));
  try {
    for (let i = 0; i < 150; i++) await world.step();
    await world.catchUp();
    expect(await world.keysLeft()).toEqual([]);
  } finally {
    await world.domain.dispose();
  }
});
