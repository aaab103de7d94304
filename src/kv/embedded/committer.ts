import type { CommitRequest } from '../buffered-transaction.ts';
import { StoreError, StoreErrorCode } from '../store-error.ts';
import { encodeVersionstamp, MOST_PLACES_IN_A_VERSION } from '../versionstamp.ts';
import { Batch } from './batch.ts';
import { BATCH_BYTES, MOST_WAITING_COMMITS } from './embedded-limits.ts';
import type { Handle } from './environment.ts';
import type { Lease } from './lease.ts';
import type { Snapshots } from './snapshots.ts';
import { storageError } from './storage-error.ts';
import { stillHolds } from './validate.ts';
import { writeStoredVersion } from './version.ts';

interface Waiting {
  /** Absent for a call that only raises the version. */
  readonly request: CommitRequest<Lease> | undefined;
  readonly at_least: bigint;
  readonly resolve: (stamp: Uint8Array) => void;
  readonly reject: (error: StoreError) => void;
}

type Outcome = { stamp: Uint8Array } | { error: StoreError };

export interface CommitCounters {
  commits: number;
  conflicts: number;
  /** LMDB commits, each with one sync, that carried the commits. */
  batches: number;
}

/** Makes commits durable: all that wait go into one LMDB transaction, which is synced once. */
export class Committer {
  readonly counters: CommitCounters = { commits: 0, conflicts: 0, batches: 0 };
  readonly #writer: Handle;
  readonly #snapshots: Snapshots;
  #queue: Waiting[] = [];
  #running: Promise<void> | undefined;

  constructor(writer: Handle, snapshots: Snapshots) {
    this.#writer = writer;
    this.#snapshots = snapshots;
  }

  /** Resolves with the versionstamp once the commit is on disk. */
  commit(request: CommitRequest<Lease>): Promise<Uint8Array> {
    return this.#enqueue(request, 0n);
  }

  /** Makes every later version rise above `at_least`. */
  async raiseVersion(at_least: bigint): Promise<void> {
    await this.#enqueue(undefined, at_least);
  }

  /** Resolves when nothing waits any more. */
  async drained(): Promise<void> {
    await this.#running;
  }

  #enqueue(request: CommitRequest<Lease> | undefined, at_least: bigint): Promise<Uint8Array> {
    if (this.#queue.length >= MOST_WAITING_COMMITS) {
      return Promise.reject(
        new StoreError(StoreErrorCode.Busy, `${MOST_WAITING_COMMITS} commits are waiting; no more are taken.`),
      );
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({ request, at_least, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      await this.#commitBatch();
    }
    this.#running = undefined;
  }

  async #commitBatch(): Promise<void> {
    let waiting: Waiting[] = [];
    let outcomes: Outcome[] = [];
    let version_before: bigint | undefined;
    try {
      // The callback runs when LMDB's write lock is ours; whoever has begun to wait until then is in.
      await this.#writer.own.childTransaction(() => {
        waiting = this.#takeWaiting();
        const latest = this.#snapshots.take();
        try {
          version_before = latest.version();
          outcomes = this.#decideAndWrite(waiting, latest, version_before);
        } finally {
          latest.release();
        }
      });
    } catch (error) {
      const failure = this.#failure(error, version_before);
      waiting = waiting.length > 0 ? waiting : this.#takeWaiting();
      outcomes = waiting.map(() => ({ error: failure }));
    }
    this.#answer(waiting, outcomes);
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

  /** First decides who commits, in the order in which they came, and only then writes. */
  #decideAndWrite(waiting: readonly Waiting[], latest: Lease, version_before: bigint): Outcome[] {
    const batch = new Batch(latest);
    const raised = highest(waiting, version_before);
    const version = raised + 1n;
    let place = 0;
    const outcomes = waiting.map(({ request }): Outcome => {
      if (request === undefined) {
        return { stamp: new Uint8Array() };
      }
      const { snapshot, reads, mutations } = request;
      if (snapshot !== undefined && !stillHolds(reads, snapshot, latest, batch.ahead)) {
        return { error: conflict() };
      }
      const stamp = encodeVersionstamp(version, place++);
      batch.take(mutations, stamp);
      return { stamp };
    });
    if (place > 0) {
      batch.writeTo(this.#writer.data);
      writeStoredVersion(this.#writer.own, version);
      this.counters.batches++;
    } else if (raised > version_before) {
      writeStoredVersion(this.#writer.own, raised);
    }
    return outcomes;
  }

  #answer(waiting: readonly Waiting[], outcomes: readonly Outcome[]): void {
    waiting.forEach(({ resolve, reject, request }, i) => {
      const outcome = outcomes[i] ?? { error: conflict() };
      if ('error' in outcome) {
        this.counters.conflicts += outcome.error.code === StoreErrorCode.Conflict ? 1 : 0;
        reject(outcome.error);
      } else {
        this.counters.commits += request === undefined ? 0 : 1;
        resolve(outcome.stamp);
      }
    });
  }

  /** What the transactions of a failed batch are told: that nothing was written, or, if the store shows otherwise, that it can't be known. */
  #failure(error: unknown, version_before: bigint | undefined): StoreError {
    silenceCause(error);
    try {
      const now = this.#snapshots.take();
      const written = version_before !== undefined && now.version() !== version_before;
      now.release();
      if (!written) {
        return storageError('The commit could not be written; the store is as it was before', error);
      }
    } catch {
      // Not even reading works; what is on disk can't be told.
    }
    return new StoreError(StoreErrorCode.CommitUnknown, 'The commit failed at its end and may have been written.', {
      cause: error,
    });
  }
}

/** The version that this batch must rise above. */
function highest(waiting: readonly Waiting[], version_before: bigint): bigint {
  let version = version_before;
  for (const { at_least } of waiting) {
    if (at_least > version) {
      version = at_least;
    }
  }
  return version;
}

function conflict(): StoreError {
  return new StoreError(
    StoreErrorCode.Conflict,
    'Something that the transaction has read was changed by another since.',
  );
}

/** lmdb hands the reason of a failed commit over in a second promise; without a handler it would end the process. */
function silenceCause(error: unknown): void {
  if (error instanceof Error && 'commitError' in error && error.commitError instanceof Promise) {
    error.commitError.catch(() => undefined);
  }
}
