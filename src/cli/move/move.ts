import type { Settings } from '../../config/settings.ts';
import { mustNotBeServed } from '../../dump/cluster/living-services.ts';
import { clusterSource, heldSource, type MoveSource } from '../../dump/move/move-source.ts';
import { type Moved, type MoveProgress, moveStore } from '../../dump/move/move-store.ts';
import { openEmbeddedStore } from '../../kv/embedded/store.ts';
import type { Store } from '../../kv/store.ts';
import { StoreError, StoreErrorCode } from '../../kv/store-error.ts';
import { openStoreToFill, openStoreToRead } from '../../server/open-store.ts';
import { storeStartError } from '../../server/start-error.ts';
import { usage } from '../command-error.ts';
import { asCommandError, outcomeOf } from '../dump/failures.ts';
import { stoppable } from '../dump/stoppable.ts';
import type { Context } from '../program/command.ts';
import { count, mebibytes, ProgressLine, progressText } from '../show/progress.ts';
import type { Report } from '../show/report.ts';
import { readStoreUrl, type StoreUrl, settingsOf } from './store-url.ts';

export interface MoveCommandOptions {
  readonly from: string;
  readonly to: string;
  /** Whether the source may be moved though a service is on it. */
  readonly while_in_use: boolean;
  readonly overwrite: boolean;
}

/** Copies one store into another, and checks the copy. Rejects with a CommandError. */
export async function move(
  { from, to, ...options }: MoveCommandOptions,
  { loaded, terminal, confirm, note }: Context,
): Promise<Report> {
  const urls = { from: readStoreUrl(from, '--from'), to: readStoreUrl(to, '--to') };
  if (urls.from.text === urls.to.text) throw usage('--from and --to name the same store');
  if (options.overwrite) await confirm(`Remove all that ${urls.to.text} has, to move ${urls.from.text} there?`);
  const progress = new ProgressLine(terminal, note);
  try {
    return await stoppable((signal) => moveBetween(urls, options, loaded.settings, progress, signal));
  } finally {
    progress.end();
  }
}

interface Urls {
  readonly from: StoreUrl;
  readonly to: StoreUrl;
}

async function moveBetween(
  { from, to }: Urls,
  { while_in_use, overwrite }: Pick<MoveCommandOptions, 'while_in_use' | 'overwrite'>,
  settings: Settings,
  progress: ProgressLine,
  signal: AbortSignal,
): Promise<Report> {
  // Before the target, which is not even made where there is no source.
  const opened = await openSource(settings, from, while_in_use).catch((error: unknown) => {
    throw asCommandError(error, from.text, '; nothing was moved');
  });
  try {
    const target = await openStoreToFill(settingsOf(settings, to)).catch((error: unknown) => {
      throw asCommandError(error, to.text, '; nothing was moved');
    });
    try {
      const { source } = opened;
      const onProgress = (so_far: MoveProgress) =>
        progress.show((seconds) => progressText(so_far.deed, so_far, seconds, source.all_pairs));
      return reportOf(await moveStore(source, target, { overwrite, signal, onProgress }), from, to);
    } catch (error) {
      throw asCommandError(error, to.text, await outcomeOf(target, OUTCOMES));
    } finally {
      await target.close();
    }
  } finally {
    opened.source.release();
    await opened.store.close();
  }
}

interface OpenedSource {
  readonly store: Store;
  readonly source: MoveSource;
}

async function openSource(settings: Settings, url: StoreUrl, while_in_use: boolean): Promise<OpenedSource> {
  const own = settingsOf(settings, url);
  const is_embedded = url.kv === 'embedded';
  const store = is_embedded && !while_in_use ? await openAlone(own) : await openStoreToRead(own);
  try {
    if (is_embedded) return { store, source: await heldSource(store, url.text, while_in_use) };
    if (!while_in_use) await mustNotBeServed(store).catch(alsoWhileInUse);
    return { store, source: clusterSource(store, url.text, while_in_use) };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** So that no service is on the store, and none starts meanwhile; a dump may read it. */
async function openAlone(settings: Settings): Promise<Store> {
  const options = { dir: settings.data_dir, exclusive: true, admits_readers: true, must_exist: true };
  return openEmbeddedStore(options).catch((error: unknown) => {
    if (error instanceof StoreError && error.code === StoreErrorCode.InUse) return alsoWhileInUse(error);
    throw storeStartError(error, settings);
  });
}

function alsoWhileInUse(error: unknown): never {
  if (!(error instanceof StoreError) || error.code !== StoreErrorCode.InUse) throw error;
  const advice = 'what it commits during the move is lost: stop it, or give --while-in-use all the same';
  throw new StoreError(error.code, `${error.message.replace(/\.$/, '')}; ${advice}.`, { cause: error });
}

const OUTCOMES = {
  nothing: '; nothing was moved',
  unfinished:
    '; a part was moved, and no service starts on the target: run the same again to go on, or nereus restore --undo there',
};

function reportOf(moved: Moved, from: StoreUrl, to: StoreUrl): Report {
  const { pairs, pairs_before, key_bytes, value_bytes, sha256, version } = moved;
  const before = pairs_before > 0 ? `, ${count(pairs_before)} of them before` : '';
  const size = mebibytes(key_bytes + value_bytes);
  const text = [
    `moved ${count(pairs)} pairs, ${size}, from ${from.text} to ${to.text}${before}; versions go on above ${version}`,
    `read again and found the same: SHA-256 ${sha256}`,
    `start no service on ${from.text} any more: its recycler would delete what is needed now in ${to.text}`,
  ].join('\n');
  const json = { from: from.text, to: to.text, ...moved };
  return { json, text: () => text };
}
