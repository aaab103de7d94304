import { create, toBinary } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Domain, openDomain, rpc } from '../../test/support/fuzz/domain.ts';
import { unlimited } from '../../test/support/objects/limits.ts';
import { memoryPlaces } from '../../test/support/objects/memory-places.ts';
import { keys } from '../keys/key-table.ts';
import type { ObjectLocation } from '../objects/location.ts';
import { ObjectStoreError } from '../objects/object-store-error.ts';
import type { OpenObjectStore } from '../objects/options.ts';
import {
  CredProviderTypePB as CredentialsFrom,
  ObjectStoreInfoPBSchema,
  ObjectStoreInfoPB_Provider as Provider,
} from '../schema/gen/cloud/object_store_pb.ts';
import {
  StagePB_StageAccessType as AccessType,
  StagePBSchema,
  StagePB_StageType as StageType,
} from '../schema/gen/cloud/stage_pb.ts';
import { AlterObjStoreInfoRequest_Operation as Operation, StorageVaultPBSchema } from '../schema/gen/cloud/vault_pb.ts';
import type { Vaults } from './sweep.ts';
import { openVaults, type VaultsOptions } from './vaults.ts';

const SECRET = 'the-secret-key-of-a-bucket';
let domain: Domain;
let opened: ObjectLocation[];

beforeEach(async () => {
  opened = [];
  domain = await openDomain({ settings: { enable_distinguish_hdfs_path: false } });
});
afterEach(() => domain.dispose());

function objectStore(bucket = 'bucket', provider = Provider.S3) {
  const keys = { ak: 'ak', sk: SECRET };
  return { ...keys, bucket, prefix: '/pre/', endpoint: 'e', externalEndpoint: 'x', region: 'r', provider };
}

const hdfsInfo = {
  prefix: 'pre',
  buildConf: { fsName: 'hdfs://h:1/', user: 'u', hdfsConfs: [{ key: 'a', value: '1' }] },
};

function options(open: OpenObjectStore): VaultsOptions {
  return {
    store: domain.store,
    keyring: domain.services.keyring,
    open,
    settings: { s3_client_http_scheme: 'http', max_s3_client_retry: 1, object_request_timeout_ms: 1, webhdfs_port: 1 },
    limiters: unlimited(),
  };
}

async function vaultsOf(instanceId: string, only?: readonly string[]): Promise<Vaults> {
  const places = memoryPlaces();
  const open: OpenObjectStore = (location, rest) => {
    opened.push(location);
    return places.open(location, rest);
  };
  return openVaults(await domain.instance(instanceId), { ...options(open), ...(only && { only }) });
}

/** Writes the record of a vault of instance `i` as it is. */
async function putVault(vault_id: string, value: Uint8Array): Promise<void> {
  await domain.store.transact(async (txn) => {
    txn.set(keys.storageVault.encode({ instance_id: 'i', vault_id }), value);
  });
}

function vaultWith(objInfo: object): Uint8Array {
  return toBinary(StorageVaultPBSchema, create(StorageVaultPBSchema, { objInfo: { ...objectStore(), ...objInfo } }));
}

