import { type KeyText, keyAfter, keyText } from '../../../../src/kv/bytes.ts';
import { addToCounter } from '../../../../src/kv/counter.ts';
import { encodeVersionstamp } from '../../../../src/kv/versionstamp.ts';
import { FdbError } from './fdb-error.ts';
import { VersionedMap } from './versioned-map.ts';

/** Versions rise by so many in a second, whether anything is written or not. */
const VERSIONS_A_MS = 1_000n;
/** Where nobody commits, the cluster does so itself after so long, so that versions go on rising. */
const IDLE_VERSIONS = 2_000n * VERSIONS_A_MS;
/** For how long an old version can be read, and a transaction that has read it be committed. */
const KEPT_VERSIONS = 5_000n * VERSIONS_A_MS;
const MOST_TRANSACTION_BYTES = 10_000_000;
const MOST_KEY_BYTES = 10_000;
const MOST_VALUE_BYTES = 100_000;
/** What the cluster counts for each write and for each range beside their bytes. */
const OVERHEAD_BYTES = 48;

export interface Range {
  readonly begin: KeyText;
  readonly end: KeyText;
}

/** A write as the client library sends it. */
export type Write =
  | { readonly kind: 'set'; readonly key: Buffer; readonly value: Buffer }
  | { readonly kind: 'clear'; readonly begin: Buffer; readonly end: Buffer }
  | { readonly kind: 'add' | 'stamped key' | 'stamped value'; readonly key: Buffer; readonly operand: Buffer };

export interface Commit {
  readonly read_version: bigint;
  readonly reads: readonly Range[];
  readonly writes: readonly Write[];
}

interface Waiting {
  readonly commit: Commit;
  readonly resolve: (versionstamp: Buffer) => void;
  readonly reject: (error: FdbError) => void;
}

/** What becomes of a commit whose answer does not come. */
export type Fate = 'made' | 'not made' | 'late';

/** What the double is to do in place of answering. */
export interface Faults {
  /** The number of the error with which a read, or the question for a version, fails. */
  read?: () => number | undefined;
  commit?: () => { readonly code: number; readonly fate: Fate } | undefined;
  /** Nothing is answered, and nobody says so. */
  unreachable?: boolean;
  /** Whoever asks for a higher version is refused with this error. */
  advance?: number;
}

/**
 * What a FoundationDB cluster does, as far as its documentation and its source say, in this process: versions that rise with
 * time, reads of a version for five seconds, commits in batches that share a version, conflicts of what was read with what
 * was written since. It is a double, made for these tests: that they pass on it does not show that they pass on a cluster.
 */
export class Cluster {
  readonly faults: Faults = {};
  readonly #pairs = new VersionedMap();
  readonly #written: { readonly range: Range; readonly version: bigint }[] = [];
  #began_ms = performance.now();
  #first_version: bigint;
  /** The highest that anyone has been given. */
  #version: bigint;
  #queue: Waiting[] = [];

  constructor(first_version = 1_000_000_000n) {
    this.#first_version = first_version;
    this.#version = first_version;
  }

