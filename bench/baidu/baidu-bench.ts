import { connect } from 'node:net';
import { join } from 'node:path';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { keys } from '../../src/keys/key-table.ts';
import { writeRecord } from '../../src/records/message-record.ts';
import { MetaServiceCode } from '../../src/schema/gen/cloud/status_pb.ts';
import {
  GetVersionRequestSchema,
  GetVersionResponseSchema,
  VersionPBSchema,
} from '../../src/schema/gen/cloud/version_pb.ts';
import { openDomain } from '../data/domain.ts';
import { CLOUD_UNIQUE_ID, DB_ID, INSTANCE_ID, TABLE_ID } from '../data/tablets.ts';
import { type BenchServer, startBare, startService } from '../http/servers.ts';
import { compare, median } from '../kv/measure.ts';
import type { BenchResult } from '../result.ts';
import { eachFrame, requestFrame } from './frames.ts';
import { type LoadResult, runLoad } from './load.ts';

export interface BaiduBenchOptions {
  readonly rounds: number;
  readonly round_ms: number;
}

const PARTITION_ID = 1_000n;

const GET_VERSION = toBinary(
  GetVersionRequestSchema,
  create(GetVersionRequestSchema, {
    cloudUniqueId: CLOUD_UNIQUE_ID,
    dbId: DB_ID,
    tableId: TABLE_ID,
    partitionId: PARTITION_ID,
  }),
);
const request = (id: number) => requestFrame('get_version', GET_VERSION, id);

/** What backends ask most, by the protocol by which they do, against a bare `node:net` server that answers the same bytes. */
export async function benchBaidu(options: BaiduBenchOptions): Promise<BenchResult[]> {
  const domain = await openDomain();
  try {
    await domain.store.transact(async (txn) => {
      const fields = { instance_id: INSTANCE_ID, db_id: DB_ID, table_id: TABLE_ID, partition_id: PARTITION_ID };
      const version = create(VersionPBSchema, { version: 7n, updateTimeMs: 1_700_000_000_000n });
      writeRecord(txn, keys.partitionVersion, fields, version);
    });
    await domain.close();
    const service = await startService(domain.dir);
    try {
      return [
        ...(await against(service, domain.dir, 64, 1, options)),
        ...(await against(service, domain.dir, 1, 64, options)),
      ];
    } finally {
      await service.stop();
    }
  } finally {
    await domain.dispose();
  }
}

async function against(
  service: BenchServer,
  dir: string,
  connections: number,
  in_flight: number,
  { rounds, round_ms }: BaiduBenchOptions,
): Promise<BenchResult[]> {
  const answer = await answerOf(service.port);
  const bare = await startBare('bench/baidu/bare-server.js', join(dir, 'answer'), answer);
  const ours: LoadResult[] = [];
  const load = ({ port }: BenchServer) =>
    runLoad({ port, connections, in_flight, duration_ms: round_ms, request, answer_bytes: answer.length });
  try {
    const name = `baidu_std get_version, ${connections} connections x ${in_flight}`;
    const result = await compare(
      name,
      'answers/s',
      rounds,
      async () => {
        const one = await load(service);
        ours.push(one);
        return one.answers_per_second;
      },
      async () => (await load(bare)).answers_per_second,
    );
    const latency_ms = { p50: median(ours.map(({ p50_ms }) => p50_ms)), p99: median(ours.map(({ p99_ms }) => p99_ms)) };
    return [{ ...result, latency_ms }];
  } finally {
    await bare.stop();
  }
}

/** The frame with which the service answers. Throws when it has no version in it. */
function answerOf(port: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(request(1)));
    socket.on('error', reject);
    socket.on('data', (bytes) => {
      eachFrame(bytes, (from, to) => {
        const frame = bytes.subarray(from, to);
        const message = frame.subarray(12 + frame.readUInt32BE(8));
        const { status, version } = fromBinary(GetVersionResponseSchema, message);
        if (status?.code === MetaServiceCode.OK && version === 7n) resolve(frame);
        else reject(new Error(`get_version was answered with ${status?.msg}`));
        socket.destroy();
      });
    });
  });
}
