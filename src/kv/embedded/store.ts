import { existsSync, statSync } from 'node:fs';
import type { Awaitable } from '../../awaitable.ts';
import type { Histogram } from '../../observe/metrics/histogram.ts';
import { type BufferedEngine, BufferedTransaction, type CommitRequest, type Settle } from '../buffered-transaction.ts';
import type { FillableStore } from '../fillable-store.ts';
import type { HeldSnapshot, HoldOptions } from '../held-snapshot.ts';
import type { StoreLimits, StoreStats, Transaction, TransactOptions } from '../store.ts';
import { StoreError, StoreErrorCode } from '../store-error.ts';
import { transact } from '../transact.ts';
import { Committer } from './committer.ts';
import { dataFile } from './data-file.ts';
import { checkRoom, DISK_RESERVE_BYTES, freeBytes } from './disk-room.ts';
import { EMBEDDED_LIMITS } from './embedded-limits.ts';
import { type Environment, openEnvironment, setUnfinishedNote, unfinishedNote } from './environment.ts';
import { Hold } from './hold.ts';
import type { Lease } from './lease.ts';
import { openInTurn, type Place } from './openers.ts';
import { Pause } from './pause.ts';
import { Snapshots } from './snapshots.ts';
import { storageError } from './storage-error.ts';
import { HIGHEST_VERSION } from './version.ts';

export interface EmbeddedStoreOptions {
  /** Where the store lies; created when it is not there. */
  readonly dir: string;
  /** Whether no other process, and no other open store of this one, may use the directory at the same time. */
  readonly exclusive?: boolean;
  /** Where it is not exclusive: the name of those who may use it at the same time. */
  readonly group?: string;
  /** Whether others may open it beside an exclusive one if all they do is to read. */
  readonly admits_readers?: boolean;
  /** To read alone, beside whoever lets readers in; commits are refused. The store must be there already. */
  readonly reads_only?: boolean;
  /** Whether the store must be there already also where it is not opened to read alone. */
  readonly must_exist?: boolean;
  /** Whether a store is opened too that was being filled, when that did not come to its end. */
  readonly to_fill?: boolean;
  /** How much address space to begin with. It grows by itself. */
  readonly map_size_bytes?: number;
  /** How much of the disk commits leave free. */
  readonly disk_reserve_bytes?: number;
  /** Told once, when the disk has failed so that the store can't be used any more before it is opened again. */
  readonly on_broken?: (why: StoreError) => void;
}

/** Well below what a transaction may have, and enough that the syncs, one a batch, are not what takes the time. */
const FILL_BATCH = 4_000_000;

/** What the engine has done since it was opened, and what it holds. */
export interface EmbeddedStats extends StoreStats {
  /** Syncs that those commits shared. */
  readonly batches: number;
  /** How many commits shared each sync, and how long, in milliseconds, each took from the first of them being decided. */
  readonly batch_commits: Histogram;
  readonly batch_ms: Histogram;
  /** Commits that wait for the next sync to take them. */
  readonly waiting_commits: number;
  /** Snapshots in use, and for how long the oldest of them has been. */
  readonly snapshots: number;
  readonly oldest_snapshot_ms: number;
  /** Keys in the store, as of the last commit. */
  readonly keys: number;
  readonly size_bytes_on_disk: number;
  /** What is left of the disk that the store is on. */
  readonly disk_free_bytes: number;
}

/** The engine that keeps a store in one directory of this machine, on LMDB. */
export class EmbeddedStore implements FillableStore, BufferedEngine<Lease> {
  readonly limits: StoreLimits = EMBEDDED_LIMITS;
  /** All of it: it is alone in its directory. */
  readonly home = [{ begin: Buffer.alloc(0), end: Buffer.alloc(EMBEDDED_LIMITS.key_bytes + 1, 0xff) }];
  readonly fill_batch = FILL_BATCH;
  readonly #environment: Environment;
  readonly #place: Place;
  readonly #snapshots: Snapshots;
  readonly #committer: Committer;
  readonly #reads_only: boolean;
  readonly #disk_reserve_bytes: number;
  /** Throws when the disk has no room for so many bytes. */
  readonly #checkRoom: (size_bytes: number) => void;
  /** Absent where other processes commit too: looking for their commits is no cheaper than reading. */
  readonly newestVersion?: () => bigint;
  #retries = 0;
  #closed = false;
  #closing: Promise<void> | undefined;

