import { createHash, randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { deflate } from 'node:zlib';
import type { KeyRange } from '../keys/key-kind.ts';
import type { HeldSnapshot } from '../kv/held-snapshot.ts';
import type { KeyValue } from '../kv/store.ts';
import { type DumpHeader, type DumpTotals, encodeHeader, encodeTrailer } from './contents.ts';
import { type Fingerprint, FingerprintTaker, sameFingerprint } from './fingerprint.ts';
import { Compression, FrameKind, HEAD_BYTES, preamble, writeHead } from './frame.ts';
import { LONGEST_KEY, sizeOfPair, writePair } from './pairs.ts';
import { rangesOfDump } from './ranges.ts';
import { SourceChangedError } from './source-changed.ts';

/** How far a dump has come. */
export interface DumpProgress {
  readonly pairs: number;
  /** Of the dump, as far as it is written. */
  readonly bytes: number;
  /** By how much the store has grown on disk since the state is held. */
  readonly growth_bytes: number;
}

export interface DumpOptions extends Pick<DumpHeader, 'origin' | 'program'> {
  /** The one instance to dump; without it, the whole store. */
  readonly instance_id?: string | undefined;
  readonly compress?: boolean;
  /** About how much is read before whatever else the process does gets its turn; without it, as much as the store gives. */
  readonly turn_bytes?: number | undefined;
  readonly onProgress?: ((progress: DumpProgress) => void) | undefined;
  /** Aborted when the dump is not wanted any more, which then rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** What is dumped; without it, the instance or the whole of a store that is alone where it lies. */
  readonly ranges?: readonly KeyRange[] | undefined;
  /** What was read of it before. Where this is not the same any more, the dump rejects with a SourceChangedError before its trailer. */
  readonly must_be?: Fingerprint | undefined;
}

/** What was written. */
export interface Dumped extends DumpTotals {
  readonly header: DumpHeader;
}

/** What a block holds, but for one pair that is larger. */
const BLOCK_BYTES = 1024 * 1024;
/** The fastest: what is left to win takes several times as long. */
const COMPRESSION_LEVEL = 1;

const compressed = promisify<Buffer, { level: number }, Buffer>(deflate);

/** The bytes of a dump of a state that is held, frame by frame. Returns what is in it. The state stays the caller's, to be released. */
export async function* writeDump(
  held: HeldSnapshot,
  key_bytes: number,
  options: DumpOptions,
): AsyncGenerator<Buffer, Dumped> {
  const { instance_id, origin, program, onProgress, signal } = options;
  const header = {
    ...{ id: randomUUID(), time: new Date().toISOString(), origin, program },
    ...{ version: held.version, instance_id },
  };
  const hash = createHash('sha256');
  const totals = { blocks: 0, pairs: 0, key_bytes: 0, value_bytes: 0 };
  let bytes = 0;
  const hashed = (frame: Buffer): Buffer => {
    signal?.throwIfAborted();
    hash.update(frame);
    bytes += frame.length;
    onProgress?.({ pairs: totals.pairs, bytes, growth_bytes: held.growth_bytes() });
    return frame;
  };
  yield hashed(preamble());
  yield hashed(frameOf(FrameKind.Header, 0, encodeHeader(header), 0));
  // A block is compressed elsewhere while the next one is filled.
  let before: Promise<Buffer> | undefined;
  const { ranges = rangesOfDump(instance_id, key_bytes), must_be } = options;
  const pages = pagesOf(held, ranges, options);
  for await (const block of blocksOf(must_be === undefined ? pages : unchanged(pages, must_be))) {
    const ready = finished(block, totals.blocks + 1, totals.pairs, options.compress === true);
    // It may fail while nobody waits for it yet.
    ready.catch(() => undefined);
    totals.blocks += 1;
    totals.pairs += block.pairs;
    totals.key_bytes += block.key_bytes;
    totals.value_bytes += block.value_bytes;
    if (before !== undefined) yield hashed(await before);
    before = ready;
  }
  if (before !== undefined) yield hashed(await before);
  const trailer = encodeTrailer({ ...totals, sha256: hash.digest('hex') });
  yield frameOf(FrameKind.Trailer, totals.blocks + 1, trailer, totals.pairs);
  return { ...totals, header };
}

interface Block {
  /** Room for the head, and behind it the pairs. */
  readonly bytes: Buffer;
  readonly pairs: number;
  readonly key_bytes: number;
  readonly value_bytes: number;
}

async function* pagesOf(
  held: HeldSnapshot,
  ranges: ReturnType<typeof rangesOfDump>,
  { turn_bytes, signal }: DumpOptions,
): AsyncGenerator<readonly KeyValue[]> {
  for (const { begin, end } of ranges) {
    for await (const page of held.getRange(begin, end, turn_bytes)) {
      signal?.throwIfAborted();
      yield page;
      if (turn_bytes !== undefined) await nextTurn();
    }
  }
}

/** The same pages. Rejects behind the last when they were not what they must be. */
async function* unchanged(
  pages: AsyncIterable<readonly KeyValue[]>,
  must_be: Fingerprint,
): AsyncGenerator<readonly KeyValue[]> {
  const taker = new FingerprintTaker();
  for await (const page of pages) {
    taker.add(page);
    yield page;
  }
  if (!sameFingerprint(taker.finish(), must_be)) throw new SourceChangedError();
}

/** Pairs in blocks of about one size. */
async function* blocksOf(pages: AsyncIterable<readonly KeyValue[]>): AsyncGenerator<Block> {
  let bytes = Buffer.allocUnsafeSlow(HEAD_BYTES + BLOCK_BYTES);
  let at = HEAD_BYTES;
  let pairs = 0;
  let key_bytes = 0;
  let value_bytes = 0;
  for await (const page of pages) {
    for (const pair of page) {
      const size = sizeOfPair(pair);
      if (at + size > bytes.length) {
        if (pairs > 0) yield { bytes: bytes.subarray(0, at), pairs, key_bytes, value_bytes };
        bytes = Buffer.allocUnsafeSlow(HEAD_BYTES + Math.max(BLOCK_BYTES, size));
        at = HEAD_BYTES;
        pairs = key_bytes = value_bytes = 0;
      }
      if (pair.key.length > LONGEST_KEY) throw new RangeError(`a key has ${pair.key.length} bytes`);
      at = writePair(bytes, at, pair);
      pairs++;
      key_bytes += pair.key.length;
      value_bytes += pair.value.length;
    }
  }
  if (pairs > 0) yield { bytes: bytes.subarray(0, at), pairs, key_bytes, value_bytes };
}

/** The frame of a block. */
async function finished(block: Block, number: number, pairs_before: number, compress: boolean): Promise<Buffer> {
  const { bytes, pairs } = block;
  const plain_bytes = bytes.length - HEAD_BYTES;
  const head = { kind: FrameKind.Block, number, plain_bytes, pairs, pairs_before };
  if (!compress) {
    writeHead(bytes, { ...head, compression: Compression.None });
    return bytes;
  }
  const small = await compressed(bytes.subarray(HEAD_BYTES), { level: COMPRESSION_LEVEL });
  const frame = Buffer.concat([Buffer.alloc(HEAD_BYTES), small]);
  writeHead(frame, { ...head, compression: Compression.Zlib });
  return frame;
}

/** A frame without pairs. */
function frameOf(kind: FrameKind, number: number, content: Buffer, pairs_before: number): Buffer {
  const frame = Buffer.concat([Buffer.alloc(HEAD_BYTES), content]);
  const plain_bytes = content.length;
  writeHead(frame, { kind, compression: Compression.None, number, plain_bytes, pairs: 0, pairs_before });
  return frame;
}
