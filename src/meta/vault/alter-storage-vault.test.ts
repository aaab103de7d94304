import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Domain, openDomain, rpc } from '../../../test/support/fuzz/domain.ts';
import { keys } from '../../keys/key-table.ts';
import { ObjectStoreInfoPB_Provider as Provider } from '../../schema/gen/cloud/object_store_pb.ts';
import { AlterObjStoreInfoRequest_Operation as Operation } from '../../schema/gen/cloud/vault_pb.ts';

const SECRET = 'the-secret-key-of-a-bucket';
let domain: Domain;
beforeEach(async () => {
  domain = await openDomain({ settings: { enable_distinguish_hdfs_path: false } });
  await domain.call(rpc.create_instance, { instanceId: 's3', vault: { objInfo: objectStore() } });
  await domain.call(rpc.create_instance, { instanceId: 'hdfs', vault: { hdfsInfo: hdfs() } });
  await domain.call(rpc.create_instance, { instanceId: 'none' });
});
afterEach(() => domain.dispose());

function objectStore(bucket = 'bucket') {
  return {
    ...{ ak: 'ak', sk: SECRET, bucket, prefix: '/pre/', endpoint: 'e', externalEndpoint: 'x', region: 'r' },
    provider: Provider.S3,
  };
}

function hdfs(prefix = 'pre') {
  return { prefix, buildConf: { fsName: 'hdfs://h:1/', user: 'u', hdfsConfs: [{ key: 'a', value: '1' }] } };
}

function alter(instanceId: string, op: Operation, request: object = {}): Promise<string> {
  return domain.status(rpc.alter_storage_vault, { cloudUniqueId: `1:${instanceId}:fe`, op, ...request });
}

async function shown(instanceId: string) {
  return domain.call(rpc.get_obj_store_info, { cloudUniqueId: `1:${instanceId}:fe` });
}

async function vaultNames(instanceId: string): Promise<string[]> {
  return (await shown(instanceId)).storageVault.map(({ id, name }) => `${id} ${name}`);
}

async function refused(status: Promise<string>, expected: string | RegExp): Promise<void> {
  const before = await domain.version();
  expect(await status).toMatch(expected);
  expect(await domain.version()).toBe(before);
}

/** All values of the store, as one text. */
async function stored(): Promise<string> {
  return domain.store.transact(async (txn) => {
    const values: Buffer[] = [];
    for await (const page of txn.getRange(Uint8Array.of(0), Uint8Array.of(0xff))) {
      values.push(...page.map(({ value }) => Buffer.from(value)));
    }
    return Buffer.concat(values).toString('latin1');
  });
}

