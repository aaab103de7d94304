import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AdminError, type Client, createClient } from '../../src/client/client.ts';
import { keys } from '../../src/keys/key-table.ts';
import type { Store } from '../../src/kv/store.ts';
import { createServices } from '../../src/server/services.ts';
import { startTestServer, type TestServer } from '../support/run-server.ts';

let server: TestServer;
let client: Client;
let store: Store;
beforeAll(async () => {
  server = await startTestServer({
    createServices: (parts) => {
      store = parts.store;
      return createServices(parts);
    },
  });
  client = createClient({ endpoints: server.base, token: server.token });
  for (const instance_id of ['a', 'b', 'c', 'd']) {
    await client.admin('create_instance', {
      ...{ instance_id, name: `name_${instance_id}`, user_id: 'ann' },
      obj_info: {
        ...{ ak: 'AK-OF-TEST', sk: 'SK-OF-TEST', bucket: 'b', prefix: 'p', endpoint: 'e', external_endpoint: 'e' },
        ...{ region: 'r', provider: 'S3' },
      },
    });
  }
});
afterAll(async () => {
  client.close();
  await server.stop();
});

type Entries = readonly Readonly<Record<string, unknown>>[];

async function list(operation: string, name: string, query: Record<string, string | number> = {}) {
  const { result, text } = await client.admin(operation, undefined, { query });
  return { entries: result?.[name] as Entries, next: result?.next_after as string | undefined, text };
}

/** All pages, of one entry each, one after the other. */
async function throughPages(operation: string, name: string, query: Record<string, string | number> = {}) {
  const entries: unknown[] = [];
  for (let after = ''; ; ) {
    const page = await list(operation, name, { ...query, limit: 1, ...(after !== '' && { after }) });
    expect(page.entries.length).toBeLessThanOrEqual(1);
    entries.push(...page.entries);
    if (page.next === undefined) return entries;
    after = page.next;
  }
}

async function refusal(operation: string, query: Record<string, string | number>) {
  const error = await client.admin(operation, undefined, { query }).catch((thrown: unknown) => thrown);
  if (!(error instanceof AdminError)) throw new Error(`${operation} was not refused`);
  return { status: error.http_status, msg: error.msg };
}

function put(key: Uint8Array, value: Uint8Array): Promise<void> {
  return store.transact(async (txn) => txn.set(key, value));
}

describe('list_instances', () => {
  test('tells what there is, without secrets, whole or in pages', async () => {
    const { entries, next, text } = await list('list_instances', 'instances');
    expect(entries.map(({ instance_id }) => instance_id)).toEqual(['a', 'b', 'c', 'd']);
    expect(entries[0]).toEqual({
      ...{ instance_id: 'a', name: 'name_a', user_id: 'ann', status: 'NORMAL', sse_enabled: false },
      ...{ compute_clusters: 0, frontends: 0, backends: 0, vaults: 0, object_stores: 1 },
    });
    expect(next).toBeUndefined();
    expect(text).not.toMatch(/[AS]K-OF-TEST/);
    expect(await throughPages('list_instances', 'instances')).toEqual(entries);
    expect((await list('list_instances', 'instances', { after: 'b' })).entries).toEqual(entries.slice(2));
    expect((await list('v1/list_instances', 'instances')).entries).toEqual(entries);
  });

  test('shows one that is damaged, and the others beside it', async () => {
    const key = keys.instance.encode({ instance_id: 'bb' });
    await put(key, Buffer.from('ff', 'hex'));
    const { entries } = await list('list_instances', 'instances');
    expect(entries.map(({ instance_id }) => instance_id)).toEqual(['a', 'b', 'bb', 'c', 'd']);
    expect(entries[2]).toEqual({ instance_id: 'bb', damaged: true });
    await store.transact(async (txn) => txn.clear(key));
  });

  test.each([0, 1001, 'x', -1, 1.5])('takes no limit %s', async (limit) => {
    expect(await refusal('list_instances', { limit })).toEqual({
      status: 400,
      msg: 'limit must be a number from 1 to 1000',
    });
  });

  test('asks for the token', async () => {
    expect((await fetch(`${server.base}/MetaService/http/list_instances?token=wrong`)).status).toBe(403);
  });
});

