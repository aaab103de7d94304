import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Domain, openDomain } from '../../../test/support/fuzz/domain.ts';

const STORE = {
  ak: 'a',
  sk: 'b',
  bucket: 'c',
  endpoint: 'e',
  external_endpoint: 'e',
  region: 'r',
  provider: 'S3',
};

let domain: Domain;
beforeEach(async () => {
  domain = await openDomain();
  const names = { name: 'name', user_id: 'user' };
  expect(await domain.admin('create_instance', { instance_id: 'old', ...names, obj_info: STORE })).toMatchObject({
    code: 'OK',
  });
  const vault = { hdfs_info: { build_conf: { fs_name: 'hdfs://h' } } };
  expect(await domain.admin('create_instance', { instance_id: 'new', ...names, vault })).toMatchObject({ code: 'OK' });
});
afterEach(() => domain.dispose());

/** Sends what must be refused, and checks that nothing was changed. */
async function refused(operation: string, body: object, msg: RegExp): Promise<void> {
  const before = await domain.version();
  const reply = await domain.admin(operation, body);
  expect(reply).toMatchObject({ status: 400, code: 'INVALID_ARGUMENT' });
  expect(reply.msg).toMatch(msg);
  expect(await domain.version()).toBe(before);
}

describe('keys', () => {
  test.each(['user_id', 'ak', 'sk'])('an update with an empty %s is refused', (field) => {
    const user = { user_id: 'u', ak: 'a2', sk: 'b2', [field]: '' };
    return refused('update_ak_sk', { instance_id: 'old', internal_bucket_user: [user] }, /s3 conf info err/);
  });
});

describe('object stores', () => {
  test('of an unknown provider are not taken for S3', () =>
    refused('add_obj_info', { cloud_unique_id: '1:old:x', obj: { ...STORE, provider: 'GCS' } }, /provider/));

  test('may stand in a vault, and are completed there too', async () => {
    const { external_endpoint: _, provider: __, ...short } = STORE;
    const vault = { name: 'v', obj_info: { ...short, prefix: 'p' } };
    expect(await domain.admin('add_obj_info', { cloud_unique_id: '1:old:x', vault })).toMatchObject({ code: 'OK' });
    expect((await domain.instance('old')).objInfo[1]).toMatchObject({ externalEndpoint: 'e' });
  });

  test('are the same when their prefixes are, however they are written', async () => {
    const add = (prefix: string) => ({ cloud_unique_id: '1:old:x', obj: { ...STORE, prefix } });
    expect(await domain.admin('add_obj_info', add('/a//b/ '))).toMatchObject({ code: 'OK' });
    await refused('add_obj_info', add('a//b'), /same conf/);
    await refused('add_obj_info', add('/a//b/ '), /same conf/);
  });
});

describe('vaults', () => {
  test('on S3 have a name and an external endpoint', async () => {
    const { external_endpoint: _, ...lacking } = STORE;
    const add = (vault: object) => ({ cloud_unique_id: '1:new:x', vault });
    await refused('add_s3_vault', add({ name: 'v', obj_info: lacking }), /s3 conf info err/);
    await refused('add_s3_vault', add({ obj_info: STORE }), /vault\.name must be given/);
    expect(await domain.admin('add_s3_vault', add({ name: 'v', obj_info: STORE }))).toMatchObject({ code: 'OK' });
  });

  test('on HDFS have a name and are on HDFS', async () => {
    const hdfs_info = { build_conf: { fs_name: 'hdfs://h' } };
    const add = (vault: object) => ({ cloud_unique_id: '1:new:x', vault });
    await refused('add_hdfs_vault', add({ name: '', hdfs_info }), /vault\.name must be given/);
    await refused('add_hdfs_vault', add({ name: 'v', obj_info: STORE }), /vault\.hdfs_info must be given/);
  });

  test('on S3 are not dropped as if they were on HDFS', async () => {
    const vault = { name: 'v', obj_info: STORE };
    expect(await domain.admin('add_s3_vault', { cloud_unique_id: '1:new:x', vault })).toMatchObject({ code: 'OK' });
    await refused('drop_hdfs_vault', { cloud_unique_id: '1:new:x', vault: { name: 'v' } }, /not on HDFS/);
  });

  test('show no secret of a URL when they are refused', async () => {
    const hdfs_info = { build_conf: { fs_name: 'hdfs://user:LEAK@h' }, prefix: 's3a://id:LEAK@bucket' };
    for (const vault of [{ hdfs_info }, { name: 'v', hdfs_info }]) {
      const { code, msg } = await domain.admin('add_hdfs_vault', { cloud_unique_id: '1:new:x', vault });
      expect(code).toBe('INVALID_ARGUMENT');
      expect(msg).not.toContain('LEAK');
    }
    expect(domain.log.join('')).not.toContain('LEAK');
  });
});
