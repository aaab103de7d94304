import { BlobServiceClient, StorageSharedKeyCredential } from '@azure/storage-blob';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openObjectStore } from '../../src/objects/open-object-store.ts';
import { type AzureServer, startAzureServer } from '../support/objects/azure-server.ts';
import { unlimited } from '../support/objects/limits.ts';
import { OBJECT_SETTINGS } from '../support/objects/settings.ts';
import { contract, keysOf, putAll } from './contract.ts';
import { faultContract } from './faults.ts';

const options = { name: 'vault 1', limiters: unlimited(), settings: OBJECT_SETTINGS };

describe('a container', () => {
  contract(async () => {
    const server = await startAzureServer('container');
    return { open: (prefix) => openObjectStore(server.location('container', { prefix }), options), stop: server.stop };
  });
});

describe('a container and', () => {
  const wrong = Buffer.from('the secret key of nobody').toString('base64');

  faultContract(async () => {
    const server = await startAzureServer('container');
    const { account_key: right } = server.location('container');
    return {
      address: new URL(server.endpoint).host,
      secrets: [right, wrong],
      open({ address, missing = false, wrong_credentials = false }, given) {
        const more = { endpoint: `http://${address}`, ...(wrong_credentials && { account_key: wrong }) };
        return openObjectStore(server.location(missing ? 'none' : 'container', more), given);
      },
      stop: server.stop,
    };
  });
});

describe('objects that can not be deleted as they are', () => {
  let server: AzureServer;
  beforeAll(async () => {
    server = await startAzureServer('container');
  });
  afterAll(() => server?.stop());

  function blob(name: string) {
    const { account, account_key } = server.location('container');
    const credential = new StorageSharedKeyCredential(account, account_key);
    const service = new BlobServiceClient(`${server.endpoint}/${account}`, credential);
    return service.getContainerClient('container').getBlobClient(name);
  }

  test('fail the batch, from which the others are gone', async () => {
    const store = openObjectStore(server.location('container'), options);
    await putAll(store, ['a', 'b', 'c']);
    await blob('pre/b').getBlobLeaseClient().acquireLease(-1);
    const failure = {
      fault: 'failed',
      message: expect.stringMatching(/1 of 3 objects are still there: LeaseIdMissing/),
    };
    await expect(store.delete(['a', 'b', 'c'])).rejects.toMatchObject(failure);
    await expect(store.deletePrefix('')).rejects.toMatchObject({ fault: 'failed' });
    expect(await keysOf(store, '')).toEqual(['b']);
    await blob('pre/b').getBlobLeaseClient().breakLease(0);
    await store.delete(['b']);
    expect(await keysOf(store, '')).toEqual([]);
  });

  test('go with their snapshots', async () => {
    const store = openObjectStore(server.location('container'), options);
    await store.put('s', Buffer.from('x'));
    await blob('pre/s').createSnapshot();
    await store.delete(['s']);
    expect(await store.exists('s')).toBe(false);
  });
});