  constructor(environment: Environment, place: Place, pause: Pause, options: EmbeddedStoreOptions) {
    const { disk_reserve_bytes = DISK_RESERVE_BYTES, reads_only = false } = options;
    const { exclusive, admits_readers } = sharingOf(options);
    this.#environment = environment;
    this.#place = place;
    this.#reads_only = reads_only;
    this.#disk_reserve_bytes = disk_reserve_bytes;
    this.#snapshots = new Snapshots(environment.reader, {
      alone: exclusive,
      looks_for_dead: !exclusive || admits_readers,
    });
    this.#checkRoom = (size_bytes) => checkRoom(environment.dir, size_bytes, disk_reserve_bytes);
    this.#committer = new Committer(environment.writer, this.#snapshots, pause, {
      check_room: this.#checkRoom,
      on_broken: options.on_broken,
    });
    if (exclusive) this.newestVersion = () => this.#newestVersion();
  }

  begin(): BufferedTransaction<Lease> {
    return new BufferedTransaction(this);
  }

  async transact<T>(fn: (txn: Transaction) => Awaitable<T>, options?: TransactOptions): Promise<T> {
    return this.transactNow(fn, options);
  }

  transactNow<T>(fn: (txn: Transaction) => Awaitable<T>, options?: TransactOptions): Awaitable<T> {
    return transact(
      () => new BufferedTransaction(this, options?.spent),
      fn,
      options,
      () => this.#retries++,
    );
  }

  openSnapshot(): Lease {
    this.#mustBeOpen();
    return this.#snapshots.take();
  }

  async holdSnapshot(options: HoldOptions = {}): Promise<HeldSnapshot> {
    this.#mustBeOpen();
    const disk = {
      store_bytes: () => this.#sizeOnDisk(),
      isShort: () => freeBytes(this.#environment.dir) < 2 * this.#disk_reserve_bytes,
    };
    return new Hold(this.#snapshots.hold(), disk, options);
  }

  commit(request: CommitRequest<Lease>, settle: Settle): void {
    const { snapshot } = request;
    const refusal = this.#writeRefusal() ?? snapshot?.refusal(this.limits.transaction_ms);
    if (refusal !== undefined) {
      settle(refusal);
      return;
    }
    if (snapshot !== undefined) {
      this.#snapshots.keep(snapshot);
    }
    this.#committer.commit(request, settle);
  }

  #newestVersion(): bigint {
    const newest = this.openSnapshot();
    const version = newest.version();
    newest.release();
    return version;
  }

  async advanceVersion(at_least: bigint): Promise<void> {
    this.#mustTakeWrites();
    if (at_least < 0n || at_least > HIGHEST_VERSION) {
      throw new StoreError(StoreErrorCode.Misuse, `A version is from 0 to ${HIGHEST_VERSION}, and ${at_least} is not.`);
    }
    await this.#committer.raiseVersion(at_least);
  }

  async unfinished(): Promise<string | undefined> {
    this.#mustBeOpen();
    return unfinishedNote(this.#environment.writer.own);
  }

  /** For an exclusive store that admits no readers, while nothing is being committed. */
  async setUnfinished(note: string | undefined): Promise<void> {
    this.#mustTakeWrites();
    this.#checkRoom(0);
    try {
      setUnfinishedNote(this.#environment.writer.own, note);
    } catch (error) {
      throw storageError('The store could not be marked', error);
    }
  }

  stats(): EmbeddedStats {
    this.#mustBeOpen();
    const { entryCount = 0 } = this.#environment.reader.data.getStats() as { entryCount?: number };
    return {
      ...this.#committer.counters,
      retries: this.#retries,
      waiting_commits: this.#committer.waiting,
      snapshots: this.#snapshots.count,
      oldest_snapshot_ms: this.#snapshots.oldest_ms,
      keys: entryCount,
      size_bytes_on_disk: this.#sizeOnDisk(),
      disk_free_bytes: freeBytes(this.#environment.dir),
    };
  }

  #sizeOnDisk(): number {
    return statSync(dataFile(this.#environment.dir)).blocks * 512;
  }

  /** Rejects with `busy` when another process that opens the directory holds it up; then it may be called again. */
  close(): Promise<void> {
    this.#closed = true;
    this.#closing ??= this.#close().catch((error: unknown) => {
      this.#closing = undefined;
      throw error;
    });
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#committer.drained();
    this.#snapshots.close();
    await this.#place.leave(() => this.#environment.close());
  }

  #mustBeOpen(): void {
    const refusal = this.#refusal();
    if (refusal !== undefined) {
      throw refusal;
    }
  }

  #mustTakeWrites(): void {
    const refusal = this.#writeRefusal();
    if (refusal !== undefined) {
      throw refusal;
    }
  }

  #writeRefusal(): StoreError | undefined {
    const refusal = this.#refusal();
    if (refusal !== undefined || !this.#reads_only) return refusal;
    return new StoreError(StoreErrorCode.Misuse, 'The store was opened to read alone.');
  }

  #refusal(): StoreError | undefined {
    return this.#closed ? new StoreError(StoreErrorCode.Closed, 'The store is closed.') : this.#committer.broken;
  }
}

/** Opens the store in a directory. Throws a StoreError: `storage` for what can't be read, written or understood, `in_use` when another holds it. */
export async function openEmbeddedStore(options: EmbeddedStoreOptions): Promise<EmbeddedStore> {
  const { dir, reads_only = false, must_exist = reads_only, map_size_bytes, to_fill } = options;
  if (must_exist && !existsSync(dataFile(dir))) {
    throw new StoreError(StoreErrorCode.Storage, `There is no store in ${dir}.`);
  }
  const pause = new Pause();
  const { opened, place } = await openInTurn(dir, sharingOf(options), pause, () =>
    openEnvironment(dir, map_size_bytes, to_fill),
  );
  return new EmbeddedStore(opened, place, pause, options);
}

/** Whoever only reads is never in the way of another, so it is not exclusive. */
function sharingOf({
  exclusive = false,
  admits_readers = false,
  reads_only = false,
  group = '',
}: EmbeddedStoreOptions) {
  return { exclusive: exclusive && !reads_only, admits_readers, reads_only, group };
}
