import { fuzzSuite } from '../../support/fuzz/fuzz-suite.ts';

// There are many methods, and the operations are most of the way to them.
fuzzSuite({ runs: 10_000, method_runs: 400, admin_rules: 'document' });
fuzzSuite({ runs: 2_000, admin_rules: 'reference' });
