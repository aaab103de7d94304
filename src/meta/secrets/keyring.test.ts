import { create } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type TemporaryStore, temporaryStore } from '../../../test/support/kv/temporary-store.ts';
import { keys } from '../../keys/key-table.ts';
import { readRecord, writeRecord } from '../../records/message-record.ts';
import {
  EncryptionInfoPBSchema,
  EncryptionKeyInfoPB_ItemSchema,
  EncryptionKeyInfoPBSchema,
  EncryptionKeyInfoPB_KMSInfoSchema as KmsInfoSchema,
} from '../../schema/gen/cloud/encryption_pb.ts';
import { Keyring, type SealedSecret } from './keyring.ts';

const DEFAULT = Buffer.alloc(32, 'd').toString('base64');
const MINE = Buffer.alloc(32, 'm').toString('base64');
const LATER = Buffer.alloc(32, 'l').toString('base64');

let temporary: TemporaryStore;
beforeEach(async () => {
  temporary = await temporaryStore();
});
afterEach(() => temporary.dispose());

function keyring(encryption_key: string, encryption_method = 'AES_256_ECB'): Keyring {
  return new Keyring({ encryption_key, encryption_method, default_key: DEFAULT });
}

async function installed(encryption_key: string): Promise<Keyring> {
  const ring = keyring(encryption_key);
  await ring.install(temporary.store);
  return ring;
}

function seal(ring: Keyring, plain: string): Promise<SealedSecret> {
  return temporary.store.transact((txn) => ring.seal(txn, plain));
}

function open(ring: Keyring, { encrypted, info }: SealedSecret): Promise<string> {
  return temporary.store.transact((txn) => ring.open(txn, encrypted, info));
}

async function storedKeys(): Promise<[bigint, string][]> {
  const record = await temporary.store.transact((txn) => readRecord(txn, keys.systemEncryptionKeys, {}));
  return (record?.items ?? []).map(({ keyId, key }) => [keyId, key]);
}

describe('the keys of a store', () => {
  test('a fresh store takes the key of the settings', async () => {
    const ring = await installed(MINE);
    expect(await storedKeys()).toEqual([[1n, MINE]]);
    const sealed = await seal(ring, 'secret');
    expect(sealed.info).toMatchObject({ keyId: 1n, encryptionMethod: 'AES_256_ECB' });
    expect(sealed.encrypted).not.toContain('secret');
    expect(await open(ring, sealed)).toBe('secret');
  });

  test('only the default key is reported as such', async () => {
    expect(await keyring(DEFAULT).install(temporary.store)).toBe(true);
    expect(await keyring(DEFAULT).install(temporary.store)).toBe(true);
    expect(await keyring(MINE).install(temporary.store)).toBe(false);
    expect(await keyring(DEFAULT).install(temporary.store)).toBe(false);
  });

  test('another key leaves old secrets readable, and encrypts the new ones', async () => {
    const before = await seal(await installed(MINE), 'old');
    const ring = await installed(LATER);
    expect(await storedKeys()).toEqual([
      [1n, MINE],
      [2n, LATER],
    ]);
    const after = await seal(ring, 'new');
    expect(after.info.keyId).toBe(2n);
    expect(await open(ring, before)).toBe('old');
    expect(await open(ring, after)).toBe('new');
  });

  test('the default key never takes the place of one that somebody chose', async () => {
    await installed(MINE);
    const ring = await installed(DEFAULT);
    expect(await storedKeys()).toEqual([[1n, MINE]]);
    expect((await seal(ring, 'x')).info.keyId).toBe(1n);
  });

  test('the same key again, and no key at all, change nothing', async () => {
    await installed(MINE);
    const version = await temporary.store.transact((txn) => txn.readVersion());
    await installed(MINE);
    await installed('');
    expect(await temporary.store.transact((txn) => txn.readVersion())).toBe(version);
  });

  test('without a wish, a fresh store gets a key that nobody knows', async () => {
    expect(await keyring('').install(temporary.store)).toBe(false);
    const [[id, key] = [0n, '']] = await storedKeys();
    expect(id).toBe(1n);
    expect(Buffer.from(key, 'base64')).toHaveLength(32);
  });

  test('going back to an older key makes it the newest again', async () => {
    await installed(MINE);
    await installed(LATER);
    await installed(MINE);
    expect(await storedKeys()).toEqual([
      [1n, MINE],
      [2n, LATER],
      [3n, MINE],
    ]);
  });

  test('processes that start at the same time agree', async () => {
    await Promise.all([installed(MINE), installed(MINE), installed(MINE)]);
    expect(await storedKeys()).toEqual([[1n, MINE]]);
  });
});

describe('what can not be opened', () => {
  test.each([
    ['a key that is not there', { keyId: 9n, encryptionMethod: 'AES_256_ECB' }],
    ['an unknown method', { keyId: 1n, encryptionMethod: 'ROT13' }],
    ['a method by a name that every object has', { keyId: 1n, encryptionMethod: 'constructor' }],
    ['another such name', { keyId: 1n, encryptionMethod: '__proto__' }],
    ['another method than it was sealed with', { keyId: 1n, encryptionMethod: 'AES_128_ECB' }],
    ['no method', { keyId: 1n }],
  ])('%s is an error that tells nothing', async (_, info) => {
    const ring = await installed(MINE);
    const { encrypted } = await seal(ring, 'a secret that is longer than one block');
    await expect(open(ring, { encrypted, info: create(EncryptionInfoPBSchema, info) })).rejects.toMatchObject({
      name: 'MetaError',
      message: 'failed to decrypt',
    });
  });

  test('what another key sealed', async () => {
    const sealed = await seal(await installed(MINE), 'secret');
    const ring = await installed(LATER);
    const info = create(EncryptionInfoPBSchema, { ...sealed.info, keyId: 2n });
    await expect(open(ring, { ...sealed, info })).rejects.toThrow('failed to decrypt');
  });

  test('a key that a key management service holds is neither used nor replaced', async () => {
    const item = create(EncryptionKeyInfoPB_ItemSchema, { keyId: 5n, kmsInfo: create(KmsInfoSchema) });
    const record = create(EncryptionKeyInfoPBSchema, { items: [item] });
    await temporary.store.transact(async (txn) => writeRecord(txn, keys.systemEncryptionKeys, {}, record));
    const ring = await installed(MINE);
    expect(await storedKeys()).toEqual([
      [5n, ''],
      [6n, MINE],
    ]);
    expect((await seal(ring, 'x')).info.keyId).toBe(6n);
    const info = create(EncryptionInfoPBSchema, { keyId: 5n, encryptionMethod: 'AES_256_ECB' });
    await expect(open(ring, { encrypted: 'AAAA', info })).rejects.toThrow('failed to decrypt');
  });

  test('a damaged record of keys is an error, and stays as it is', async () => {
    const key = keys.systemEncryptionKeys.encode({});
    const damaged = Buffer.from('ffffffff', 'hex');
    await temporary.store.transact(async (txn) => txn.set(key, damaged));
    await expect(keyring(MINE).install(temporary.store)).rejects.toThrow(/^malformed systemEncryptionKeys value/);
    expect(await temporary.store.transact((txn) => txn.get(key))).toEqual(damaged);
  });

  test('nothing can be sealed before there is a key', async () => {
    await expect(seal(keyring(MINE), 'x')).rejects.toThrow('failed to get encryption key');
  });
});
