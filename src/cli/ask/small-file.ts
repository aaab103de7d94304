import { closeSync, openSync, readSync } from 'node:fs';
import { usage } from '../command-error.ts';

/** No token, key, certificate or profile is longer, in bytes. */
const LONGEST = 1024 * 1024;

/** What a small file holds, be it a pipe. `name` is what messages call the way it was given. Throws a CommandError. */
export function readSmallFile(path: string, name: string): string {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch (error) {
    throw unreadable(path, name, error);
  }
  const content = Buffer.alloc(LONGEST + 1);
  let length = 0;
  try {
    for (let read = -1; read !== 0 && length < content.length; length += read) {
      read = readSync(descriptor, content, length, content.length - length, null);
    }
  } catch (error) {
    throw unreadable(path, name, error);
  } finally {
    closeSync(descriptor);
  }
  if (length > LONGEST) throw usage(`${name}: the file ${path} is longer than ${LONGEST} bytes`);
  return content.toString('utf8', 0, length);
}

function unreadable(path: string, name: string, error: unknown): Error {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === undefined ? (error as Error) : usage(`${name}: the file ${path} can't be read: ${code}`);
}
