import type { KeyText } from '../bytes.ts';
import type { Snapshot, SnapshotPage } from '../snapshot.ts';
import type { KeyValue } from '../store.ts';
import type { StoreError } from '../store-error.ts';
import { readError } from './errors.ts';
import { owed } from './outstanding.ts';
import type { FdbPage, FdbTransaction, KeySelector } from './package.ts';

/** Pages as large as the cluster likes to send them in a row: some 80 KB. */
const STREAM_ALL = -2;
const NO_TARGET_BYTES = 0;

/** Keys from here on are FoundationDB's own. */
const USER_KEYS_END: KeyText = '\xff';

/** The state that a transaction of the cluster reads. */
export class FdbSnapshot implements Snapshot {
  readonly native: FdbTransaction;
  readonly #reader: FdbTransaction;
  readonly #refusal: () => StoreError | undefined;

  /** `refusal` says why nothing can be read any more. */
  constructor(native: FdbTransaction, refusal: () => StoreError | undefined) {
    this.native = native;
    this.#reader = native.snapshot();
    this.#refusal = refusal;
  }

  get(key: KeyText): Promise<Uint8Array | undefined> {
    // The system's keys, which this engine has no business with, would have to be asked for in another way.
    if (key >= USER_KEYS_END) return Promise.resolve(undefined);
    return this.#read((reader) => reader.get(bufferOf(key)));
  }

  async scan(begin: KeyText, end: KeyText, limit: number, reverse: boolean): Promise<SnapshotPage> {
    const to = withinUserKeys(end);
    if (begin >= to) return { pairs: [], last: true };
    for (;;) {
      const page = await this.#readPage(keyOrAfter(begin), keyOrAfter(to), limit, reverse);
      // The cluster may send a page without pairs where there are some behind it.
      if (page.results.length > 0 || !page.more) {
        return { pairs: page.results.map(([key, value]): KeyValue => ({ key, value })), last: !page.more };
      }
    }
  }

  async version(): Promise<bigint> {
    const version = await this.#read((reader) => reader.getReadVersion());
    return version.readBigUInt64BE();
  }

  release(): void {
    this.native.rawCancel();
  }

  #readPage(start: KeySelector, end: KeySelector, limit: number, reverse: boolean): Promise<FdbPage> {
    return this.#read((reader) => reader.getRangeNative(start, end, limit, NO_TARGET_BYTES, STREAM_ALL, 1, reverse));
  }

  #read<T>(read: (reader: FdbTransaction) => Promise<T>): Promise<T> {
    const refusal = this.#refusal();
    if (refusal !== undefined) return Promise.reject(refusal);
    const reading = owed(read(this.#reader)).catch((error: unknown) => {
      throw this.#refusal() ?? readError(error);
    });
    // Whoever has cancelled the transaction need not wait for its reads any more.
    reading.catch(() => undefined);
    return reading;
  }
}

/** The end of a range, no further than where FoundationDB's own keys begin. */
export function withinUserKeys(end: KeyText): KeyText {
  return end > USER_KEYS_END ? USER_KEYS_END : end;
}

/** The bytes of a key, as the package takes them. */
export function bufferOf(key: KeyText): Buffer {
  return Buffer.from(key, 'latin1');
}

/** The first key that is not below `key`. */
function keyOrAfter(key: KeyText): KeySelector {
  return { key: bufferOf(key), orEqual: false, offset: 1 };
}
