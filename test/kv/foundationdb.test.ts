import { describeOnCluster, openPart } from '../support/kv/engines.ts';
import { openOnDouble } from '../support/kv/foundationdb/fdb-store.ts';
import { storeContract } from './contract.ts';

storeContract('The FoundationDB engine, on a double of a cluster,', openOnDouble);

describeOnCluster('the contract', () => storeContract('The engine', openPart));
