import { keyText } from '../../kv/bytes.ts';
import type { EmbeddedStore } from '../../kv/embedded/store.ts';
import { checkKey, checkValue } from '../../kv/limits.ts';
import { StoreError } from '../../kv/store-error.ts';
import { MalformedValueError } from '../../records/malformed-value.ts';
import { HIGHEST_CREDIBLE_VERSION } from '../../records/txn-id.ts';
import { versionOfPair } from '../../records/version-of-pair.ts';
import { type PairInFile, PairsError } from './pairs-file.ts';

export interface Filled {
  readonly pairs: number;
  /** Those whose keys are of no kind. They are kept as they are. */
  readonly unknown: number;
  /** The version that every later transaction id and versionstamp is above. */
  readonly version: bigint;
}

/** How much goes into one transaction: far below its limits in bytes and in time. */
const BATCH_BYTES = 2_000_000;
const BATCH_PAIRS = 5_000;

/**
 * What FoundationDB's version goes on by in a day, a million a second, whether or not anything is written. The store that
 * the pairs are from went on after its last transaction, and gave versions to those who asked, frontends above all, of
 * which the pairs hold no trace.
 */
const VERSIONS_OF_A_DAY = 86_400_000_000n;

/**
 * Loads pairs into an empty store that is marked as unfinished, and takes the mark away when all of them are there and
 * the version is above theirs. Rejects with a PairsError, a StoreError, or what reading the pairs rejects with. Then the
 * store is empty again and has no mark, unless it fails to be emptied: that leaves the mark.
 */
export async function fillStore(store: EmbeddedStore, pairs: AsyncIterable<PairInFile>): Promise<Filled> {
  try {
    const filled = await load(store, pairs);
    await store.advanceVersion(filled.version);
    store.setUnfinished(false);
    return filled;
  } catch (error) {
    await undo(store);
    throw error;
  }
}

async function undo(store: EmbeddedStore): Promise<void> {
  try {
    await emptyStore(store);
    store.setUnfinished(false);
  } catch (error) {
    // What stopped the filling is the error to be told; this one shows in the mark that is left.
    if (!(error instanceof StoreError)) throw error;
  }
}

/** Removes all pairs, in as many transactions as it takes. */
export async function emptyStore(store: EmbeddedStore): Promise<void> {
  const behindAll = Buffer.alloc(store.limits.key_bytes + 1, 0xff);
  let left = true;
  while (left) {
    left = await store.transact(async (txn) => {
      const options = { limit: BATCH_PAIRS, snapshot: true };
      let found = false;
      for await (const page of txn.getRange(Buffer.alloc(0), behindAll, options)) {
        for (const { key } of page) txn.clear(key);
        found = true;
      }
      return found;
    });
  }
}

async function load(store: EmbeddedStore, pairs: AsyncIterable<PairInFile>): Promise<Filled> {
  let batch: PairInFile[] = [];
  let bytes = 0;
  let count = 0;
  let unknown = 0;
  let highest = 0n;
  for await (const pair of pairs) {
    const version = checkedVersion(store, pair);
    if (version === undefined) unknown++;
    else if (version > highest) highest = version;
    count++;
    batch.push(pair);
    bytes += pair.key.length + pair.value.length;
    if (batch.length < BATCH_PAIRS && bytes < BATCH_BYTES) continue;
    await write(store, batch);
    batch = [];
    bytes = 0;
  }
  await write(store, batch);
  return { pairs: count, unknown, version: highest + VERSIONS_OF_A_DAY };
}

/** The version that a pair stems from, undefined for a key of no kind. Throws a PairsError when the pair can't be taken. */
function checkedVersion(store: EmbeddedStore, { key, value, line }: PairInFile): bigint | undefined {
  try {
    checkKey(store.limits, key);
    checkValue(store.limits, value);
    const version = versionOfPair({ key, value });
    if (version === undefined || version <= HIGHEST_CREDIBLE_VERSION) return version;
  } catch (error) {
    if (error instanceof StoreError) throw new PairsError(line, error.message);
    if (error instanceof MalformedValueError) throw new PairsError(line, `the value is damaged: ${error.message}`);
    throw error;
  }
  throw new PairsError(line, 'a transaction id or a versionstamp is higher than any that a store can have given out');
}

async function write(store: EmbeddedStore, batch: readonly PairInFile[]): Promise<void> {
  const lines = new Map<string, number>();
  for (const { key, line } of batch) {
    const text = keyText(key);
    const before = lines.get(text);
    if (before !== undefined) throw new PairsError(line, `the key stands in line ${before} already`);
    lines.set(text, line);
  }
  await store.transact(async (txn) => {
    const keys = batch.map(({ key }) => key);
    const there = await txn.getMany(keys, { snapshot: true });
    const again = batch[there.findIndex((value) => value !== undefined)];
    if (again) throw new PairsError(again.line, 'the key stands in an earlier line already');
    for (const { key, value } of batch) txn.set(key, value);
  });
}
