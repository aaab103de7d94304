/** Opens and closes a store over and over, and says how often it was let in and how often refused. */
import { openEmbeddedStore } from '../../../src/kv/embedded/store.ts';
import { StoreError, StoreErrorCode } from '../../../src/kv/store-error.ts';

const [dir = '', exclusive = 'true', times = '1'] = process.argv.slice(2);
const answer = { opened: 0, refused: 0, failed: [] as string[] };
for (let i = 0; i < Number(times); i++) {
  try {
    await (await openEmbeddedStore({ dir, exclusive: exclusive === 'true' })).close();
    answer.opened++;
  } catch (error) {
    if (exclusive === 'true' && error instanceof StoreError && error.code === StoreErrorCode.InUse) answer.refused++;
    else answer.failed.push(String(error));
  }
}
process.send?.(answer);
process.disconnect?.();
