import { create, toBinary } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { chunkKey } from '../keys/chunk-key.ts';
import { keys } from '../keys/key-table.ts';
import { encodeVersionstamp } from '../kv/versionstamp.ts';
import { TxnInfoPBSchema, TxnLabelPBSchema } from '../schema/gen/cloud/txn_pb.ts';
import { VersionPBSchema } from '../schema/gen/cloud/version_pb.ts';
import { RowsetMetaCloudPBSchema } from '../schema/gen/olap/rowset_meta_pb.ts';
import { MalformedValueError } from './malformed-value.ts';
import { versionOfPair } from './version-of-pair.ts';

const instance_id = 'i';
const none = new Uint8Array(0);
const ofTxn = { instance_id, db_id: 1n, txn_id: (700n << 10n) | 1023n };
const tmp = { instance_id, txn_id: 700n << 10n, tablet_id: 5n };
const label = { instance_id, db_id: 1n, label: 'l' };

function labelValue(stamp: Uint8Array, ...txnIds: bigint[]): Buffer {
  return Buffer.concat([toBinary(TxnLabelPBSchema, create(TxnLabelPBSchema, { txnIds })), stamp]);
}

function rowset(fields: object): Uint8Array {
  return toBinary(RowsetMetaCloudPBSchema, create(RowsetMetaCloudPBSchema, { rowsetId: 0n, ...fields }));
}

function change(version: bigint): Buffer {
  return Buffer.concat([encodeVersionstamp(version, 3), Buffer.from([0, 1]), Buffer.from('i')]);
}

describe('the version of a pair', () => {
  test.each([
    ['the stamp of a label', keys.txnLabel.encode(label), labelValue(encodeVersionstamp(900n, 7), 5n << 10n), 900n],
    ['the ids of a label', keys.txnLabel.encode(label), labelValue(encodeVersionstamp(9n, 7), 1n, 950n << 10n), 950n],
    ['the key of a transaction', keys.txnInfo.encode(ofTxn), none, 700n],
    [
      'the sub transactions of one',
      keys.txnInfo.encode(ofTxn),
      toBinary(TxnInfoPBSchema, create(TxnInfoPBSchema, { subTxnIds: [800n << 10n, 1n] })),
      800n,
    ],
    ['the key of an index', keys.txnIndex.encode(ofTxn), none, 700n],
    ['the key of a running one', keys.txnRunning.encode(ofTxn), none, 700n],
    ['the key of one that is to be forgotten', keys.recycleTxn.encode(ofTxn), none, 700n],
    ['the rowset of a load', keys.metaRowsetTmp.encode(tmp), rowset({ txnId: 1n }), 700n],
    ['not the random number of a compaction', keys.metaRowsetTmp.encode(tmp), rowset({ endVersion: 9n }), 0n],
    [
      'the transaction that is being committed',
      keys.partitionVersion.encode({ instance_id, db_id: 1n, table_id: 2n, partition_id: 3n }),
      toBinary(VersionPBSchema, create(VersionPBSchema, { version: 4n, pendingTxnIds: [600n << 10n] })),
      600n,
    ],
    ['the newest change', keys.systemNodeChanges.encode({}), Buffer.concat([change(500n), change(400n)]), 500n],
    ['nothing else', keys.instance.encode({ instance_id }), none, 0n],
    ['an id below 0', keys.txnIndex.encode({ instance_id, txn_id: -1n }), none, 0n],
    [
      'no chunk',
      chunkKey(keys.metaSchema.encode({ instance_id, index_id: 1n, schema_version: 1n }), { version: 1 }, 0),
      Buffer.from([0xff]),
      0n,
    ],
  ])('%s', (_, key, value, version) => expect(versionOfPair({ key, value })).toBe(version));

  test('is unknown for a key of no kind', () => {
    expect(versionOfPair({ key: Buffer.from('0110', 'hex'), value: none })).toBeUndefined();
    expect(versionOfPair({ key: none, value: none })).toBeUndefined();
  });

  test.each([
    ['a message', keys.instance.encode({ instance_id }), Buffer.from([0xff])],
    ['a message of a transaction', keys.txnIndex.encode(ofTxn), Buffer.from([0x0a, 0x05])],
    ['a label without a stamp', keys.txnLabel.encode(label), Buffer.alloc(9)],
    ['a counter', keys.tableVersion.encode({ instance_id, db_id: 1n, table_id: 2n }), Buffer.alloc(7)],
    ['a list of changes', keys.systemNodeChanges.encode({}), change(5n).subarray(0, 12)],
  ])('is none where the value is damaged: %s', (_, key, value) => {
    expect(() => versionOfPair({ key, value })).toThrow(MalformedValueError);
  });
});
