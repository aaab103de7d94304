import { create } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Domain, openInstance, rpc } from '../../../test/support/fuzz/domain.ts';
import { keys } from '../../keys/key-table.ts';
import { writeRecord } from '../../records/message-record.ts';
import { GetVersionRequestSchema, VersionPBSchema } from '../../schema/gen/cloud/version_pb.ts';
import type { Call } from '../call.ts';
import { getVersion } from './get-version.ts';
import { raiseTableVersion } from './table-version.ts';

const cloudUniqueId = '1:i:fe';
const instance_id = 'i';
let domain: Domain;
beforeEach(async () => {
  domain = await openInstance();
  await domain.store.transact(async (txn) => {
    const table = { instance_id, db_id: 1n, table_id: 10n };
    const put = (partition_id: bigint, version: object) =>
      writeRecord(txn, keys.partitionVersion, { ...table, partition_id }, create(VersionPBSchema, version));
    put(11n, { version: 7n, updateTimeMs: 1234n });
    put(12n, { version: 3n });
    put(13n, { updateTimeMs: 5n });
    raiseTableVersion(txn, instance_id, 1n, 10n);
  });
  await domain.store.transact(async (txn) => raiseTableVersion(txn, instance_id, 1n, 10n));
});
afterEach(() => domain.dispose());

function get(request: object) {
  return domain.call(rpc.get_version, { cloudUniqueId, dbId: 1n, tableId: 10n, ...request });
}

function status(request: object) {
  return domain.status(rpc.get_version, { cloudUniqueId, ...request });
}

describe('one version', () => {
  test('of a partition comes with its time, 0 where none was kept', async () => {
    expect(await get({ partitionId: 11n })).toMatchObject({ version: 7n, versionUpdateTimeMs: [1234n] });
    expect(await get({ partitionId: 12n })).toMatchObject({ version: 3n, versionUpdateTimeMs: [0n] });
  });

  test('of a table comes without', async () => {
    expect(await get({ isTableVersion: true })).toMatchObject({ version: 2n, versionUpdateTimeMs: [] });
  });

  test('is not found for a partition without loads, nor before the first one is visible', async () => {
    for (const partitionId of [99n, 13n, 0n, -2n]) {
      expect(await status({ dbId: 1n, tableId: 10n, partitionId })).toBe('VERSION_NOT_FOUND not found');
    }
    expect(await status({ dbId: 2n, tableId: 10n, isTableVersion: true })).toBe('VERSION_NOT_FOUND not found');
  });

  test('needs all ids, and -1 is none', async () => {
    const ids = { dbId: 1n, tableId: 10n, partitionId: 11n };
    for (const missing of ['dbId', 'tableId', 'partitionId'] as const) {
      for (const request of [
        { ...ids, [missing]: undefined },
        { ...ids, [missing]: -1n },
      ]) {
        expect(await status(request)).toMatch(/^INVALID_ARGUMENT params error, .*=-1 .*is_table_version=0$/);
      }
    }
    expect(await status({})).toBe(
      'INVALID_ARGUMENT params error, db_id=-1 table_id=-1 partition_id=-1 is_table_version=0',
    );
  });

  test('is given to callers of an instance only, whose arguments are looked at first', async () => {
    const ids = { dbId: 1n, tableId: 10n, partitionId: 11n };
    for (const id of [undefined, '', '1:nobody:fe']) {
      expect(await status({ ...ids, cloudUniqueId: id })).toBe('INVALID_ARGUMENT empty instance_id');
      expect(await status({ cloudUniqueId: id })).toMatch('params error');
    }
  });
});

describe('a partition whose next version is taken', () => {
  const wanted = { dbIds: [1n, 1n], tableIds: [10n, 10n], partitionIds: [11n, 14n] };
  const read = (waitedFor: readonly bigint[]) =>
    domain.store.transact(async (txn) => {
      const call = { txn, waitedFor: new Set(waitedFor) } as Pick<Call, 'txn' | 'waitedFor'> as Call;
      return (await getVersion(call, create(GetVersionRequestSchema, { batchMode: true, ...wanted }), 'i')).versions;
    });
  beforeEach(() =>
    domain.store.transact(async (txn) => {
      const fields = { instance_id, db_id: 1n, table_id: 10n, partition_id: 14n };
      writeRecord(txn, keys.partitionVersion, fields, create(VersionPBSchema, { version: 3n, pendingTxnIds: [8n] }));
    }),
  );

  test('is waited for', async () => {
    await expect(read([])).rejects.toThrow('transactions 8 are committed and not visible yet');
    await expect(read([8n])).rejects.toThrow('transactions 8 are committed and not visible yet');
  });

  test('is not waited for when that happened while the call waited for others', async () => {
    expect(await read([7n])).toEqual([7n, 3n]);
  });

  test('is an error when its transaction is not there', async () => {
    const message =
      "transaction 8, which comes first, can't be finished: failed to get db id, txn_id=8 err=KeyNotFound";
    expect(await status({ batchMode: true, ...wanted })).toBe(`UNDEFINED_ERR ${message}`);
    expect(await status({ dbId: 1n, tableId: 10n, partitionId: 14n })).toBe(`UNDEFINED_ERR ${message}`);
    expect(await get({ dbId: 1n, tableId: 10n, partitionId: 14n })).toMatchObject({ version: 0n });
    expect(await status({ dbId: 1n, tableId: 10n, partitionId: 11n })).toBe('OK');
  });
});

describe('a batch', () => {
  test('answers in the order asked, with -1 for what is not there, and gives the ids back', async () => {
    const wanted = { dbIds: [1n, 1n, 1n, 9n], tableIds: [10n, 10n, 10n, 10n], partitionIds: [12n, 13n, 11n, 11n] };
    expect(await get({ batchMode: true, ...wanted })).toMatchObject({
      ...wanted,
      versions: [3n, -1n, 7n, -1n],
      versionUpdateTimeMs: [0n, -1n, 1234n, -1n],
    });
  });

  test('of tables has times only for those that are not there', async () => {
    const wanted = { dbIds: [1n, 2n], tableIds: [10n, 10n] };
    expect(await get({ batchMode: true, isTableVersion: true, ...wanted, partitionIds: [5n] })).toMatchObject({
      ...wanted,
      partitionIds: [],
      versions: [2n, -1n],
      versionUpdateTimeMs: [-1n],
    });
  });

  test('needs as many ids of each kind', async () => {
    const refusal = 'INVALID_ARGUMENT param error, num db_ids=1 num table_ids=2 num partition_ids=';
    const ids = { dbIds: [1n], tableIds: [10n, 20n] };
    expect(await status({ batchMode: true, ...ids, partitionIds: [11n, 12n] })).toBe(`${refusal}2 is_table_version=0`);
    expect(await status({ batchMode: true, isTableVersion: true, ...ids })).toBe(`${refusal}0 is_table_version=1`);
    expect(await status({ batchMode: true })).toMatch('num db_ids=0 num table_ids=0');
  });
});
