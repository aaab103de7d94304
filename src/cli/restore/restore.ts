import { open } from 'node:fs/promises';
import type { Settings } from '../../config/settings.ts';
import { NO_DUMP, undoFilling } from '../../dump/restore/filling.ts';
import { RestoreError } from '../../dump/restore/restore-error.ts';
import { type EmbeddedStore, openEmbeddedStore } from '../../kv/embedded/store.ts';
import { StoreError } from '../../kv/store-error.ts';
import { storeStartError } from '../../server/start-error.ts';
import { CommandError } from '../command-error.ts';
import { ExitCode } from '../exit-code.ts';
import type { Report } from '../show/report.ts';
import type { Terminal } from '../terminal.ts';
import { type Filled, fillStore } from './fill-store.ts';
import { PairsError, readPairs } from './pairs-file.ts';

const READ_BYTES = 1024 * 1024;

/** Loads the pairs of a file into the store in `data_dir`, which must be empty and not in use. */
export async function restore(settings: Settings, file: string, { err }: Terminal): Promise<Report> {
  const dir = settings.data_dir;
  try {
    const { pairs, unknown, version } = await restoreInto(settings, file);
    if (unknown > 0) err(`nereus: ${unknown} of them have keys of no known kind; they are kept as they are\n`);
    const text = `restored ${pairs} pairs into ${dir}; versions go on above ${version}`;
    return { json: { data_dir: dir, pairs, unknown, version }, text: () => text };
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
    const store = await openStore(settings);
    try {
      await prepare(store, settings.data_dir);
      const pieces = file.createReadStream({ encoding: 'latin1', highWaterMark: READ_BYTES, autoClose: false });
      return await fillStore(store, readPairs(pieces)).catch((error: unknown) => {
        throw asRestoreError(error, path, store.unfinished !== undefined ? PART_RESTORED : NOTHING_RESTORED);
      });
    } finally {
      await store.close();
    }
  } finally {
    await file.close();
  }
}

function openStore(settings: Settings): Promise<EmbeddedStore> {
  return openEmbeddedStore({ dir: settings.data_dir, exclusive: true, to_fill: true }).catch((error: unknown) => {
    throw new RestoreError(storeStartError(error, settings).message);
  });
}

/** Marks an empty store as being filled. What one was filled with that is marked from before is removed. */
async function prepare(store: EmbeddedStore, dir: string): Promise<void> {
  await undoFilling(store);
  const { keys } = store.stats();
  if (keys > 0) {
    const advice = 'choose another directory (--data-dir DIR), or remove this one if it is not needed';
    throw new RestoreError(`the store in ${dir} is not empty: it has ${keys} pairs; ${advice}`);
  }
  store.setUnfinished(NO_DUMP);
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
