import { type KeyText, keyText } from '../../../../src/kv/bytes.ts';

interface Written {
  readonly version: bigint;
  /** Undefined when the key was removed. */
  readonly value: Buffer | undefined;
}

/** Keys in order, each with what it was at every version that can still be read. */
export class VersionedMap {
  readonly #history = new Map<KeyText, Written[]>();
  readonly #order: KeyText[] = [];

  get(key: KeyText, version: bigint): Buffer | undefined {
    return this.#history.get(key)?.findLast((written) => written.version <= version)?.value;
  }

  /** The pairs with `begin <= key < end`, as they are asked for. */
  *pairs(begin: KeyText, end: KeyText, version: bigint, reverse: boolean): Iterable<[Buffer, Buffer]> {
    const keys = this.#order.slice(this.#firstFrom(begin), this.#firstFrom(end));
    for (const key of reverse ? keys.reverse() : keys) {
      const value = this.get(key, version);
      if (value !== undefined) yield [Buffer.from(key, 'latin1'), value];
    }
  }

  /** Writes at a version that is not below any before, and forgets what was overwritten before `oldest`. */
  put(key: KeyText, value: Buffer | undefined, version: bigint, oldest: bigint): void {
    const history = this.#history.get(key);
    if (history === undefined) {
      if (value === undefined) return;
      this.#history.set(key, [{ version, value }]);
      this.#order.splice(this.#firstFrom(key), 0, key);
      return;
    }
    const kept = history.findLastIndex((written) => written.version <= oldest);
    if (kept > 0) history.splice(0, kept);
    history.push({ version, value });
  }

  clear(begin: KeyText, end: KeyText, version: bigint, oldest: bigint): void {
    for (const [key] of [...this.pairs(begin, end, version, false)]) this.put(keyText(key), undefined, version, oldest);
  }

  #firstFrom(key: KeyText): number {
    let low = 0;
    let high = this.#order.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#order[middle] ?? '') < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
