const COUNTER_BYTES = 8;

/** The 64-bit little-endian number that `delta` added to `base` makes; a base that is absent or short counts as if filled up with zeros, one that is long as if cut. */
export function addToCounter(base: Uint8Array | undefined, delta: bigint): Uint8Array {
  const sum = Buffer.alloc(COUNTER_BYTES);
  if (base !== undefined) {
    sum.set(base.subarray(0, COUNTER_BYTES));
  }
  sum.writeBigUInt64LE(BigInt.asUintN(64, sum.readBigUInt64LE() + delta));
  return sum;
}
