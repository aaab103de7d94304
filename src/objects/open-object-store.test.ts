import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { unlimited } from '../../test/support/objects/limits.ts';
import { OBJECT_SETTINGS } from '../../test/support/objects/settings.ts';
import type { ObjectLocation } from './location.ts';
import { ObjectStoreError } from './object-store-error.ts';
import { openObjectStore } from './open-object-store.ts';

const SRC = join(import.meta.dirname, '..');

test('the libraries of storage are loaded by none but those who use them', () => {
  const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((path) => /(?<!\.test)\.ts$/.test(path));
  const loading = files.filter((path) =>
    /^(?:import(?! type)|export)\b[^;]*from '@(?:aws-sdk|azure)\//m.test(readFileSync(join(SRC, path), 'utf8')),
  );
  expect(files.length).toBeGreaterThan(100);
  expect(loading).toEqual([]);
});

const S3 = { kind: 's3', region: 'r', bucket: 'b', prefix: 'p', path_style: false, batch_delete: true } as const;
const AZURE = { kind: 'azure', endpoint: '', account: 'a', container: 'c', prefix: 'p' } as const;
const HDFS = { kind: 'hdfs', user: 'u', prefix: 'p', confs: {}, kerberos: false } as const;

test.each<[string, ObjectLocation, string]>([
  [
    'an S3 endpoint that is no address',
    { ...S3, endpoint: 'no address', credentials: { kind: 'keys', ak: 'the-access-key', sk: 'the-secret-key' } },
    'vault 1: its endpoint is no address',
  ],
  [
    'an Azure key that is no key',
    { ...AZURE, account_key: 'the-secret-key' },
    'vault 1: the key of its account is not base64',
  ],
  [
    'a prefix that leads to another',
    { ...HDFS, fs_name: 'hdfs://nn', prefix: 'p/../q' },
    'vault 1: its prefix has a step that leads elsewhere',
  ],
  [
    'an HDFS of another kind',
    { ...HDFS, fs_name: 'viewfs://cluster' },
    "vault 1: a file system 'viewfs' can not be reached over WebHDFS",
  ],
])('%s is refused when it is opened', (_, location, message) => {
  const open = () => openObjectStore(location, { name: 'vault 1', limiters: unlimited(), settings: OBJECT_SETTINGS });
  expect(open).toThrow(new ObjectStoreError('misconfigured', message));
});
