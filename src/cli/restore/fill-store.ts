import { VERSIONS_OF_A_DAY } from '../../dump/later-versions.ts';
import { undoAfterError } from '../../dump/restore/filling.ts';
import { RestoreError } from '../../dump/restore/restore-error.ts';
import { takesPair } from '../../dump/restore/takes-pair.ts';
import { keyText } from '../../kv/bytes.ts';
import type { FillableStore } from '../../kv/fillable-store.ts';
import { MalformedValueError } from '../../records/malformed-value.ts';
import { HIGHEST_CREDIBLE_VERSION } from '../../records/txn-id.ts';
import { versionOfPair } from '../../records/version-of-pair.ts';
import { type PairInFile, PairsError } from './pairs-file.ts';

export interface Filled {
  readonly pairs: number;
  /** Those whose keys are of no kind. They are kept as they are. */
  readonly unknown: number;
  /** Those that were not brought, since they say who served the cluster that they come from. */
  readonly passed_over: number;
  /** The version that every later transaction id and versionstamp is above. */
  readonly version: bigint;
}

/** How much goes into one transaction: far below its limits in bytes and in time. */
const BATCH_BYTES = 2_000_000;
const BATCH_PAIRS = 5_000;

/**
 * Loads pairs into an empty store that is marked as unfinished, and takes the mark away when all of them are there and
 * the version is above theirs. Rejects with a PairsError, a StoreError, or what reading the pairs rejects with. Then the
 * store is empty again and has no mark, unless it fails to be emptied: that leaves the mark.
 */
export async function fillStore(store: FillableStore, pairs: AsyncIterable<PairInFile>): Promise<Filled> {
  try {
    const filled = await load(store, pairs);
    await store.advanceVersion(filled.version);
    await store.setUnfinished(undefined);
    return filled;
  } catch (error) {
    await undoAfterError(store);
    throw error;
  }
}

async function load(store: FillableStore, pairs: AsyncIterable<PairInFile>): Promise<Filled> {
  let batch: PairInFile[] = [];
  let bytes = 0;
  let count = 0;
  let unknown = 0;
  let passed_over = 0;
  let highest = 0n;
  for await (const pair of pairs) {
    if (!takes(store, pair)) {
      passed_over++;
      continue;
    }
    const version = checkedVersion(pair);
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
  return { pairs: count, unknown, passed_over, version: highest + VERSIONS_OF_A_DAY };
}

/** Whether a pair goes into the store. Throws a PairsError when it can't be taken. */
function takes(store: FillableStore, pair: PairInFile): boolean {
  try {
    return takesPair(store, pair);
  } catch (error) {
    if (error instanceof RestoreError) throw new PairsError(pair.line, error.message);
    throw error;
  }
}

/** The version that a pair stems from, undefined for a key of no kind. Throws a PairsError when it is damaged. */
function checkedVersion({ key, value, line }: PairInFile): bigint | undefined {
  try {
    const version = versionOfPair({ key, value });
    if (version === undefined || version <= HIGHEST_CREDIBLE_VERSION) return version;
  } catch (error) {
    if (error instanceof MalformedValueError) throw new PairsError(line, `the value is damaged: ${error.message}`);
    throw error;
  }
  throw new PairsError(line, 'a transaction id or a versionstamp is higher than any that a store can have given out');
}

async function write(store: FillableStore, batch: readonly PairInFile[]): Promise<void> {
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
