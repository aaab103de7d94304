import { create, toBinary } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { MemoryStore } from '../../test/keys/memory-store.ts';
import { chunkKey } from '../keys/chunk-key.ts';
import { keys } from '../keys/key-table.ts';
import type { Transaction } from '../kv/store.ts';
import { InstanceInfoPBSchema } from '../schema/gen/cloud/instance_pb.ts';
import { TabletIndexPBSchema } from '../schema/gen/cloud/tablet_pb.ts';
import { TabletSchemaCloudPBSchema } from '../schema/gen/olap/tablet_schema_pb.ts';
import { MalformedValueError } from './malformed-value.ts';
import { readRecord, readRecords, recordExists, removeRecord, writeRecord } from './message-record.ts';
import { CHUNK_BYTES } from './split-value.ts';

const instance = create(InstanceInfoPBSchema, { instanceId: 'i', name: 'name', clusters: [{ clusterId: 'c' }] });
const at = { instance_id: 'i' };
const schemaAt = { instance_id: 'i', index_id: 7n, schema_version: 0n };

function begin(store = new MemoryStore()): { store: MemoryStore; txn: Transaction } {
  return { store, txn: store.begin() };
}

describe('a message at a key', () => {
  test('is read as it was written, until it is removed', async () => {
    const { store, txn } = begin();
    expect(await readRecord(txn, keys.instance, at)).toBeUndefined();
    expect(await recordExists(txn, keys.instance, at)).toBe(false);
    writeRecord(txn, keys.instance, at, instance);
    expect(await readRecord(txn, keys.instance, at)).toEqual(instance);
    expect(await recordExists(txn, keys.instance, at)).toBe(true);
    expect(store.pairs()).toEqual([
      { key: keys.instance.encode(at), value: Buffer.from(toBinary(InstanceInfoPBSchema, instance)) },
    ]);
    removeRecord(txn, keys.instance, at);
    expect(await readRecord(txn, keys.instance, at)).toBeUndefined();
  });

  test('is the same frozen object as long as the bytes are the same', async () => {
    const { txn } = begin();
    writeRecord(txn, keys.instance, at, instance);
    const first = await readRecord(txn, keys.instance, at);
    expect(await readRecord(txn, keys.instance, at)).toBe(first);
    expect(() => {
      if (first?.clusters[0]) first.clusters[0].clusterId = 'other';
    }).toThrow(TypeError);
    expect(() => first?.clusters.push()).toThrow(TypeError);

    writeRecord(txn, keys.instance, at, create(InstanceInfoPBSchema, { instanceId: 'i', name: 'changed' }));
    expect((await readRecord(txn, keys.instance, at))?.name).toBe('changed');
    expect(first?.name).toBe('name');
  });

  test("is the caller's own when it is to be edited", async () => {
    const { txn } = begin();
    writeRecord(txn, keys.instance, at, instance);
    const own = await readRecord(txn, keys.instance, at, { editable: true });
    if (own) own.name = 'changed';
    expect((await readRecord(txn, keys.instance, at))?.name).toBe('name');
  });

  test('that is malformed is an error that shows the key and no value', async () => {
    const { txn } = begin();
    txn.set(keys.instance.encode(at), Buffer.from('0a05736563', 'hex'));
    const read = async () => readRecord(txn, keys.instance, at);
    const error = await read().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(MalformedValueError);
    expect((error as Error).message).toBe('malformed instance value, key=0110696e7374616e63650001106900' + '01');
  });

  test('many are read in the order of their keys given', async () => {
    const { txn } = begin();
    const tablet = (tablet_id: bigint): { instance_id: string; tablet_id: bigint } => ({ instance_id: 'i', tablet_id });
    for (const id of [1n, 2n]) {
      writeRecord(txn, keys.metaTabletIndex, tablet(id), create(TabletIndexPBSchema, { tabletId: id }));
    }
    const read = await readRecords(txn, keys.metaTabletIndex, [tablet(2n), tablet(9n), tablet(1n)]);
    expect(read.map((index) => index?.tabletId)).toEqual([2n, undefined, 1n]);
  });
});

describe('a message that is split over several keys', () => {
  const large = create(TabletSchemaCloudPBSchema, {
    column: Array.from({ length: 300 }, (_, i) => ({ uniqueId: i, type: 'STRING', name: 'x'.repeat(700) })),
  });

  test('is cut into chunks and put together again', async () => {
    const { store, txn } = begin();
    writeRecord(txn, keys.metaSchema, schemaAt, large);
    const key = keys.metaSchema.encode(schemaAt);
    expect(store.pairs().map((pair) => pair.key)).toEqual([0, 1, 2].map((i) => chunkKey(key, { version: 1 }, i)));
    expect(
      store
        .pairs()
        .slice(0, 2)
        .map((pair) => pair.value.length),
    ).toEqual([CHUNK_BYTES, CHUNK_BYTES]);
    expect(await readRecord(txn, keys.metaSchema, schemaAt)).toEqual(large);
    expect(await recordExists(txn, keys.metaSchema, schemaAt)).toBe(true);
  });

  test('leaves nothing behind when a shorter one takes its place, or when it is removed', async () => {
    const { store, txn } = begin();
    const next = { ...schemaAt, schema_version: 1n };
    const small = create(TabletSchemaCloudPBSchema, { column: [{ uniqueId: 1, type: 'INT' }] });
    writeRecord(txn, keys.metaSchema, next, small);
    writeRecord(txn, keys.metaSchema, schemaAt, large);
    writeRecord(txn, keys.metaSchema, schemaAt, small);
    expect(store.pairs().length).toBe(2);
    expect(await readRecord(txn, keys.metaSchema, schemaAt)).toEqual(small);
    removeRecord(txn, keys.metaSchema, schemaAt);
    expect(await recordExists(txn, keys.metaSchema, schemaAt)).toBe(false);
    expect(await readRecord(txn, keys.metaSchema, next)).toEqual(small);
  });

  test('is read from the key itself as well', async () => {
    const { txn } = begin();
    const small = create(TabletSchemaCloudPBSchema, { column: [{ uniqueId: 1, type: 'INT' }] });
    txn.set(keys.metaSchema.encode(schemaAt), toBinary(TabletSchemaCloudPBSchema, small));
    expect(await readRecord(txn, keys.metaSchema, schemaAt)).toEqual(small);
  });
});
