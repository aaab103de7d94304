import { crc32 } from 'node:zlib';

/** What a dump begins with: bytes that no text has, a name, and line ends, which show whether somebody has changed them. */
export const MAGIC = Buffer.from('\x89NEREUS-DUMP\r\n\x1a\n', 'latin1');
/** The format that is written and read. Raised when what is written can't be read by the versions before. */
export const FORMAT = 1;
/** The magic, and behind it the format, in four bytes. */
export const PREAMBLE_BYTES = MAGIC.length + 4;

/** What all dumps of this format begin with. */
export function preamble(): Buffer {
  const bytes = Buffer.alloc(PREAMBLE_BYTES);
  MAGIC.copy(bytes);
  bytes.writeUInt32BE(FORMAT, MAGIC.length);
  return bytes;
}

/** What a frame holds. */
export const FrameKind = {
  Header: 1,
  Block: 2,
  Trailer: 3,
} as const;
export type FrameKind = (typeof FrameKind)[keyof typeof FrameKind];

/** How what a frame holds is written. */
export const Compression = {
  None: 0,
  Zlib: 1,
} as const;
export type Compression = (typeof Compression)[keyof typeof Compression];

/** What stands before what a frame holds. */
export interface FrameHead {
  readonly kind: FrameKind;
  readonly compression: Compression;
  /** The frames before. */
  readonly number: number;
  readonly stored_bytes: number;
  /** Without compression. */
  readonly plain_bytes: number;
  readonly pairs: number;
  /** The pairs in all frames before. */
  readonly pairs_before: number;
  /** The CRC-32 of what is stored. */
  readonly checksum: number;
}

export const HEAD_BYTES = 36;
/** What a frame may hold, compressed or not. */
const MOST_FRAME_BYTES = 16 * 1024 * 1024;

const AT = {
  kind: 0,
  compression: 1,
  zero: 2,
  number: 4,
  stored_bytes: 8,
  plain_bytes: 12,
  pairs: 16,
  checksum: 20,
  pairs_before: 24,
  head_checksum: 32,
} as const;

/** Writes a head at the beginning of `target`, which what it stands before is in already, from `HEAD_BYTES` on. */
export function writeHead(target: Buffer, head: Omit<FrameHead, 'stored_bytes' | 'checksum'>): void {
  const stored = target.subarray(HEAD_BYTES);
  target.writeUInt8(head.kind, AT.kind);
  target.writeUInt8(head.compression, AT.compression);
  target.writeUInt16BE(0, AT.zero);
  target.writeUInt32BE(head.number, AT.number);
  target.writeUInt32BE(stored.length, AT.stored_bytes);
  target.writeUInt32BE(head.plain_bytes, AT.plain_bytes);
  target.writeUInt32BE(head.pairs, AT.pairs);
  target.writeUInt32BE(crc32(stored), AT.checksum);
  target.writeBigUInt64BE(BigInt(head.pairs_before), AT.pairs_before);
  target.writeUInt32BE(crc32(target.subarray(0, AT.head_checksum)), AT.head_checksum);
}

/** What a head says, or what is wrong with it, in words. */
export function readHead(bytes: Buffer): FrameHead | string {
  if (crc32(bytes.subarray(0, AT.head_checksum)) !== bytes.readUInt32BE(AT.head_checksum)) {
    return 'the checksum of its head is wrong';
  }
  const head: FrameHead = {
    kind: bytes.readUInt8(AT.kind) as FrameKind,
    compression: bytes.readUInt8(AT.compression) as Compression,
    number: bytes.readUInt32BE(AT.number),
    stored_bytes: bytes.readUInt32BE(AT.stored_bytes),
    plain_bytes: bytes.readUInt32BE(AT.plain_bytes),
    pairs: bytes.readUInt32BE(AT.pairs),
    checksum: bytes.readUInt32BE(AT.checksum),
    pairs_before: Number(bytes.readBigUInt64BE(AT.pairs_before)),
  };
  return problemOf(head) ?? head;
}

const KINDS: ReadonlySet<number> = new Set(Object.values(FrameKind));
const COMPRESSIONS: ReadonlySet<number> = new Set(Object.values(Compression));

function problemOf(head: FrameHead): string | undefined {
  if (!KINDS.has(head.kind)) return `there is no frame of kind ${head.kind}`;
  if (!COMPRESSIONS.has(head.compression)) return `its compression ${head.compression} is not known`;
  if (Math.max(head.stored_bytes, head.plain_bytes) > MOST_FRAME_BYTES) {
    return `it has ${Math.max(head.stored_bytes, head.plain_bytes)} bytes, and no more than ${MOST_FRAME_BYTES} are allowed`;
  }
  if (!Number.isSafeInteger(head.pairs_before)) return 'its count of pairs is too high';
  return undefined;
}
