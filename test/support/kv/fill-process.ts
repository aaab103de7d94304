/** Writes into a store until that fails, then reports what happened on its standard output as JSON. */
import { openEmbeddedStore } from '../../../src/kv/embedded/store.ts';
import { StoreError } from '../../../src/kv/store-error.ts';
import { bytes } from './bytes.ts';

const [dir = ''] = process.argv.slice(2);
const store = await openEmbeddedStore({ dir, exclusive: true });
const VALUE = new Uint8Array(10_000);
let commits = 0;
const codes: string[] = [];
while (codes.length < 3) {
  const txn = store.begin();
  txn.set(bytes(`k${commits}`), VALUE);
  txn.add(bytes('count'), 1n);
  try {
    await txn.commit();
    commits++;
  } catch (error) {
    codes.push(error instanceof StoreError ? error.code : 'other');
  }
}
const readable = await store.transact(async (txn) => (await txn.get(bytes('k0')))?.length);
await store.close();
console.log(JSON.stringify({ commits, codes, readable }));
