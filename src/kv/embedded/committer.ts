import { DURATION_BOUNDS_MS, Histogram, powersOfTwo } from '../../observe/metrics/histogram.ts';
import type { CommitRequest, Settle } from '../buffered-transaction.ts';
import { StoreError, StoreErrorCode } from '../store-error.ts';
import { MOST_PLACES_IN_A_VERSION } from '../versionstamp.ts';
import { Batch, type Decision } from './batch.ts';
import { BATCH_BYTES, MOST_WAITING_COMMITS } from './embedded-limits.ts';
import type { Handle } from './environment.ts';
import type { Lease } from './lease.ts';
import type { Pause } from './pause.ts';
import type { Snapshots } from './snapshots.ts';
import { commitFailure, storageError } from './storage-error.ts';
import { writeIfVersionIs } from './version.ts';
import type { Waiting } from './waiting.ts';

export interface CommitterOptions {
  /** Throws when the disk has no room for so many bytes. */
  readonly check_room: (size_bytes: number) => void;
  /** Told once, when the store can't be used any more before it is opened again. */
  readonly on_broken?: ((why: StoreError) => void) | undefined;
}

export interface CommitCounters {
  commits: number;
  conflicts: number;
  /** LMDB commits, each with its sync, that carried the commits. */
  batches: number;
  /** How many commits each of them carried. */
  readonly batch_commits: Histogram;
  /** How long each of them took to be decided, written and synced. */
  readonly batch_ms: Histogram;
}

/** After another process has come in between, so many batches are decided under LMDB's write lock, where none can. */
const BATCHES_UNDER_LOCK = 64;

/** Larger batches are counted together. */
const LARGEST_COUNTED_BATCH = 4096;

/** Makes commits durable: all that wait go into one LMDB transaction, which is synced once. */
export class Committer {
  readonly counters: CommitCounters = {
    commits: 0,
    conflicts: 0,
    batches: 0,
    batch_commits: new Histogram(powersOfTwo(LARGEST_COUNTED_BATCH)),
    batch_ms: new Histogram(DURATION_BOUNDS_MS),
  };
  readonly #writer: Handle;
  readonly #snapshots: Snapshots;
  readonly #pause: Pause;
  #queue: Waiting[] = [];
  #running: Promise<void> | undefined;
  #batches_under_lock = 0;
  /** The version that this process has made last, while no other is known to have come after it. */
  #known_version: bigint | undefined;
  /** Set when a commit is on disk or not and nobody can tell, nor therefore which state is the last. */
  #broken: StoreError | undefined;

  readonly #options: CommitterOptions;

  /** While `pause` is asked for, commits wait. */
  constructor(writer: Handle, snapshots: Snapshots, pause: Pause, options: CommitterOptions) {
    this.#writer = writer;
    this.#snapshots = snapshots;
    this.#pause = pause;
    this.#options = options;
  }

  /** Calls `settle` with the versionstamp once the commit is on disk, or with the reason why it is not. */
  commit(request: CommitRequest<Lease>, settle: Settle): void {
    this.#enqueue({ request, at_least: 0n, settle });
  }

