/** Moves a store until so many pairs are in the other; then it says so, and stands still until it is killed. */
import { writeSync } from 'node:fs';
import { heldSource } from '../../../src/dump/move/move-source.ts';
import { moveStore } from '../../../src/dump/move/move-store.ts';
import { openEmbeddedStore } from '../../../src/kv/embedded/store.ts';

const [from = '', to = '', enough = '0', overwrite = ''] = process.argv.slice(2);
const store = await openEmbeddedStore({ dir: from, exclusive: true, admits_readers: true });
const target = await openEmbeddedStore({ dir: to, exclusive: true, to_fill: true });
await moveStore(await heldSource(store, `embedded:${from}`, false), target, {
  overwrite: overwrite !== '',
  onProgress: ({ pairs }) => {
    if (pairs < Number(enough)) return;
    writeSync(1, 'enough\n');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  },
});
