import { create } from '@bufbuild/protobuf';
import { keys } from '../../src/keys/key-table.ts';
import type { Transaction } from '../../src/kv/store.ts';
import { writeRecord } from '../../src/records/message-record.ts';
import { methods } from '../../src/rpc/methods.ts';
import { VersionPBSchema } from '../../src/schema/gen/cloud/version_pb.ts';
import { compare, rate } from '../kv/measure.ts';
import type { BenchResult } from '../result.ts';
import { openDomain } from './domain.ts';
import { CLOUD_UNIQUE_ID, DB_ID, INSTANCE_ID, TABLE_ID } from './tablets.ts';

const PARTITIONS = 5_000;
const BATCHES = 20;
const IDS = Array.from({ length: PARTITIONS }, (_, i) => 10_000n + BigInt(i));

/** The versions of many partitions in one call, against gets of the same keys from bare LMDB. */
export async function benchVersions(rounds: number): Promise<BenchResult[]> {
  const { store, bare, call, dispose } = await openDomain();
  try {
    await store.transact(async (txn) => writeVersions(txn));
    const encoded = IDS.map((partition_id) => keys.partitionVersion.encode(fieldsOf(partition_id)));
    const values = await store.transact((txn) => txn.getMany(encoded));
    await bare.transaction(() => {
      for (const [i, key] of encoded.entries()) void bare.put(key, values[i] ?? Buffer.of());
    });
    const request = {
      cloudUniqueId: CLOUD_UNIQUE_ID,
      batchMode: true,
      dbIds: IDS.map(() => DB_ID),
      tableIds: IDS.map(() => TABLE_ID),
      partitionIds: IDS,
    };
    const batches = await compare(
      `get_version of ${PARTITIONS} partitions`,
      'batches/s',
      rounds,
      () => rate(BATCHES, 1, () => call(methods.get_version, request)),
      () => rate(BATCHES, 1, async () => encoded.map((key) => bare.get(key))),
    );
    return [batches];
  } finally {
    await dispose();
  }
}

function writeVersions(txn: Transaction): void {
  for (const partition_id of IDS) {
    const version = create(VersionPBSchema, { version: 7n, updateTimeMs: 1_700_000_000_000n });
    writeRecord(txn, keys.partitionVersion, fieldsOf(partition_id), version);
  }
}

function fieldsOf(partition_id: bigint) {
  return { instance_id: INSTANCE_ID, db_id: DB_ID, table_id: TABLE_ID, partition_id };
}
