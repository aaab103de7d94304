import { create, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MemoryStore } from '../../test/keys/memory-store.ts';
import { takeoverPairs } from '../../test/keys/recorded.ts';
import { chunkKey } from '../keys/chunk-key.ts';
import { keys } from '../keys/key-table.ts';
import { keyTypes } from '../keys/key-types.ts';
import { StoreError } from '../kv/store-error.ts';
import { writeRecord } from '../records/message-record.ts';
import { addToTabletStats } from '../records/tablet-stats.ts';
import { TabletStatsPBSchema } from '../schema/gen/cloud/tablet_stats_pb.ts';
import { RecycleTxnPBSchema, TxnLabelPBSchema } from '../schema/gen/cloud/txn_pb.ts';
import type { HttpAnswer } from './http-types.ts';
import { decodeKeyTool, encodeKeyTool, getValueTool, type RawQuery } from './key-tools.ts';

function query(parameters: Record<string, string>): RawQuery {
  const given = new Map(Object.entries(parameters));
  return { get: (name) => given.get(name) };
}

function jsonOf(answer: HttpAnswer): unknown {
  expect(answer.contentType).toBe('application/json');
  return { status: answer.status, ...(JSON.parse(answer.body.toString()) as object) };
}

function textOf(answer: HttpAnswer): string {
  expect(answer).toMatchObject({ status: 200, contentType: 'text/plain' });
  return answer.body.toString('utf8');
}

const hex = (key: Buffer): string => key.toString('hex');

describe('decode_key', () => {
  test('gives text that is not UTF-8 as it is', () => {
    const { body } = decodeKeyTool(query({ key: '0110aa0001', unicode: 'false' }));
    expect(Buffer.isBuffer(body) && body.includes(Buffer.from([0x20, 0xaa, 0x0a]))).toBe(true);
  });

  test('draws ASCII for the word false alone', () => {
    expect(textOf(decodeKeyTool(query({ key: '01', unicode: 'False' })))).toContain('┌─');
    expect(textOf(decodeKeyTool(query({ key: '01', unicode: 'false' })))).toContain('/-');
  });

  test('repeats a key that it cannot read', () => {
    expect(jsonOf(decodeKeyTool(query({ key: '"%0a' })))).toEqual({
      status: 400,
      code: 'INVALID_ARGUMENT',
      msg: 'failed to decode key, key="%0a',
    });
  });
});

describe('encode_key', () => {
  test('needs its key type before its parameters', () => {
    expect(jsonOf(encodeKeyTool(query({ key_type: '__proto__' })))).toMatchObject({
      msg: 'key_type not supported: __proto__',
    });
    expect(
      jsonOf(encodeKeyTool(query({ key_type: 'RecyclePartKey', instance_id: 'i', partition_id: '1' }))),
    ).toMatchObject({
      msg: 'part_id is not given or empty',
    });
  });

  test('writes the key once more in a form that fdbcli takes', () => {
    const text = textOf(encodeKeyTool(query({ key_type: 'MetaServiceRegistryKey' })));
    expect(text.endsWith(`\n${hex(keys.systemRegistry.encode({})).replace(/../g, '\\x$&')}\n`)).toBe(true);
  });
});

