import { expect, test } from 'vitest';
import { methods } from '../../src/rpc/methods.ts';
import { ENDPOINTS } from '../support/fuzz/endpoints.ts';
import { KNOWN_OPERATIONS } from '../support/fuzz/fuzz-request.ts';
import { fuzzSuite } from '../support/fuzz/fuzz-suite.ts';

test('every operation and every method is fuzzed', () => {
  const known = [...KNOWN_OPERATIONS.map((name) => `http/${name}`), ...Object.keys(methods)];
  expect(ENDPOINTS.map(({ path }) => path).sort()).toEqual(known.sort());
});

fuzzSuite({ runs: 60, admin_rules: 'document' });
fuzzSuite({ runs: 20, admin_rules: 'reference' });