describe('vaults are added', () => {
  test('on S3 and on HDFS, with ids in a row, the first as default where the request says so', async () => {
    expect(await alter('s3', Operation.ADD_S3_VAULT, { vault: { name: 'two', objInfo: objectStore('b2') } })).toBe(
      'OK',
    );
    const three = { vault: { name: 'three', hdfsInfo: hdfs() }, setAsDefaultStorageVault: true };
    const added = await domain.call(rpc.alter_storage_vault, {
      cloudUniqueId: '1:s3:fe',
      op: Operation.ADD_HDFS_INFO,
      ...three,
    });
    expect(added).toMatchObject({ storageVaultId: '3', defaultStorageVaultReplaced: false });
    expect(await vaultNames('s3')).toEqual(['1 built_in_storage_vault', '2 two', '3 three']);
    expect(await shown('s3')).toMatchObject({ defaultStorageVaultId: '3', defaultStorageVaultName: 'three' });
    const four = { vault: { name: 'four', objInfo: objectStore('b4') }, setAsDefaultStorageVault: true };
    const next = await domain.call(rpc.alter_storage_vault, {
      cloudUniqueId: '1:s3:fe',
      op: Operation.ADD_S3_VAULT,
      ...four,
    });
    expect(next).toMatchObject({ storageVaultId: '4', defaultStorageVaultReplaced: true });
  });

  test('as the first one only where there is none', async () => {
    const vault = { name: 'first', hdfsInfo: hdfs() };
    expect(await alter('none', Operation.ADD_BUILT_IN_VAULT, { vault })).toBe('OK');
    await refused(
      alter('none', Operation.ADD_BUILT_IN_VAULT, { vault: { ...vault, name: 'second' } }),
      /^INVALID_ARGUMENT/,
    );
  });

  test.each([
    [
      'a name that is taken',
      Operation.ADD_S3_VAULT,
      { name: 'built_in_storage_vault', objInfo: objectStore() },
      /^ALREADY_EXISTED/,
    ],
    [
      'a name that is taken, on HDFS',
      Operation.ADD_HDFS_INFO,
      { name: 'built_in_storage_vault', hdfsInfo: hdfs() },
      /^ALREADY_EXISTED/,
    ],
    [
      'a prefix with a scheme',
      Operation.ADD_HDFS_INFO,
      { name: 'v', hdfsInfo: hdfs('hdfs://a/b') },
      'INVALID_ARGUMENT invalid prefix: hdfs://a/b',
    ],
    [
      'no file system',
      Operation.ADD_HDFS_INFO,
      { name: 'v', hdfsInfo: { prefix: 'a' } },
      'INVALID_ARGUMENT invalid fs_name: ',
    ],
    [
      'a file system of slashes',
      Operation.ADD_HDFS_INFO,
      { name: 'v', hdfsInfo: { buildConf: { fsName: ' / ' } } },
      'INVALID_ARGUMENT invalid fs_name: ',
    ],
    ['neither S3 nor HDFS', Operation.ADD_HDFS_INFO, { name: 'v' }, /^INVALID_ARGUMENT s3 conf info err/],
    ['no name', Operation.ADD_HDFS_INFO, { hdfsInfo: hdfs() }, /^INVALID_ARGUMENT hdfs info is not found/],
    [
      'no keys',
      Operation.ADD_S3_VAULT,
      { name: 'v', objInfo: { ...objectStore(), sk: undefined } },
      /^INVALID_ARGUMENT s3 obj info err/,
    ],
    [
      'an object store of more than 1 KiB',
      Operation.ADD_S3_VAULT,
      { name: 'v', objInfo: objectStore('b'.repeat(1_000)) },
      /greater than 1k/,
    ],
  ])('but not with %s', (_, op, vault, expected) => refused(alter('s3', op, { vault }), expected));

  test('with a path of its own on HDFS where the settings say so, without slashes around it', async () => {
    const other = await openDomain();
    await other.call(rpc.create_instance, { instanceId: 'i', vault: { hdfsInfo: hdfs('/a/b/') } });
    const { storageVault } = await other.call(rpc.get_obj_store_info, { cloudUniqueId: '1:i:fe' });
    expect(storageVault[0]?.hdfsInfo).toMatchObject({
      prefix: expect.stringMatching(/^a\/b_[0-9A-F-]{36}$/),
      buildConf: { fsName: 'hdfs://h:1' },
    });
    await other.dispose();
  });
});

