import { test } from 'vitest';
import { fuzzSeed, Random } from '../support/fuzz/random.ts';
import { checkBesideSweeps } from '../support/recycler/check-beside-sweeps.ts';

test('a check finds nothing wrong, whatever loads, compactions, drops and the recycler do meanwhile', () =>
  checkBesideSweeps(new Random(fuzzSeed()), 15));
