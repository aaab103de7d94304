import type { Awaitable } from '../../awaitable.ts';
import { type BufferedEngine, BufferedTransaction, type Settle } from '../buffered-transaction.ts';
import { type ReceiptKeys, Receipts } from '../receipts.ts';
import type { Store, StoreLimits, StoreStats, Transaction, TransactOptions } from '../store.ts';
import { StoreError, StoreErrorCode } from '../store-error.ts';
import { transact } from '../transact.ts';
import { advanceVersion } from './advance-version.ts';
import { commitNative } from './commit.ts';
import { FDB_LIMITS } from './fdb-limits.ts';
import { type FdbDatabase, type FdbPackage, loadPackage, openDatabase } from './package.ts';
import { FdbSnapshot } from './snapshot.ts';

/** The package cuts what is longer. */
const LONGEST_PATH_BYTES = 1_023;

export interface FoundationDbOptions {
  /** Where the file is that says where the cluster is. */
  readonly cluster_file_path: string;
  /** How long a transaction may take in all. Whatever the cluster has not answered by then has failed. */
  readonly timeout_ms: number;
  /** Where the engine notes, for a time, which commits were made. */
  readonly receipts: ReceiptKeys;
  /** Instead of the npm package. */
  readonly fdb?: FdbPackage;
}

/** The engine that keeps a store in a FoundationDB cluster. */
export class FoundationDbStore implements Store {
  readonly limits: StoreLimits = FDB_LIMITS;
  readonly #database: FdbDatabase;
  readonly #timeout_ms: number;
  readonly #receipts: Receipts;
  readonly #engine: BufferedEngine<FdbSnapshot>;
  readonly #stats = { commits: 0, conflicts: 0, retries: 0 };
  #closing: Promise<void> | undefined;

  constructor(database: FdbDatabase, { timeout_ms, receipts }: Pick<FoundationDbOptions, 'timeout_ms' | 'receipts'>) {
    this.#database = database;
    this.#timeout_ms = timeout_ms;
    this.#engine = this.#engineUnless(() =>
      this.#closing === undefined ? undefined : new StoreError(StoreErrorCode.Closed, 'The store is closed.'),
    );
    // What became of commits is still looked for while the store closes.
    const always = this.#engineUnless(() => undefined);
    this.#receipts = new Receipts(() => new BufferedTransaction(always), receipts);
  }

  begin(): Transaction {
    return this.#receipts.begin(new BufferedTransaction(this.#engine));
  }

  async transact<T>(fn: (txn: Transaction) => Awaitable<T>, options?: TransactOptions): Promise<T> {
    return transact(
      () => this.#receipts.begin(new BufferedTransaction(this.#engine, options?.spent)),
      fn,
      options,
      () => this.#stats.retries++,
    );
  }

  stats(): StoreStats {
    return { ...this.#stats };
  }

  /** Makes every later version rise above `at_least`. A cluster that is below begins again there, and is away for some seconds. */
  advanceVersion(at_least: bigint): Promise<void> {
    return advanceVersion(this.#database, at_least, this.#timeout_ms);
  }

  /** Removes what processes that have ended left of their receipts: for a service to do at times. */
  sweep(): Promise<void> {
    return this.#receipts.sweep();
  }

  /** Waits for the commits in flight, and until it is known of each whether it was made. */
  close(): Promise<void> {
    this.#closing ??= this.#receipts.settled().then(() => this.#database.close());
    return this.#closing;
  }

  #engineUnless(refusal: () => StoreError | undefined): BufferedEngine<FdbSnapshot> {
    const openSnapshot = () => {
      const refused = refusal();
      if (refused !== undefined) throw refused;
      const options = { timeout: this.#timeout_ms, read_your_writes_disable: true } as const;
      return new FdbSnapshot(this.#database.rawCreateTransaction(options), refusal);
    };
    return {
      limits: this.limits,
      openSnapshot,
      commit: (request, settle) => {
        const refused = refusal();
        if (refused !== undefined) settle(refused);
        else {
          const counted = this.#counted(settle);
          commitNative(request.snapshot ?? openSnapshot(), request).then(counted, counted);
        }
      },
    };
  }

  #counted(settle: Settle): Settle {
    return (outcome) => {
      if (!(outcome instanceof StoreError)) this.#stats.commits++;
      else if (outcome.code === StoreErrorCode.Conflict) this.#stats.conflicts++;
      settle(outcome);
    };
  }
}

/**
 * Opens the store in the cluster. Rejects with a `storage` or `timed_out` StoreError that says what to do when the package,
 * the client library or the cluster file is missing, or the cluster does not answer in time.
 */
export async function openFoundationDbStore(options: FoundationDbOptions): Promise<FoundationDbStore> {
  const { cluster_file_path, fdb = await loadPackage() } = options;
  if (Buffer.byteLength(cluster_file_path) > LONGEST_PATH_BYTES) {
    throw new StoreError(
      StoreErrorCode.Storage,
      `The path of the cluster file is longer than ${LONGEST_PATH_BYTES} bytes.`,
    );
  }
  const store = new FoundationDbStore(openDatabase(fdb, cluster_file_path), options);
  try {
    // Opening does not show whether there is a cluster; a first read does.
    await store.transact((txn) => txn.readVersion());
  } catch (error) {
    await store.close();
    throw error;
  }
  return store;
}