describe('vaults are altered', () => {
  test('on S3 in name, keys and style', async () => {
    const objInfo = { ak: 'ak2', sk: 'another-secret', usePathStyle: true };
    const vault = { name: 'built_in_storage_vault', alterName: 'renamed', objInfo };
    await alter('s3', Operation.SET_DEFAULT_VAULT, { vault: { name: 'built_in_storage_vault' } });
    expect(await alter('s3', Operation.ALTER_S3_VAULT, { vault })).toBe('OK');
    const { storageVault, defaultStorageVaultName } = await shown('s3');
    expect(storageVault).toMatchObject([{ id: '1', name: 'renamed', objInfo: { ...objInfo, bucket: 'bucket' } }]);
    expect(defaultStorageVaultName).toBe('renamed');
    expect((await domain.instance('s3')).storageVaultNames).toEqual(['renamed']);
  });

  test('on HDFS in name, user and settings', async () => {
    const buildConf = { user: 'u2', hdfsConfs: [{ key: 'b', value: '2' }] };
    const vault = { name: 'built_in_storage_vault', alterName: 'renamed', hdfsInfo: { buildConf } };
    expect(await alter('hdfs', Operation.ALTER_HDFS_VAULT, { vault })).toBe('OK');
    const { storageVault } = await shown('hdfs');
    expect(storageVault[0]).toMatchObject({
      name: 'renamed',
      hdfsInfo: {
        prefix: 'pre',
        buildConf: { fsName: 'hdfs://h:1', user: 'u2', hdfsConfs: [{ key: 'a' }, { key: 'b' }] },
      },
    });
  });

  test.each([
    ['a bad name', { alterName: '1x', objInfo: {} }, /^INVALID_ARGUMENT invalid storage vault name =1x/],
    ['the name of another', { alterName: 'two', objInfo: {} }, /^ALREADY_EXISTED vault_name=two already created/],
    ['half of the keys', { objInfo: { ak: 'x' } }, /^INVALID_ARGUMENT Accesskey and secretkey/],
    ['another bucket', { objInfo: { bucket: 'x' } }, 'INVALID_ARGUMENT Only ak, sk can be altered'],
    ['nothing on S3', {}, 'INVALID_ARGUMENT There is no s3 vault provided'],
  ])('but not to %s', async (_, change, expected) => {
    await alter('s3', Operation.ADD_S3_VAULT, { vault: { name: 'two', objInfo: objectStore('b2') } });
    await refused(
      alter('s3', Operation.ALTER_S3_VAULT, { vault: { name: 'built_in_storage_vault', ...change } }),
      expected,
    );
  });

  test.each([{ prefix: 'x', buildConf: {} }, { buildConf: { fsName: 'x' } }, {}])('but not to %j on HDFS', (hdfsInfo) =>
    refused(
      alter('hdfs', Operation.ALTER_HDFS_VAULT, { vault: { name: 'built_in_storage_vault', hdfsInfo } }),
      /You can not alter prefix or fs name/,
    ),
  );

  test('never to the other kind', async () => {
    const name = 'built_in_storage_vault';
    const s3 = { vault: { name, alterName: 'renamed', objInfo: { ak: 'x', sk: 'y' } } };
    await refused(alter('hdfs', Operation.ALTER_S3_VAULT, s3), /^INVALID_ARGUMENT invalid storage vault, not on S3/);
    const onHdfs = { vault: { name, alterName: 'renamed', hdfsInfo: { buildConf: { user: 'x' } } } };
    await refused(
      alter('s3', Operation.ALTER_HDFS_VAULT, onHdfs),
      /^INVALID_ARGUMENT invalid storage vault, not on HDFS/,
    );
  });

  test('to their own name, which changes nothing else', async () => {
    const vault = { name: 'built_in_storage_vault', alterName: 'built_in_storage_vault', objInfo: {} };
    expect(await alter('s3', Operation.ALTER_S3_VAULT, { vault })).toBe('OK');
    expect(await vaultNames('s3')).toEqual(['1 built_in_storage_vault']);
    expect((await shown('s3')).storageVault[0]?.objInfo?.sk).toBe(SECRET);
  });
});

describe('vaults are dropped', () => {
  test('with the default, if it was the one', async () => {
    const two = { vault: { name: 'two', hdfsInfo: hdfs() }, setAsDefaultStorageVault: true };
    await alter('hdfs', Operation.ADD_HDFS_INFO, two);
    expect(await alter('hdfs', Operation.DROP_HDFS_INFO, { vault: { name: 'two' } })).toBe('OK');
    expect(await vaultNames('hdfs')).toEqual(['1 built_in_storage_vault']);
    expect((await shown('hdfs')).defaultStorageVaultId).toBe('');
  });

  test('but not one that is not there, and none on S3 by that name', async () => {
    await refused(
      alter('hdfs', Operation.DROP_HDFS_INFO, { vault: { name: 'x' } }),
      'STORAGE_VAULT_NOT_FOUND vault_name=x not found',
    );
    const s3 = { vault: { name: 'built_in_storage_vault', objInfo: { ak: 'a', sk: 's' } } };
    await refused(alter('s3', Operation.DROP_S3_VAULT, s3), /^INVALID_ARGUMENT invalid request op/);
  });
});

