import { create } from '@bufbuild/protobuf';
import { keys } from '../../keys/key-table.ts';
import type { FillableStore } from '../../kv/fillable-store.ts';
import type { FoundationDbStore } from '../../kv/foundationdb/store.ts';
import type { Store, StoreLimits, Transaction, TransactOptions } from '../../kv/store.ts';
import { readRecord, removeRecord, writeRecord } from '../../records/message-record.ts';
import { FillingPBSchema } from '../../schema/gen/nereus/filling_pb.ts';
import { clusterHome } from '../ranges.ts';
import { mustNotBeServed } from './living-services.ts';

/** Transactions of some two megabytes: FoundationDB takes ten, and advises against going near that. */
const FILL_BATCH = 2_000_000;

/** What a store in a cluster notes while it is filled; undefined unless it is. Rejects also with a MalformedValueError. */
export async function fillingNote(store: Store): Promise<string | undefined> {
  return (await store.transact((txn) => readRecord(txn, keys.systemFilling, {}, { snapshot: true })))?.note;
}

/**
 * A store in a FoundationDB cluster, to be filled. Of the cluster it takes the ranges of Doris' keys alone. It can't keep
 * services away that don't know the mark, as Doris' own; so it looks into their registry when it is marked, and again before
 * the mark is taken away.
 */
export class ClusterToFill implements FillableStore {
  readonly limits: StoreLimits;
  readonly home = clusterHome;
  readonly fill_batch = FILL_BATCH;
  readonly #store: FoundationDbStore;

  constructor(store: FoundationDbStore) {
    this.#store = store;
    this.limits = store.limits;
  }

  begin(): Transaction {
    return this.#store.begin();
  }

  transact<T>(fn: (txn: Transaction) => Promise<T>, options?: TransactOptions): Promise<T> {
    return this.#store.transact(fn, options);
  }

  unfinished(): Promise<string | undefined> {
    return fillingNote(this.#store);
  }

  async setUnfinished(note: string | undefined): Promise<void> {
    await mustNotBeServed(this.#store);
    await this.#store.transact(async (txn) => {
      if (note === undefined) removeRecord(txn, keys.systemFilling, {});
      else writeRecord(txn, keys.systemFilling, {}, create(FillingPBSchema, { note }));
    });
  }

  advanceVersion(at_least: bigint): Promise<void> {
    return this.#store.advanceVersion(at_least);
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}
