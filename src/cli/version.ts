import { readFileSync } from 'node:fs';

/** The version in our package.json, which lies above this file both in the sources and in what is built from them. */
export function readVersion(): string {
  for (let folder = new URL('.', import.meta.url); ; folder = new URL('..', folder)) {
    try {
      const { name, version } = JSON.parse(readFileSync(new URL('package.json', folder), 'utf8'));
      if (name === 'nereus') return version;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    }
    if (folder.pathname === '/') throw new Error('the package.json of nereus is missing');
  }
}
