import { expect, test } from 'vitest';
import { read } from './files.ts';

interface Locked {
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const packages: Readonly<Record<string, Locked>> = JSON.parse(read('package-lock.json')).packages;

// `npm ci` refuses a lockfile that leaves out the native packages of other platforms, and npm leaves them out of it where
// its registry doesn't have them.
test('the lockfile names the packages of every platform', () => {
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      (name) => !foldersAbove(path).some((folder) => `${folder}${name}` in packages),
    ),
  );
  expect(missing).toEqual([]);
});

/** Where a package at `path` is looked for: `node_modules/` of the package that wants it, and of each one around that. */
function foldersAbove(path: string): string[] {
  const around = path.lastIndexOf('/node_modules/');
  const own = path === '' ? 'node_modules/' : `${path}/node_modules/`;
  return path === '' ? [own] : [own, ...foldersAbove(around < 0 ? '' : path.slice(0, around))];
}
