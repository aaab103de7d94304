import type { FillableStore } from '../../kv/fillable-store.ts';
import { HIGHEST_CREDIBLE_VERSION } from '../../records/txn-id.ts';
import { clearRanges } from '../clear-ranges.ts';
import { type Fingerprint, FingerprintTaker, fingerprintOf, sameFingerprint } from '../fingerprint.ts';
import { VERSIONS_OF_A_DAY } from '../later-versions.ts';
import { fillingOf, isEmpty, lastOf, noteOf, undoAfterError, undoFilling } from '../restore/filling.ts';
import { Loader } from '../restore/loader.ts';
import { RestoreError } from '../restore/restore-error.ts';
import { type MoveSource, pagesOfTarget } from './move-source.ts';

export interface MoveOptions {
  /** Whether what the target has is removed first. */
  readonly overwrite?: boolean;
  readonly onProgress?: (progress: MoveProgress) => void;
  /** Aborted when the move is to stop, which then rejects with the reason; it can go on later. */
  readonly signal?: AbortSignal;
}

/** How far a move has come. */
export interface MoveProgress {
  /** What is being done: pairs are moved, then read again from the target, and last, where the source holds no state, from there. */
  readonly deed: 'moved' | 'checked' | 'checked again';
  readonly pairs: number;
  /** Of their keys and values. */
  readonly bytes: number;
}

export interface Moved extends Fingerprint {
  /** Those that an earlier run of this move had brought, which did not come to its end. */
  readonly pairs_before: number;
  /** The version that every later transaction id and versionstamp is above. */
  readonly version: bigint;
}

/**
 * Copies a store into one that is empty, or into which the same was begun, which then goes on where it was; reads the copy
 * again and compares it with what was read of the source; and makes the target go on above the versions of the source. The
 * source is not changed.
 *
 * Rejects with a RestoreError when it can't be moved, or is not the same in the end: then what was brought is removed again.
 * Where a store fails, and where `signal` is aborted, the target stays unfinished, and the move can go on.
 */
export async function moveStore(source: MoveSource, target: FillableStore, options: MoveOptions = {}): Promise<Moved> {
  const goes_on = await begin(source, target, options.overwrite === true);
  try {
    const after = goes_on ? await lastOf(target, target.home) : undefined;
    const { read, pairs_before } = await copy(source, target, after, options);
    const version = await versionAbove(source);
    await mustBe(read, pagesOfTarget(target), 'checked', options, COPY_DIFFERS);
    if (!source.is_held) await mustBe(read, source.pages(), 'checked again', options, SOURCE_CHANGED);
    await target.advanceVersion(version);
    await target.setUnfinished(undefined);
    return { ...read, pairs_before, version };
  } catch (error) {
    if (error instanceof RestoreError) await undoAfterError(target);
    throw error;
  }
}

const COPY_DIFFERS =
  'what is in the target is not what was read of the source: the source was written to since the move was begun, or the target was; run the same again, which begins anew';
const SOURCE_CHANGED =
  'the source was written to while it was read, so what was read is no state of it: stop what writes to it, and run the same again';

/** Marks the target. Resolves with whether it has some of the pairs already. */
async function begin(source: MoveSource, target: FillableStore, overwrite: boolean): Promise<boolean> {
  const moved_from = source.name;
  const before = await fillingOf(target);
  if (before?.moved_from === moved_from && before.clearing !== true) return true;
  await undoFilling(target);
  const is_empty = await isEmpty(target, target.home);
  if (!is_empty && !overwrite) {
    throw new RestoreError('the target is not empty; with --overwrite all that it has is removed first');
  }
  await target.setUnfinished(noteOf({ moved_from, clearing: !is_empty || undefined }));
  if (await source.isMarked()) {
    await target.setUnfinished(undefined);
    throw new RestoreError('the source and the target are the same store');
  }
  if (!is_empty) {
    await clearRanges(target, target.home);
    await target.setUnfinished(noteOf({ moved_from }));
  }
  return false;
}

/** Brings all pairs behind `after`, and takes the fingerprint of all. */
async function copy(
  source: MoveSource,
  target: FillableStore,
  after: Uint8Array | undefined,
  { signal, onProgress }: MoveOptions,
): Promise<{ readonly read: Fingerprint; readonly pairs_before: number }> {
  const loader = new Loader(target, after, {}, 'the source');
  const taker = new FingerprintTaker();
  let bytes = 0;
  try {
    for await (const page of source.pages()) {
      signal?.throwIfAborted();
      taker.add(page);
      for (const { key, value } of page) bytes += key.length + value.length;
      await loader.add(page);
      onProgress?.({ deed: 'moved', pairs: loader.pairs, bytes });
    }
    await loader.flush();
    return { read: taker.finish(), pairs_before: loader.pairs_before };
  } finally {
    await loader.settled();
  }
}

/** Reads a store again. Rejects with a RestoreError when it is not what was read before. */
async function mustBe(
  read: Fingerprint,
  pages: ReturnType<MoveSource['pages']>,
  deed: MoveProgress['deed'],
  { signal, onProgress }: MoveOptions,
  problem: string,
): Promise<void> {
  const found = await fingerprintOf(pages, (so_far) => {
    signal?.throwIfAborted();
    onProgress?.({ deed, ...so_far });
  });
  if (sameFingerprint(found, read)) return;
  throw new RestoreError(`${problem} (${read.pairs} pairs were read, and there are ${found.pairs})`);
}

/** What the target goes on above. Whoever may write to the source meanwhile uses up versions that no pair shows. */
async function versionAbove(source: MoveSource): Promise<bigint> {
  const version = await source.version();
  if (version > HIGHEST_CREDIBLE_VERSION) {
    throw new RestoreError(`the version of the source, ${version}, is higher than any that a store can have`);
  }
  return source.in_use ? version + VERSIONS_OF_A_DAY : version;
}
