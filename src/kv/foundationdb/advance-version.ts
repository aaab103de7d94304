import { setTimeout as sleep } from 'node:timers/promises';
import { StoreError, StoreErrorCode } from '../store-error.ts';
import { codeOf, readError } from './errors.ts';
import { owed } from './outstanding.ts';
import type { FdbDatabase } from './package.ts';

/** What FoundationDB's own `fdbcli advanceversion` writes: a number in decimal digits, below which no commit is made any more. */
const LOWEST_COMMIT_VERSION = Buffer.from('\xff\xff/management/min_required_commit_version', 'latin1');
/** A cluster that begins again at another version is away for some seconds. */
const WITHIN_MS = 60_000;
const PAUSE_MS = 200;
/** The special key refuses a version that the cluster has passed meanwhile, too: then the next look shows it. */
const SPECIAL_KEY_REFUSED = 2117;

/**
 * Makes every later version of the cluster rise above `at_least`. A cluster that is below begins again there, as after the
 * failure of a process: for some seconds all that run on it get no answers. One that is above already is left as it is.
 *
 * The commit that asks for it ends in an error as a rule, since the cluster does not go on to answer it. So what is relied on
 * is not that, but a version that is read afterwards: no later commit is below one. Rejects with a StoreError where it stays
 * below.
 */
export async function advanceVersion(
  database: FdbDatabase,
  at_least: bigint,
  timeout_ms: number,
  within_ms = WITHIN_MS,
): Promise<void> {
  const until_ms = performance.now() + within_ms;
  for (;;) {
    const problem = await askForVersion(database, at_least, timeout_ms);
    if (problem === undefined) return;
    if (performance.now() >= until_ms || isRefusal(problem)) throw notAdvanced(at_least, problem);
    await sleep(PAUSE_MS);
  }
}

/** Resolves with undefined when the cluster is above the version, and otherwise with what came of asking for that. */
async function askForVersion(
  database: FdbDatabase,
  at_least: bigint,
  timeout_ms: number,
): Promise<StoreError | undefined> {
  const txn = database.rawCreateTransaction({ timeout: timeout_ms, special_key_space_enable_writes: true });
  try {
    const version = (await owed(txn.getReadVersion())).readBigUInt64BE();
    if (version > at_least) return undefined;
    txn.set(LOWEST_COMMIT_VERSION, Buffer.from(at_least.toString()));
    await owed(txn.rawCommit());
    return new StoreError(StoreErrorCode.Storage, `it is ${version} still`);
  } catch (error) {
    return readError(error);
  } finally {
    txn.rawCancel();
  }
}

/** Whether asking again changes nothing: these are calls that the client library or the cluster does not take. */
function isRefusal({ cause }: StoreError): boolean {
  const code = codeOf(cause);
  return code !== undefined && code >= 2000 && code < 3000 && code !== SPECIAL_KEY_REFUSED;
}

function notAdvanced(at_least: bigint, problem: StoreError): StoreError {
  const advice = `run fdbcli --exec 'advanceversion ${at_least}' with the same cluster file, and then this again`;
  const message = `The version of the cluster could not be raised above ${at_least} (${problem.message.replace(/\.$/, '')}); ${advice}.`;
  return new StoreError(problem.code, message, { cause: problem.cause });
}
