import { DumpError } from '../../dump/dump-error.ts';
import { DumpFileError } from '../../dump/dump-file.ts';
import { RestoreError } from '../../dump/restore/restore-error.ts';
import { SourceChangedError } from '../../dump/source-changed.ts';
import type { FillableStore } from '../../kv/fillable-store.ts';
import { StoreError } from '../../kv/store-error.ts';
import { ObjectStoreError } from '../../objects/object-store-error.ts';
import { MalformedValueError } from '../../records/malformed-value.ts';
import { StartError } from '../../server/start-error.ts';
import { CommandError } from '../command-error.ts';
import { ExitCode } from '../exit-code.ts';
import { Stopped } from './stoppable.ts';

/**
 * An error that whoever gave the command can do something about, with what to do and, behind it, what has become of what
 * was begun. Any other is a defect, and stays what it is.
 */
export function asCommandError(error: unknown, path: string, outcome: string): unknown {
  if (error instanceof DumpError) return new CommandError(ExitCode.Unsound, `${path}: ${error.message}${outcome}`);
  if (error instanceof Stopped) return new CommandError(ExitCode.Aborted, error.message + outcome);
  const known = [DumpFileError, ObjectStoreError, RestoreError, SourceChangedError, StartError, StoreError].some(
    (kind) => error instanceof kind,
  );
  if (!known) return error;
  return new CommandError(ExitCode.Failed, (error as Error).message.replace(/\.$/, '') + outcome);
}

/** What has become of a store that was being filled, to follow what has happened. */
export async function outcomeOf(
  store: FillableStore,
  words: { readonly nothing: string; readonly unfinished: string },
): Promise<string> {
  try {
    return (await store.unfinished()) === undefined ? words.nothing : words.unfinished;
  } catch (error) {
    // When the disk has failed, or the mark can't be read, that is all there is to say.
    if (error instanceof StoreError || error instanceof MalformedValueError) return '';
    throw error;
  }
}
