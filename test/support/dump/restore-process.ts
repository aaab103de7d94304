/** Restores a dump into a store, and says how far it has come; it is meant to be killed on the way. */
import { readDumpFile } from '../../../src/dump/dump-file.ts';
import { restoreDump } from '../../../src/dump/restore/restore-dump.ts';
import { openEmbeddedStore } from '../../../src/kv/embedded/store.ts';

const [dir = '', file = ''] = process.argv.slice(2);
const store = await openEmbeddedStore({ dir, exclusive: true, to_fill: true });
await restoreDump(store, () => readDumpFile(file), { onProgress: ({ pairs }) => process.send?.(pairs) });
await store.close();
process.disconnect?.();