  /** The version of the last commit, which was answered: below that of any later one. */
  readVersion(): bigint {
    const idle = this.#clock() - IDLE_VERSIONS;
    if (idle > this.#version) this.#version = this.#clock();
    return this.#version;
  }

  get(key: KeyText, version: bigint): Buffer | undefined {
    this.#mustBeReadable(version);
    return this.#pairs.get(key, version);
  }

  pairs(range: Range, version: bigint, reverse: boolean): Iterable<[Buffer, Buffer]> {
    this.#mustBeReadable(version);
    return this.#pairs.pairs(range.begin, range.end, version, reverse);
  }

  /** Resolves with the versionstamp. All that come in one turn of the event loop share a version. */
  commit(commit: Commit): Promise<Buffer> {
    checkSizes(commit);
    return new Promise((resolve, reject) => {
      if (this.#queue.push({ commit, resolve, reject }) === 1) setImmediate(() => this.#decide());
    });
  }

  /** Begins again at a higher version. Whoever has asked for that hears nothing of it any more. */
  beginAgainAbove(version: bigint): never {
    if (this.faults.advance !== undefined) throw new FdbError(this.faults.advance);
    if (this.readVersion() > version) throw new FdbError(2117);
    this.#first_version = version + 1n;
    this.#began_ms = performance.now();
    throw new FdbError(1021);
  }

  /** All later versions are above this one. */
  raiseVersion(at_least: bigint): void {
    this.#version = higher(this.#version, at_least);
  }

  #decide(): void {
    const queue = this.#queue;
    this.#queue = [];
    this.#version = higher(this.#version + 1n, this.#clock());
    const version = this.#version;
    const oldest = version - KEPT_VERSIONS;
    while (this.#written[0] !== undefined && this.#written[0].version < oldest) this.#written.shift();
    let place = 0;
    for (const { commit, resolve, reject } of queue) {
      if (commit.reads.length > 0 && commit.read_version < oldest) reject(new FdbError(1007));
      else if (this.#conflicts(commit)) reject(new FdbError(1020));
      else {
        const stamp = Buffer.from(encodeVersionstamp(version, place++));
        for (const write of commit.writes) this.#apply(write, version, oldest, stamp);
        resolve(stamp);
      }
    }
  }

  #conflicts({ read_version, reads }: Commit): boolean {
    return this.#written.some(
      ({ range, version }) =>
        version > read_version && reads.some((read) => read.begin < range.end && range.begin < read.end),
    );
  }

  #apply(write: Write, version: bigint, oldest: bigint, stamp: Buffer): void {
    if (write.kind === 'clear') {
      const range = { begin: keyText(write.begin), end: keyText(write.end) };
      this.#pairs.clear(range.begin, range.end, version, oldest);
      this.#written.push({ range, version });
      return;
    }
    const key = keyText(write.kind === 'stamped key' ? stamped(write.key, stamp) : write.key);
    this.#pairs.put(key, this.#valueOf(write, version, stamp), version, oldest);
    this.#written.push({ range: { begin: key, end: keyAfter(key) }, version });
  }

  #valueOf(write: Exclude<Write, { kind: 'clear' }>, version: bigint, stamp: Buffer): Buffer {
    switch (write.kind) {
      case 'set':
        return write.value;
      case 'add':
        return Buffer.from(addToCounter(this.#pairs.get(keyText(write.key), version), write.operand.readBigUInt64LE()));
      case 'stamped key':
        return write.operand;
      case 'stamped value':
        return stamped(write.operand, stamp);
    }
  }

  #mustBeReadable(version: bigint): void {
    if (this.readVersion() - version > KEPT_VERSIONS) throw new FdbError(1007);
  }

  #clock(): bigint {
    return this.#first_version + BigInt(Math.floor((performance.now() - this.#began_ms) * Number(VERSIONS_A_MS)));
  }
}

/** The bytes with the versionstamp at the offset that their last four bytes say, without these. */
function stamped(bytes: Buffer, stamp: Buffer): Buffer {
  const result = Buffer.from(bytes.subarray(0, -4));
  result.set(stamp, bytes.readUInt32LE(bytes.length - 4));
  return result;
}

function checkSizes({ reads, writes }: Commit): void {
  let bytes = 0;
  for (const { begin, end } of reads) bytes += begin.length + end.length + OVERHEAD_BYTES;
  for (const write of writes) {
    const [key, value] = write.kind === 'clear' ? [write.begin, write.end] : [write.key, writtenBy(write)];
    if (key.length > MOST_KEY_BYTES) throw new FdbError(2102);
    if (value.length > MOST_VALUE_BYTES) throw new FdbError(2103);
    if (key[0] === 0xff) throw new FdbError(2004);
    // What is written is a write, and a range with which others conflict.
    bytes += key.length + value.length + 2 * key.length + 2 * OVERHEAD_BYTES;
  }
  if (bytes > MOST_TRANSACTION_BYTES) throw new FdbError(2101);
}

function writtenBy(write: Exclude<Write, { kind: 'clear' }>): Buffer {
  return write.kind === 'set' ? write.value : write.operand;
}

function higher(left: bigint, right: bigint): bigint {
  return left > right ? left : right;
}
