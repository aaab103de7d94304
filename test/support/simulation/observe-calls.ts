import { CLOUD_UNIQUE_ID, type Cluster, expectCode } from './cluster.ts';
import type { DeleteBitmap } from './delete-bitmap.ts';
import { DB_ID, isLive } from './model.ts';
import {
  type Observed,
  type ObservedRowset,
  type ObservedTable,
  type ObservedTxn,
  observedRowset,
} from './observed.ts';
import { RememberedTablet } from './remembered-tablet.ts';
import type { Sizes } from './sizes.ts';

const WHO = 'at the end';

/** Asks the service for all that it promised. Dropped partitions and indexes are not asked for any more, but for versions. */
export async function observeByCalls(cluster: Cluster): Promise<Observed> {
  // First, since asking for a version makes visible what is still on its way there.
  const versions = await askVersions(cluster);
  const tablets = cluster.model.tablets().filter((tablet) => tablet.ready && isLive(tablet));
  const rowsets = new Map<bigint, ObservedRowset[]>();
  const stats = new Map<bigint, Sizes>();
  const bitmaps = new Map<bigint, readonly DeleteBitmap[]>();
  for (const tablet of tablets) {
    const remembered = new RememberedTablet(tablet);
    await remembered.sync(cluster, WHO);
    rowsets.set(tablet.id, remembered.rowsets.map(observedRowset));
    bitmaps.set(tablet.id, remembered.bitmaps);
    const { answer } = await cluster.service.insist('get_tablet_stats', {
      cloudUniqueId: CLOUD_UNIQUE_ID,
      tabletIdx: [{ tabletId: tablet.id }],
    });
    const [found] = answer.tabletStats;
    if (expectCode(cluster, `get_tablet_stats of tablet ${tablet.id}`, answer, 'OK') && found)
      stats.set(tablet.id, found);
  }
  return { versions, rowsets, stats, bitmaps, tables: await askTables(cluster), txns: await askTxns(cluster) };
}

async function askTables(cluster: Cluster): Promise<Map<bigint, ObservedTable>> {
  const { service, model } = cluster;
  const tables = new Map<bigint, ObservedTable>();
  for (const { id } of model.tables) {
    const whose = { cloudUniqueId: CLOUD_UNIQUE_ID, dbId: DB_ID };
    const version = await service.insist('get_version', { ...whose, tableId: id, isTableVersion: true });
    expectCode(cluster, `${WHO}: get_version of table ${id}`, version.answer, 'OK');
    const progress = await service.insist('get_rl_task_commit_attach', { ...whose, jobId: id });
    const codes = ['OK', 'ROUTINE_LOAD_PROGRESS_NOT_FOUND'];
    expectCode(cluster, `${WHO}: get_rl_task_commit_attach of job ${id}`, progress.answer, ...codes);
    const routine_rows = progress.answer.commitAttach?.loadedRows ?? 0n;
    tables.set(id, { version: version.answer.version, routine_rows });
  }
  return tables;
}

async function askVersions(cluster: Cluster): Promise<Map<bigint, bigint>> {
  const partitions = cluster.model.partitions();
  const { answer } = await cluster.service.insist('get_version', {
    cloudUniqueId: CLOUD_UNIQUE_ID,
    batchMode: true,
    dbIds: partitions.map(() => DB_ID),
    tableIds: partitions.map(({ table }) => table.id),
    partitionIds: partitions.map(({ id }) => id),
  });
  expectCode(cluster, `${WHO}: get_version of all partitions`, answer, 'OK');
  const versions = partitions.map(({ id }, i) => [id, answer.versions[i] ?? -1n] as const);
  return new Map(versions.filter(([, version]) => version !== -1n));
}

async function askTxns(cluster: Cluster): Promise<Map<bigint, ObservedTxn>> {
  const txns = new Map<bigint, ObservedTxn>();
  for (const { id, forgotten } of cluster.model.loads.values()) {
    const request = { cloudUniqueId: CLOUD_UNIQUE_ID, dbId: DB_ID, txnId: id };
    const { answer } = await cluster.service.insist('get_txn', request);
    const { txnInfo } = answer;
    const code = forgotten ? 'TXN_ID_NOT_FOUND' : 'OK';
    expectCode(cluster, `${WHO}: get_txn of transaction ${id}`, answer, code);
    if (txnInfo !== undefined) txns.set(id, { id, label: txnInfo.label, status: txnInfo.status });
  }
  return txns;
}
