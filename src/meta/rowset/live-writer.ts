import { keys } from '../../keys/key-table.ts';
import type { Transaction } from '../../kv/store.ts';
import { readEncodedRecord } from '../../records/encoded-record.ts';
import { readRecord } from '../../records/message-record.ts';
import type { CreateRowsetRequest } from '../../schema/gen/cloud/rowset_pb.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import { TxnInfoPBSchema, TxnStatusPB } from '../../schema/gen/cloud/txn_pb.ts';
import type { RowsetMetaCloudPB } from '../../schema/gen/olap/rowset_meta_pb.ts';
import { isSet } from '../../schema/presence.ts';
import { fieldScan } from '../../schema/scan-fields.ts';
import type { Call } from '../call.ts';
import { invalid, MetaError } from '../meta-error.ts';
import { fieldsOfTablet, readTabletIndex } from '../tablet/tablet-index.ts';

/**
 * Refuses a rowset whose writer is through: a job that is finished or was taken over, or a load whose transaction is
 * committed or aborted. Such a request was on its way for long, and files of its rowset may be gone. Jobs say which one
 * they are, loads have a load id; of others nothing is known.
 */
export async function requireLiveWriter(
  { txn, settings }: Call,
  instanceId: string,
  { tabletJobId }: CreateRowsetRequest,
  rowset: RowsetMetaCloudPB,
): Promise<void> {
  if (tabletJobId !== '') await requireJob(txn, instanceId, tabletJobId, rowset);
  if (settings.enable_load_txn_status_check && rowset.loadId) await requirePrepared(txn, instanceId, rowset.txnId);
}

async function requireJob(
  txn: Transaction,
  instanceId: string,
  jobId: string,
  { tabletId, rowsetIdV2 }: RowsetMetaCloudPB,
): Promise<void> {
  const index = await readTabletIndex(txn, instanceId, tabletId);
  const jobs = await readRecord(txn, keys.jobTablet, fieldsOfTablet(instanceId, index));
  const tablet = `instance_id=${instanceId} tablet_id=${tabletId}`;
  if (!jobs) throw stale(`job not found, ${tablet} rowset_id=${rowsetIdV2} err=KeyNotFound`);
  const ids = [...jobs.compaction.map(({ id }) => id), jobs.schemaChange?.id];
  if (!ids.includes(jobId)) {
    throw stale(` stale perpare rowset request, ${tablet} job id=${jobId} rowset_id=${rowsetIdV2}`);
  }
}

function stale(message: string): MetaError {
  return new MetaError(MetaServiceCode.STALE_PREPARE_ROWSET, message);
}

const scanStatus = fieldScan(TxnInfoPBSchema, ['status']);

/**
 * Refuses a load whose transaction is not prepared. A sub transaction is as far as the transaction that it is part of. Where
 * its index does not say which one that is, as of those begun here, nothing can be said against it.
 */
async function requirePrepared(txn: Transaction, instance_id: string, id: bigint): Promise<void> {
  const index = await readRecord(txn, keys.txnIndex, { instance_id, txn_id: id });
  if (!index) throw notFound(`failed to get db id, txn_id=${id} err=KeyNotFound`);
  if (!index.tabletIndex || !isSet(index.tabletIndex, 'dbId')) return;
  const db_id = index.tabletIndex.dbId;
  const txn_id = isSet(index, 'parentTxnId') ? index.parentTxnId : id;
  const info = await readEncodedRecord(txn, keys.txnInfo, { instance_id, db_id, txn_id }, scanStatus);
  if (!info) throw notFound(`failed to get txn, txn_id=${txn_id}, err=KeyNotFound`);
  const { status = TxnStatusPB.TXN_STATUS_UNKNOWN } = info.fields;
  const wanted = TxnStatusPB.TXN_STATUS_PREPARED;
  if (status !== wanted) throw invalid(`txn is not in ${wanted} state, txn_id=${txn_id}, txn_status=${status}`);
}

function notFound(message: string): MetaError {
  return new MetaError(MetaServiceCode.KV_TXN_GET_ERR, message);
}
