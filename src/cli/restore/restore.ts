import { open } from 'node:fs/promises';
import type { Settings } from '../../config/settings.ts';
import { isEmpty, NO_DUMP, undoFilling } from '../../dump/restore/filling.ts';
import { RestoreError } from '../../dump/restore/restore-error.ts';
import type { FillableStore } from '../../kv/fillable-store.ts';
import { StoreError } from '../../kv/store-error.ts';
import { openStoreToFill } from '../../server/open-store.ts';
import { StartError } from '../../server/start-error.ts';
import { CommandError } from '../command-error.ts';
import { ExitCode } from '../exit-code.ts';
import type { Report } from '../show/report.ts';
import { placeOf } from '../show/store-place.ts';
import type { Terminal } from '../terminal.ts';
import { type Filled, fillStore } from './fill-store.ts';
import { PairsError, readPairs } from './pairs-file.ts';

const READ_BYTES = 1024 * 1024;

/** Loads the pairs of a file into the store that the settings name, which must be empty and not in use. */
export async function restore(settings: Settings, file: string, { err }: Terminal): Promise<Report> {
  const { name, facts } = placeOf(settings);
  try {
    const { pairs, unknown, passed_over, version } = await restoreInto(settings, file);
    if (unknown > 0) err(`nereus: ${unknown} of them have keys of no known kind; they are kept as they are\n`);
    const was = passed_over === 1 ? 'pair was' : 'pairs were';
    if (passed_over > 0)
      err(`nereus: ${passed_over} ${was} left out: they say who served the cluster they come from\n`);
    const text = `restored ${pairs} pairs into ${name}; versions go on above ${version}`;
    return { json: { ...facts, pairs, unknown, passed_over, version }, text: () => text };
  } catch (error) {
    if (!(error instanceof RestoreError)) throw error;
    throw new CommandError(ExitCode.Failed, error.message);
  }
}

async function restoreInto(settings: Settings, path: string): Promise<Filled> {
  // Before the store, which is not even made for a file that can't be opened.
  const file = await open(path).catch((error: unknown) => {
    throw asRestoreError(error, path);
  });
  try {
    const store = await openStoreToFill(settings).catch((error: unknown) => {
      throw error instanceof StartError ? new RestoreError(error.message) : error;
    });
    try {
      await prepare(store, settings);
      const pieces = file.createReadStream({ encoding: 'latin1', highWaterMark: READ_BYTES, autoClose: false });
      return await fillStore(store, readPairs(pieces)).catch(async (error: unknown) => {
        const is_unfinished = (await store.unfinished()) !== undefined;
        throw asRestoreError(error, path, is_unfinished ? PART_RESTORED : NOTHING_RESTORED);
      });
    } finally {
      await store.close();
    }
  } finally {
    await file.close();
  }
}

/** Marks an empty store as being filled. What one was filled with that is marked from before is removed. */
async function prepare(store: FillableStore, settings: Settings): Promise<void> {
  await undoFilling(store);
  if (!(await isEmpty(store, store.home))) {
    const advice = 'choose another directory (--data-dir DIR), or remove this one if it is not needed';
    const has = settings.kv === 'embedded' ? `it has pairs; ${advice}` : 'it has keys of Doris';
    throw new RestoreError(`the store in ${placeOf(settings).name} is not empty: ${has}`);
  }
  await store.setUnfinished(NO_DUMP);
}

const NOTHING_RESTORED = '; nothing was restored';
const PART_RESTORED =
  '; a part was restored and could not be removed, so no service starts on this store: run nereus restore again, or nereus restore --undo';

/** An error that its reader can do something about. Any other is a defect, and stays what it is. */
function asRestoreError(error: unknown, path: string, outcome = ''): unknown {
  if (error instanceof PairsError) return new RestoreError(`${path}, ${error.message}${outcome}`);
  if (error instanceof StoreError) return new RestoreError(error.message.replace(/\.$/, '') + outcome);
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === undefined ? error : new RestoreError(`the file ${path} can't be read: ${code}${outcome}`);
}
