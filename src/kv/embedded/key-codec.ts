import type { KeyText } from '../bytes.ts';

/** LMDB has no empty key, so each key is stored behind one byte. */
const LEAD = 1;
export const LEAD_BYTES = 1;

/** How keys are written for LMDB and read back, in lmdb's own calling convention. */
export const keyCodec = {
  /** Writes `key` at `start` of `target` and returns where it ends. */
  writeKey(key: Uint8Array | KeyText, target: Buffer, start: number): number {
    target[start] = LEAD;
    if (typeof key === 'string') {
      return start + LEAD_BYTES + target.write(key, start + LEAD_BYTES, 'latin1');
    }
    target.set(key, start + LEAD_BYTES);
    return start + LEAD_BYTES + key.length;
  },
  readKey(source: Buffer, start: number, end: number): Uint8Array {
    return Uint8Array.prototype.slice.call(source, start + LEAD_BYTES, end);
  },
};
