import { type HeldSnapshot, type HoldOptions, pagesOf } from '../held-snapshot.ts';
import { checkRange } from '../limits.ts';
import type { KeyValue } from '../store.ts';
import { StoreErrorCode } from '../store-error.ts';
import { EMBEDDED_LIMITS } from './embedded-limits.ts';
import type { Lease } from './lease.ts';

const LOOK_EVERY_MS = 250;

/** What a held state costs the disk that the store is on. */
export interface DiskUse {
  /** How large the store is. */
  store_bytes(): number;
  /** Whether there is so little left that commits may soon be refused. */
  isShort(): boolean;
}

/** A state that is held beyond the age of transactions, within bounds that are looked at several times a second. */
export class Hold implements HeldSnapshot {
  readonly version: bigint;
  readonly #lease: Lease;
  readonly #disk: DiskUse;
  readonly #size_before: number;
  readonly #watch: NodeJS.Timeout;

  constructor(lease: Lease, disk: DiskUse, options: HoldOptions) {
    this.version = lease.version();
    this.#lease = lease;
    this.#disk = disk;
    this.#size_before = disk.store_bytes();
    this.#watch = setInterval(() => this.#endIfBeyond(options), LOOK_EVERY_MS);
    this.#watch.unref();
  }

  growth_bytes(): number {
    return Math.max(0, this.#disk.store_bytes() - this.#size_before);
  }

  async *getRange(begin: Uint8Array, end: Uint8Array, page_bytes?: number): AsyncGenerator<readonly KeyValue[]> {
    checkRange(EMBEDDED_LIMITS, begin, end);
    const scan = (low: string, high: string) =>
      this.#lease.scan(low, high, Number.POSITIVE_INFINITY, false, page_bytes);
    yield* pagesOf(scan, begin, end);
  }

  release(): void {
    clearInterval(this.#watch);
    this.#lease.release();
  }

  #endIfBeyond(options: HoldOptions): void {
    const why = this.#lease.ended ? undefined : this.#reasonToEnd(options);
    if (why !== undefined) this.#lease.end(StoreErrorCode.TooOld, why);
    if (this.#lease.ended) clearInterval(this.#watch);
  }

  #reasonToEnd(options: HoldOptions): string | undefined {
    try {
      return this.#bound(options);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return `What the held state costs the disk can't be told, so it is no longer kept: ${reason}`;
    }
  }

  /** Which bound it has passed, if any. */
  #bound({ most_ms, most_growth_bytes }: HoldOptions): string | undefined {
    if (most_ms !== undefined && this.#lease.age_ms > most_ms) {
      return `The state was held for longer than ${most_ms / 1000} s, and is no longer kept.`;
    }
    const growth_bytes = this.growth_bytes();
    const grown = `The store has grown by ${Math.floor(growth_bytes / MIB)} MiB while the state was held`;
    if (most_growth_bytes !== undefined && growth_bytes > most_growth_bytes) {
      return `${grown}, and may by ${Math.floor(most_growth_bytes / MIB)} MiB: it is no longer kept.`;
    }
    return growth_bytes > 0 && this.#disk.isShort()
      ? `${grown}, and the disk is nearly full: it is no longer kept.`
      : undefined;
  }
}

const MIB = 1024 * 1024;
