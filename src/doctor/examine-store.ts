import { decodeKey } from '../keys/decode-key.ts';
import type { KeyKind } from '../keys/key-kind.ts';
import { holdSnapshot } from '../kv/held-snapshot.ts';
import type { KeyValue, Store } from '../kv/store.ts';
import { StoreError, StoreErrorCode } from '../kv/store-error.ts';
import { problemsOfValue } from './examine-value.ts';
import { type Finding, Findings } from './findings.ts';
import { ValueParts } from './value-parts.ts';

/** The bytes behind a chunk's key that say which chunk it is. */
const CHUNK_SUFFIX_BYTES = 9;

/** How much there is of one kind of key. */
export interface KindCount {
  readonly kind: string;
  pairs: number;
  /** Of keys and values. */
  bytes: number;
}

/** What a store holds, and what is wrong in it. */
export interface Examination {
  readonly pairs: number;
  readonly bytes: number;
  /** In the order of the names. Keys of no kind count in `pairs` alone. */
  readonly kinds: readonly KindCount[];
  readonly findings: readonly Finding[];
  /** Split values that were passed over, since another state began in the middle of them. */
  readonly passed_over: number;
  /** Problems of further sorts than are told, since there are too many sorts. */
  readonly untold: number;
}

/** Told how many pairs were looked at so far. */
export type Progress = (pairs: number) => void;

/**
 * Checks every key of a store against the table of kinds, and every value against its schema. Writes nothing. Reads each
 * pair once, in order, and keeps one value at a time. Where the engine does not hold a state for long enough, it goes on
 * with the newest one: keys and values are looked at one by one, so that is as good; only a split value which that cuts
 * through is passed over. Rejects with the store's error.
 */
export async function examineStore(store: Store, progress: Progress = () => undefined): Promise<Examination> {
  const examiner = new Examiner();
  let from: Uint8Array | undefined = Buffer.of();
  while (from !== undefined) {
    from = await examineFrom(store, from, examiner, progress);
    if (from !== undefined) examiner.changeState();
  }
  return examiner.finish();
}

/** Resolves with where to go on in another state, or with undefined at the end of the store. */
async function examineFrom(
  store: Store,
  from: Uint8Array,
  examiner: Examiner,
  progress: Progress,
): Promise<Uint8Array | undefined> {
  const behindAll = Buffer.alloc(store.limits.key_bytes + 1, 0xff);
  const held = await holdSnapshot(store);
  let last: Uint8Array | undefined;
  try {
    for await (const page of held.getRange(from, behindAll)) {
      for (const pair of page) examiner.look(pair);
      last = page.at(-1)?.key;
      progress(examiner.pairs);
    }
    return undefined;
  } catch (error) {
    const is_old = error instanceof StoreError && error.code === StoreErrorCode.TooOld;
    if (!is_old || last === undefined) throw error;
    return Buffer.concat([last, Buffer.of(0)]);
  } finally {
    held.release();
  }
}

class Examiner {
  readonly #findings = new Findings();
  readonly #kinds = new Map<string, KindCount>();
  #parts: ValueParts | undefined;
  /** The value in whose middle another state began. */
  #cut: Buffer | undefined;
  #passed_over = 0;
  #bytes = 0;
  pairs = 0;

  look({ key, value }: KeyValue): void {
    const size_bytes = key.length + value.length;
    this.pairs++;
    this.#bytes += size_bytes;
    const decoded = decodeKey(key);
    if ('problem' in decoded) {
      this.#settle();
      this.#findings.add(undefined, { severity: 'unknown', what: 'is of no known kind' }, key);
      return;
    }
    this.#count(decoded.name, size_bytes);
    const kind: KeyKind = decoded.kind;
    const whole = decoded.chunk === undefined ? key : key.subarray(0, -CHUNK_SUFFIX_BYTES);
    if (this.#cut?.equals(whole)) return;
    if (this.#parts === undefined || !this.#parts.key.equals(whole)) {
      this.#settle();
      this.#parts = new ValueParts(kind, Buffer.from(whole));
    }
    this.#parts.add(decoded, value);
  }

  /** What comes next is of another state of the store. */
  changeState(): void {
    const { value } = this.#parts?.kind.shape ?? {};
    if (this.#parts === undefined || value === undefined || !('split' in value) || value.split === undefined) return;
    this.#cut = this.#parts.key;
    this.#parts = undefined;
    this.#passed_over++;
  }

  finish(): Examination {
    this.#settle();
    return {
      pairs: this.pairs,
      bytes: this.#bytes,
      kinds: [...this.#kinds.values()].sort((a, b) => (a.kind < b.kind ? -1 : 1)),
      findings: this.#findings.all(),
      passed_over: this.#passed_over,
      untold: this.#findings.beyond,
    };
  }

  #settle(): void {
    if (this.#parts === undefined) return;
    const { kind, key } = this.#parts;
    const { value, problems } = this.#parts.finish();
    this.#parts = undefined;
    const inside = value === undefined ? [] : problemsOfValue(kind, key, value);
    for (const problem of [...problems, ...inside]) this.#findings.add(kind.name, problem, key);
  }

  #count(kind: string, bytes: number): void {
    const count = this.#kinds.get(kind) ?? { kind, pairs: 0, bytes: 0 };
    count.pairs++;
    count.bytes += bytes;
    this.#kinds.set(kind, count);
  }
}
