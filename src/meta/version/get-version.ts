import type { MessageInitShape } from '@bufbuild/protobuf';
import { type Awaitable, whenThere } from '../../awaitable.ts';
import { keys } from '../../keys/key-table.ts';
import { readCounters } from '../../records/counter.ts';
import { readRecords } from '../../records/message-record.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import type { GetVersionRequest, GetVersionResponseSchema } from '../../schema/gen/cloud/version_pb.ts';
import { isSet } from '../../schema/presence.ts';
import type { Call } from '../call.ts';
import { mustHaveBeenSettled } from '../commit/settled.ts';
import { invalid, MetaError } from '../meta-error.ts';

type Response = MessageInitShape<typeof GetVersionResponseSchema>;

/** What a batch answers for a partition or a table without a version. */
const NO_VERSION = -1n;
/** Ids that are not given count as this one, and it counts as not given. */
const NOT_GIVEN = -1n;

/** Refuses a request that does not say of which partitions or tables it wants the version. */
export function checkGetVersion(request: GetVersionRequest): void {
  if (request.batchMode) checkBatch(request);
  else checkOne(request);
}

/**
 * The visible version of a partition or a table, or of many of them, with the time in ms when it became visible.
 *
 * A load that has been decided is waited for: a load that comes next into a table that merges on write may have the lock
 * on its delete bitmaps already, and would look for what it replaces without the rowsets that are on their way.
 */
export function getVersion(call: Call, request: GetVersionRequest, instanceId: string): Awaitable<Response> {
  if (request.batchMode) return versionsOfMany(call, request, instanceId);
  const wanted = {
    ...request,
    dbIds: [request.dbId],
    tableIds: [request.tableId],
    partitionIds: [request.partitionId],
  };
  return whenThere(readVersions(call, wanted, instanceId), ([found]) => {
    if (found === undefined) throw new MetaError(MetaServiceCode.VERSION_NOT_FOUND, 'not found');
    const { version, update_time_ms } = found;
    return { version, versionUpdateTimeMs: update_time_ms === undefined ? [] : [update_time_ms] };
  });
}

async function versionsOfMany(call: Call, request: GetVersionRequest, instanceId: string): Promise<Response> {
  const found = await readVersions(call, request, instanceId);
  return {
    dbIds: request.dbIds,
    tableIds: request.tableIds,
    partitionIds: request.isTableVersion ? [] : request.partitionIds,
    versions: found.map((each) => each?.version ?? NO_VERSION),
    // Only partitions have a time. A table without a version is given one all the same.
    versionUpdateTimeMs: found.flatMap((each) => {
      if (each === undefined) return [NO_VERSION];
      return each.update_time_ms === undefined ? [] : [each.update_time_ms];
    }),
  };
}

interface Version {
  readonly version: bigint;
  /** Of a partition only; 0 where none was kept. */
  readonly update_time_ms?: bigint;
}

type Wanted = Pick<GetVersionRequest, 'isTableVersion' | 'dbIds' | 'tableIds' | 'partitionIds'>;

function readVersions(call: Call, wanted: Wanted, instanceId: string): Awaitable<(Version | undefined)[]> {
  return wanted.isTableVersion ? tableVersions(call, wanted, instanceId) : partitionVersions(call, wanted, instanceId);
}

function tableVersions(
  { txn }: Call,
  { dbIds, tableIds }: Wanted,
  instance_id: string,
): Awaitable<(Version | undefined)[]> {
  const fields = tableIds.map((table_id, i) => ({ instance_id, db_id: dbIds[i] ?? NOT_GIVEN, table_id }));
  return whenThere(readCounters(txn, keys.tableVersion, fields, { snapshot: true }), (versions) =>
    versions.map((version) => (version === undefined ? undefined : { version })),
  );
}

function partitionVersions(
  call: Call,
  { dbIds, tableIds, partitionIds }: Wanted,
  instance_id: string,
): Awaitable<(Version | undefined)[]> {
  const fields = partitionIds.map((partition_id, i) => ({
    instance_id,
    db_id: dbIds[i] ?? NOT_GIVEN,
    table_id: tableIds[i] ?? NOT_GIVEN,
    partition_id,
  }));
  return whenThere(readRecords(call.txn, keys.partitionVersion, fields, { snapshot: true }), (records) => {
    mustHaveBeenSettled(call, instance_id, records);
    // A record without a version is that of a partition whose first load was decided while others were waited for.
    return records.map((record) =>
      record && isSet(record, 'version') ? { version: record.version, update_time_ms: record.updateTimeMs } : undefined,
    );
  });
}

function checkOne(request: GetVersionRequest): void {
  const dbId = given(request, 'dbId');
  const tableId = given(request, 'tableId');
  const partitionId = given(request, 'partitionId');
  const { isTableVersion } = request;
  if (dbId !== NOT_GIVEN && tableId !== NOT_GIVEN && (isTableVersion || partitionId !== NOT_GIVEN)) return;
  throw invalid(
    `params error, db_id=${dbId} table_id=${tableId} partition_id=${partitionId} is_table_version=${Number(isTableVersion)}`,
  );
}

function given(request: GetVersionRequest, name: 'dbId' | 'tableId' | 'partitionId'): bigint {
  return isSet(request, name) ? request[name] : NOT_GIVEN;
}

function checkBatch({ dbIds, tableIds, partitionIds, isTableVersion }: GetVersionRequest): void {
  const databases = dbIds.length;
  const tables = tableIds.length;
  const partitions = partitionIds.length;
  const complete = isTableVersion ? databases >= tables : databases === partitions && tables === partitions;
  if (databases > 0 && tables > 0 && complete) return;
  throw invalid(
    `param error, num db_ids=${databases} num table_ids=${tables} num partition_ids=${partitions} is_table_version=${Number(isTableVersion)}`,
  );
}
