import { keyAfter, keyText } from '../../../../src/kv/bytes.ts';
import type { Cluster, Range, Write } from './cluster.ts';
import { FdbError } from './fdb-error.ts';

const TIMEOUT = 500;
const READ_YOUR_WRITES_DISABLE = 51;
const SPECIAL_KEY_SPACE_ENABLE_WRITES = 714;
const LOWEST_COMMIT_VERSION = '\xff\xff/management/min_required_commit_version';
const STREAM_ALL = -2;
const STREAM_ALL_BYTES = 80_000;
const WRITE_KINDS: ReadonlyMap<number, 'add' | 'stamped key' | 'stamped value'> = new Map([
  [2, 'add'],
  [14, 'stamped key'],
  [15, 'stamped value'],
]);

/** The methods of the package's native transaction that this engine reaches, with their arguments as they are there. */
export class NativeTransaction {
  readonly #cluster: Cluster;
  readonly #writes: Write[] = [];
  readonly #reads: Range[] = [];
  readonly #pending = new Set<(error: FdbError) => void>();
  #reads_own_writes = true;
  #may_write_special_keys = false;
  /** What a commit asks the cluster to go on above. */
  #asked_version: bigint | undefined;
  #read_version: Promise<bigint> | undefined;
  readonly #versionstamp: Promise<Buffer>;
  #committed: (stamp: Buffer | Promise<never>) => void = () => undefined;
  /** Why it does nothing any more. */
  #ended: FdbError | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#versionstamp = new Promise((resolve) => {
      this.#committed = resolve;
    });
    this.#versionstamp.catch(() => undefined);
  }

  setOption(code: number, value: number | null): void {
    if (code === READ_YOUR_WRITES_DISABLE) this.#reads_own_writes = false;
    else if (code === SPECIAL_KEY_SPACE_ENABLE_WRITES) this.#may_write_special_keys = true;
    else if (code === TIMEOUT && value !== null) this.#timer = setTimeout(() => this.#end(1031), value).unref();
    else throw new FdbError(2007);
  }

  get(key: Buffer, is_snapshot: boolean): Promise<Buffer | undefined> {
    if (!is_snapshot) this.addReadConflictRange(key, Buffer.concat([key, Buffer.of(0)]));
    if (key[0] === 0xff) return Promise.reject(new FdbError(2004));
    return this.#read((version) => this.#cluster.get(keyText(key), version));
  }

  getRange(
    start: Buffer,
    start_or_equal: boolean,
    start_offset: number,
    end: Buffer,
    end_or_equal: boolean,
    end_offset: number,
    limit: number,
    target_bytes: number,
    mode: number,
    _iteration: number,
    is_snapshot: boolean,
    reverse: boolean,
  ): Promise<{ results: [Buffer, Buffer][]; more: boolean }> {
    const is_known = !start_or_equal && !end_or_equal && start_offset === 1 && end_offset === 1;
    if (!is_known || mode !== STREAM_ALL || target_bytes !== 0) throw new Error('The double does not know these.');
    if (!is_snapshot) this.addReadConflictRange(start, end);
    const range = { begin: keyText(start), end: keyText(end) };
    if (range.end > '\xff') return Promise.reject(new FdbError(2004));
    return this.#read((version) => page(this.#cluster.pairs(range, version, reverse), limit));
  }

  set(key: Buffer, value: Buffer): void {
    if (this.#may_write_special_keys && key.toString('latin1') === LOWEST_COMMIT_VERSION) {
      this.#asked_version = BigInt(value.toString());
      return;
    }
    this.#write({ kind: 'set', key, value });
  }

  clear(key: Buffer): void {
    this.#write({ kind: 'clear', begin: key, end: Buffer.from(keyAfter(keyText(key)), 'latin1') });
  }

  clearRange(begin: Buffer, end: Buffer): void {
    this.#write({ kind: 'clear', begin, end });
  }

  atomicOp(operation: number, key: Buffer, operand: Buffer): void {
    const kind = WRITE_KINDS.get(operation);
    if (kind === undefined) throw new Error('The double does not know this operation.');
    this.#write({ kind, key, operand });
  }

  addReadConflictRange(begin: Buffer, end: Buffer): void {
    this.#reads.push({ begin: keyText(begin), end: keyText(end) });
  }

  async getReadVersion(): Promise<Buffer> {
    const version = Buffer.alloc(8);
    version.writeBigUInt64BE(await this.#answer(() => this.#readVersion()));
    return version;
  }

  getVersionstamp(): Promise<Buffer> {
    return this.#versionstamp;
  }

  async commit(): Promise<void> {
    try {
      const stamp = await this.#answer(() => this.#send());
      if (stamp !== undefined) this.#committed(stamp);
    } catch (error) {
      this.#committed(Promise.reject(error));
      throw error;
    }
    this.#end(2017);
  }

  /** What is reset is not used again here. */
  reset(): void {
    this.#end(1025);
    this.#writes.length = 0;
    this.#reads.length = 0;
  }

  cancel(): void {
    this.#end(1025);
  }

  async #send(): Promise<Buffer | undefined> {
    if (this.#asked_version !== undefined) this.#cluster.beginAgainAbove(this.#asked_version);
    if (this.#writes.length === 0) return undefined;
    // Where nothing was read before, the version is taken on the way.
    const known = this.#read_version;
    // On its way it is as it was when it was sent.
    const [reads, writes] = [[...this.#reads], [...this.#writes]];
    const commit = async () => {
      const read_version = await (known ?? this.#cluster.readVersion());
      return this.#cluster.commit({ read_version, reads, writes });
    };
    const fault = this.#cluster.faults.commit?.();
    if (fault?.fate === 'made') await commit();
    if (fault?.fate === 'late') setTimeout(() => void commit().catch(() => undefined), Math.random() * 10);
    if (fault !== undefined) throw new FdbError(fault.code);
    return commit();
  }

  #readVersion(): Promise<bigint> {
    this.#read_version ??= this.#answer(async () => {
      this.#failAsTold();
      return this.#cluster.readVersion();
    });
    return this.#read_version;
  }

  async #read<T>(read: (version: bigint) => T): Promise<T> {
    if (this.#reads_own_writes && this.#writes.length > 0) throw new Error('The double does not read own writes.');
    const version = await this.#readVersion();
    return this.#answer(async () => {
      this.#failAsTold();
      return read(version);
    });
  }

  #failAsTold(): void {
    const code = this.#cluster.faults.read?.();
    if (code !== undefined) throw new FdbError(code);
  }

  #write(write: Write): void {
    this.#writes.push(write);
  }

  /** What `work` gives, some turns of the event loop later, unless the transaction ends before. */
  #answer<T>(work: () => Promise<T>): Promise<T> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    return new Promise<T>((resolve, reject) => {
      this.#pending.add(reject);
      if (this.#cluster.faults.unreachable) return;
      const answer = () => {
        work()
          .then(resolve, reject)
          .finally(() => this.#pending.delete(reject));
      };
      if (Math.random() < 0.5) setImmediate(answer);
      else setImmediate(() => setImmediate(answer));
    });
  }

  #end(code: number): void {
    clearTimeout(this.#timer);
    this.#ended ??= new FdbError(code);
    for (const reject of this.#pending) reject(this.#ended);
    this.#pending.clear();
  }
}

/** At most `limit` pairs and so many bytes. Says at times that there may be more where there are none, and sends nothing where there are some. */
function page(pairs: Iterable<[Buffer, Buffer]>, limit: number): { results: [Buffer, Buffer][]; more: boolean } {
  const results: [Buffer, Buffer][] = [];
  if (Math.random() < 0.02) return { results, more: true };
  let bytes = 0;
  for (const pair of pairs) {
    if (results.length === limit || bytes >= STREAM_ALL_BYTES) return { results, more: true };
    results.push(pair);
    bytes += pair[0].length + pair[1].length;
  }
  return { results, more: results.length === limit && Math.random() < 0.5 };
}
