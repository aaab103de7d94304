import type { Store } from '../../kv/store.ts';
import { StoreError, StoreErrorCode } from '../../kv/store-error.ts';
import type { Logger } from '../../observe/logger.ts';
import { finishLazyCommit } from './finish-lazy-commit.ts';
import { RecentFailures } from './recent-failures.ts';

export interface LazyCommitsOptions {
  readonly store: Store;
  readonly logger: Logger;
  /** The most rowsets that become visible in one transaction of the store. */
  readonly txn_lazy_max_rowsets_per_batch: number;
  readonly now_ms: () => number;
}

/** How long it takes after a failure until those whom it keeps waiting, and who may be many, have it tried again. */
const RETRY_MS = 1000;

/**
 * Brings lazy commits to their end: those that calls of this process have decided, and those that they meet on their way,
 * whose server may have died. Nothing is kept but who waits for what; all that a commit needs is in the store. So a start
 * looks for none: whoever needs what such a commit has decided meets it, and asks for its end here.
 */
export class LazyCommits {
  readonly #options: LazyCommitsOptions;
  readonly #running = new Map<string, Promise<void>>();
  readonly #failures = new RecentFailures(RETRY_MS);
  #stopped = false;

  constructor(options: LazyCommitsOptions) {
    this.#options = options;
  }

  /** Resolves when a transaction that was committed lazily is visible. Rejects with a MetaError or a StoreError when it can't be. */
  finish(instanceId: string, txnId: bigint): Promise<void> {
    const name = nameOf(instanceId, txnId);
    let running = this.#running.get(name);
    if (!running) {
      running = this.#remembered(name, this.#finish(instanceId, txnId));
      this.#running.set(name, running);
    }
    return running;
  }

  /** As `finish`, for those who find it in their way. What has just failed is not tried again at once, and fails them too. */
  help(instanceId: string, txnId: bigint): Promise<void> {
    const name = nameOf(instanceId, txnId);
    const failure = this.#failures.of(name);
    if (failure && !this.#running.has(name)) return Promise.reject(failure.error);
    return this.finish(instanceId, txnId);
  }

  /** As `help`, for those who need not wait for it. */
  start(instanceId: string, txnId: bigint): void {
    if (!this.#stopped) this.help(instanceId, txnId).catch(() => undefined);
  }

  /** Stops between two transactions of the store, and resolves when it has. What is left can be finished later. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.allSettled(this.#running.values());
  }

  /** Keeps for a while that `finishing` has failed, unless it succeeds after all. */
  async #remembered(name: string, finishing: Promise<void>): Promise<void> {
    try {
      await finishing;
      this.#failures.remove(name);
    } catch (error) {
      this.#failures.add(name, error);
      throw error;
    } finally {
      this.#running.delete(name);
    }
  }

  async #finish(instanceId: string, txnId: bigint): Promise<void> {
    const { store, logger, now_ms, txn_lazy_max_rowsets_per_batch } = this.#options;
    const began_ms = performance.now();
    const which = { instance_id: instanceId, txn_id: `${txnId}` };
    try {
      const rowsets = await finishLazyCommit(instanceId, txnId, {
        transact: (work) => {
          if (this.#stopped) throw new StoreError(StoreErrorCode.Closed, 'The service is stopping.');
          return store.transact(work);
        },
        most_rowsets: txn_lazy_max_rowsets_per_batch,
        now_ms,
      });
      const duration_ms = Math.round(performance.now() - began_ms);
      logger.debug('a lazy commit is visible', { ...which, rowsets, duration_ms });
    } catch (error) {
      if (this.#stopped) throw error;
      logger.warn('a lazy commit could not be finished', { ...which, error });
      throw error;
    }
  }
}

function nameOf(instanceId: string, txnId: bigint): string {
  return `${txnId}/${instanceId}`;
}
