import { fuzzSuite } from '../../support/fuzz/fuzz-suite.ts';

fuzzSuite({ runs: 10_000, admin_rules: 'document' });
fuzzSuite({ runs: 2_000, admin_rules: 'reference' });
