import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Domain, openDomain, rpc } from '../../../test/support/fuzz/domain.ts';
import { ObjectStoreInfoPB_Provider as Provider } from '../../schema/gen/cloud/object_store_pb.ts';
import { AlterObjStoreInfoRequest_Operation as Operation } from '../../schema/gen/cloud/vault_pb.ts';
import { trimPrefix } from './trim-prefix.ts';

describe('a prefix', () => {
  test.each([
    ['/a/b/', 'a/b'],
    ['//a//b ', 'a//b'],
    [' \t/', ''],
    ['', ''],
    ['a b', 'a b'],
    ['\na\n', '\na\n'],
  ])('%j is kept as %j', (given, kept) => expect(trimPrefix(given)).toBe(kept));

  test('has nothing left to trim, and lost only what is trimmed', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('/', ' ', '\t', 'a', '\n') }), (given) => {
        const kept = trimPrefix(given);
        expect(trimPrefix(kept)).toBe(kept);
        expect(given.replace(kept, '')).toMatch(/^[/ \t]*$/);
        expect(kept).not.toMatch(/^[/ \t]|[/ \t]$/);
      }),
    );
  });
});

describe('the object stores of an instance', () => {
  let domain: Domain;
  beforeEach(async () => {
    domain = await openDomain();
    await domain.call(rpc.create_instance, { instanceId: 'i', objInfo: objectStore('first') });
  });
  afterEach(() => domain.dispose());

  function objectStore(bucket: string) {
    return {
      ...{ ak: 'ak', sk: 'sk', bucket, prefix: 'p', endpoint: 'e', externalEndpoint: 'x', region: 'r' },
      provider: Provider.OSS,
    };
  }

  function add(obj: object): Promise<string> {
    return domain.status(rpc.alter_obj_store_info, { cloudUniqueId: '1:i:fe', op: Operation.ADD_OBJ_INFO, obj });
  }

  async function refused(status: Promise<string>, expected: RegExp): Promise<void> {
    const before = await domain.version();
    expect(await status).toMatch(expected);
    expect(await domain.version()).toBe(before);
  }

  test('are ten at most', async () => {
    for (let i = 1; i < 10; i++) expect(await add(objectStore(`b${i}`))).toBe('OK');
    await refused(add(objectStore('b10')), /^UNDEFINED_ERR this instance history has greater than 10 objs/);
    expect((await domain.instance('i')).objInfo.map(({ id }) => id)).toEqual(
      Array.from({ length: 10 }, (_, i) => `${i + 1}`),
    );
  });

  test('are each at a place of their own', async () => {
    await refused(add(objectStore('first')), /^INVALID_ARGUMENT original obj infos has a same conf/);
    expect(await add({ ...objectStore('first'), prefix: 'other' })).toBe('OK');
  });

  test('are each of a size below 1 KiB', async () => {
    const size = 1024 - 40;
    expect(await add({ ...objectStore('b'), prefix: 'p'.repeat(size - 20) })).toBe('OK');
    await refused(
      add({ ...objectStore('b'), prefix: 'p'.repeat(1024) }),
      /^INVALID_ARGUMENT s3 obj info greater than 1k/,
    );
  });

  test('are none beside vaults', async () => {
    await domain.call(rpc.create_instance, { instanceId: 'v', vault: { objInfo: objectStore('b') } });
    const request = { cloudUniqueId: '1:v:fe', op: Operation.ADD_OBJ_INFO, obj: objectStore('c') };
    await refused(domain.status(rpc.alter_obj_store_info, request), /^INVALID_ARGUMENT Storage vault doesn't support/);
  });

  test.each(['0', '2', '-1', '1.0', '1e0', 'constructor', '', '١', ' 1'])('are not found by the id %j', (id) =>
    refused(
      domain.status(rpc.alter_obj_store_info, {
        cloudUniqueId: '1:i:fe',
        op: Operation.LEGACY_UPDATE_AK_SK,
        obj: { id, ak: 'a', sk: 'b' },
      }),
      /^INVALID_ARGUMENT id invalid/,
    ),
  );

  test('get other keys all together or not at all', async () => {
    await domain.call(rpc.alter_ram_user, { instanceId: 'i', ramUser: { userId: 'r', ak: 'a', sk: 's' } });
    const user = { userId: 'u', ak: 'new', sk: 'new' };
    const wrong = { instanceId: 'i', internalBucketUser: [user], ramUser: { userId: 'other', ak: 'x', sk: 'y' } };
    await refused(domain.status(rpc.update_ak_sk, wrong), /^INVALID_ARGUMENT ram user_id err/);
    const right = { ...wrong, ramUser: { userId: 'r', ak: 'x', sk: 'y' } };
    expect(await domain.status(rpc.update_ak_sk, right)).toBe('OK');
    expect(await domain.instance('i')).toMatchObject({ ramUser: { ak: 'x' }, objInfo: [{ ak: 'new', userId: 'u' }] });
    await refused(domain.status(rpc.update_ak_sk, right), /^INVALID_ARGUMENT ak sk eq original/);
    const two = {
      instanceId: 'i',
      internalBucketUser: [
        { ...user, sk: 'newer' },
        { ...user, userId: 'nobody', sk: '' },
      ],
    };
    expect(await domain.status(rpc.update_ak_sk, two)).toBe('OK');
  });

  test('are not looked for in a request of more users than there can be', async () => {
    const internalBucketUser = Array.from({ length: 10_001 }, (_, i) => ({ userId: `${i}`, ak: 'a', sk: 's' }));
    const message = /^INVALID_ARGUMENT a request may name at most 10000 bucket users, and names 10001$/;
    await refused(domain.status(rpc.update_ak_sk, { instanceId: 'i', internalBucketUser }), message);
  });

  test('errors that quote the request leave out its keys', async () => {
    const secret = 'a-secret-in-a-request';
    const statuses = [
      add({ ...objectStore('b'), sk: secret, prefix: 'p'.repeat(2000) }),
      add({ sk: secret }),
      domain.status(rpc.update_ak_sk, { instanceId: 'i', ramUser: { sk: secret } }),
      domain.status(rpc.update_ak_sk, { instanceId: 'i', internalBucketUser: [{ sk: secret }] }),
      domain.status(rpc.alter_ram_user, { instanceId: 'i', ramUser: { ak: 'x', sk: secret } }),
      domain.status(rpc.alter_storage_vault, { op: Operation.UNKNOWN, vault: { objInfo: { ak: 'x', sk: secret } } }),
    ];
    for (const status of await Promise.all(statuses)) {
      expect(status).toMatch(/^INVALID_ARGUMENT .*\*{6}/);
      expect(status).not.toContain(secret);
    }
    expect(domain.log.join('')).not.toContain(secret);
  });
});
