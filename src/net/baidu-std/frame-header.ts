/** Every frame begins with `PRPC`, the size of what follows, and the size of the meta in that, in network order. */
export const HEADER_BYTES = 12;

const MAGIC = 0x50525043;
const BODY_SIZE_AT = 4;
const META_SIZE_AT = 8;

/** The largest meta that is read, in bytes. Those of calls have less than a hundred. */
const MOST_META_BYTES = 64 * 1024;

/** What a frame announces, in bytes: its meta and its payload follow the header in this order, and make up its body. */
export interface FrameHeader {
  readonly meta_bytes: number;
  readonly body_bytes: number;
}

/** Why the bytes of a connection can't be followed any further. The text is for the log. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}

/**
 * Reads the header at `at`, where it must lie whole.
 *
 * @throws {FrameError} for what is no header, or one of a frame that will not be read.
 */
export function readHeader(bytes: Buffer, at: number, max_body_bytes: number): FrameHeader {
  if (bytes.readUInt32BE(at) !== MAGIC) throw new FrameError('sent bytes that begin no frame');
  const body_bytes = bytes.readUInt32BE(at + BODY_SIZE_AT);
  const meta_bytes = bytes.readUInt32BE(at + META_SIZE_AT);
  if (body_bytes > max_body_bytes) {
    throw new FrameError(`body_size=${body_bytes} is too large, brpc_max_body_size allows ${max_body_bytes}`);
  }
  if (meta_bytes > body_bytes) {
    throw new FrameError(`meta_size=${meta_bytes} is bigger than body_size=${body_bytes}`);
  }
  if (meta_bytes > MOST_META_BYTES) {
    throw new FrameError(`meta_size=${meta_bytes} is too large, ${MOST_META_BYTES} is the most`);
  }
  return { meta_bytes, body_bytes };
}

/** Writes a header at the beginning of `bytes`. */
export function writeHeader(bytes: Buffer, { meta_bytes, body_bytes }: FrameHeader): void {
  bytes.writeUInt32BE(MAGIC, 0);
  bytes.writeUInt32BE(body_bytes, BODY_SIZE_AT);
  bytes.writeUInt32BE(meta_bytes, META_SIZE_AT);
}
