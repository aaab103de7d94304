import { create } from '@bufbuild/protobuf';
import { keys } from '../../keys/key-table.ts';
import type { Transaction } from '../../kv/store.ts';
import { MalformedValueError } from '../../records/malformed-value.ts';
import { readRecord, writeRecord } from '../../records/message-record.ts';
import {
  type BackendReportPB,
  type BackendReportPB_Backend,
  BackendReportPB_BackendSchema as BackendSchema,
  BackendReportPBSchema as ReportSchema,
} from '../../schema/gen/nereus/monitoring_pb.ts';
import { type BackendAddress, type BackendFacts, nameOf } from '../backend-row.ts';

/** What is known of a backend. */
export interface KnownBackend {
  readonly address: BackendAddress;
  readonly facts: BackendFacts;
  /** Heartbeats in a row that it has left unanswered since. */
  readonly failures: number;
}

/** What backends have answered of late, by `nameOf` their addresses. */
export type KnownBackends = ReadonlyMap<string, KnownBackend>;

/** What the store says of backends; nothing where the last round is older than `since_ms`: nobody asks them any more. */
export async function readReport(txn: Transaction, since_ms: number): Promise<KnownBackends> {
  const report = await findReport(txn);
  if (report === undefined || Number(report.writtenMs) < since_ms) return new Map();
  return new Map(report.backends.map(knownFrom).map((known) => [nameOf(known.address), known]));
}

export function writeReport(txn: Transaction, known: KnownBackends, now_ms: number): void {
  const backends = [...known.values()].map(({ address, facts, failures }) =>
    create(BackendSchema, {
      host: address.host,
      heartbeatPort: address.heartbeat_port,
      bePort: facts.be_port,
      httpPort: facts.http_port,
      brpcPort: facts.brpc_port,
      fragmentNum: BigInt(facts.fragment_num),
      lastFragmentUpdateMs: BigInt(facts.last_fragment_update_ms),
      failures,
    }),
  );
  writeRecord(txn, keys.systemBackendReport, {}, create(ReportSchema, { writtenMs: BigInt(now_ms), backends }));
}

/** One that is no such message says nothing, and is written anew. */
async function findReport(txn: Transaction): Promise<BackendReportPB | undefined> {
  try {
    return await readRecord(txn, keys.systemBackendReport, {}, { snapshot: true });
  } catch (error) {
    if (error instanceof MalformedValueError) return undefined;
    throw error;
  }
}

function knownFrom(stored: BackendReportPB_Backend): KnownBackend {
  return {
    address: { host: stored.host, heartbeat_port: stored.heartbeatPort },
    facts: {
      be_port: stored.bePort,
      http_port: stored.httpPort,
      brpc_port: stored.brpcPort,
      fragment_num: Number(stored.fragmentNum),
      last_fragment_update_ms: Number(stored.lastFragmentUpdateMs),
    },
    failures: stored.failures,
  };
}
