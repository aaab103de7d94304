import type { KeyValue, Store, StoreStats, Transaction } from '../../../src/kv/store.ts';
import { transact } from '../../../src/kv/transact.ts';

/** A store of its own inside of another: all that is in it lies behind a prefix there. */
export function prefixedStore(store: Store, prefix: Uint8Array): Store {
  const begin = () => prefixed(store.begin(), prefix);
  return {
    limits: { ...store.limits, key_bytes: store.limits.key_bytes - prefix.length },
    begin,
    transact: async (work, options) => transact(begin, work, options),
    ...(store.stats && { stats: () => store.stats?.() as StoreStats }),
    close: () => store.close(),
  };
}

function prefixed(txn: Transaction, prefix: Uint8Array): Transaction {
  const there = (key: Uint8Array) => Buffer.concat([prefix, key]);
  const here = ({ key, value }: KeyValue): KeyValue => ({ key: key.subarray(prefix.length), value });
  async function* getRange(...[begin, end, options]: Parameters<Transaction['getRange']>) {
    for await (const page of txn.getRange(there(begin), there(end), options)) yield page.map(here);
  }
  return {
    get: (key, options) => txn.get(there(key), options),
    getMany: (keys, options) => txn.getMany(keys.map(there), options),
    getRange,
    set: (key, value) => txn.set(there(key), value),
    clear: (key) => txn.clear(there(key)),
    clearRange: (begin, end) => txn.clearRange(there(begin), there(end)),
    add: (key, delta) => txn.add(there(key), delta),
    setVersionstampedKey: (key, offset, value) => txn.setVersionstampedKey(there(key), prefix.length + offset, value),
    setVersionstampedValue: (key, value, offset) => txn.setVersionstampedValue(there(key), value, offset),
    readVersion: () => txn.readVersion(),
    commit: () => txn.commit(),
    versionstamp: () => txn.versionstamp(),
    cancel: () => txn.cancel(),
  };
}
