import { create, equals } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EncryptionKeyInfoPBSchema } from './gen/cloud/encryption_pb.ts';
import { AlterIamRequestSchema } from './gen/cloud/iam_pb.ts';
import { InstanceInfoPBSchema } from './gen/cloud/instance_pb.ts';
import { StagePBSchema } from './gen/cloud/stage_pb.ts';
import { TabletStatsPBSchema } from './gen/cloud/tablet_stats_pb.ts';
import { AlterObjStoreInfoRequestSchema, HdfsBuildConfSchema } from './gen/cloud/vault_pb.ts';
import { writeProtobufJson } from './json/write-protobuf-json.ts';
import { maskSecrets, maskUrlUser } from './mask-secrets.ts';
import { arbitraryMessage } from './testing/arbitrary-message.ts';

test('keys of clouds, of stores and of users', () => {
  const iam = create(AlterIamRequestSchema, { accountId: 'id', ak: 'hidden', sk: 'hidden' });
  expect(writeProtobufJson(AlterIamRequestSchema, maskSecrets(AlterIamRequestSchema, iam))).toBe(
    '{"account_id":"id","ak":"******","sk":"******"}',
  );
  const vault = create(AlterObjStoreInfoRequestSchema, {
    vault: { name: 'v', objInfo: { bucket: 'b', sk: 'hidden' } },
  });
  const text = writeProtobufJson(AlterObjStoreInfoRequestSchema, maskSecrets(AlterObjStoreInfoRequestSchema, vault));
  expect(text).toBe('{"vault":{"name":"v","obj_info":{"sk":"******","bucket":"b"}}}');
  expect(vault.vault?.objInfo?.sk).toBe('hidden');
});

test('the data keys of the service', () => {
  const keys = create(EncryptionKeyInfoPBSchema, { items: [{ keyId: 1n, key: 'hidden' }] });
  expect(maskSecrets(EncryptionKeyInfoPBSchema, keys).items[0]).toMatchObject({ keyId: 1n, key: '******' });
});

describe('pairs and maps by their key', () => {
  test.each([
    ['dfs.nameservices', 'shown'],
    ['hadoop.security.authentication', 'shown'],
    ['dfs.data.transfer.password', '******'],
    ['fs.s3a.secret.key', '******'],
    ['AWS_ACCESS_KEY', '******'],
    ['fs.oss.accessKeyId', '******'],
    ['default.file.sk', '******'],
    ['delegation-token', '******'],
    ['fs.azure.account.key.acc.blob.core.windows.net', '******'],
    ['fs.azure.sas.c.acc', '******'],
    ['fs.gs.auth.service.account.private.key', '******'],
    ['fs.swift.service.x.apikey', '******'],
    ['pwd', '******'],
    ['task', '******', 'shown'],
  ])('%s', (key, setting, value = setting) => {
    const conf = create(HdfsBuildConfSchema, { hdfsConfs: [{ key, value: 'shown' }] });
    const masked = maskSecrets(HdfsBuildConfSchema, conf);
    expect(masked.hdfsConfs[0]?.value).toEqual(setting);
    const stage = create(StagePBSchema, { properties: { [key]: 'shown' } });
    expect(maskSecrets(StagePBSchema, stage).properties).toEqual({ [key]: value });
  });
});

test('who logs in in a URL', () => {
  const conf = create(HdfsBuildConfSchema, { fsName: 'hdfs://user:hidden@host:4007/a@b' });
  expect(maskSecrets(HdfsBuildConfSchema, conf).fsName).toBe('hdfs://******@host:4007/a@b');
  expect(maskUrlUser('hdfs://host:4007/p, s3a://id:hid:den@bucket')).toBe('hdfs://host:4007/p, s3a://******@bucket');
});

test('a type without room for secrets is not copied', () => {
  const stats = create(TabletStatsPBSchema, { dataSize: 1n });
  expect(maskSecrets(TabletStatsPBSchema, stats)).toBe(stats);
});

test('what the schema does not know is left out', () => {
  const instance = create(InstanceInfoPBSchema);
  instance.$unknown = [{ no: 999, wireType: 2, data: Uint8Array.of(1, 0x78) }];
  expect(maskSecrets(InstanceInfoPBSchema, instance).$unknown).toBeUndefined();
});

test('masking changes nothing but secrets, and twice is once', () => {
  fc.assert(
    fc.property(arbitraryMessage(InstanceInfoPBSchema), (instance) => {
      const masked = maskSecrets(InstanceInfoPBSchema, instance);
      expect(equals(InstanceInfoPBSchema, maskSecrets(InstanceInfoPBSchema, masked), masked)).toBe(true);
      const secrets = [
        instance.ramUser,
        instance.iamUser,
        ...instance.objInfo,
        ...instance.stages.map((s) => s.objInfo),
      ];
      const shown = [masked.ramUser, masked.iamUser, ...masked.objInfo, ...masked.stages.map((s) => s.objInfo)];
      for (const [i, secret] of secrets.entries()) expect(shown[i]?.sk).toBe(secret?.sk ? '******' : shown[i]?.sk);
      expect(masked.clusters).toEqual(instance.clusters);
      expect(masked.name).toBe(instance.name);
    }),
  );
});
