import { CLOUD_UNIQUE_ID, type Cluster, expectCode } from './cluster.ts';
import { DB_ID, newPartition, newTable, newTablet, type Partition, type Table, type TableIndex } from './model.ts';
import { NEVER, tabletMeta } from './rowset.ts';
import type { AnswerOf } from './rpc-client.ts';
import type { Answered } from './service-process.ts';

/** How many tablets an index has in each partition. */
const BUCKETS = 2;

/** Creates a table with partitions, in the steps that a frontend takes. */
export async function createTable(cluster: Cluster, partitions: number, merges_on_write: boolean): Promise<void> {
  const { model } = cluster;
  const index: TableIndex = { id: model.newId(), dropped: false };
  const table = newTable(model.newId(), merges_on_write);
  table.indexes.push(index);
  for (let i = 0; i < partitions; i++) {
    const partition = newPartition(model, table);
    for (let bucket = 0; bucket < BUCKETS; bucket++) partition.tablets.push(newTablet(model, index, partition, true));
    table.partitions.push(partition);
  }
  await createIndex(cluster, table, index, () => createTablets(cluster, table.partitions), true);
  table.changes += 1n;
  model.tables.push(table);
}

/** Adds a partition to a table, with tablets for all of its indexes. */
export async function createPartition(cluster: Cluster, table: Table): Promise<void> {
  const { model, service } = cluster;
  const partition = newPartition(model, table);
  const indexes = table.indexes.filter(({ dropped }) => !dropped);
  for (const index of indexes) {
    for (let bucket = 0; bucket < BUCKETS; bucket++) partition.tablets.push(newTablet(model, index, partition, true));
  }
  const request = { ...requestOf(table, indexes), partitionIds: [partition.id], expiration: NEVER };
  const prepared = await service.insist('prepare_partition', request);
  expectCode(cluster, `prepare_partition ${partition.id}`, prepared.answer, 'OK');
  const created = await createTablets(cluster, [partition]);
  expectCode(cluster, `create_tablets of partition ${partition.id}`, created.answer, 'OK');
  const committed = await service.insist('commit_partition', request);
  expectCode(cluster, `commit_partition ${partition.id}`, committed.answer, 'OK');
  table.changes += 1n;
  table.partitions.push(partition);
  cluster.tally.count('partition created');
}

/** Announces an index, has its tablets created, and makes it known. */
export async function createIndex(
  cluster: Cluster,
  table: Table,
  index: TableIndex,
  create: () => Promise<Answered<'create_tablets'>>,
  isNewTable = false,
): Promise<void> {
  const { service } = cluster;
  const request = { ...requestOf(table, [index]), expiration: NEVER };
  const prepared = await service.insist('prepare_index', request);
  expectCode(cluster, `prepare_index ${index.id}`, prepared.answer, 'OK');
  const { answer }: { answer: AnswerOf<'create_tablets'> } = await create();
  expectCode(cluster, `create_tablets of index ${index.id}`, answer, 'OK');
  const committed = await service.insist('commit_index', { ...request, isNewTable });
  expectCode(cluster, `commit_index ${index.id}`, committed.answer, 'OK');
}

/** Drops an index with its tablets; from now on nobody expects anything of them. */
export async function dropIndex(cluster: Cluster, table: Table, index: TableIndex): Promise<void> {
  index.dropped = true;
  const { answer } = await cluster.service.insist('drop_index', requestOf(table, [index]));
  expectCode(cluster, `drop_index ${index.id}`, answer, 'OK');
  cluster.tally.count('index dropped');
}

export async function dropPartition(cluster: Cluster, partition: Partition): Promise<void> {
  partition.dropped = true;
  const { table } = partition;
  const request = { ...requestOf(table, table.indexes), partitionIds: [partition.id] };
  const { answer } = await cluster.service.insist('drop_partition', { ...request, needUpdateTableVersion: true });
  expectCode(cluster, `drop_partition ${partition.id}`, answer, 'OK');
  table.changes += 1n;
  cluster.tally.count('partition dropped');
}

function createTablets({ service }: Cluster, partitions: readonly Partition[]) {
  return service.insist('create_tablets', {
    cloudUniqueId: CLOUD_UNIQUE_ID,
    dbId: DB_ID,
    tabletMetas: partitions.flatMap(({ tablets }) => tablets.map(tabletMeta)),
  });
}

function requestOf(table: Table, indexes: readonly TableIndex[]) {
  return {
    cloudUniqueId: CLOUD_UNIQUE_ID,
    dbId: DB_ID,
    tableId: table.id,
    indexIds: indexes.map(({ id }) => id),
  };
}
