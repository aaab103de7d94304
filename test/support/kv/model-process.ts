/** Runs model clients on a directory that other processes use too, and sends their histories to the parent. */
import { openEmbeddedStore } from '../../../src/kv/embedded/store.ts';
import { Random } from '../random.ts';
import { runClient } from './model/client.ts';

const [dir = '', name = '', seed = '0', clients = '1', transactions = '1'] = process.argv.slice(2);
const store = await openEmbeddedStore({ dir });
const histories = await Promise.all(
  Array.from({ length: Number(clients) }, (_, i) =>
    runClient(store, `${name}${i}`, new Random(Number(seed) + i * 7919), Number(transactions)),
  ),
);
await store.close();
process.send?.(histories.flat(), () => process.disconnect());