test('the default is set and unset', async () => {
  const name = { vault: { name: 'built_in_storage_vault' } };
  expect(await alter('s3', Operation.SET_DEFAULT_VAULT, name)).toBe('OK');
  expect(await shown('s3')).toMatchObject({
    defaultStorageVaultId: '1',
    defaultStorageVaultName: 'built_in_storage_vault',
  });
  await refused(
    alter('s3', Operation.SET_DEFAULT_VAULT, { vault: { name: 'x' } }),
    /^INVALID_ARGUMENT invalid storage vault name/,
  );
  expect(await alter('s3', Operation.UNSET_DEFAULT_VAULT)).toBe('OK');
  expect((await shown('s3')).defaultStorageVaultId).toBe('');
});

describe('secret keys are encrypted where they are stored', () => {
  test('in vaults, their alterations, and object stores that come with a vault on HDFS', async () => {
    await alter('s3', Operation.ADD_S3_VAULT, { vault: { name: 'two', objInfo: objectStore('b2') } });
    await alter('s3', Operation.ALTER_S3_VAULT, { vault: { name: 'two', objInfo: { ak: 'x', sk: SECRET } } });
    await alter('hdfs', Operation.ADD_HDFS_INFO, { vault: { name: 'both', hdfsInfo: hdfs(), objInfo: objectStore() } });
    await domain.call(rpc.create_instance, { instanceId: 'both', vault: { hdfsInfo: hdfs(), objInfo: objectStore() } });
    expect(await stored()).not.toContain(SECRET);
    for (const instanceId of ['s3', 'hdfs', 'both']) {
      const secrets = (await shown(instanceId)).storageVault.flatMap(({ objInfo }) => (objInfo ? [objInfo.sk] : []));
      expect(secrets.length, instanceId).toBeGreaterThan(0);
      expect(new Set(secrets)).toEqual(new Set([SECRET]));
    }
  });

  test.each(['constructor', 'AES_256_ECB', '__proto__'])(
    'whatever a request says of it: %s',
    async (encryptionMethod) => {
      const objInfo = { ...objectStore(), encryptionInfo: { keyId: 1n, encryptionMethod } };
      await domain.call(rpc.create_instance, { instanceId: 'i', vault: { hdfsInfo: hdfs(), objInfo } });
      await domain.call(rpc.create_instance, {
        instanceId: 'j',
        vault: { hdfsInfo: hdfs(), objInfo: { encryptionInfo: objInfo.encryptionInfo } },
      });
      expect((await shown('i')).storageVault[0]?.objInfo?.sk).toBe(SECRET);
      expect((await shown('j')).storageVault[0]?.objInfo).toEqual(expect.objectContaining({ sk: '' }));
    },
  );

  test('a damaged one is an error that shows nothing of it', async () => {
    const key = keys.storageVault.encode({ instance_id: 's3', vault_id: '1' });
    await domain.store.transact(async (txn) => txn.set(key, Buffer.from('ff', 'hex')));
    expect(await domain.status(rpc.get_obj_store_info, { cloudUniqueId: '1:s3:fe' })).toMatch(
      /^PROTOBUF_PARSE_ERR malformed storageVault value/,
    );
    const vault = { name: 'built_in_storage_vault', objInfo: {} };
    expect(await alter('s3', Operation.ALTER_S3_VAULT, { vault })).toMatch(/^PROTOBUF_PARSE_ERR/);
  });
});

test('nothing can be altered in an instance that was dropped', async () => {
  await domain.call(rpc.alter_instance, { instanceId: 's3', op: 1 });
  await refused(alter('s3', Operation.UNSET_DEFAULT_VAULT), /^CLUSTER_NOT_FOUND instance status has been set delete/);
});