describe('list_txns', () => {
  const ids: bigint[] = [];
  beforeAll(async () => {
    for (const dbId of [2n, 1n]) {
      for (const label of ['one', 'two', 'three']) {
        const requestId = { hi: dbId, lo: BigInt(label.length) };
        const txnInfo = { label, dbId, tableIds: [5n], timeoutMs: 60_000n, requestId };
        ids.push((await client.begin_txn({ cloudUniqueId: '1:a:be', txnInfo })).txnId);
      }
    }
    await client.abort_txn({ cloudUniqueId: '1:a:be', dbId: 1n, txnId: ids[4] ?? 0n, reason: 'of a test' });
  });

  test('tells those that are unfinished, or of a status, in the order of databases', async () => {
    const [f = 0n, g = 0n, h = 0n, i = 0n, j = 0n, k = 0n] = ids;
    const found = async (query: Record<string, string | number> = {}) =>
      (await list('list_txns', 'txns', { instance_id: 'a', ...query })).entries.map(({ txn_id }) =>
        BigInt(String(txn_id)),
      );
    expect(await found()).toEqual([i, k, f, g, h]);
    expect(await found({ db_id: 2 })).toEqual([f, g, h]);
    expect(await found({ status: 'all' })).toEqual([i, j, k, f, g, h]);
    expect(await found({ status: 'TXN_STATUS_ABORTED' })).toEqual([j]);
    expect(await found({ status: 'visible' })).toEqual([]);
    expect(await found({ after: `1:${k}` })).toEqual([f, g, h]);
    const all = await list('list_txns', 'txns', { instance_id: 'a', status: 'all' });
    expect(all.entries[1]).toMatchObject({ db_id: '1', label: 'two', status: 'ABORTED', reason: 'of a test' });
    expect(await throughPages('list_txns', 'txns', { instance_id: 'a', status: 'all' })).toEqual(all.entries);
    const unfinished = await list('list_txns', 'txns', { instance_id: 'a' });
    expect(await throughPages('list_txns', 'txns', { instance_id: 'a' })).toEqual(unfinished.entries);
  });

  test('looks at so many in a call, and says where to go on', async () => {
    const { value } = await store.transact(async (txn) => {
      const found = await txn.get(keys.txnInfo.encode({ instance_id: 'a', db_id: 1n, txn_id: ids[4] ?? 0n }));
      return { value: Buffer.from(found ?? []) };
    });
    const encode = (txn_id: number) => keys.txnInfo.encode({ instance_id: 'c', db_id: 9n, txn_id });
    for (let from = 0; from < 10_500; from += 2_100) {
      await store.transact(async (txn) => {
        for (let at = from; at < from + 2_100; at++) txn.set(encode(at + 1), value);
      });
    }
    const first = await list('list_txns', 'txns', { instance_id: 'c', status: 'visible' });
    expect(first).toMatchObject({ entries: [], next: '9:10000' });
    const rest = await list('list_txns', 'txns', { instance_id: 'c', status: 'visible', after: '9:10000' });
    expect(rest).toMatchObject({ entries: [], next: undefined });
    const all = await list('list_txns', 'txns', { instance_id: 'c', status: 'aborted', limit: 1000 });
    expect(all.entries).toHaveLength(1000);
    expect(all.next).toBe('9:1000');
  });

  test('shows one that is damaged', async () => {
    await put(keys.txnInfo.encode({ instance_id: 'b', db_id: 1n, txn_id: 1n }), Buffer.from('ff', 'hex'));
    const { entries } = await list('list_txns', 'txns', { instance_id: 'b', status: 'visible' });
    expect(entries).toEqual([{ db_id: '1', txn_id: '1', damaged: true }]);
  });

  test.each([
    [{}, 400, 'instance_id is not given'],
    [{ instance_id: 'nowhere' }, 500, 'KeyNotFound'],
    [{ instance_id: 'a', status: 'gone' }, 400, 'status must be all or one of'],
    [{ instance_id: 'a', after: '1' }, 400, 'after must be DB_ID:TXN_ID'],
    [{ instance_id: 'a', after: '1:2:3' }, 400, 'after must be DB_ID:TXN_ID'],
    [{ instance_id: 'a', db_id: '9223372036854775808' }, 400, 'db_id must be a number'],
    [{ instance_id: 'a', db_id: '' }, 400, 'db_id must be a number'],
  ])('refuses %j', async (query, status, message) => {
    expect(await refusal('list_txns', query)).toEqual({ status, msg: expect.stringContaining(message) });
  });
});

