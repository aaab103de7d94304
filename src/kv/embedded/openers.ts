import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StoreError, StoreErrorCode } from '../store-error.ts';
import { makeDirectory } from './directory.ts';
import { throughGate } from './gate.ts';
import type { Pause } from './pause.ts';
import { idOfSocket, type Presence, reach, reachable, restsWithin, showPresence, socketName } from './presence.ts';
import { storageError } from './storage-error.ts';

/** Who has the directory open. Only `id` identifies; process numbers are used again, and mean something else in every container. */
interface Opener {
  readonly id: string;
  readonly pid: number;
  readonly host: string;
  readonly since: string;
  readonly exclusive: boolean;
  /** Openers that commit share a directory with those of the same group alone. */
  readonly group: string;
  /** Whether it never commits. */
  readonly reads_only: boolean;
  /** Whether it lets in those that never commit, though it is exclusive. */
  readonly admits_readers: boolean;
}

export type Sharing = Pick<Opener, 'exclusive' | 'group' | 'reads_only' | 'admits_readers'>;

/** The place in the list of openers that a store holds while it is open. */
export interface Place {
  /** Runs `closeIt` and gives the place up. */
  leave(closeIt: () => Promise<void>): Promise<void>;
}

/** Where the openers of a directory meet. */
const FOLDER = 'openers';
const ENTRY_ENDING = '.json';
const REST_WITHIN_MS = 10_000;
const TRY_AGAIN_AFTER_MS = 10;
/** A socket without an entry is that of an opener that waits at the gate, unless it is as old as this. */
const LITTER_AFTER_MS = 120_000;

/**
 * Runs `openIt` while no one else opens the directory, closes it or commits to it, and enters this process into the list
 * of openers. Opening needs that stillness: LMDB, as lmdb carries it, notes in the shared lock file which commit it has
 * found to be the last, and a commit that another process makes meanwhile would be written over. So does closing: the
 * last one to close takes LMDB's locks down, and one that opens in that moment would find them broken.
 *
 * `pause` is what others, who open later, will hold our commits back with. Throws `in_use`, naming the other one, when a
 * living opener doesn't share the directory with this one, or this one with it; then nothing of the store was touched.
 */
export async function openInTurn<T>(
  dir: string,
  sharing: Sharing,
  pause: Pause,
  openIt: () => Promise<T>,
): Promise<{ opened: T; place: Place }> {
  makeDirectory(dir);
  const folder = join(dir, FOLDER);
  makeDirectory(folder);
  const since = new Date().toISOString();
  const me: Opener = { id: randomBytes(12).toString('hex'), pid: process.pid, host: hostname(), since, ...sharing };
  const presence = await showPresence(folder, me.id, alone(me) ? undefined : pause).catch((error: unknown) => {
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
async function enter<T>(dir: string, folder: string, me: Opener, openIt: () => Promise<T>): Promise<T> {
  const paused: Socket[] = [];
  try {
    const asked = await Promise.allSettled(entryNames(folder).map((name) => letRest(dir, folder, name, me, paused)));
    for (const one of asked) if (one.status === 'rejected') throw one.reason;
    await removeLitter(folder);
    writeFileSync(join(folder, me.id + ENTRY_ENDING), JSON.stringify(me));
    return await openIt();
  } finally {
    for (const socket of paused) {
      socket.destroy();
    }
  }
}

/** Waits until the opener of an entry commits no more, for as long as its socket in `paused` stays open, or until it is gone. */
async function letRest(dir: string, folder: string, name: string, me: Opener, paused: Socket[]): Promise<void> {
  const deadline = performance.now() + REST_WITHIN_MS;
  do {
    const socket = await reachOpener(dir, folder, name);
    if (socket === undefined) {
      removeEntry(folder, idOf(name));
      return;
    }
    paused.push(socket);
    refuseUnlessShared(dir, folder, name, me);
    if (await restsWithin(socket, deadline - performance.now())) {
      return;
    }
    // It hung up without a word: it is gone, or it leaves, or it has no descriptor left to listen with, and commits on.
    await sleep(TRY_AGAIN_AFTER_MS);
  } while (performance.now() < deadline);
  const within = `${REST_WITHIN_MS / 1000} s`;
  const message = `The store in ${dir} is in use${describe(folder, name)}, which has not paused its commits within ${within}.`;
  throw new StoreError(StoreErrorCode.InUse, message);
}

async function reachOpener(dir: string, folder: string, name: string): Promise<Socket | undefined> {
  try {
    return await reach(folder, idOf(name));
  } catch (error) {
    const message = `It can't be told whether the store in ${dir} is in use${describe(folder, name)}.`;
    throw new StoreError(StoreErrorCode.InUse, message, { cause: error });
  }
}

function refuseUnlessShared(dir: string, folder: string, name: string, me: Opener): void {
  const entry = readEntry(folder, name);
  // Whose entry has gone since it was reached has closed, and is about to go itself.
  if (entry === undefined && !existsSync(join(folder, name))) return;
  if (entry === undefined || !mayShare(me, entry)) {
    throw new StoreError(StoreErrorCode.InUse, `The store in ${dir} is in use${describe(folder, name)}.`);
  }
}

function mayShare(one: Opener, other: Opener): boolean {
  if (one.reads_only) return !alone(other);
  if (other.reads_only) return !alone(one);
  return !one.exclusive && !other.exclusive && one.group === other.group;
}

/** Whether nobody at all may open beside it. */
function alone({ exclusive, admits_readers }: Opener): boolean {
  return exclusive && !admits_readers;
}

function placeOf(folder: string, me: Opener, presence: Presence): Place {
  return {
    async leave(closeIt) {
      // Beside an opener that is alone there is nobody who could open meanwhile.
      const leaveList = () => closeIt().finally(() => removeEntry(folder, me.id));
      await (alone(me) ? leaveList() : throughGate(folder, me.id, leaveList));
      // Not before: as long as the gate is ours, we must be seen to live.
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
    // An opener of an earlier version names no group, and knows nothing of readers.
    const unnamed = { group: '', reads_only: false, admits_readers: false };
    return { ...unnamed, ...JSON.parse(readFileSync(join(folder, name), 'utf8')) } as Opener;
  } catch {
    return undefined;
  }
}

function describe(folder: string, name: string): string {
  const opener = readEntry(folder, name);
  return opener === undefined ? '' : ` by process ${opener.pid} on ${opener.host} since ${opener.since}`;
}

/** Removes the sockets of those who died before they were entered. To be run behind the gate. */
async function removeLitter(folder: string): Promise<void> {
  for (const name of readdirSync(folder)) {
    const id = idOfSocket(name);
    if (id === undefined || existsSync(join(folder, id + ENTRY_ENDING))) continue;
    const made_ms = statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (Date.now() - made_ms < LITTER_AFTER_MS || (await reachable(folder, id))) continue;
    removeEntry(folder, id);
  }
}

/** Removes an opener from the list, with the socket that it may have left when it died. */
function removeEntry(folder: string, id: string): void {
  rmSync(join(folder, socketName(id)), { force: true });
  rmSync(join(folder, id + ENTRY_ENDING), { force: true });
}
