/** Opens a store, says so, and holds it until it is killed. */
import { openEmbeddedStore } from '../../../src/kv/embedded/store.ts';
import { StoreError } from '../../../src/kv/store-error.ts';

const [dir = '', exclusive = 'true'] = process.argv.slice(2);
try {
  await openEmbeddedStore({ dir, exclusive: exclusive === 'true' });
  process.send?.({ opened: true });
  setInterval(() => undefined, 1_000);
} catch (error) {
  process.send?.({ code: error instanceof StoreError ? error.code : 'other', message: String(error) });
  process.disconnect?.();
}
