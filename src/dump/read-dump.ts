import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { crc32, inflate } from 'node:zlib';
import type { KeyValue } from '../kv/store.ts';
import { BytesInPieces } from './bytes-in-pieces.ts';
import { type DumpHeader, type DumpTotals, decodeHeader, problemOfTrailer } from './contents.ts';
import { DumpError } from './dump-error.ts';
import {
  Compression,
  FORMAT,
  type FrameHead,
  FrameKind,
  HEAD_BYTES,
  MAGIC,
  PREAMBLE_BYTES,
  readHead,
} from './frame.ts';
import { readPairs } from './pairs.ts';

/** A block of a dump that is as it was written. */
export interface DumpBlock {
  readonly number: number;
  /** Their bytes are the block's own. */
  readonly pairs: readonly KeyValue[];
  /** How many bytes of the dump have been read with it. */
  readonly bytes: number;
}

/** A dump that is being read. Whatever is wrong with it is a DumpError. */
export interface DumpReader {
  readonly header: DumpHeader;
  /**
   * The blocks, once, each of them checked by itself. Returns what they hold when the trailer says the same of all of them
   * together, and nothing stands behind it: not before is it certain that nothing is missing.
   */
  blocks(): AsyncGenerator<DumpBlock, DumpTotals>;
  /** Says that no more of it is wanted. Harmless when repeated. */
  close(): Promise<void>;
}

const inflated = promisify<Buffer, { maxOutputLength: number }, Buffer>(inflate);

/** Begins to read a dump from its bytes, in pieces of any size. */
export async function readDump(pieces: AsyncIterable<Uint8Array>): Promise<DumpReader> {
  const frames = new Frames(pieces);
  try {
    await frames.takePreamble();
    const { content, place } = await frames.next(FrameKind.Header);
    const header = decodeHeader(content);
    if (typeof header === 'string') throw new DumpError(header, place);
    return { header, blocks: () => blocksOf(frames), close: () => frames.close() };
  } catch (error) {
    await frames.close();
    throw error;
  }
}

async function* blocksOf(frames: Frames): AsyncGenerator<DumpBlock, DumpTotals> {
  let totals: DumpTotals = { blocks: 0, pairs: 0, key_bytes: 0, value_bytes: 0 };
  let last: Buffer | undefined;
  for (;;) {
    const sha256 = frames.digest();
    const { head, content, place } = await frames.next(FrameKind.Block, FrameKind.Trailer);
    if (head.pairs_before !== totals.pairs) {
      throw new DumpError(`it says ${head.pairs_before} pairs before it, and there are ${totals.pairs}`, place);
    }
    if (head.kind === FrameKind.Trailer) {
      const problem = problemOfTrailer(content, { ...totals, sha256 });
      if (problem !== undefined) throw new DumpError(`the trailer is wrong: ${problem}`, place);
      await frames.mustEnd();
      return totals;
    }
    const pairs = readPairs(content, head.pairs, last);
    if (typeof pairs === 'string') throw new DumpError(pairs, place);
    last = (pairs.at(-1)?.key as Buffer | undefined) ?? last;
    totals = added(totals, pairs);
    yield { number: head.number, pairs, bytes: frames.offset };
  }
}

function added({ blocks, pairs, key_bytes, value_bytes }: DumpTotals, more: readonly KeyValue[]): DumpTotals {
  return {
    blocks: blocks + 1,
    pairs: pairs + more.length,
    key_bytes: more.reduce((sum, { key }) => sum + key.length, key_bytes),
    value_bytes: more.reduce((sum, { value }) => sum + value.length, value_bytes),
  };
}

interface Frame {
  readonly head: FrameHead;
  /** Without compression. */
  readonly content: Buffer;
  readonly place: { readonly frame: number; readonly offset: number };
}

/** The frames of a dump, one after the other. */
class Frames {
  readonly #bytes: BytesInPieces;
  readonly #hash = createHash('sha256');
  #number = 0;

  constructor(pieces: AsyncIterable<Uint8Array>) {
    this.#bytes = new BytesInPieces(pieces);
  }

  get offset(): number {
    return this.#bytes.offset;
  }

  /** The SHA-256 of all that was taken, in hex. */
  digest(): string {
    return this.#hash.copy().digest('hex');
  }

  async takePreamble(): Promise<void> {
    const begin = await this.#take(PREAMBLE_BYTES);
    const place = { frame: 0, offset: 0 };
    const magic = begin.subarray(0, MAGIC.length);
    if (!magic.equals(MAGIC)) throw new DumpError('this is no dump of Nereus, or its first bytes are damaged', place);
    if (begin.length < PREAMBLE_BYTES) throw new DumpError('it ends before its header', place);
    const format = begin.readUInt32BE(MAGIC.length);
    if (format !== FORMAT) {
      throw new DumpError(`its format is ${format}, and this version reads ${FORMAT}`, place);
    }
  }

  /** The next frame, which must be of one of these kinds. */
  async next(...kinds: FrameKind[]): Promise<Frame> {
    const place = { frame: this.#number, offset: this.offset };
    const begin = await this.#take(HEAD_BYTES);
    if (begin.length < HEAD_BYTES) throw new DumpError('the dump is cut: it ends here, without its trailer', place);
    const head = readHead(begin);
    if (typeof head === 'string') throw new DumpError(head, place);
    if (!kinds.includes(head.kind) || head.number !== this.#number) {
      throw new DumpError(`frame ${head.number} of kind ${head.kind} does not belong here`, place);
    }
    const stored = await this.#take(head.stored_bytes);
    if (stored.length < head.stored_bytes) {
      throw new DumpError(`the dump is cut: it ends at byte ${this.offset}, within this`, place);
    }
    if (crc32(stored) !== head.checksum) throw new DumpError('its checksum is wrong', place);
    const content = await plain(stored, head);
    if (content?.length !== head.plain_bytes) throw new DumpError('it can’t be decompressed', place);
    this.#number++;
    return { head, content, place };
  }

  async mustEnd(): Promise<void> {
    const place = { frame: this.#number, offset: this.offset };
    if ((await this.#bytes.take(1)).length > 0) throw new DumpError('something stands behind the trailer', place);
  }

  close(): Promise<void> {
    return this.#bytes.end();
  }

  async #take(count: number): Promise<Buffer> {
    const taken = await this.#bytes.take(count);
    this.#hash.update(taken);
    return taken;
  }
}

async function plain(stored: Buffer, { compression, plain_bytes }: FrameHead): Promise<Buffer | undefined> {
  if (compression === Compression.None) return stored;
  return inflated(stored, { maxOutputLength: Math.max(1, plain_bytes) }).catch(() => undefined);
}
