import { expect, test } from 'vitest';
import { newSeed, Random } from '../../support/random.ts';
import { RandomData } from '../../support/recycler/random-data.ts';

test('in many histories, what is visible has its objects, and nothing else is left in the end', async () => {
  const random = new Random(newSeed());
  for (let history = 0; history < 20; history++) {
    const data = await RandomData.open(random.fork(`history ${history}`));
    try {
      for (let i = 0; i < 200; i++) await data.step();
      await data.catchUp();
      await data.check();
      expect(await data.leftovers()).toEqual([]);
    } finally {
      await data.world.dispose();
    }
  }
});
