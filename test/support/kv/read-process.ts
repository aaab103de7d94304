/** Opens a store to read, says so, and holds a state of it until it is killed. */
import { openEmbeddedStore } from '../../../src/kv/embedded/store.ts';
import { StoreError } from '../../../src/kv/store-error.ts';

const [dir = ''] = process.argv.slice(2);
try {
  const store = await openEmbeddedStore({ dir, reads_only: true });
  const held = await store.holdSnapshot();
  process.send?.({ version: String(held.version) });
  setInterval(() => held.growth_bytes(), 1_000);
} catch (error) {
  process.send?.({ code: error instanceof StoreError ? error.code : 'other', message: String(error) });
  process.disconnect?.();
}
