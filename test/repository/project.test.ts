import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { projectFiles, ROOT, read } from './files.ts';

const manifest = JSON.parse(read('package.json'));

test('the changelog has a section for what is not released', () => {
  expect(read('CHANGELOG.md')).toMatch(/^## \[Unreleased\]$/m);
});

test('the license is the one that package.json names, in full', () => {
  expect(manifest.license).toBe('Apache-2.0');
  expect(read('LICENSE')).toMatch(/Apache License\s+Version 2\.0, January 2004[\s\S]+END OF TERMS AND CONDITIONS/);
});

test('every place that names the oldest Node.js names the same', () => {
  const oldest = '20.20';
  expect(manifest.engines.node).toBe(`>=${oldest}.0`);
  expect(read('scripts/setup.mjs')).toContain(`OLDEST_NODE = [${oldest.replace('.', ', ')}]`);
  for (const page of ['README.md', 'CONTRIBUTING.md']) expect(read(page)).toContain(`${oldest} or newer`);
});

test('packages are pinned, and the lockfile names no registry', () => {
  for (const [name, version] of Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })) {
    expect(version, name).toMatch(/^\d+\.\d+\.\d+$/);
  }
  expect(read('package-lock.json')).not.toMatch(/https?:\/\/[^"]*\.tgz|"resolved"/);
});

test('CI runs the commands that the README and CONTRIBUTING promise', () => {
  const script = read('.ci/run');
  for (const command of ['npm test', 'npm run check', 'npm run test:slow', 'npm start'])
    expect(script).toContain(command);
  expect(statSync(join(ROOT, '.ci/run')).mode & 0o111).not.toBe(0);
});

test('every test is in a suite that is run', () => {
  const tests = projectFiles().filter((path) => /\.test\.\w+$/.test(path));
  expect(tests.filter((path) => !/^(?:src|test)\/.+\.test\.ts$/.test(path))).toEqual([]);
  expect(tests.filter((path) => /\b(?:test|describe|it)\.only\(/.test(read(path)))).toEqual([]);
});
