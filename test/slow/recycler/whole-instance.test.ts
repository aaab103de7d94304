import { azurePlace, hdfsPlace } from '../../support/recycler/places.ts';
import { wholeInstanceSuite } from '../../support/recycler/whole-instance-suite.ts';

wholeInstanceSuite('Azure Blob Storage', azurePlace);
wholeInstanceSuite('HDFS', hdfsPlace);
