import type { Settings } from '../../config/settings.ts';
import { undoFilling } from '../../dump/restore/filling.ts';
import { type Restored, restoreDump } from '../../dump/restore/restore-dump.ts';
import type { FillableStore } from '../../kv/fillable-store.ts';
import { openStoreToFill } from '../../server/open-store.ts';
import { asCommandError, outcomeOf } from '../dump/failures.ts';
import { readDumpFrom } from '../dump/read-dump-from.ts';
import { stoppable } from '../dump/stoppable.ts';
import { count, ProgressLine, progressText } from '../show/progress.ts';
import { done, type Report } from '../show/report.ts';
import { placeOf, type StorePlace } from '../show/store-place.ts';
import type { Terminal } from '../terminal.ts';

export interface RestoreDumpOptions {
  /** A file, an object of a bucket, or `-` for the standard input. */
  readonly from: string;
  readonly into_non_empty: boolean;
}

/** Loads a dump into the store that the settings name, which must not be in use. Rejects with a CommandError. */
export function restoreFrom(settings: Settings, options: RestoreDumpOptions, terminal: Terminal): Promise<Report> {
  const { from, into_non_empty } = options;
  const progress = new ProgressLine(terminal);
  return withStore(settings, from, async (store) => {
    const onProgress = (so_far: { pairs: number; bytes: number }) =>
      progress.show((seconds) => progressText('restored', so_far, seconds));
    const restored = await stoppable((signal) =>
      restoreDump(store, () => readDumpFrom(from, settings), { into_non_empty, onProgress, signal }),
    );
    return reportOf(restored, placeOf(settings));
  }).finally(() => progress.end());
}

/** Removes what an unfinished restore has brought into the store that the settings name. Rejects with a CommandError. */
export function undoRestore(settings: Settings): Promise<Report> {
  const { name } = placeOf(settings);
  return withStore(settings, name, async (store) =>
    (await undoFilling(store))
      ? done(`what the restore had brought into ${name} was removed`)
      : done(`no restore of ${name} is unfinished, so there was nothing to undo`),
  );
}

async function withStore(
  settings: Settings,
  path: string,
  work: (store: FillableStore) => Promise<Report>,
): Promise<Report> {
  const store = await openStoreToFill(settings).catch((error: unknown) => {
    throw asCommandError(error, path, '');
  });
  try {
    return await work(store);
  } catch (error) {
    throw asCommandError(error, path, await outcomeOf(store, OUTCOMES));
  } finally {
    await store.close();
  }
}

const OUTCOMES = {
  nothing: '; nothing was restored',
  unfinished:
    '; a part was restored, and no service starts on this store: run the same again to go on, or nereus restore --undo',
};

function reportOf({ header, pairs_before, ...restored }: Restored, { name, facts }: StorePlace): Report {
  const { pairs, version } = restored;
  const before = pairs_before > 0 ? `, ${count(pairs_before)} of them before` : '';
  const text = `restored ${count(pairs)} pairs into ${name}${before}; versions go on above ${version}`;
  const { id, instance_id, time } = header;
  return { json: { dump: { id, instance_id, time }, ...facts, ...restored, pairs_before }, text: () => text };
}
