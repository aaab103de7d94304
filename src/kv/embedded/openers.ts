import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { StoreError, StoreErrorCode } from '../store-error.ts';
import { makeDirectory } from './directory.ts';
import { throughGate } from './gate.ts';
import type { Pause } from './pause.ts';
import { type Presence, reach, restsWithin, showPresence, socketName } from './presence.ts';
import { storageError } from './storage-error.ts';

/** Who has the directory open. Only `id` identifies; process numbers are used again, and mean something else in every container. */
interface Opener {
  readonly id: string;
  readonly pid: number;
  readonly host: string;
  readonly since: string;
  readonly exclusive: boolean;
}

/** The place in the list of openers that a store holds while it is open. */
export interface Place {
  /** Runs `closeIt` and gives the place up. */
  leave(closeIt: () => Promise<void>): Promise<void>;
}

/** Where the openers of a directory meet. */
const FOLDER = 'openers';
const ENTRY_ENDING = '.json';
const REST_WITHIN_MS = 10_000;

/**
 * Runs `openIt` while no one else opens the directory, closes it or commits to it, and enters this process into the list
 * of openers. Opening needs that stillness: LMDB, as lmdb carries it, notes in the shared lock file which commit it has
 * found to be the last, and a commit that another process makes meanwhile would be written over. So does closing: the
 * last one to close takes LMDB's locks down, and one that opens in that moment would find them broken.
 *
 * `pause` is what others, who open later, will hold our commits back with. Throws `in_use`, naming the other one, when a
 * living opener wants the directory for itself or this one does; then nothing of the store was touched.
 */
export async function openInTurn<T>(
  dir: string,
  exclusive: boolean,
  pause: Pause,
  openIt: () => T,
): Promise<{ opened: T; place: Place }> {
  makeDirectory(dir);
  const folder = join(dir, FOLDER);
  makeDirectory(folder);
  const since = new Date().toISOString();
  const me: Opener = { id: randomBytes(12).toString('hex'), pid: process.pid, host: hostname(), since, exclusive };
  const presence = await showPresence(folder, me.id, exclusive ? undefined : pause).catch((error: unknown) => {
    throw storageError(`The directory ${dir} can't be used for a store, as no local socket can be made in it`, error);
  });
  try {
    const opened = await throughGate(folder, me.id, () => enter(dir, folder, me, openIt));
    return { opened, place: placeOf(folder, me, presence) };
  } catch (error) {
    removeEntry(folder, me.id);
    await presence.end();
    throw error instanceof StoreError ? error : storageError(`The store in ${dir} can't be opened`, error);
  }
}

/** To be run behind the gate. */
async function enter<T>(dir: string, folder: string, me: Opener, openIt: () => T): Promise<T> {
  const paused: Socket[] = [];
  try {
    for (const name of entryNames(folder)) {
      const socket = await reachOpener(dir, folder, name);
      if (socket === undefined) {
        removeEntry(folder, idOf(name));
      } else {
        paused.push(socket);
        await mustRest(dir, folder, name, me, socket);
      }
    }
    writeFileSync(join(folder, me.id + ENTRY_ENDING), JSON.stringify(me));
    return openIt();
  } finally {
    for (const socket of paused) {
      socket.destroy();
    }
  }
}

async function reachOpener(dir: string, folder: string, name: string): Promise<Socket | undefined> {
  try {
    return await reach(folder, idOf(name));
  } catch (error) {
    const message = `It can't be told whether the store in ${dir} is in use${describe(folder, name)}.`;
    throw new StoreError(StoreErrorCode.InUse, message, { cause: error });
  }
}

/** Waits until an opener that was reached commits no more. */
async function mustRest(dir: string, folder: string, name: string, me: Opener, socket: Socket): Promise<void> {
  if (me.exclusive || readEntry(folder, name)?.exclusive !== false) {
    throw new StoreError(StoreErrorCode.InUse, `The store in ${dir} is in use${describe(folder, name)}.`);
  }
  // One that goes away while it is waited for commits no more either.
  if (!(await restsWithin(socket, REST_WITHIN_MS)) && !socket.destroyed) {
    const message = `The store in ${dir} is in use${describe(folder, name)}, which has not paused its commits within ${REST_WITHIN_MS / 1000} s.`;
    throw new StoreError(StoreErrorCode.InUse, message);
  }
}

function placeOf(folder: string, me: Opener, presence: Presence): Place {
  return {
    async leave(closeIt) {
      // Beside an exclusive opener there is nobody who could open meanwhile.
      await (me.exclusive ? closeIt() : throughGate(folder, me.id, closeIt));
      removeEntry(folder, me.id);
      await presence.end();
    },
  };
}

/** The files of the list, in order. */
function entryNames(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(ENTRY_ENDING))
    .sort();
}

function idOf(name: string): string {
  return name.slice(0, -ENTRY_ENDING.length);
}

/** Undefined when the opener has left meanwhile, or has died while it wrote. */
function readEntry(folder: string, name: string): Opener | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, name), 'utf8')) as Opener;
  } catch {
    return undefined;
  }
}

function describe(folder: string, name: string): string {
  const opener = readEntry(folder, name);
  return opener === undefined ? '' : ` by process ${opener.pid} on ${opener.host} since ${opener.since}`;
}

/** Removes an opener from the list, with the socket that it may have left when it died. */
function removeEntry(folder: string, id: string): void {
  rmSync(join(folder, socketName(id)), { force: true });
  rmSync(join(folder, id + ENTRY_ENDING), { force: true });
}
