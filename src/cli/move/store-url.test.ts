import { mkdtemp, realpath, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { readStoreUrl } from './store-url.ts';

test.each([
  ['embedded:/var/lib/nereus', 'embedded', '/var/lib/nereus'],
  ['embedded:///var/lib/nereus', 'embedded', '/var/lib/nereus'],
  ['embedded:data dir/../other%20dir', 'embedded', resolve('other%20dir')],
  ['foundationdb:/etc/foundationdb/fdb.cluster', 'foundationdb', '/etc/foundationdb/fdb.cluster'],
])('%s is a path of an engine', (url, kv, path) => {
  expect(readStoreUrl(url, '--from')).toEqual({ kv, path, text: `${kv}:${path}` });
});

test.each([
  '',
  'embedded',
  'embedded:',
  'embedded://',
  'embedded://host/dir',
  'file:/x',
  'EMBEDDED:/x',
  'embedded:/a\0',
])('%j is none', (url) => {
  expect(() => readStoreUrl(url, '--to')).toThrow('--to must be embedded:DIR or foundationdb:CLUSTER_FILE');
});

test('a link leads to what it names, so that one store has one name', async () => {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'nereus-url-')));
  await symlink(folder, join(folder, 'link'));
  expect(readStoreUrl(`embedded:${join(folder, 'link')}`, '--from').path).toBe(folder);
  await rm(folder, { recursive: true });
});
