import { readdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { StoreError, StoreErrorCode } from '../store-error.ts';
import { reachable } from './presence.ts';

const ROOT = 'gate';
const WAIT_AT_MOST_MS = 30_000;
/** The longest pause before a gate that is taken is tried again, in milliseconds. */
const TRY_AGAIN_WITHIN_MS = 10;

/**
 * A lock among the processes that meet in `folder`, each known by its presence there. It is a symbolic link whose
 * target is the id of its holder: made by one process only, and free when the presence is gone. What a dead holder has
 * left is not removed, which two could do at the same time, the second one removing the link of the first. It is
 * continued: the link `gate.<id of the dead>` is the lock then. Ids are never used again.
 *
 * Runs `work` under the lock and returns what it returns. Throws `busy` when the lock isn't free for half a minute.
 */
export async function throughGate<T>(folder: string, id: string, work: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + WAIT_AT_MOST_MS;
  let links = await tryToTake(folder, id);
  while (links === undefined) {
    if (performance.now() > deadline) {
      const message = `Another process holds ${join(folder, ROOT)} for longer than ${WAIT_AT_MOST_MS / 1000} s.`;
      throw new StoreError(StoreErrorCode.Busy, message);
    }
    await setTimeout(Math.random() * TRY_AGAIN_WITHIN_MS);
    links = await tryToTake(folder, id);
  }
  try {
    removeLoose(folder, links);
    return await work();
  } finally {
    // From the root on: whoever continues the rest meanwhile finds that it hangs on nothing.
    for (const link of links) {
      rmSync(link, { force: true });
    }
  }
}

/** Removes the continuations that are not ours: as long as the lock is, they hang on nothing. */
function removeLoose(folder: string, ours: readonly string[]): void {
  for (const name of readdirSync(folder)) {
    const link = join(folder, name);
    if (name.startsWith(`${ROOT}.`) && !ours.includes(link)) rmSync(link, { force: true });
  }
}

/** One attempt. The links from the root to ours, or undefined when another holds the lock. */
async function tryToTake(folder: string, id: string): Promise<string[] | undefined> {
  const links: string[] = [];
  let first: string | undefined;
  for (let link = join(folder, ROOT); ; ) {
    links.push(link);
    const holder = takeLink(link, id);
    if (holder === id) break;
    if (holder === undefined || (await reachable(folder, holder))) return undefined;
    first ??= holder;
    link = join(folder, `${ROOT}.${holder}`);
  }
  const [root = '', ...others] = links;
  if (others.length > 0 && targetOf(root) !== first) {
    // Someone has let the lock go while we followed it.
    rmSync(others[others.length - 1] ?? '', { force: true });
    return undefined;
  }
  return links;
}

/** Makes the link unless it is there. Returns its target; undefined when it has just gone. */
function takeLink(link: string, id: string): string | undefined {
  try {
    symlinkSync(id, link);
    return id;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return targetOf(link);
  }
}

function targetOf(link: string): string | undefined {
  try {
    return readlinkSync(link);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return undefined;
  }
}
