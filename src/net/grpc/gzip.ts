import { promisify } from 'node:util';
import { gunzip, gzip, constants as zlib } from 'node:zlib';
import type { Framed, MessageLimits } from './message-reader.ts';
import { noRoom, tooLarge } from './message-reader.ts';
import { GrpcCode, GrpcError } from './status.ts';

const unzip = promisify(gunzip) as (bytes: Uint8Array, options: object) => Promise<Buffer>;
const zip = promisify(gzip) as (bytes: Uint8Array, options: object) => Promise<Buffer>;

/** The header and the trailer of gzip, and a block that is empty. */
const LEAST_GZIP_BYTES = 20;
/** Where a gzip says how large its content is. */
const SIZE_BYTES = 4;
/** Deflate makes nothing smaller than that. */
const MOST_GAIN = 1032;

/** What a request may be encoded with. */
export const ENCODINGS = 'identity,gzip';

/**
 * Decompresses a message. What it comes to is taken from the budget before there is memory for it, since a gzip says its
 * size; one that says too little is damaged. Whoever gets the bytes gives their length back.
 *
 * @throws {GrpcError}
 */
export async function decompressed(bytes: Buffer, { max_body_bytes, buffered }: MessageLimits): Promise<Buffer> {
  if (bytes.length < LEAST_GZIP_BYTES) throw damaged();
  const size = bytes.readUInt32LE(bytes.length - SIZE_BYTES);
  if (size > bytes.length * MOST_GAIN) throw damaged();
  if (size > max_body_bytes) throw tooLarge(max_body_bytes);
  if (!buffered.take(size)) throw noRoom();
  try {
    const content = await unzip(bytes, { maxOutputLength: Math.max(1, size), chunkSize: Math.max(MIN_CHUNK, size) });
    if (content.length === size) return content;
  } catch {
    // What zlib says of it is of no use to the caller.
  }
  buffered.giveBack(size);
  throw damaged();
}

/** The smallest buffer that zlib takes. */
const MIN_CHUNK = 64;

/** Compresses a message, if that makes it smaller. */
export async function compressed(bytes: Uint8Array): Promise<Framed<Uint8Array>> {
  const smaller = await zip(bytes, { level: zlib.Z_BEST_SPEED });
  return smaller.length < bytes.length ? { compressed: true, bytes: smaller } : { compressed: false, bytes };
}

function damaged(): GrpcError {
  return new GrpcError(GrpcCode.internal, 'a message says that it is compressed with gzip, and is not');
}
