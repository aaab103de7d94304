import { closeSync, openSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Pause } from './pause.ts';

/** The longest path that an address of a local socket holds everywhere. */
const LONGEST_SOCKET_PATH_BYTES = 100;
/** What connecting says of a listener that is gone, or goes in this moment. */
const NOBODY: ReadonlySet<string | undefined> = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOENT']);

/** The sign that an opener of the directory is alive: a local socket on which it listens. The kernel takes it down with the process, however that ends. */
export interface Presence {
  end(): Promise<void>;
}

/**
 * Listens under `id` until the presence is ended or the process is. Whoever connects asks for a pause of our commits:
 * it is sent a byte as soon as they rest, and they rest until it hangs up. Without a `pause`, as nobody may open beside
 * us, we hang up at once: no one who connects can hold us back.
 */
export async function showPresence(folder: string, id: string, pause: Pause | undefined): Promise<Presence> {
  const { path, release } = socketPath(folder, id);
  const guests = new Set<Socket>();
  const server = createServer((socket) => {
    if (pause === undefined) {
      socket.destroy();
      return;
    }
    const end = pause.ask(() => socket.writable && socket.write('.'));
    guests.add(socket);
    // Without a reader the end of the connection would not be noticed, and an error needs someone to hear it.
    socket.resume().on('error', end);
    socket.on('close', () => {
      guests.delete(socket);
      end();
    });
  });
  server.unref();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, resolve);
    });
    // What can't be accepted later on has its end noticed by whoever connected.
    server.on('error', () => undefined);
  } catch (error) {
    release();
    throw error;
  }
  return {
    async end() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const guest of guests) {
        guest.destroy();
      }
      await closed;
      release();
    },
  };
}

/** Connects to who listens under `id`. Undefined when nobody does; throws what makes it impossible to tell. */
export async function reach(folder: string, id: string): Promise<Socket | undefined> {
  const { path, release } = socketPath(folder, id);
  try {
    return await new Promise<Socket | undefined>((resolve, reject) => {
      const socket = connect(path);
      socket.once('connect', () => resolve(socket));
      socket.once('error', (error: NodeJS.ErrnoException) => {
        if (NOBODY.has(error.code)) resolve(undefined);
        else reject(error);
      });
    });
  } finally {
    release();
  }
}

/** Waits for the word that the commits of whom `reach` has reached rest. False when it doesn't come in time, or the other goes. */
export async function restsWithin(socket: Socket, timeout_ms: number): Promise<boolean> {
  return new Promise<boolean>((resolve) => {
    const timer = setTimeout(resolve, timeout_ms, false);
    const settle = (rests: boolean) => {
      clearTimeout(timer);
      resolve(rests);
    };
    socket.once('data', () => settle(true));
    socket.once('close', () => settle(false));
    socket.on('error', () => settle(false));
  });
}

/** Whether somebody listens under `id`. In doubt somebody does. */
export async function reachable(folder: string, id: string): Promise<boolean> {
  try {
    const socket = await reach(folder, id);
    socket?.destroy();
    return socket !== undefined;
  } catch {
    return true;
  }
}

const SOCKET_ENDING = '.sock';

export function socketName(id: string): string {
  return id + SOCKET_ENDING;
}

/** Under which id the socket of that file name is; undefined for another file. */
export function idOfSocket(name: string): string | undefined {
  return name.endsWith(SOCKET_ENDING) ? name.slice(0, -SOCKET_ENDING.length) : undefined;
}

/** A path that is short enough: where the folder's own is too long, it is named by a descriptor. */
function socketPath(folder: string, id: string): { path: string; release: () => void } {
  const path = join(folder, socketName(id));
  if (Buffer.byteLength(path) <= LONGEST_SOCKET_PATH_BYTES) {
    return { path, release: () => undefined };
  }
  const descriptor = openSync(folder, 'r');
  return { path: `/proc/self/fd/${descriptor}/${socketName(id)}`, release: () => closeSync(descriptor) };
}
