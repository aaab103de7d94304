import { takeoverPairs } from '../keys/recorded.ts';
import { describeOnCluster, openPart } from '../support/kv/engines.ts';
import { asDorisReadIt, type TakenOver } from './taken-over.ts';

const PAIRS_AT_A_TIME = 200;

/** In a part of a cluster that nobody else uses, where the command would not put them. */
async function written(): Promise<TakenOver> {
  const opened = await openPart();
  const pairs = takeoverPairs();
  for (let at = 0; at < pairs.length; at += PAIRS_AT_A_TIME) {
    await opened.store.transact(async (txn) => {
      for (const { key, value } of pairs.slice(at, at + PAIRS_AT_A_TIME)) txn.set(key, value);
    });
  }
  return opened;
}

describeOnCluster('a store that Doris wrote', () => asDorisReadIt(written));
