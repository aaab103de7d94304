/** Runs model clients on a store that other processes use too, and sends their histories to the parent. */
import { openEmbeddedStore } from '../../../src/kv/embedded/store.ts';
import type { Store } from '../../../src/kv/store.ts';
import { Random } from '../random.ts';
import { openWhole } from './foundationdb/fdb-store.ts';
import { runClient } from './model/client.ts';
import type { Place } from './model-run.ts';
import { prefixedStore } from './prefixed-store.ts';

const [place = '', name = '', seed = '0', clients = '1', transactions = '1'] = process.argv.slice(2);
const store = await open(JSON.parse(place) as Place);
const histories = await Promise.all(
  Array.from({ length: Number(clients) }, (_, i) =>
    runClient(store, `${name}${i}`, new Random(Number(seed) + i * 7919), Number(transactions)),
  ),
);
await store.close();
process.send?.(histories.flat(), () => process.disconnect());

async function open(where: Place): Promise<Store> {
  if ('dir' in where) return openEmbeddedStore(where);
  return prefixedStore(await openWhole(where.cluster_file_path), Buffer.from(where.part, 'hex'));
}
