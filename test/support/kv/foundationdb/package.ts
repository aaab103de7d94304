import type {
  FdbDatabase,
  FdbPackage,
  FdbTransaction,
  FdbTransactionOptions,
  KeySelector,
} from '../../../../src/kv/foundationdb/package.ts';
import type { Cluster } from './cluster.ts';
import { NativeTransaction } from './native.ts';

/** The options' numbers. */
const OPTIONS = { timeout: 500, read_your_writes_disable: 51, special_key_space_enable_writes: 714 } as const;

/** The npm package over a cluster of this process: the layer that it lays over its native part. */
export function packageOver(cluster: Cluster): FdbPackage {
  let api_version: number | undefined;
  return {
    setAPIVersion(version) {
      api_version = version;
    },
    open(): FdbDatabase {
      if (api_version !== 720) throw new Error('The double knows API version 720 only.');
      let is_open = true;
      return {
        rawCreateTransaction(options) {
          if (!is_open) throw new Error('Cannot create transaction after db closed');
          return transactionOver(new NativeTransaction(cluster), options);
        },
        close() {
          is_open = false;
        },
      };
    },
  };
}

function transactionOver(native: NativeTransaction, options: FdbTransactionOptions): FdbTransaction {
  native.setOption(OPTIONS.timeout, options.timeout);
  for (const name of ['read_your_writes_disable', 'special_key_space_enable_writes'] as const) {
    if (options[name]) native.setOption(OPTIONS[name], null);
  }
  return view(native, false);
}

function view(native: NativeTransaction, is_snapshot: boolean): FdbTransaction {
  return {
    snapshot: () => view(native, true),
    get: (key) => native.get(key, is_snapshot),
    getRangeNative: (start: KeySelector, end: KeySelector, limit, target_bytes, mode, iteration, reverse) =>
      native.getRange(
        start.key,
        start.orEqual,
        start.offset,
        end.key,
        end.orEqual,
        end.offset,
        limit,
        target_bytes,
        mode,
        iteration,
        is_snapshot,
        reverse,
      ),
    set: (key, value) => native.set(key, value),
    clear: (key) => native.clear(key),
    clearRange: (begin, end) => native.clearRange(begin, end),
    atomicOpNative: (operation, key, operand) => native.atomicOp(operation, key, operand),
    addReadConflictRange: (begin, end) => native.addReadConflictRange(begin, end),
    getReadVersion: () => native.getReadVersion(),
    getVersionstamp: () => ({ promise: native.getVersionstamp() }),
    rawCommit: () => native.commit(),
    rawReset: () => native.reset(),
    rawCancel: () => native.cancel(),
  };
}
