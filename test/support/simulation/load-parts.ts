import type { Random } from '../random.ts';
import { CLOUD_UNIQUE_ID, type Cluster, expectCode } from './cluster.ts';
import { DB_ID, type Load } from './model.ts';
import { CallLost } from './rpc-client.ts';

/** Begins sub transactions in a load: the ids under which its parts write, of which the first is its own. */
export async function beginParts(cluster: Cluster, random: Random, load: Load): Promise<bigint[]> {
  const ids = [load.id];
  for (let more = 1 + random.int(2); more > 0; more--) {
    const id = await beginPart(cluster, load, ids.length - 1);
    if (id === undefined) break;
    ids.push(id);
  }
  return ids;
}

/** Begins a sub transaction, given how many there are. When the answer is lost, the transaction tells whether it began. */
async function beginPart(cluster: Cluster, load: Load, begun: number): Promise<bigint | undefined> {
  const { service } = cluster;
  for (;;) {
    try {
      const answer = await service.call('begin_sub_txn', {
        cloudUniqueId: CLOUD_UNIQUE_ID,
        txnId: load.id,
        dbId: DB_ID,
        subTxnNum: BigInt(begun),
        tableIds: Array.from({ length: begun + 2 }, () => load.table.id),
        label: `${load.label}-part-${begun + 1}`,
      });
      const about = `begin_sub_txn ${begun + 1} of transaction ${load.id}`;
      return expectCode(cluster, about, answer, 'OK') ? answer.subTxnId : undefined;
    } catch (error) {
      if (!(error instanceof CallLost)) throw error;
    }
    const { answer } = await service.insist('get_txn', { cloudUniqueId: CLOUD_UNIQUE_ID, dbId: DB_ID, txnId: load.id });
    expectCode(cluster, `get_txn of transaction ${load.id}`, answer, 'OK');
    const ids = answer.txnInfo?.subTxnIds ?? [];
    if (ids.length > begun) return ids[begun];
  }
}
