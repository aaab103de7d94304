import { test } from 'vitest';
import { newSeed, Random } from '../../support/random.ts';
import { checkBesideSweeps } from '../../support/recycler/check-beside-sweeps.ts';

test('a check finds nothing wrong, whatever loads, compactions, drops and the recycler do meanwhile', () =>
  checkBesideSweeps(new Random(newSeed()), 400));
