import { promisify } from 'node:util';
import { gunzip, inflate } from 'node:zlib';
import type { ByteBudget } from '../byte-budget.ts';
import { decodeSnappy, snappyLength } from './snappy.ts';

/** Why a payload was not decompressed: for what it is, or for want of room. */
export class DecompressError extends Error {
  override readonly name = 'DecompressError';

  constructor(
    readonly kind: 'malformed' | 'no_room',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

interface Codec {
  readonly name: string;
  /** The most that bytes can become, told before anything is allocated for it. */
  mostBytes(compressed: Buffer): number;
  /** Throws or rejects for bytes that are not compressed so, or become more than `most_bytes`. */
  decompress(compressed: Buffer, most_bytes: number): Buffer | Promise<Buffer>;
}

/** Deflate, inside of gzip and zlib, makes no more than this of a byte. */
const MOST_INFLATED = 1032;
/** In which pieces the result is made: many small ones keep all others waiting. */
const SMALLEST_PIECE = 16 * 1024;
const LARGEST_PIECE = 1024 * 1024;
const pieceBytes = ({ length }: Buffer) => Math.min(LARGEST_PIECE, Math.max(SMALLEST_PIECE, 4 * length));
const mostInflated = ({ length }: Buffer) => Math.max(1, length * MOST_INFLATED);
const gunzipWithin = promisify(gunzip);
const inflateWithin = promisify(inflate);

/** By their numbers in brpc. LZ4 has one too, but brpc serves it no more than we do. */
const CODECS: ReadonlyMap<number, Codec> = new Map<number, Codec>([
  [1, { name: 'snappy', mostBytes: snappyLength, decompress: decodeSnappy }],
  [
    2,
    {
      name: 'gzip',
      mostBytes: mostInflated,
      decompress: (bytes, maxOutputLength) => gunzipWithin(bytes, { maxOutputLength, chunkSize: pieceBytes(bytes) }),
    },
  ],
  [
    3,
    {
      name: 'zlib',
      mostBytes: mostInflated,
      decompress: (bytes, maxOutputLength) => inflateWithin(bytes, { maxOutputLength, chunkSize: pieceBytes(bytes) }),
    },
  ],
]);

export const NOT_COMPRESSED = 0;

/** What brpc calls a compress type. */
export function compressTypeName(compress_type: number): string {
  return compress_type === NOT_COMPRESSED ? 'none' : (CODECS.get(compress_type)?.name ?? 'unknown');
}

/**
 * Decompresses a payload. The bytes of the result are taken from the budget, and whoever gets them gives them back. Before
 * they are known, the most that they can be is taken.
 *
 * @throws {DecompressError}
 */
export async function decompress(
  compress_type: number,
  compressed: Buffer,
  { max_body_bytes, budget }: { readonly max_body_bytes: number; readonly budget: ByteBudget },
): Promise<Buffer> {
  const codec = CODECS.get(compress_type);
  if (codec === undefined) throw new DecompressError('malformed', `compress_type=${compress_type} is not served`);
  let taken = 0;
  try {
    const most_bytes = Math.min(codec.mostBytes(compressed), max_body_bytes);
    if (!budget.take(most_bytes)) throw new DecompressError('no_room', `there is no room for ${most_bytes} bytes`);
    taken = most_bytes;
    const message = await codec.decompress(compressed, most_bytes);
    budget.giveBack(taken - message.length);
    return message;
  } catch (error) {
    budget.giveBack(taken);
    if (error instanceof DecompressError) throw error;
    throw new DecompressError('malformed', error instanceof Error ? error.message : String(error), { cause: error });
  }
}
