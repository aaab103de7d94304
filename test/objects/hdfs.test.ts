import { afterEach, describe, expect, test } from 'vitest';
import type { HdfsLocation } from '../../src/objects/location.ts';
import { openObjectStore } from '../../src/objects/open-object-store.ts';
import { startCannedServer } from '../support/objects/canned-server.ts';
import { unlimited } from '../support/objects/limits.ts';
import { OBJECT_SETTINGS } from '../support/objects/settings.ts';
import { startWebHdfs, type WebHdfsOptions, type WebHdfsServer } from '../support/objects/web-hdfs-server.ts';
import { contract, keysOf, putAll } from './contract.ts';
import { faultContract } from './faults.ts';

const options = { name: 'vault 1', limiters: unlimited(), settings: OBJECT_SETTINGS };

describe('a folder', () => {
  contract(async () => {
    const server = await startWebHdfs({ page_entries: 100 });
    return { open: (prefix) => openObjectStore(server.location({ prefix }), options), stop: server.stop };
  });
});

describe('a folder and', () => {
  const open = ({ location }: WebHdfsServer) => ({
    open: ({ address = '', wrong_credentials = false }, given: typeof options) => {
      const confs = { 'dfs.namenode.http-address': address };
      return openObjectStore(location({ confs, ...(wrong_credentials && { user: 'nobody' }) }), given);
    },
  });

  faultContract(
    async () => {
      const server = await startWebHdfs();
      return { ...open(server), address: server.address, secrets: [], stop: server.stop };
    },
    { has_buckets: false },
  );
});

