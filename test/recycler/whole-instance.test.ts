import { s3Place } from '../support/recycler/places.ts';
import { wholeInstanceSuite } from '../support/recycler/whole-instance-suite.ts';

// On the others it takes longer, and runs with what is slow.
wholeInstanceSuite('S3', s3Place);
