import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const generated = join('src', 'schema', 'gen');

test('the committed code is what buf generates from proto/', () => {
  const folder = mkdtempSync(join(tmpdir(), 'nereus-gen-'));
  try {
    const programs = join(root, 'node_modules', '.bin');
    const env = { ...process.env, PATH: `${programs}${delimiter}${process.env.PATH}` };
    execFileSync(join(programs, 'buf'), ['generate', '--output', folder], { cwd: root, env, stdio: 'pipe' });
    expect(filesOf(join(root, generated))).toEqual(filesOf(join(folder, generated)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

function filesOf(folder: string): Record<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = entries.map((entry) => join(entry.parentPath, entry.name)).sort();
  return Object.fromEntries(paths.map((path) => [relative(folder, path), readFileSync(path, 'utf8')]));
}