  /** Makes every later version rise above `at_least`. */
  raiseVersion(at_least: bigint): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle: Settle = (outcome) => (outcome instanceof StoreError ? reject(outcome) : resolve());
      this.#enqueue({ request: undefined, at_least, settle });
    });
  }

  /** Why the store can't be used any more before it is opened again; undefined as long as it can. */
  get broken(): StoreError | undefined {
    return this.#broken;
  }

  /** Commits that wait for a batch to take them. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Resolves when nothing waits any more. */
  async drained(): Promise<void> {
    await this.#running;
  }

  #enqueue(waiting: Waiting): void {
    if (this.#queue.length >= MOST_WAITING_COMMITS) {
      const message = `${MOST_WAITING_COMMITS} commits are waiting; no more are taken.`;
      waiting.settle(new StoreError(StoreErrorCode.Busy, message));
      return;
    }
    this.#queue.push(waiting);
    this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    do {
      // Whoever commits before the event loop goes on to its next event is in the batch.
      await new Promise<void>((resolve) => process.nextTick(resolve));
      if (this.#pause.asked) await this.#pause.over();
      const waiting = this.#takeWaiting();
      this.#pause.beginWriting();
      const began_ms = performance.now();
      const outcome = await this.#write(waiting).catch(asStoreError);
      const took_ms = performance.now() - began_ms;
      this.#pause.endWriting();
      if (outcome instanceof StoreError) {
        for (const { settle } of waiting) settle(outcome);
      } else {
        this.#answer(waiting, outcome, took_ms);
      }
    } while (this.#queue.length > 0);
    this.#running = undefined;
  }

  #takeWaiting(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const { request } of this.#queue) {
      if (count === MOST_PLACES_IN_A_VERSION || bytes > BATCH_BYTES) {
        break;
      }
      count++;
      bytes += request?.size_bytes ?? 0;
    }
    return this.#queue.splice(0, count);
  }

  /** Decides who commits, and makes that durable. Rejects with a StoreError for all. */
  async #write(waiting: readonly Waiting[]): Promise<readonly Decision[]> {
    if (this.#broken !== undefined) {
      throw this.#broken;
    }
    this.#options.check_room(waiting.reduce((sum, { request }) => sum + (request?.size_bytes ?? 0), 0));
    if (this.#batches_under_lock === 0) {
      const decisions = await this.#writeUnlessOvertaken(waiting);
      if (decisions !== undefined) {
        return decisions;
      }
      this.#batches_under_lock = BATCHES_UNDER_LOCK;
    }
    this.#batches_under_lock--;
    return this.#writeUnderLock(waiting);
  }

  /**
   * Decides on the newest state that is known and hands the writes over on the condition that it still is when LMDB's
   * write lock is ours. This needs no turn of the event loop while the lock is held. Undefined when another process has
   * come first.
   */
  async #writeUnlessOvertaken(waiting: readonly Waiting[]): Promise<readonly Decision[] | undefined> {
    const version_before = this.#known_version ?? this.#storedVersion();
    this.#known_version = undefined;
    let written: Promise<boolean>;
    const batch = new Batch(waiting, version_before, this.#openLatest);
    try {
      if (batch.empty) {
        return batch.decisions;
      }
      written = writeIfVersionIs(this.#writer.own, version_before, () => this.#handOver(batch));
    } finally {
      // Held any longer, it would keep the commit from using the pages again that the last one has left.
      batch.release();
      this.#snapshots.lookAgain();
    }
    try {
      if (!(await written)) return undefined;
    } catch (error) {
      throw await this.#failure(error);
    }
    this.#known_version = batch.version;
    return batch.decisions;
  }

  /** The same in a callback that runs when the write lock is ours. */
  async #writeUnderLock(waiting: readonly Waiting[]): Promise<readonly Decision[]> {
    let handed_over = false;
    let decisions: readonly Decision[] = [];
    try {
      // An error in the callback of a child transaction undoes its writes; that of a plain one would commit them.
      await this.#writer.own.childTransaction(() => {
        const batch = new Batch(waiting, this.#storedVersion(), this.#openLatest);
        try {
          decisions = batch.decisions;
          if (!batch.empty) {
            handed_over = true;
            batch.writeTo(this.#writer);
          }
        } finally {
          batch.release();
        }
      });
      return decisions;
    } catch (error) {
      throw handed_over ? await this.#failure(error) : asStoreError(error);
    }
  }

  /**
   * What a batch is told that LMDB has failed to write. What fails before the last page, the one that makes a commit
   * current, was not written. When that page fails LMDB takes no writes any more: what is on disk then, the next to open
   * the store finds.
   */
  async #failure(error: unknown): Promise<StoreError> {
    const takes_writes = this.#takesWrites();
    if (!takes_writes) {
      this.#break('A commit failed at its end; the store must be opened again before it can be used.', error);
    }
    return commitFailure(error, takes_writes);
  }

  #break(message: string, cause: unknown): void {
    this.#broken = new StoreError(StoreErrorCode.Storage, message, { cause });
    this.#options.on_broken?.(this.#broken);
  }

  /** Whether LMDB begins a write transaction. To be asked here: a batch handed over to one that doesn't would never be answered. */
  #takesWrites(): boolean {
    try {
      this.#writer.own.transactionSync(() => undefined);
      return true;
    } catch {
      return false;
    }
  }

  readonly #openLatest = (): Lease => {
    this.#snapshots.lookAgain();
    return this.#snapshots.take();
  };

  #storedVersion(): bigint {
    const latest = this.#openLatest();
    try {
      return latest.version();
    } finally {
      latest.release();
    }
  }

  /** lmdb would commit what was handed over before an error. There is none to expect, so there is no way on from it either. */
  #handOver(batch: Batch): void {
    try {
      batch.writeTo(this.#writer);
    } catch (error) {
      const message = 'A commit may have been written in part; the store must not be used any more.';
      this.#break(message, error);
      throw new StoreError(StoreErrorCode.CommitUnknown, message, { cause: error });
    }
  }

  #answer(waiting: readonly Waiting[], decisions: readonly Decision[], took_ms: number): void {
    // Whoever hears of a commit from here on is to find it in the store.
    this.#snapshots.lookAgain();
    let commits = 0;
    waiting.forEach(({ request, settle }, i) => {
      const decision = decisions[i];
      if (decision === undefined) {
        this.counters.conflicts++;
        settle(conflict());
      } else {
        commits += request === undefined ? 0 : 1;
        settle(decision.versionstamp);
      }
    });
    if (commits === 0) return;
    this.counters.commits += commits;
    this.counters.batches++;
    this.counters.batch_commits.observe(commits);
    this.counters.batch_ms.observe(took_ms);
  }
}

/** Whatever went wrong, nobody is to take it for a versionstamp. */
function asStoreError(error: unknown): StoreError {
  return error instanceof StoreError ? error : storageError('The commit could not be written', error);
}

function conflict(): StoreError {
  return new StoreError(
    StoreErrorCode.Conflict,
    'Something that the transaction has read was changed by another since.',
  );
}
