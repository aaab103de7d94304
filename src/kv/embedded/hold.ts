import { type HeldSnapshot, type HoldOptions, pagesOf } from '../held-snapshot.ts';
import { checkRange } from '../limits.ts';
import type { KeyValue } from '../store.ts';
import { StoreErrorCode } from '../store-error.ts';
import { EMBEDDED_LIMITS } from './embedded-limits.ts';
import type { Lease } from './lease.ts';

const LOOK_EVERY_MS = 250;

/** A state that is held beyond the age of transactions, within bounds that are looked at several times a second. */
export class Hold implements HeldSnapshot {
  readonly version: bigint;
  readonly #lease: Lease;
  readonly #sizeOnDisk: () => number;
  readonly #size_before: number;
  readonly #watch: NodeJS.Timeout;

  constructor(lease: Lease, sizeOnDisk: () => number, options: HoldOptions) {
    this.version = lease.version();
    this.#lease = lease;
    this.#sizeOnDisk = sizeOnDisk;
    this.#size_before = sizeOnDisk();
    this.#watch = setInterval(() => this.#endIfBeyond(options), LOOK_EVERY_MS);
    this.#watch.unref();
  }

  growth_bytes(): number {
    return Math.max(0, this.#sizeOnDisk() - this.#size_before);
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

  #endIfBeyond({ most_ms, most_growth_bytes }: HoldOptions): void {
    const why = reasonToEnd(this.#lease.age_ms, this.growth_bytes(), most_ms, most_growth_bytes);
    if (why === undefined) return;
    clearInterval(this.#watch);
    this.#lease.end(StoreErrorCode.TooOld, why);
  }
}

const MIB = 1024 * 1024;

function reasonToEnd(
  age_ms: number,
  growth_bytes: number,
  most_ms = Number.POSITIVE_INFINITY,
  most_growth_bytes = Number.POSITIVE_INFINITY,
): string | undefined {
  if (age_ms > most_ms) return `The state was held for longer than ${most_ms / 1000} s, and is no longer kept.`;
  if (growth_bytes <= most_growth_bytes) return undefined;
  const [growth, most] = [growth_bytes, most_growth_bytes].map((size) => Math.floor(size / MIB));
  return `The store has grown by ${growth} MiB while the state was held, and may by ${most} MiB: it is no longer kept.`;
}
