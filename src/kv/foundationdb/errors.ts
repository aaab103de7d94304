import { StoreError, StoreErrorCode } from '../store-error.ts';

const CONFLICT = 1020;
const TOO_OLD = 1007;
const CANCELLED: ReadonlySet<number> = new Set([1025, 1101]);
const TIMED_OUT: ReadonlySet<number> = new Set([1004, 1031]);
const OUTSIDE_LEGAL_RANGE = 2004;
/** The client library goes on with another of its versions, since the cluster was upgraded. A commit may have been made. */
const CLUSTER_UPGRADED = 1039;

/** What FoundationDB says when nothing was done and the same may succeed later: future version, process behind, locked, and out of room or throttled in its several ways. */
const BUSY: ReadonlySet<number> = new Set([1009, 1037, 1038, 1042, 1051, 1078, 1213, 1223, 1235, 1242]);

const TOO_LARGE: ReadonlyMap<number, StoreErrorCode> = new Map([
  [2101, StoreErrorCode.TransactionTooLarge],
  [2102, StoreErrorCode.KeyTooLarge],
  [2103, StoreErrorCode.ValueTooLarge],
]);

/** More words for what an operator can do something about. */
const ADVICE: ReadonlyMap<number, string> = new Map([
  [1031, 'no answer from the cluster in time'],
  [1513, 'the cluster file can’t be read'],
  [1515, 'there is no cluster file at that path'],
  [2100, 'the client library and the cluster are of versions that don’t understand each other'],
  [2104, 'the cluster file does not hold a line of the form description:id@host:port'],
]);

/** The number of a FoundationDB error, or undefined for what is none. */
export function codeOf(error: unknown): number | undefined {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'number' ? code : undefined;
}

/** What it means that a read, or whatever comes before the commit, has failed. */
export function readError(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const code = codeOf(error);
  return new StoreError(meaningOf(code), textOf(error, code), { cause: error });
}

/**
 * What it means that a commit has failed. Only what FoundationDB is known to say when it has refused, or not even sent, a
 * commit is taken for that. After everything else, the end of the time (1031) and the loss of the answer (1021, 1039) above
 * all, the commit may have been made, or may still be on its way.
 */
export function commitError(error: unknown): StoreError {
  const code = codeOf(error);
  const is_refused = code === CONFLICT || code === TOO_OLD || (code !== undefined && BUSY.has(code));
  // 2000 to 2999 are calls that the client library does not take.
  const is_unsent = code !== undefined && code >= 2000 && code < 3000;
  if (is_refused || is_unsent) return readError(error);
  return new StoreError(StoreErrorCode.CommitUnknown, textOf(error, code), { cause: error });
}

function meaningOf(code: number | undefined): StoreErrorCode {
  if (code === undefined) return StoreErrorCode.Storage;
  if (code === CONFLICT) return StoreErrorCode.Conflict;
  if (code === TOO_OLD) return StoreErrorCode.TooOld;
  if (BUSY.has(code) || code === CLUSTER_UPGRADED) return StoreErrorCode.Busy;
  if (TIMED_OUT.has(code)) return StoreErrorCode.TimedOut;
  if (CANCELLED.has(code) || code === OUTSIDE_LEGAL_RANGE) return StoreErrorCode.Misuse;
  return TOO_LARGE.get(code) ?? StoreErrorCode.Storage;
}

function textOf(error: unknown, code: number | undefined): string {
  const reason = error instanceof Error ? error.message : String(error);
  if (code === undefined) return `FoundationDB: ${reason}`;
  const advice = ADVICE.get(code);
  return `FoundationDB error ${code}: ${advice ?? reason}`;
}
