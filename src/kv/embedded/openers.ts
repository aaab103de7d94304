import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { StoreError, StoreErrorCode } from '../store-error.ts';
import type { OwnDatabase } from './environment.ts';
import { forgetPresence, isPresent, type Presence, showPresence } from './presence.ts';
import { storageError } from './storage-error.ts';

/** Who has the directory open, as it stands in the store. Only `id` identifies; process numbers are used again, and mean something else in every container. */
interface Opener {
  readonly id: string;
  readonly pid: number;
  readonly host: string;
  readonly since: string;
  readonly exclusive: boolean;
}

const KEY_PREFIX = 'opener/';
const KEY_END = 'opener0';

/**
 * Enters this process into the store's list of openers. Throws `in_use`, naming the other one, when a living opener
 * wants the directory for itself or this one does. Openers that died are removed.
 */
export async function enterOpeners(dir: string, own: OwnDatabase, exclusive: boolean): Promise<Presence> {
  const me: Opener = {
    id: randomBytes(12).toString('hex'),
    pid: process.pid,
    host: hostname(),
    since: new Date().toISOString(),
    exclusive,
  };
  const presence = await showPresence(dir, me.id).catch((error: unknown) => {
    throw storageError(`The directory ${dir} can't be used for a store, as no local socket can be made in it`, error);
  });
  try {
    while (!(await tryToEnter(dir, own, me))) {
      // Another has entered or left meanwhile, so the list is looked through again.
    }
    return presence;
  } catch (error) {
    await presence.end();
    throw error;
  }
}

/** One attempt; false when the list was changed by another meanwhile. */
async function tryToEnter(dir: string, own: OwnDatabase, me: Opener): Promise<boolean> {
  const before = own.transactionSync(() => listOpeners(own));
  const dead = new Set<string>();
  for (const opener of before) {
    if (!(await isPresent(dir, opener.id))) {
      dead.add(opener.id);
    } else if (opener.exclusive || me.exclusive) {
      throw new StoreError(
        StoreErrorCode.InUse,
        `The store in ${dir} is in use by process ${opener.pid} on ${opener.host} since ${opener.since}.`,
      );
    }
  }
  const entered = own.transactionSync(() => {
    const now = listOpeners(own);
    if (now.map(({ id }) => id).join() !== before.map(({ id }) => id).join()) {
      return false;
    }
    for (const id of dead) {
      void own.remove(Buffer.from(KEY_PREFIX + id));
    }
    void own.put(Buffer.from(KEY_PREFIX + me.id), Buffer.from(JSON.stringify(me)));
    return true;
  });
  if (entered) {
    for (const id of dead) {
      forgetPresence(dir, id);
    }
  }
  return entered;
}

/** Read within a write transaction, which needs no slot among the readers and holds everyone else off. */
function listOpeners(own: OwnDatabase): Opener[] {
  const range = own.getRange({ start: Buffer.from(KEY_PREFIX), end: Buffer.from(KEY_END) });
  return [...range].map(({ value }) => JSON.parse(Buffer.from(value).toString()) as Opener);
}
