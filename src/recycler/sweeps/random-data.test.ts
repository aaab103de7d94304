import { expect, test } from 'vitest';
import { newSeed, Random } from '../../../test/support/random.ts';
import { RandomData } from '../../../test/support/recycler/random-data.ts';

test('whatever happens in whichever order, what is visible has its objects, and nothing else is left in the end', async () => {
  const data = await RandomData.open(new Random(newSeed()));
  try {
    for (let i = 0; i < 100; i++) await data.step();
    await data.catchUp();
    await data.check();
    expect(await data.leftovers()).toEqual([]);
  } finally {
    await data.world.dispose();
  }
});
