import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** What git leaves out, for a copy of the repository that is no clone. */
const LEFT_OUT = new Set(['.git', 'node_modules', 'dist', 'data', '.tmp', 'coverage', 'results']);

/** The paths of all files that are the project's own, from its root, with slashes: tracked ones, and new ones that git would add. */
export function projectFiles(): string[] {
  const paths = listedByGit() ?? walk(ROOT).map((path) => relative(ROOT, path));
  return paths.map((path) => path.split(sep).join('/')).sort();
}

export function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** Undefined where there is no git, no clone, or one that git does not trust. */
function listedByGit(): string[] | undefined {
  if (!existsSync(join(ROOT, '.git'))) return undefined;
  const options = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const { status, stdout } = spawnSync('git', options, { cwd: ROOT, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  if (status !== 0) return undefined;
  // A file that was deleted and not yet staged is still listed.
  return [...new Set(stdout.split('\0'))].filter((path) => path !== '' && existsSync(join(ROOT, path)));
}

function walk(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (LEFT_OUT.has(entry.name)) return [];
    const path = join(folder, entry.name);
    return entry.isDirectory() ? walk(path) : [path];
  });
}
