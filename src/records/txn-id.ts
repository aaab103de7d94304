import { VERSIONSTAMP_BYTES } from '../kv/store.ts';

/** How many bits of a transaction's id say which of the commits of one version it stems from. */
const SEQUENCE_BITS = 10n;
const SEQUENCE_LIMIT = 1 << Number(SEQUENCE_BITS);
const VERSION_BYTES = 8;

/** No store has come to this version: a FoundationDB takes 140 years for it. From twice of it on ids would be negative. */
export const HIGHEST_CREDIBLE_VERSION = 2n ** 52n;

/**
 * The transaction id that a versionstamp makes: its version shifted left by 10 bits, and its place among the commits of
 * that version. Undefined when there are 1,024 such commits or more, or for what is no versionstamp.
 */
export function txnIdFromVersionstamp(stamp: Uint8Array): bigint | undefined {
  if (stamp.length !== VERSIONSTAMP_BYTES) return undefined;
  const view = new DataView(stamp.buffer, stamp.byteOffset, VERSIONSTAMP_BYTES);
  const sequence = view.getUint16(VERSION_BYTES);
  if (sequence >= SEQUENCE_LIMIT) return undefined;
  return BigInt.asIntN(64, (view.getBigInt64(0) << SEQUENCE_BITS) | BigInt(sequence));
}

/** The largest version whose transaction ids are not above `txnId`: a store of a higher version gives out higher ids only. */
export function versionOfTxnId(txnId: bigint): bigint {
  return txnId >> SEQUENCE_BITS;
}

/** The smallest transaction id that a commit of `version` can make: above those of all lower versions. */
export function firstTxnIdOfVersion(version: bigint): bigint {
  return BigInt.asIntN(64, version << SEQUENCE_BITS);
}
