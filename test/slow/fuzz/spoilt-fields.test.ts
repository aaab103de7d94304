import { spoiltSuite } from '../../support/fuzz/spoilt-suite.ts';

spoiltSuite({ right_requests: 6 });
