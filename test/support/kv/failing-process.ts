/** Commits one after the other while writes to the disk may fail, and says on a line of its standard output how each ended. */
import { openEmbeddedStore } from '../../../src/kv/embedded/store.ts';
import { StoreError } from '../../../src/kv/store-error.ts';
import { bytes } from './bytes.ts';

const [dir = '', commits = '8', exclusive = 'true'] = process.argv.slice(2);
const store = await openEmbeddedStore({ dir, exclusive: exclusive === 'true' });
for (let i = 0; i < Number(commits); i++) {
  const committed = store.transact(async (txn) => {
    txn.set(bytes(`k${i}`), bytes(String(i)));
    txn.add(bytes('count'), 1n);
  });
  const outcome = await committed.then(
    () => 'made',
    (error: unknown) => (error instanceof StoreError ? error.code : String(error)),
  );
  console.log(outcome);
}
await store.close();
