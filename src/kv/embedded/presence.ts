import { closeSync, openSync, unlinkSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';

/** The longest path that an address of a local socket holds everywhere. */
const LONGEST_SOCKET_PATH_BYTES = 100;

/** The sign that an opener of the directory is alive: a local socket in it on which it listens. The kernel takes it down with the process, however that ends. */
export interface Presence {
  end(): Promise<void>;
}

/** Listens under `id` until the presence is ended or the process is. */
export async function showPresence(dir: string, id: string): Promise<Presence> {
  const { path, release } = socketPath(dir, id);
  const server = createServer((socket) => socket.destroy());
  server.unref();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, resolve);
    });
  } catch (error) {
    release();
    throw error;
  }
  return {
    async end() {
      await new Promise<void>((resolve) => server.close(() => resolve()));
      release();
    },
  };
}

/** Whether a process listens under `id`. In doubt it does. */
export async function isPresent(dir: string, id: string): Promise<boolean> {
  const { path, release } = socketPath(dir, id);
  try {
    return await new Promise<boolean>((resolve) => {
      const socket = connect(path);
      socket.once('connect', () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', (error: NodeJS.ErrnoException) => {
        resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT');
      });
    });
  } finally {
    release();
  }
}

/** Removes what the presence of a dead process has left. */
export function forgetPresence(dir: string, id: string): void {
  try {
    unlinkSync(join(dir, socketName(id)));
  } catch {
    // It was removed before, or stays as an empty name; neither matters.
  }
}

function socketName(id: string): string {
  return `opener-${id}.sock`;
}

/** A path that is short enough: where the directory's own is too long, it is named by a descriptor. */
function socketPath(dir: string, id: string): { path: string; release: () => void } {
  const path = join(dir, socketName(id));
  if (Buffer.byteLength(path) <= LONGEST_SOCKET_PATH_BYTES) {
    return { path, release: () => undefined };
  }
  const descriptor = openSync(dir, 'r');
  return { path: `/proc/self/fd/${descriptor}/${socketName(id)}`, release: () => closeSync(descriptor) };
}
