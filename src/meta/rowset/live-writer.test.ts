import { create } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Domain, openInstance, rpc } from '../../../test/support/fuzz/domain.ts';
import { createTablets, DB_ID, type RowsetInit, rowsetOf, tabletOf } from '../../../test/support/tablets.ts';
import { keys } from '../../keys/key-table.ts';
import { writeRecord } from '../../records/message-record.ts';
import { TabletJobInfoPBSchema } from '../../schema/gen/cloud/job_pb.ts';
import { TxnIndexPBSchema } from '../../schema/gen/cloud/txn_pb.ts';

const TABLET = 1n;
const cloudUniqueId = '1:i:be';
let domain: Domain;
async function open(settings = {}): Promise<void> {
  domain = await openInstance({ settings });
  expect(await createTablets(domain, cloudUniqueId, [tabletOf(TABLET)])).toBe('OK');
}
beforeEach(() => open());
afterEach(() => domain.dispose());

async function refused(status: Promise<string>, expected: string | RegExp): Promise<void> {
  const before = await domain.version();
  expect(await status).toMatch(expected);
  expect(await domain.version()).toBe(before);
}

describe.each([
  ['prepare_rowset', rpc.prepare_rowset],
  ['commit_rowset', rpc.commit_rowset],
] as const)('%s of a job', (_name, method) => {
  const write = (tabletJobId: string, more: RowsetInit = {}) =>
    domain.status(method, { cloudUniqueId, rowsetMeta: rowsetOf(5n, TABLET, more), tabletJobId });

  /** Has the tablet's jobs be these. */
  function putJobs(jobs: object): Promise<void> {
    const fields = { instance_id: 'i', table_id: 10n, index_id: 11n, partition_id: 12n, tablet_id: TABLET };
    return domain.store.transact(async (txn) =>
      writeRecord(txn, keys.jobTablet, fields, create(TabletJobInfoPBSchema, jobs)),
    );
  }

  test('is for one that is there', async () => {
    await refused(
      write('a'),
      /^STALE_PREPARE_ROWSET job not found, instance_id=i tablet_id=1 rowset_id=rowset 5 of 1 err=KeyNotFound$/,
    );
    await putJobs({ compaction: [{ id: 'a' }, { id: 'b' }], schemaChange: { id: 'c' } });
    await refused(write('d'), 'STALE_PREPARE_ROWSET  stale perpare rowset request, instance_id=i tablet_id=1 job id=d');
    await refused(write('d', { tabletId: 9n }), /^TABLET_NOT_FOUND failed to get tablet_idx, .*tablet_id=9 /);
    expect(await write('b')).toBe('OK');
    expect(await write('c', { txnId: 6n })).toBe('OK');
  });

  test('is not checked for those who name none', async () => {
    expect(await write('')).toBe('OK');
    expect(await domain.status(method, { cloudUniqueId, rowsetMeta: rowsetOf(6n, TABLET) })).toBe('OK');
  });
});

describe.each([
  ['prepare_rowset', rpc.prepare_rowset],
  ['commit_rowset', rpc.commit_rowset],
] as const)('%s of a load', (_name, method) => {
  const write = (txnId: bigint) => {
    const rowsetMeta = rowsetOf(txnId, TABLET, { loadId: { hi: 1n, lo: 2n } });
    return domain.status(method, { cloudUniqueId, rowsetMeta });
  };

  async function begin(label: string): Promise<bigint> {
    const txnInfo = { dbId: DB_ID, tableIds: [10n], label, timeoutMs: 600_000n };
    return (await domain.call(rpc.begin_txn, { cloudUniqueId, txnInfo })).txnId;
  }

  function putIndex(txn_id: bigint, index: object): Promise<void> {
    return domain.store.transact(async (txn) =>
      writeRecord(txn, keys.txnIndex, { instance_id: 'i', txn_id }, create(TxnIndexPBSchema, index)),
    );
  }

  test('is for a transaction that is prepared', async () => {
    const txnId = await begin('a');
    expect(await write(txnId)).toBe('OK');
    expect(await domain.status(rpc.abort_txn, { cloudUniqueId, txnId })).toBe('OK');
    await refused(write(txnId), `INVALID_ARGUMENT txn is not in 1 state, txn_id=${txnId}, txn_status=4`);
    const precommitted = await begin('b');
    await domain.call(rpc.precommit_txn, { cloudUniqueId, dbId: DB_ID, txnId: precommitted });
    await refused(write(precommitted), /^INVALID_ARGUMENT txn is not in 1 state, .* txn_status=5$/);
  });

  test('is for its sub transactions, which are as far as it is where that is known', async () => {
    const txnId = await begin('a');
    const { subTxnId } = await domain.call(rpc.begin_sub_txn, {
      ...{ cloudUniqueId, txnId, subTxnNum: 0n, dbId: DB_ID, tableIds: [10n], label: 'sub' },
    });
    expect(await write(subTxnId)).toBe('OK');
    await putIndex(77n, { tabletIndex: { dbId: DB_ID }, parentTxnId: txnId });
    expect(await write(77n)).toBe('OK');
    await domain.call(rpc.abort_txn, { cloudUniqueId, txnId });
    await refused(write(77n), `INVALID_ARGUMENT txn is not in 1 state, txn_id=${txnId}, txn_status=4`);
  });

  test('is not for one that nobody knows', async () => {
    await refused(write(5n), 'KV_TXN_GET_ERR failed to get db id, txn_id=5 err=KeyNotFound');
    await putIndex(5n, { tabletIndex: { dbId: DB_ID } });
    await refused(write(5n), 'KV_TXN_GET_ERR failed to get txn, txn_id=5, err=KeyNotFound');
  });

  test('is not checked where the settings say so', async () => {
    await domain.dispose();
    await open({ enable_load_txn_status_check: false });
    expect(await write(5n)).toBe('OK');
  });
});
