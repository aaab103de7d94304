import { hostname } from 'node:os';
import { resolve } from 'node:path';

/** What a dump calls the store in a directory of this machine. */
export function originOf(dir: string): string {
  return `${hostname()}:${resolve(dir)}`;
}
