import { expect, test } from 'vitest';
import { newSeed, Random } from '../../../test/support/random.ts';
import { LabelWorld } from '../../../test/support/recycler/label-world.ts';

test('whatever happens in whichever order, a label loses no live transaction, and nothing is left in the end', async () => {
  const world = await LabelWorld.open(new Random(newSeed()));
  try {
    for (let i = 0; i < 150; i++) await world.step();
    await world.catchUp();
    expect(await world.keysLeft()).toEqual([]);
  } finally {
    await world.domain.dispose();
  }
});
