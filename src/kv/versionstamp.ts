import { VERSIONSTAMP_BYTES } from './store.ts';

/** The most transactions that share one version: Doris makes a transaction id of a versionstamp as `version << 10 | place`. */
export const MOST_PLACES_IN_A_VERSION = 1024;

/** The ten bytes for the commit at `place` (from 0) among those of `version`. */
export function encodeVersionstamp(version: bigint, place: number): Uint8Array {
  const stamp = Buffer.alloc(VERSIONSTAMP_BYTES);
  stamp.writeBigUInt64BE(version, 0);
  stamp.writeUInt16BE(place, 8);
  return stamp;
}

/** The versionstamp at `place` of the version that `other` has. */
export function versionstampBeside(other: Uint8Array, place: number): Uint8Array {
  const stamp = Buffer.from(other);
  stamp[8] = place >>> 8;
  stamp[9] = place & 0xff;
  return stamp;
}

/** What a versionstamp says. */
export function decodeVersionstamp(stamp: Uint8Array): { version: bigint; place: number } {
  const view = new DataView(stamp.buffer, stamp.byteOffset, stamp.byteLength);
  return { version: view.getBigUint64(0), place: view.getUint16(8) };
}

/** A copy of `bytes` in which `stamp` stands at `offset`. */
export function withVersionstamp(bytes: Uint8Array, offset: number, stamp: Uint8Array): Uint8Array {
  const stamped = Buffer.from(bytes);
  stamped.set(stamp, offset);
  return stamped;
}
