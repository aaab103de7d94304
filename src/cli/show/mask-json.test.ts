import { expect, test } from 'vitest';
import { maskJson } from './mask-json.ts';

test('secrets are masked wherever they stand, and what is none is kept', () => {
  const given = {
    instance_id: 'i',
    obj_info: [{ ak: 'A', sk: 'S', bucket: 'b', encryption_info: { encryption_method: 'AES', key_id: '1' } }],
    iam_user: { ak: '', sk: '' },
    hdfs_confs: [
      { key: 'fs.s3a.secret.key', value: 'S' },
      { key: 'dfs.replication', value: '3' },
    ],
    url: 'hdfs://user:pass@host/x',
    tokens: ['T', { inner: 'x' }],
    count: 3,
    nothing: null,
  };
  expect(maskJson(given)).toEqual({
    instance_id: 'i',
    obj_info: [{ ak: '******', sk: '******', bucket: 'b', encryption_info: { encryption_method: 'AES', key_id: '1' } }],
    iam_user: { ak: '', sk: '' },
    hdfs_confs: [
      { key: 'fs.s3a.secret.key', value: '******' },
      { key: 'dfs.replication', value: '3' },
    ],
    url: 'hdfs://******@host/x',
    tokens: ['******', { inner: 'x' }],
    count: 3,
    nothing: null,
  });
  expect(maskJson({ items: [{ key: 'K', key_id: '1' }] }, new Set(['key']))).toEqual({
    items: [{ key: '******', key_id: '1' }],
  });
});
