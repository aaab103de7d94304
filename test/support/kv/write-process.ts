/** Writes without pause into a store, and reports each commit on descriptor 3 once it is acknowledged, until it is killed. */
import { writeSync } from 'node:fs';
import { openEmbeddedStore } from '../../../src/kv/embedded/store.ts';
import type { Store } from '../../../src/kv/store.ts';
import { writeGroup } from './crash-groups.ts';

const REPORT_DESCRIPTOR = 3;
const [dir = '', round = '0', writers = '8', most = 'Infinity', exclusive = 'true'] = process.argv.slice(2);

async function write(store: Store, writer: number): Promise<void> {
  for (let i = 0; i < Number(most); i++) {
    const id = `${round}.${writer}.${i}`;
    const versionstamp = await writeGroup(store, id);
    writeSync(REPORT_DESCRIPTOR, `${id} ${versionstamp}\n`);
  }
}

const store = await openEmbeddedStore({ dir, exclusive: exclusive === 'true' });
await Promise.all(Array.from({ length: Number(writers) }, (_, writer) => write(store, writer)));
await store.close();