function reasonOf(work: () => unknown): ObjectStoreError {
  try {
    work();
  } catch (error) {
    if (error instanceof ObjectStoreError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('the places of an instance', () => {
  test('are its own object stores and its vaults, by their ids, with keys in the clear', async () => {
    await domain.call(rpc.create_instance, { instanceId: 'i', objInfo: objectStore() });
    await domain.call(rpc.create_instance, { instanceId: 'v', vault: { objInfo: objectStore('second') } });
    const add = { cloudUniqueId: '1:v:fe', op: Operation.ADD_HDFS_INFO, vault: { name: 'h', hdfsInfo } };
    expect(await domain.status(rpc.alter_storage_vault, add)).toBe('OK');

    const legacy = await vaultsOf('i');
    expect(legacy.get('1').name).toBe('vault 1 (s3://bucket/pre)');
    const vaults = await vaultsOf('v');
    expect(vaults.all().map(({ name }) => name)).toEqual(['vault 1 (s3://second/pre)', 'vault 2 (hdfs://h:1/pre)']);
    const place = { kind: 's3', endpoint: 'e', region: 'r', prefix: 'pre', path_style: false, batch_delete: true };
    expect(opened).toEqual([
      { ...place, bucket: 'bucket', credentials: { kind: 'keys', ak: 'ak', sk: SECRET } },
      { ...place, bucket: 'second', credentials: { kind: 'keys', ak: 'ak', sk: SECRET } },
      { kind: 'hdfs', fs_name: 'hdfs://h:1', user: 'u', prefix: 'pre', confs: { a: '1' }, kerberos: false },
    ]);
    const none = reasonOf(() => vaults.get('7'));
    expect([none.fault, none.message]).toEqual(['misconfigured', "instance v has no vault with the id '7'"]);
  });

  test('are only the vaults of some names where those are told, and all object stores', async () => {
    await domain.call(rpc.create_instance, { instanceId: 'i', objInfo: objectStore() });
    await domain.call(rpc.create_instance, { instanceId: 'v', vault: { objInfo: objectStore('second') } });
    const add = { cloudUniqueId: '1:v:fe', op: Operation.ADD_HDFS_INFO, vault: { name: 'h', hdfsInfo } };
    expect(await domain.status(rpc.alter_storage_vault, add)).toBe('OK');

    const vaults = await vaultsOf('v', ['h', 'another']);
    const why = 'vault 1: its name is not in recycler_storage_vault_white_list';
    expect(reasonOf(() => vaults.get('1'))).toMatchObject({ fault: 'misconfigured', message: why });
    // It is there all the same, so that nobody takes what lies in it for gone.
    await expect(vaults.all()[0]?.deletePrefix('')).rejects.toThrow(why);
    expect(vaults.get('2').name).toBe('vault 2 (hdfs://h:1/pre)');
    expect((await vaultsOf('i', ['h'])).get('1').name).toBe('vault 1 (s3://bucket/pre)');
    expect((await vaultsOf('v', [])).get('1').name).toBe('vault 1 (s3://second/pre)');
  });

  test.each([
    ['S3', Provider.S3, { kind: 's3', batch_delete: true }],
    ['Google', Provider.GCP, { kind: 's3', batch_delete: false }],
    [
      'Azure',
      Provider.AZURE,
      { kind: 'azure', account: 'ak', account_key: SECRET, container: 'bucket', endpoint: 'e' },
    ],
  ])('on %s are opened as what they are', async (_, provider, expected) => {
    await domain.call(rpc.create_instance, { instanceId: 'i', vault: { objInfo: objectStore('bucket', provider) } });
    await vaultsOf('i');
    expect(opened[0]).toMatchObject(expected);
  });

  test('are closed where backends lay objects out in another way', async () => {
    await domain.call(rpc.create_instance, { instanceId: 'i' });
    const add = (name: string, pathVersion: bigint) => {
      const vault = { name, objInfo: objectStore(name), pathFormat: { pathVersion, shardNum: 4n } };
      return domain.status(rpc.alter_storage_vault, {
        cloudUniqueId: '1:i:fe',
        op: Operation.ADD_BUILT_IN_VAULT,
        vault,
      });
    };
    expect(await add('sharded', 1n)).toBe('OK');
    const vaults = await vaultsOf('i');
    const why = 'vault 1: its objects are laid out in a way that is not known, version 1';
    expect(reasonOf(() => vaults.get('1'))).toMatchObject({ fault: 'misconfigured', message: why });
    await expect(vaults.all()[0]?.delete(['data/1/r_0.dat'])).rejects.toThrow(why);
  });

  test('take keys from the machine only where the record says so', async () => {
    await domain.call(rpc.create_instance, { instanceId: 'i' });
    const without = { ak: '', sk: '' };
    await putVault('1', vaultWith({ ...without, credProviderType: CredentialsFrom.INSTANCE_PROFILE }));
    await putVault('2', vaultWith({ ...without, roleArn: 'arn:1', externalId: 'x' }));
    await putVault('3', vaultWith({ ...without, usePathStyle: true }));
    const vaults = await vaultsOf('i');
    expect(opened.map((location) => location.kind === 's3' && location.credentials)).toEqual([
      { kind: 'ambient' },
      { kind: 'role', role_arn: 'arn:1', external_id: 'x' },
    ]);
    expect(reasonOf(() => vaults.get('3')).message).toBe('vault 3: it has no keys');
  });

  test('that can not be opened say why, and keep no other from working', async () => {
    await domain.call(rpc.create_instance, { instanceId: 'i', vault: { objInfo: objectStore() } });
    await putVault('2', vaultWith({ encryptionInfo: { keyId: 99n, encryptionMethod: 'AES_256_ECB' } }));
    await putVault('3', Buffer.from('no message'));
    await putVault('4', toBinary(StorageVaultPBSchema, create(StorageVaultPBSchema)));
    await putVault('5', vaultWith({ provider: Provider.UNKONWN }));
    const instance = await domain.instance('i');
    const vaults = await openVaults({ ...instance, resourceIds: ['1', '2', '6'] }, options(memoryPlaces().open));

    await vaults.get('1').put('a', Buffer.from('b'));
    const reasons = ['2', '3', '4', '5', '6'].map((id) => reasonOf(() => vaults.get(id)));
    expect(reasons.map(({ message }) => message)).toEqual([
      'vault 2: its secret key can not be decrypted with the keys of this store',
      'vault 3: its record can not be read',
      'vault 4: its record does not say where it is',
      'vault 5: provider -1 is none that is known',
      'vault 6: there is no record of it',
    ]);
    expect(new Set(reasons.map(({ fault }) => fault))).toEqual(new Set(['misconfigured']));
    // Whoever goes through all of them must meet those, too.
    const outcomes = await Promise.allSettled(vaults.all().map((place) => place.deletePrefix('data/')));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', ...reasons.map(() => 'rejected')]);
    expect(JSON.stringify([reasons, outcomes])).not.toContain(SECRET);
  });

  test('that their opener refuses are told apart from defects', async () => {
    await domain.call(rpc.create_instance, { instanceId: 'i', objInfo: objectStore() });
    const refused = new ObjectStoreError('misconfigured', 'no address');
    const vaults = await openVaults(
      await domain.instance('i'),
      options(() => fail(refused)),
    );
    expect(reasonOf(() => vaults.get('1'))).toBe(refused);
    const defect = openVaults(
      await domain.instance('i'),
      options(() => fail(new TypeError('defect'))),
    );
    await expect(defect).rejects.toThrow(TypeError);
  });
});

describe('the place of a stage', () => {
  const ramUser = { userId: 'u', ak: 'ram', sk: 'the-secret-key-of-a-user', externalId: 'e' };
  beforeEach(async () => {
    await domain.call(rpc.create_instance, { instanceId: 'i', objInfo: objectStore() });
  });

  async function stageOf(stage: object): Promise<ObjectLocation | undefined> {
    expect(await domain.status(rpc.create_stage, { cloudUniqueId: '1:i:fe', stage })).toBe('OK');
    const [stored] = (await domain.instance('i')).stages;
    const vaults = await vaultsOf('i');
    await vaults.stage(stored ?? create(StagePBSchema));
    return opened.at(-1);
  }

  test('of a user is a folder in the object store that it was created in', async () => {
    const stage = { type: StageType.INTERNAL, mysqlUserName: ['jack'], mysqlUserId: ['7'], stageId: 's' };
    const credentials = { kind: 'keys', ak: 'ak', sk: SECRET };
    expect(await stageOf(stage)).toMatchObject({ bucket: 'bucket', prefix: 'pre/stage/jack/7', credentials });
  });

  test('elsewhere is opened with its own keys, or with those of the user of the instance', async () => {
    const objInfo = { ...objectStore('outside'), sk: 'the-secret-key-of-a-stage' };
    const stage = { type: StageType.EXTERNAL, name: 'e', stageId: 's', objInfo };
    const own = { kind: 'keys', ak: 'ak', sk: 'the-secret-key-of-a-stage' };
    expect(await stageOf(stage)).toMatchObject({ bucket: 'outside', prefix: 'pre', credentials: own });

    await domain.call(rpc.alter_ram_user, { instanceId: 'i', ramUser });
    const [stored] = (await domain.instance('i')).stages;
    const vaults = await vaultsOf('i');
    await vaults.stage({ ...(stored ?? create(StagePBSchema)), accessType: AccessType.BUCKET_ACL });
    const users = { kind: 'keys', ak: 'ram', sk: ramUser.sk };
    expect(opened.at(-1)).toMatchObject({ bucket: 'outside', credentials: users });
  });

  test('is opened once, is closed with the vaults, and says why it can not be opened', async () => {
    const vaults = await vaultsOf('i');
    const stage = create(StagePBSchema, { stageId: 's', type: StageType.INTERNAL, objInfo: { id: '1', prefix: 'p' } });
    const place = await vaults.stage(stage);
    expect(await vaults.stage(stage)).toBe(place);
    vaults.close();
    expect([place, ...vaults.all()]).toMatchObject([{ closed: true }, { closed: true }]);

    const internal = { ...stage, objInfo: create(ObjectStoreInfoPBSchema, { id: '4', prefix: 'p' }) };
    await expect(vaults.stage(internal)).rejects.toThrow("stage s: the instance has no object store '4'");
    const external = { ...stage, type: StageType.EXTERNAL, accessType: AccessType.IAM };
    await expect(vaults.stage(external)).rejects.toThrow('stage s: its kind of access is not supported');
    const ofUser = { ...stage, type: StageType.EXTERNAL, accessType: AccessType.BUCKET_ACL };
    await expect(vaults.stage(ofUser)).rejects.toThrow('stage s: the instance has no user for it');
  });
});

function fail(error: Error): never {
  throw error;
}
