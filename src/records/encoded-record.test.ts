import { create, toBinary } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { MemoryStore } from '../../test/keys/memory-store.ts';
import { keys } from '../keys/key-table.ts';
import { RowsetMetaCloudPBSchema } from '../schema/gen/olap/rowset_meta_pb.ts';
import { fieldScan } from '../schema/scan-fields.ts';
import { collectEncodedRecords, readEncodedRecord } from './encoded-record.ts';
import { MalformedValueError } from './malformed-value.ts';
import { writeRecord } from './message-record.ts';

const kind = keys.metaRowset;
const tablet = { instance_id: 'i', tablet_id: 1n };
const rowset = (endVersion: bigint) => create(RowsetMetaCloudPBSchema, { rowsetId: 0n, endVersion });
const scan = fieldScan(RowsetMetaCloudPBSchema, ['endVersion']);

test('a record goes on as it is stored, with some of its fields', async () => {
  const txn = new MemoryStore().begin();
  for (const version of [1n, 2n, 3n]) writeRecord(txn, kind, { ...tablet, version }, rowset(version));
  const encoded = (version: bigint) => ({
    value: Buffer.from(toBinary(RowsetMetaCloudPBSchema, rowset(version))),
    fields: { endVersion: version },
  });
  expect(await readEncodedRecord(txn, kind, { ...tablet, version: 2n }, scan)).toEqual(encoded(2n));
  expect(await readEncodedRecord(txn, kind, { ...tablet, version: 9n }, scan)).toBeUndefined();
  const range = kind.span({ ...tablet, version: 2n }, { ...tablet, version: 9n });
  expect(await collectEncodedRecords(txn, kind, range, scan)).toEqual([encoded(2n), encoded(3n)]);
});

test('what is no message is malformed', async () => {
  const txn = new MemoryStore().begin();
  txn.set(kind.encode({ ...tablet, version: 1n }), Buffer.from('ff', 'hex'));
  await expect(readEncodedRecord(txn, kind, { ...tablet, version: 1n }, scan)).rejects.toThrow(MalformedValueError);
  await expect(collectEncodedRecords(txn, kind, kind.range(tablet), scan)).rejects.toThrow(MalformedValueError);
});
