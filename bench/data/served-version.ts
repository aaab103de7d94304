import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { keys } from '../../src/keys/key-table.ts';
import { writeRecord } from '../../src/records/message-record.ts';
import { MetaServiceCode } from '../../src/schema/gen/cloud/status_pb.ts';
import {
  GetVersionRequestSchema,
  GetVersionResponseSchema,
  VersionPBSchema,
} from '../../src/schema/gen/cloud/version_pb.ts';
import { writeBrpcJson } from '../../src/schema/json/write-brpc-json.ts';
import { type BenchServer, startService } from '../http/servers.ts';
import { openDomain } from './domain.ts';
import { CLOUD_UNIQUE_ID, DB_ID, INSTANCE_ID, TABLE_ID } from './tablets.ts';

const PARTITION_ID = 1_000n;
const VERSION = 7n;

const request = create(GetVersionRequestSchema, {
  cloudUniqueId: CLOUD_UNIQUE_ID,
  dbId: DB_ID,
  tableId: TABLE_ID,
  partitionId: PARTITION_ID,
});

/** What asks for the version of the one partition, encoded. */
export const GET_VERSION = toBinary(GetVersionRequestSchema, request);
/** The same as JSON. */
export const GET_VERSION_JSON = writeBrpcJson(GetVersionRequestSchema, request);

/** Throws for an encoded response without the version of the partition. */
export function checkVersion(response: Uint8Array): void {
  const { status, version } = fromBinary(GetVersionResponseSchema, response);
  if (status?.code === MetaServiceCode.OK && version === VERSION) return;
  throw new Error(`get_version was answered with ${status?.msg}`);
}

/**
 * Runs the service, with such flags, on a store with one partition that has a version, in a directory that `work` may use
 * as well.
 */
export async function withServedVersion<Result>(
  work: (service: BenchServer, dir: string) => Promise<Result>,
  ...flags: string[]
): Promise<Result> {
  const domain = await openDomain();
  try {
    await domain.store.transact(async (txn) => {
      const fields = { instance_id: INSTANCE_ID, db_id: DB_ID, table_id: TABLE_ID, partition_id: PARTITION_ID };
      const version = create(VersionPBSchema, { version: VERSION, updateTimeMs: 1_700_000_000_000n });
      writeRecord(txn, keys.partitionVersion, fields, version);
    });
    await domain.close();
    const service = await startService(domain.dir, ...flags);
    try {
      return await work(service, domain.dir);
    } finally {
      await service.stop();
    }
  } finally {
    await domain.dispose();
  }
}
