import { listenAddress } from '../config/kind.ts';
import type { Settings } from '../config/settings.ts';
import { StoreError, StoreErrorCode } from '../kv/store-error.ts';
import { messageOf } from '../observe/message-of.ts';

/** Why the server can't start, and what to do about it, for whoever started it. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

/** Why the store could not be opened. */
export function storeStartError(error: unknown, settings: Settings): StartError {
  const reason = messageOf(error).replace(/\.$/, '');
  if (settings.kv === 'foundationdb') {
    return new StartError(`the store in FoundationDB (${settings.fdb_cluster_file_path}) can't be opened: ${reason}`, {
      cause: error,
    });
  }
  const message =
    error instanceof StoreError && error.code === StoreErrorCode.InUse
      ? `${reason}; stop the other process, or choose another directory (--data-dir DIR)`
      : `the store in ${settings.data_dir} can't be opened: ${reason}`;
  return new StartError(message, { cause: error });
}

const LISTEN_ADVICE: Readonly<Record<string, string>> = {
  EADDRINUSE:
    'another program, perhaps another Nereus, listens there; stop it, or choose another port (--listen HOST:PORT)',
  EACCES: 'ports below 1024 need privileges; choose a higher one (--listen HOST:PORT)',
  EADDRNOTAVAIL: 'this machine has no such address; choose one that it has, or 0.0.0.0 for all (--listen HOST:PORT)',
  ENOTFOUND: 'there is no such host; give an address of this machine (--listen HOST:PORT)',
};

/** Why the address could not be listened on. */
export function listenStartError(error: unknown, settings: Settings): StartError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  const advice = LISTEN_ADVICE[code];
  const address = listenAddress.show(settings.listen);
  return new StartError(`can't listen on ${address}: ${code}${advice === undefined ? '' : `: ${advice}`}`, {
    cause: error,
  });
}
