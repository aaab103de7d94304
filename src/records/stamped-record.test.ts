import { create } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { MemoryStore } from '../../test/keys/memory-store.ts';
import { keys } from '../keys/key-table.ts';
import { TxnLabelPBSchema } from '../schema/gen/cloud/txn_pb.ts';
import { MalformedValueError } from './malformed-value.ts';
import { readStampedRecord, writeRecordWithStamp, writeStampedRecord } from './stamped-record.ts';
import { txnIdFromVersionstamp, versionOfTxnId } from './txn-id.ts';

const at = { instance_id: 'i', db_id: 1n, label: 'l' };
const label = create(TxnLabelPBSchema, { txnIds: [1024n, 2048n] });

describe('a stamped message', () => {
  test('comes back with the stamp of its commit, and can be changed under the same stamp', async () => {
    const txn = new MemoryStore().begin();
    expect(await readStampedRecord(txn, keys.txnLabel, at)).toBeUndefined();
    writeStampedRecord(txn, keys.txnLabel, at, label);
    const read = await readStampedRecord(txn, keys.txnLabel, at);
    expect(read?.message).toEqual(label);
    expect(Buffer.from(read?.stamp ?? []).toString('hex')).toBe(Buffer.from(txn.versionstamp()).toString('hex'));

    const fewer = create(TxnLabelPBSchema, { txnIds: [2048n] });
    writeRecordWithStamp(txn, keys.txnLabel, at, { message: fewer, stamp: txn.versionstamp() });
    expect(await readStampedRecord(txn, keys.txnLabel, at)).toEqual({ message: fewer, stamp: read?.stamp });
  });

  test.each(['', '000000000000000001', '08ff00000000000000000001'])('%j is malformed', async (value) => {
    const txn = new MemoryStore().begin();
    txn.set(keys.txnLabel.encode(at), Buffer.from(value, 'hex'));
    await expect(readStampedRecord(txn, keys.txnLabel, at)).rejects.toThrow(MalformedValueError);
  });
});

describe('transaction ids', () => {
  test.each([
    ['00000000000000010000', 1024n],
    ['0000000000000001' + '0003', 1027n],
    ['0000000000000001' + '03ff', 2047n],
    ['0000000000000001' + '0400', undefined],
    ['000000000000000100', undefined],
  ])('%s makes %s', (stamp, id) => {
    expect(txnIdFromVersionstamp(Buffer.from(stamp, 'hex'))).toBe(id);
  });

  test('tell the version that they stem from', () => {
    expect(versionOfTxnId(2047n)).toBe(1n);
    expect(versionOfTxnId(2048n)).toBe(2n);
  });
});
