import type { S3Double, S3Fault } from '../objects/s3-double.ts';
import type { Random } from '../random.ts';
import type { RowsetStorage } from '../simulation/cluster.ts';
import type { RowsetInit } from '../simulation/rowset.ts';
import { rowsetFiles } from './rowset-files.ts';

/** The prefix of the instance in the bucket. */
export const PREFIX = 'simulated-data';

/** Jobs have ids above those of all transactions. No transaction of the service speaks for what they write. */
const FIRST_JOB = 1n << 61n;

/** How long writers have, in seconds: of loads the recycler asks the transaction, however long that has been over. */
const LOAD_EXPIRES_S = 1;
export const JOB_EXPIRES_S = 20;

/** Objects of simulated rowsets in an S3 double. */
export class ChaosStorage implements RowsetStorage {
  constructor(readonly double: S3Double) {}

  placed(rowset: RowsetInit): RowsetInit {
    const expires_s = (rowset.txnId ?? 0n) >= FIRST_JOB ? JOB_EXPIRES_S : LOAD_EXPIRES_S;
    return { ...rowset, resourceId: '1', txnExpiration: BigInt(Math.floor(Date.now() / 1000) + expires_s) };
  }

  write(rowset: RowsetInit): void {
    for (const key of keysOf(rowset)) this.double.put(key);
  }

  /** What is missing of rowsets that a service says are visible. */
  missing(rowsets: readonly VisibleRowset[]): string[] {
    return rowsets.flatMap((rowset) => keysOf(rowset).filter((key) => !this.double.has(key)));
  }
}

export type VisibleRowset = Pick<RowsetInit, 'tabletId' | 'rowsetIdV2' | 'numSegments'>;

/** The full keys of the objects of a rowset. */
export function keysOf({ tabletId = 0n, rowsetIdV2 = '', numSegments = 0n }: VisibleRowset): string[] {
  const files = rowsetFiles({ tablet_id: tabletId, rowset_id: rowsetIdV2, segments: Number(numSegments) });
  return files.map((file) => `${PREFIX}/${file}`);
}

/** How many requests go wrong in one way or another. */
const FAULTY = 0.25;
const LONGEST_DELAY_MS = 1_500;

/** Faults of all kinds, at random. */
export function randomFaults(random: Random): () => S3Fault | undefined {
  return () => {
    if (!random.chance(FAULTY)) return undefined;
    return random.pick<S3Fault>([
      { kind: 'error', status: 500, code: 'InternalError' },
      { kind: 'error', status: 503, code: 'SlowDown' },
      { kind: 'error', status: 403, code: 'AccessDenied' },
      { kind: 'broken', done: false },
      { kind: 'broken', done: true },
      { kind: 'late', after_ms: random.int(LONGEST_DELAY_MS) },
      { kind: 'partial' },
      { kind: 'stale' },
    ]);
  };
}
