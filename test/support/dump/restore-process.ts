/** Restores a dump into a store until so many pairs are there; then it says so, and stands still until it is killed. */
import { writeSync } from 'node:fs';
import { readDumpFile } from '../../../src/dump/dump-file.ts';
import { restoreDump } from '../../../src/dump/restore/restore-dump.ts';
import { openEmbeddedStore } from '../../../src/kv/embedded/store.ts';

const [dir = '', file = '', enough = '0'] = process.argv.slice(2);
const store = await openEmbeddedStore({ dir, exclusive: true, to_fill: true });
await restoreDump(store, () => readDumpFile(file), {
  onProgress: ({ pairs }) => {
    if (pairs < Number(enough)) return;
    writeSync(1, 'enough\n');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  },
});
