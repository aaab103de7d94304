import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Domain, domainOn, openInstance, rpc } from '../../../test/support/fuzz/domain.ts';

const SETTINGS = { arn_id: 'arn', arn_ak: 'arn_ak', arn_sk: 'arn_sk_of_settings' };
let domain: Domain;
beforeEach(async () => {
  domain = await openInstance({ settings: SETTINGS });
});
afterEach(() => domain.dispose());

function getIam() {
  return domain.call(rpc.get_iam, { cloudUniqueId: '1:i:fe' });
}

async function refused(status: Promise<string>, expected: RegExp): Promise<void> {
  const before = await domain.version();
  expect(await status).toMatch(expected);
  expect(await domain.version()).toBe(before);
}

test('the user that all instances share is that of the settings, until one is set', async () => {
  const ofSettings = { userId: 'arn', externalId: 'i', ak: 'arn_ak', sk: 'arn_sk_of_settings' };
  expect((await getIam()).iamUser).toMatchObject(ofSettings);
  const user = { accountId: 'a', ak: 'k', sk: 'a-secret-key' };
  expect(await domain.status(rpc.alter_iam, user)).toBe('OK');
  expect((await getIam()).iamUser).toMatchObject({ userId: 'a', externalId: 'i', ak: 'k', sk: 'a-secret-key' });
  await refused(domain.status(rpc.alter_iam, user), /^INVALID_ARGUMENT already has the same arn info/);
  expect(await domain.status(rpc.alter_iam, { ...user, sk: 'another' })).toBe('OK');
  for (const field of ['accountId', 'ak', 'sk']) {
    await refused(domain.status(rpc.alter_iam, { ...user, [field]: '' }), /^INVALID_ARGUMENT invalid argument/);
  }
});

test('the same user under a new key of encryption is stored again, and stays readable', async () => {
  const user = { accountId: 'a', ak: 'k', sk: 'a-secret-key' };
  await domain.call(rpc.alter_iam, user);
  const encryption_key = Buffer.alloc(32, 'n').toString('base64');
  const later = await domainOn(domain.store, { settings: { ...SETTINGS, encryption_key } });
  expect((await later.call(rpc.get_iam, { cloudUniqueId: '1:i:fe' })).iamUser).toMatchObject({ sk: 'a-secret-key' });
  expect(await later.status(rpc.alter_iam, user)).toBe('OK');
  expect(await later.status(rpc.alter_iam, user)).toMatch(/^INVALID_ARGUMENT/);
  expect((await getIam()).iamUser).toMatchObject({ sk: 'a-secret-key', encryptionInfo: { keyId: 2n } });
});

test('the user of an instance may be set to what it is', async () => {
  const ramUser = { userId: 'u', ak: 'k', sk: 'a-secret-key', externalId: 'e' };
  expect((await getIam()).ramUser).toBeUndefined();
  for (let times = 0; times < 2; times++) {
    expect(await domain.status(rpc.alter_ram_user, { instanceId: 'i', ramUser })).toBe('OK');
  }
  expect((await getIam()).ramUser).toMatchObject(ramUser);
  expect((await domain.instance('i')).ramUser?.sk).not.toContain('secret');
  await refused(domain.status(rpc.alter_ram_user, { instanceId: 'no', ramUser }), /^KV_TXN_GET_ERR/);
  await domain.call(rpc.alter_instance, { instanceId: 'i', op: 1 });
  await refused(domain.status(rpc.alter_ram_user, { instanceId: 'i', ramUser }), /^CLUSTER_NOT_FOUND/);
});