describe('a service', () => {
  const servers: WebHdfsServer[] = [];
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.stop()));
  });

  async function start(kind?: WebHdfsOptions): Promise<WebHdfsServer> {
    const server = await startWebHdfs(kind);
    servers.push(server);
    return server;
  }

  function pair(one: WebHdfsServer, other: WebHdfsServer): HdfsLocation {
    const confs = {
      'dfs.nameservices': 'ns',
      'dfs.ha.namenodes.ns': 'nn1, nn2',
      'dfs.namenode.http-address.ns.nn1': one.address,
      'dfs.namenode.http-address.ns.nn2': other.address,
    };
    return one.location({ fs_name: 'hdfs://ns', confs });
  }

  test('that can not list in batches is asked once, and then as it can answer', async () => {
    const server = await start({ old: true });
    const store = openObjectStore(server.location(), options);
    await putAll(store, ['data/1/a', 'data/2/b']);
    expect(await keysOf(store, '')).toEqual(['data/1/a', 'data/2/b']);
    expect(await keysOf(store, 'data/2')).toEqual(['data/2/b']);
    expect(server.asked.filter((call) => call.includes('LISTSTATUS_BATCH'))).toHaveLength(1);
  });

  test('is written to in two steps, the bytes at the data node', async () => {
    const server = await start();
    await openObjectStore(server.location(), options).put('a', Buffer.from('x'));
    expect(server.asked).toEqual(['PUT CREATE /pre/a', 'PUT data /pre/a']);
  });

  test('of which one name node stands by is asked at the other, and goes on there', async () => {
    const standby = await start({ standby: true });
    const active = await start({ tree: standby.tree });
    const store = openObjectStore(pair(standby, active), { ...options, settings: NO_RETRY });
    await store.put('a', Buffer.from('x'));
    expect(await store.exists('a')).toBe(true);
    expect(await store.deletePrefix('')).toEqual({ objects: 1, bytes: 1 });
    expect(standby.asked).toEqual(['PUT CREATE /pre/a']);
  });

  test('of which one name node is gone is asked at the other', async () => {
    const gone = await startWebHdfs();
    const active = await start();
    await gone.stop();
    const store = openObjectStore(pair(gone, active), { ...options, settings: NO_RETRY });
    expect(await store.exists('a')).toBe(false);
  });

  test('of which all name nodes stand by is asked again later', async () => {
    const [one, other] = [await start({ standby: true }), await start({ standby: true })];
    const store = openObjectStore(pair(one, other), options);
    await expect(store.exists('a')).rejects.toMatchObject({
      fault: 'unavailable',
      message: expect.stringMatching(/^vault 1: could not look for an object: StandbyException /),
    });
    expect([one.asked.length, other.asked.length]).toEqual([3, 3]);
  });

  test('that asks for Kerberos is told to be misconfigured', async () => {
    const server = await start({ kerberos: true });
    const refused = {
      fault: 'misconfigured',
      message: expect.stringMatching(/^vault 1: .*Kerberos, which is not supported/),
    };
    await expect(openObjectStore(server.location(), options).exists('a')).rejects.toMatchObject(refused);
    expect(() => openObjectStore(server.location({ kerberos: true }), options)).toThrow(
      expect.objectContaining(refused),
    );
    const confs = { 'hadoop.security.authentication': 'kerberos' };
    expect(() => openObjectStore(server.location({ confs }), options)).toThrow(expect.objectContaining(refused));
  });

  test('keeps a file that can not be deleted, and says so', async () => {
    const server = await start();
    const store = openObjectStore(server.location(), options);
    await putAll(store, ['a', 'data/b', 'data/c']);
    server.tree.stuck.add('/pre/data/b');
    await expect(store.delete(['a', 'data/b', 'data/c'])).rejects.toMatchObject({ fault: 'denied' });
    await expect(store.deletePrefix('data/')).rejects.toMatchObject({ fault: 'denied' });
    expect(server.tree.files).toContain('/pre/data/b');
  });

  test('is not believed to have deleted what it says that it has not', async () => {
    const server = await start();
    const store = openObjectStore(server.location(), options);
    await putAll(store, ['a', 'data/1/b', 'data/2/c']);
    for (const path of ['/pre/a', '/pre/data/1']) server.tree.silent.add(path);
    const left = {
      fault: 'failed',
      message: expect.stringMatching(/^vault 1: could not delete .*: it is there still$/),
    };
    await expect(store.delete(['none', 'a'])).rejects.toMatchObject(left);
    await expect(store.deletePrefix('data/1/')).rejects.toMatchObject(left);
    await store.delete(['none', 'data/none', 'data/2/c']);
    expect(server.tree.files).toEqual(['/pre/a', '/pre/data/1/b']);
  });

  test('deletes no file for a folder of its name, and no folder beside the prefix', async () => {
    const server = await start();
    const store = openObjectStore(server.location(), options);
    await putAll(store, ['data/1', 'data/10/a', 'data/2/a']);
    expect(await store.deletePrefix('data/1/')).toEqual({ objects: 0, bytes: 0 });
    expect(await keysOf(store, 'data/1/')).toEqual([]);
    expect(await store.deletePrefix('data/1')).toEqual({ objects: 2, bytes: 2 });
    expect(server.tree.files).toEqual(['/pre/data/2/a']);
  });
});

const NO_RETRY = { ...OBJECT_SETTINGS, max_s3_client_retry: 0 };

test.each([
  ['{"ok":true}', 'an answer that is none of WebHDFS with the status 200'],
  ['<html></html>', 'an answer that is none of WebHDFS with the status 200'],
  [
    '{"DirectoryListing":{"partialListing":{"FileStatuses":{"FileStatus":[]}},"remainingEntries":5}}',
    'with the status 200',
  ],
])('what answers %s leaves nothing for gone', async (body, why) => {
  const server = await startCannedServer({ status: 200, body });
  try {
    const fs_name = server.endpoint;
    const place = { kind: 'hdfs', fs_name, user: 'doris', prefix: 'pre', confs: {}, kerberos: false } as const;
    const store = openObjectStore(place, { ...options, settings: NO_RETRY });
    for (const call of [store.delete(['a']), store.exists('a'), keysOf(store, ''), store.deletePrefix('data/')]) {
      await expect(call).rejects.toMatchObject({ fault: 'failed', message: expect.stringContaining(why) });
    }
  } finally {
    await server.stop();
  }
});