describe('get_value', () => {
  const txn = { instance_id: 'i', db_id: 1n, txn_id: 2n };
  const stored = create(RecycleTxnPBSchema, { creationTime: 5n, label: 'l' });
  const at = { instance_id: 'i', table_id: 1n, index_id: 2n, partition_id: 3n, tablet_id: 4n };
  const statistics = {
    key_type: 'StatsTabletKey',
    instance_id: 'i',
    table_id: '1',
    index_id: '2',
    part_id: '3',
    tablet_id: '4',
  };

  test('takes a key in hex before parameters, but not without a key type', async () => {
    const store = new MemoryStore();
    writeRecord(store.begin(), keys.recycleTxn, txn, stored);
    const key = hex(keys.recycleTxn.encode(txn));
    const parameters = { instance_id: 'i', db_id: '1', txn_id: '99' };
    const json = '{"creation_time":"5","label":"l"}';
    expect(textOf(await getValueTool(store, query({ key, key_type: 'RecycleTxnKey', ...parameters })))).toBe(json);
    expect(textOf(await getValueTool(store, query({ key: key.toUpperCase(), key_type: 'RecycleTxnKey' })))).toBe(json);
    expect(jsonOf(await getValueTool(store, query({ key, ...parameters })))).toMatchObject({
      status: 400,
      msg: 'key_type not supported: (empty)',
    });
  });

  test('says that a key is not there, and when a longer one is there instead', async () => {
    const store = new MemoryStore();
    const prefix = hex(keys.recycleTxn.prefix({ instance_id: 'i' }));
    const get = async (key: string): Promise<unknown> =>
      jsonOf(await getValueTool(store, query({ key, key_type: 'RecycleTxnKey' })));
    expect(await get(prefix)).toEqual({ status: 500, code: 'INTERNAL_ERROR', msg: `kv not found, key=${prefix}` });
    expect(await get('zz')).toMatchObject({ msg: 'kv not found, key=00' });
    writeRecord(store.begin(), keys.recycleTxn, txn, stored);
    expect(await get('01')).toEqual({ status: 500, code: 'INTERNAL_ERROR', msg: 'failed to get kv, key=01' });
    // Numbers follow this prefix, as if the values were parts of one.
    expect(textOf(await getValueTool(store, query({ key: prefix, key_type: 'RecycleTxnKey' })))).toContain(
      '"label":"l"',
    );
  });

  test('is 400 for what is no such value', async () => {
    const store = new MemoryStore();
    const key = keys.tableVersion.encode({ instance_id: 'i', db_id: 1, table_id: 2 });
    store.begin().add(key, 2n);
    const answer = await getValueTool(
      store,
      query({ key_type: 'TableVersionKey', instance_id: 'i', db_id: '1', tbl_id: '2' }),
    );
    expect(jsonOf(answer)).toEqual({
      status: 400,
      code: 'INVALID_ARGUMENT',
      msg: `failed to parse value, key=${hex(key)}`,
    });
  });

  test('puts chunks together', async () => {
    const store = new MemoryStore();
    const txnOf = store.begin();
    const bitmap = keys.metaDeleteBitmap.encode({
      instance_id: 'i',
      tablet_id: 1,
      rowset_id: 'r',
      version: 2,
      segment_id: 0,
    });
    txnOf.set(chunkKey(bitmap, { version: 0 }, 0), Buffer.from([0x01, 0x0a]));
    txnOf.set(chunkKey(bitmap, { version: 0 }, 1), Buffer.from([0x00, 0xff]));
    const answer = await getValueTool(store, query({ key_type: 'MetaDeleteBitmap', key: hex(bitmap) }));
    expect(textOf(answer)).toBe('01a0ff');
  });

  test('adds the transaction id to a label, and needs both', async () => {
    const store = new MemoryStore();
    const key = keys.txnLabel.encode({ instance_id: 'i', db_id: 1, label: 'l' });
    const message = toBinary(TxnLabelPBSchema, create(TxnLabelPBSchema, { txnIds: [7n] }));
    const get = async (stamp: string): Promise<HttpAnswer> => {
      store.begin().set(key, Buffer.concat([message, Buffer.from(stamp, 'hex')]));
      return getValueTool(store, query({ key_type: 'TxnLabelKey', key: hex(key) }));
    };
    expect(textOf(await get('00000000000000010002'))).toBe('{"txn_ids":["7"]}\ntxn_id=1026');
    expect(await get('0000000000000001ffff')).toMatchObject({ status: 400 });
    expect(await get('')).toMatchObject({ status: 400 });
  });

  test("prints a tablet's statistics in three lines", async () => {
    const store = new MemoryStore();
    expect(textOf(await getValueTool(store, query(statistics)))).toBe('stats_kvs not found\n');
    writeRecord(store.begin(), keys.statsTablet, at, create(TabletStatsPBSchema, { numRowsets: 1n }));
    addToTabletStats(store.begin(), at, { num_rows: 5n, num_rowsets: 1n });
    expect(textOf(await getValueTool(store, query(statistics)))).toBe(
      [
        'aggregated_stats: {"num_rowsets":"1"}',
        'detached_stats: {"data_size":"0","num_rows":"5","num_rowsets":"1","num_segments":"0"}',
        'merged_stats: {"data_size":"0","num_rows":"5","num_rowsets":"2","num_segments":"0"}',
        '',
      ].join('\n'),
    );
  });

  test('says in the place of statistics what is wrong with the counters', async () => {
    const store = new MemoryStore();
    writeRecord(store.begin(), keys.statsTablet, at, create(TabletStatsPBSchema));
    store.begin().set(keys.statsTabletNumRows.encode(at), Buffer.from('1'));
    expect(textOf(await getValueTool(store, query(statistics)))).toBe(
      'aggregated_stats: {}\nfailed to get detached_stats, ret=-3\n',
    );
    writeRecord(store.begin(), keys.statsTablet, { ...at, tablet_id: 3n }, create(TabletStatsPBSchema));
    const key = hex(keys.statsTablet.prefix({ instance_id: 'i' }));
    expect(textOf(await getValueTool(store, query({ key, key_type: 'StatsTabletKey' })))).toMatch(/ret=-1\n$/);
  });

  test('is 500 when the store fails', async () => {
    const store = new MemoryStore();
    store.transact = () => Promise.reject(new StoreError('timed_out', 'too slow'));
    const answer = await getValueTool(store, query({ key_type: 'InstanceKey', key: '01' }));
    expect(jsonOf(answer)).toEqual({ status: 500, code: 'INTERNAL_ERROR', msg: 'failed to get kv, key=01' });
  });
});

describe('any query', () => {
  const store = new MemoryStore();
  store.fill(takeoverPairs());
  const digits = takeoverPairs().map(({ key }) => hex(key));
  const cut = fc
    .tuple(fc.constantFrom(...digits), fc.nat())
    .map(([key, length]) => key.slice(0, length % (key.length + 1)));
  const key = fc.oneof(fc.constantFrom(...digits), cut, fc.string({ maxLength: 20 }), fc.constant(''));
  const parameters = fc.record({
    key,
    key_type: fc.oneof(fc.constantFrom(...keyTypes.keys()), fc.string()),
    instance_id: fc.string(),
    tablet_id: fc.string(),
    unicode: fc.constantFrom('true', 'false'),
  });

  test('is answered with 200, 400 or 500 and a body', async () => {
    await fc.assert(
      fc.asyncProperty(parameters, async (given) => {
        const answers = [
          decodeKeyTool(query(given)),
          encodeKeyTool(query(given)),
          await getValueTool(store, query(given)),
        ];
        for (const answer of answers) {
          expect([200, 400, 500]).toContain(answer.status);
          if (answer.contentType === 'application/json') JSON.parse(answer.body.toString());
          expect(answer.body.length).toBeGreaterThan(0);
        }
      }),
      { verbose: true, numRuns: 3000 },
    );
  });
});