describe('scan_keys', () => {
  test('tells keys in their order with what they say, whole or in pages', async () => {
    const of = { key_type: 'TxnInfoKey', instance_id: 'a' };
    const { entries } = await list('scan_keys', 'keys', of);
    expect(entries).toHaveLength(6);
    expect(entries[0]).toMatchObject({ kind: 'txnInfo', fields: { instance_id: 'a', db_id: '1' } });
    const hex = entries.map(({ key }) => String(key));
    expect(hex).toEqual([...hex].sort());
    expect(await throughPages('scan_keys', 'keys', of)).toEqual(entries);
    const prefix = keys.txnInfo.prefix({ instance_id: 'a' }).toString('hex');
    expect((await list('scan_keys', 'keys', { prefix })).entries).toEqual(entries);
    expect((await list('scan_keys', 'keys', { prefix, after: hex[4] ?? '' })).entries).toEqual(entries.slice(5));
    expect((await list('scan_keys', 'keys', { prefix, after: '00' })).entries).toEqual(entries);
    expect((await list('scan_keys', 'keys', { prefix, after: 'ff' })).entries).toEqual([]);
    expect((await list('scan_keys', 'keys', { ...of, db_id: 2 })).entries).toEqual(entries.slice(3));
  });

  test('tells a key that is of no kind, up to the last that there can be', async () => {
    await put(Buffer.from('fe01', 'hex'), Buffer.from('x'));
    for (const prefix of ['fe', 'fe01']) {
      const { entries } = await list('scan_keys', 'keys', { prefix });
      expect(entries).toEqual([{ key: 'fe01', value_bytes: 1, unknown: expect.any(String) }]);
    }
    expect((await list('scan_keys', 'keys', { prefix: 'ff' })).entries).toEqual([]);
  });

  test('answers no more bytes than it may hold at a time', async () => {
    const value = Buffer.alloc(90_000);
    for (let from = 0; from < 100; from += 25) {
      await store.transact(async (txn) => {
        for (let at = from; at < from + 25; at++) txn.set(Buffer.of(0xfd, at), value);
      });
    }
    const { entries, next } = await list('scan_keys', 'keys', { prefix: 'fd', limit: 1000 });
    expect(entries.length).toBeLessThan(100);
    const rest = await list('scan_keys', 'keys', { prefix: 'fd', limit: 1000, after: next ?? '' });
    expect(entries.length + rest.entries.length).toBe(100);
    expect(rest.next).toBeUndefined();
  });

  test.each([
    [{ prefix: '0' }, 'prefix must be bytes in hex'],
    [{ after: 'xy' }, 'after must be bytes in hex'],
    [{ prefix: '01', key_type: 'InstanceKey' }, 'exclude each other'],
    [{ key_type: 'NoKey' }, 'key_type not supported'],
    [{ key_type: 'TxnInfoKey', db_id: 1 }, 'instance_id before it is not'],
    [{ key_type: 'TxnInfoKey', instance_id: 'a', db_id: 'x' }, 'db_id must be a number'],
  ])('refuses %j', async (query, message) => {
    expect(await refusal('scan_keys', query)).toEqual({ status: 400, msg: expect.stringContaining(message) });
  });
});
